"""Delegation: lend roles of one's own seat to a colleague for a time, see whose delegate one is, end it."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.action import reading
from portal.actions import delegating
from portal.errors import DomainError, Refused
from portal.forms import DelegationForm, ReasonForm, explain
from portal.pages import Page, PageRequest
from portal.queries.delegations import Lendable, list_delegations, list_lendable
from portal.shell import zone_of


class DelegationsPage(Page):
    """What was lent by whom to whom; a form for what one may lend oneself."""

    here: ClassVar[str] = "security"
    template_name: ClassVar[str] = "portal/delegations.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return delegations and the form for the chosen program."""
        lendable = list_lendable(request.actor)
        chosen = _chosen(lendable, request.GET.get("program", ""))
        return {
            "lines": list_delegations(request.actor),
            "lendable": lendable,
            "chosen": chosen,
            "form": _form(request, chosen) if chosen else None,
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Lend."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            chosen = _chosen(list_lendable(asked.actor), asked.GET.get("program", ""))
        if chosen is None:
            raise Refused(_("You have no role here that can be lent."), code="not_held")
        form = _form(asked, chosen, asked.POST)
        if form.is_valid():
            try:
                self._lend(asked, chosen, form.cleaned_data)
            except DomainError as error:
                if isinstance(error, Refused):
                    raise
                explain(form, error)
            else:
                messages.success(asked, _("Lent; it ends by itself, or here at once."))
                return HttpResponseRedirect(reverse("delegations"), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"form": form})

    @staticmethod
    def _lend(request: PageRequest, chosen: Lendable, given: dict[str, Any]) -> None:
        delegating.delegate_roles(
            request.actor,
            chosen.program_id,
            delegate_id=UUID(given["delegate"]),
            roles=given["roles"],
            reason=given["reason"],
            valid_from=given["valid_from"],
            valid_until=given["valid_until"],
        )


def _chosen(lendable: list[Lendable], program: str) -> Lendable | None:
    return next((each for each in lendable if str(each.program_id) == program), None) or next(
        iter(lendable), None
    )


def _form(request: PageRequest, chosen: Lendable, data: Any = None) -> DelegationForm:
    return DelegationForm(data, zone=zone_of(request), colleagues=chosen.colleagues, roles=chosen.roles)


class EndDelegation(DelegationsPage):
    """End a delegation."""

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Lead back to the page."""
        return HttpResponseRedirect(reverse("delegations"))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """End it, with a reason."""
        asked = cast("PageRequest", request)
        form = ReasonForm(asked.POST)
        if not form.is_valid():
            with reading(asked.actor):
                return self.show(asked, status=400, extra={"reason_form": form})
        delegating.end_delegation(asked.actor, kwargs["record_id"], reason=form.cleaned_data["reason"])
        messages.success(asked, _("The delegation has ended."))
        return HttpResponseRedirect(reverse("delegations"), status=303)
