"""Writing a question to the other side, and changing its draft."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.access import require_role
from portal.action import reading
from portal.actions.deciding import (
    draft_decision,
    revise_decision,
)
from portal.actor import Actor
from portal.decisions.wording import ANSWERERS, HEAD, other_side
from portal.errors import Invalid, NotFound
from portal.forms import explain
from portal.forms_decisions import DecisionForm, initial_of
from portal.models import DecisionRequest, Record
from portal.pages import Page, PageRequest
from portal.queries.decisions import (
    decision_detail,
    evidence_for,
)
from portal.queries.rooms import list_rooms
from portal.states import DECISION_ANSWERERS, DECISION_ASKERS, Audience
from portal.views.decisions.reading import Shown, seen_version, url_of
from portal.views.ladders import roles_words


class AskDecision(Page):
    """Write a question from where one stands; it stays private until it was read again and asked."""

    here: ClassVar[str] = "decisions"
    template_name: ClassVar[str] = "portal/decision_form.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> Shown:
        """Return the form, about the record that the address names."""
        subject = _subject(request.actor, request.GET.get("subject", ""))
        if subject is None or not request.actor.holds(subject.space_id, *DECISION_ASKERS):
            return {"subject": None}
        return _form_page(request.actor, subject, None)

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Keep the draft, then show it as the other side would see it."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            subject = _subject(asked.actor, asked.GET.get("subject", ""))
            if subject is None:
                raise NotFound
            shown = _form_page(asked.actor, subject, None, data=asked.POST)
        return self.kept(
            asked, shown, lambda form: draft_decision(asked.actor, subject.pk, wording=form.wording)
        )

    def kept(self, request: PageRequest, shown: Shown, act: Any) -> HttpResponse:
        """Call the action if the form is whole; what was typed is never lost."""
        form: DecisionForm = shown["form"]
        if form.is_valid():
            try:
                found: DecisionRequest = act(form)
            except Invalid as error:
                _explain(form, error)
            else:
                messages.success(request, _("Kept as a draft of your side. Read it as they will, then ask."))
                return HttpResponseRedirect(reverse("decision", args=[found.pk]), status=303)
        with reading(request.actor):
            return self.show(request, status=400, extra=shown, **self.kwargs)


def _explain(form: DecisionForm, error: Invalid) -> None:
    """Say what is wrong beside its field; of the options beside the first."""
    errors = {
        f"option_{form.codes[0]}" if name == "options" else name: each for name, each in error.errors.items()
    }
    explain(form, Invalid(error.detail, errors=errors))


def _subject(actor: Actor, given: str) -> Record | None:
    try:
        return Record.objects.visible_to(actor).with_id(UUID(given))
    except ValueError:
        return None


def _form_page(actor: Actor, subject: Record, request: DecisionRequest | None, *, data: Any = None) -> Shown:
    """Return what the form's page shows, filled from the draft or from the record one stands on."""
    room = list_rooms(actor)[subject.space_id]
    side = request.side if request is not None else _side(actor, subject.space_id)
    asked = other_side(side)
    evidence = [(f"{kind}:{found}", words) for kind, found, words in evidence_for(actor, subject)]
    fresh = {
        "title": f"{subject.number}: ",
        "meanwhile": "",
        "if_lost": _("We go on as until then, recorded as no reply."),
        "roles": ANSWERERS[asked],
    }
    codes = [each.code for each in request.choices] if request is not None else []
    form = DecisionForm(
        data,
        zone=room.zone,
        roles=[(role, roles_words([role])) for role in _roles_of(asked)],
        evidence=evidence,
        advises=side == "manufacturer",
        codes=codes,
        initial=initial_of(request) if request is not None else fresh,
    )
    party = room.program.sponsor_name if asked == "sponsor" else room.program.manufacturer_name
    return {
        "form": form,
        "subject": subject,
        "subject_url": url_of(subject),
        "is_known": subject.audience == Audience.SHARED,
        "asked_party": party,
        "program": room.program,
        "decision": request,
    }


def _side(actor: Actor, space_id: UUID) -> str:
    require_role(actor, space_id, *DECISION_ASKERS, to="ask for a decision")
    return str(next(each.side for each in DECISION_ASKERS if actor.holds(space_id, each)))


def _roles_of(side: str) -> list[str]:
    return [each.code for each in DECISION_ANSWERERS if each.side == side and each.code != HEAD]


class ChangeDecision(AskDecision):
    """Change a draft; what was asked is changed by nobody."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Show the form of a draft; a request that was asked leads to its page."""
        asked = cast("PageRequest", request)
        found = decision_detail(asked.actor, kwargs["decision_id"])
        if "revise" not in found.steps:
            return HttpResponseRedirect(reverse("decision", args=[found.request.pk]))
        return self.show(asked, **kwargs)

    def context(self, request: PageRequest, **kwargs: Any) -> Shown:
        """Return the form with the draft in it."""
        return self._page(request.actor, kwargs["decision_id"])

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Change it."""
        asked, decision_id = cast("PageRequest", request), kwargs["decision_id"]
        with reading(asked.actor):
            shown = self._page(asked.actor, decision_id, data=asked.POST)
        version = seen_version(asked)
        return self.kept(
            asked,
            shown,
            lambda form: revise_decision(asked.actor, decision_id, wording=form.wording, version=version),
        )

    def _page(self, actor: Actor, decision_id: UUID, *, data: Any = None) -> Shown:
        found = decision_detail(actor, decision_id)
        if found.line.subject is None:
            raise NotFound
        return _form_page(actor, found.line.subject, found.request, data=data)
