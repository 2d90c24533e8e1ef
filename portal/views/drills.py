"""Drills: start one of the own side's ladders on trial, read its report, sign it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from portal.access import get_program
from portal.action import reading
from portal.actions.drilling import NAMES, start_drill
from portal.actor import Actor
from portal.errors import Conflict, Invalid
from portal.forms import explain
from portal.models import Alert, Drill, Program
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms
from portal.queries.signatures import signatures_of
from portal.rosters.drill_signing import DRILL_REPORT, find_drill
from portal.signable import open_meanings
from portal.states import DRILLERS, DrillState, role_words
from portal.views.ladders import roles_words

SHOWN_MAX = 50
REAL = "real"


class DrillForm(forms.Form):
    """Which ladder is tried where, and whether anybody waits as long as in earnest."""

    program = forms.ChoiceField(label=gettext_lazy("Program"))
    ladder = forms.ChoiceField(label=gettext_lazy("Ladder of your side"), choices=list(NAMES.items()))
    wait = forms.ChoiceField(
        label=gettext_lazy("Each step waits"),
        choices=[
            ("30", gettext_lazy("30 seconds, at any hour")),
            ("120", gettext_lazy("2 minutes, at any hour")),
            (REAL, gettext_lazy("as long as in earnest, in duty hours")),
        ],
    )

    def __init__(self, *args: Any, programs: list[Program], **kwargs: Any) -> None:
        """Take where the reader may start one."""
        super().__init__(*args, **kwargs)
        choices = [(str(each.pk), each.code) for each in programs]
        cast("forms.ChoiceField", self.fields["program"]).choices = choices


class DrillsPage(Page):
    """The drills of the reader's own side, and the button that starts one."""

    here: ClassVar[str] = "escalations"
    template_name: ClassVar[str] = "portal/drills.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the newest drills and the form for who may start one."""
        actor, rooms = request.actor, list_rooms(request.actor)
        drills = list(Drill.objects.visible_to(actor).order_by("-started_at", "id")[:SHOWN_MAX])
        programs = _programs(actor)
        return {
            "lines": [
                {"drill": each, "ladder": NAMES.get(each.kind, each.kind), "room": rooms[each.space_id]}
                for each in drills
            ],
            "form": DrillForm(programs=programs) if programs else None,
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Start one."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            form = DrillForm(asked.POST, programs=_programs(asked.actor))
        if form.is_valid():
            given = form.cleaned_data
            wait_s = None if given["wait"] == REAL else int(given["wait"])
            try:
                drill = start_drill(
                    asked.actor, UUID(given["program"]), ladder=given["ladder"], wait_s=wait_s
                )
            except (Invalid, Conflict) as error:
                explain(form, error)
            else:
                messages.success(asked, _("The drill runs. Every notice of it says DRILL."))
                return HttpResponseRedirect(reverse("drill", args=[drill.pk]), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"form": form})


def _programs(actor: Actor) -> list[Program]:
    return [
        each
        for each in Program.objects.visible_to(actor).order_by("code", "id")
        if actor.holds(each.pk, *DRILLERS)
    ]


class DrillPage(Page):
    """One drill: its ladder while it runs, its report when it has ended, and who signed that."""

    here: ClassVar[str] = "escalations"
    template_name: ClassVar[str] = "portal/drill.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the drill. Raises: NotFound."""
        actor = request.actor
        drill = find_drill(actor, kwargs["drill_id"])
        alert = Alert.objects.visible_to(actor).filter(subject_id=drill.pk).first()
        is_over = drill.state == DrillState.ENDED
        signatures = signatures_of(actor, drill.pk, drill.version)
        own = {each.signature.meaning for each in signatures if each.signature.person_id == actor.person_id}
        may_sign = is_over and bool({*open_meanings(actor, drill, DRILL_REPORT)} - own)
        return {
            "drill": drill,
            "alert": alert,
            "ladder": NAMES.get(drill.kind, drill.kind),
            "program": get_program(actor, drill.space_id),
            "is_over": is_over,
            "steps": [_step(each) for each in drill.report],
            "outcome": _outcome(drill.report) if is_over else "",
            "signatures": signatures,
            "sign_url": reverse("sign", args=["drill", drill.pk]) if may_sign else "",
            "partial": "drill" if request.htmx else "",
        }


def _outcome(report: list[dict[str, Any]]) -> str:
    """Return in one sentence how it ended."""
    told = [each for step in report for each in step["told"]]
    answered = [each for each in told if each["acknowledged_at"]]
    if not answered:
        return ngettext(
            "Nobody acknowledged: %d person was told, and nobody gave a receipt.",
            "Nobody acknowledged: %d people were told, and nobody gave a receipt.",
            len(told),
        ) % len(told)
    first = min(answered, key=lambda each: str(each["acknowledged_at"]))
    return _("%(code)s acknowledged first; %(answered)d of %(told)d people who were told gave a receipt.") % {
        "code": first["code"],
        "answered": len(answered),
        "told": len(told),
    }


def _step(step: dict[str, Any]) -> dict[str, Any]:
    times = ("told_at", "mailed_at", "delivered_at", "opened_at", "acknowledged_at", "refused_at")
    return {
        "number": step["step"],
        "roles": roles_words(step["roles"]),
        "due_at": _at(step["due_at"]),
        "taken_at": _at(step["taken_at"]),
        "late_s": step["late_s"],
        "told": [
            {
                **each,
                **{name: _at(each[name]) for name in times},
                "role": role_words(each["role"]),
            }
            for each in step["told"]
        ],
    }


def _at(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
