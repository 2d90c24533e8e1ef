"""The inspector's view: what was asked, everything that was handed over; and the host's answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.action import reading
from portal.actions import inspecting
from portal.actor import Actor
from portal.errors import DomainError, Refused
from portal.forms import AskForm, ExplainForm, HandFileForm, HandRecordForm, ReasonForm, explain
from portal.pages import Page, PageRequest
from portal.queries.inspections import list_files, list_inspections, read_inspection


class InspectionsPage(Page):
    """The inspections one holds or hosts."""

    here: ClassVar[str] = "inspections"
    template_name: ClassVar[str] = "portal/inspections.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return them."""
        return {"lines": list_inspections(request.actor)}


class InspectionPage(Page):
    """One inspection."""

    here: ClassVar[str] = "inspections"
    template_name: ClassVar[str] = "portal/inspection.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return it with the forms of whoever reads."""
        found = read_inspection(request.actor, kwargs["record_id"])
        requests = [
            (str(each.request.pk), f"{each.request.at}. {each.request.text[:60]}") for each in found.asked
        ]
        return {"found": found, **_forms(request.actor, found, requests)}


def _forms(actor: Actor, found: Any, requests: list[tuple[str, str]]) -> dict[str, forms.Form]:
    files = list_files(actor, found.line.inspection) if found.is_host else []
    return {
        "ask_form": AskForm(),
        "record_form": HandRecordForm(requests=requests, auto_id="record_%s"),
        "file_form": HandFileForm(requests=requests, files=files, auto_id="file_%s"),
        "explain_form": ExplainForm(requests=requests, auto_id="explain_%s"),
        "reason_form": ReasonForm(),
    }


def _ask(actor: Actor, inspection_id: UUID, given: Mapping[str, Any]) -> None:
    inspecting.ask_for(actor, inspection_id, text=given["text"])


def _record(actor: Actor, inspection_id: UUID, given: Mapping[str, Any]) -> None:
    inspecting.hand_over_record(
        actor, inspection_id, number=given["number"], request_id=_chosen(given["request"])
    )


def _file(actor: Actor, inspection_id: UUID, given: Mapping[str, Any]) -> None:
    inspecting.hand_over_file(
        actor, inspection_id, attachment_id=UUID(given["file"]), request_id=_chosen(given["request"])
    )


def _explain(actor: Actor, inspection_id: UUID, given: Mapping[str, Any]) -> None:
    inspecting.explain_to(actor, inspection_id, text=given["text"], request_id=_chosen(given["request"]))


def _close(actor: Actor, inspection_id: UUID, given: Mapping[str, Any]) -> None:
    inspecting.close_inspection(actor, inspection_id, reason=given["reason"])


def _chosen(request: str) -> UUID | None:
    return UUID(request) if request else None


# Step of the address -> the form it takes, what it calls.
STEPS: Final[Mapping[str, tuple[str, Callable[[Actor, UUID, Mapping[str, Any]], None]]]] = {
    "ask": ("ask_form", _ask),
    "record": ("record_form", _record),
    "file": ("file_form", _file),
    "explain": ("explain_form", _explain),
    "close": ("reason_form", _close),
}


class InspectionStep(InspectionPage):
    """One step of the inspector or the host."""

    step: ClassVar[str] = ""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead back to the inspection."""
        return HttpResponseRedirect(reverse("inspection", args=[kwargs["record_id"]]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take the step."""
        asked = cast("PageRequest", request)
        name, act = STEPS[self.step]
        with reading(asked.actor):
            form = self.context(asked, **kwargs)[name]
        form.data, form.is_bound = asked.POST, True
        if form.is_valid():
            try:
                act(asked.actor, kwargs["record_id"], form.cleaned_data)
            except DomainError as error:
                if isinstance(error, Refused):
                    raise
                explain(form, error)
            else:
                messages.success(asked, _("Done; it stands in the list."))
                return HttpResponseRedirect(reverse("inspection", args=[kwargs["record_id"]]), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={name: form}, **kwargs)
