"""Who do I call now: the duty list of both sides, and the card by which one is reached oneself."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any, ClassVar, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.action import instant, reading
from portal.actions.rostering import set_duty_card
from portal.actor import Actor, Side
from portal.errors import Invalid, NotFound
from portal.forms import explain
from portal.models import Program
from portal.pages import Page, PageRequest
from portal.queries.duty import DutyLine, duty_lists
from portal.queries.rooms import Room, list_rooms
from portal.states import Audience
from portal.views.ladders import roles_words, sits_on


class DutyCardForm(forms.Form):
    """How one is reached on duty."""

    languages = forms.CharField(
        label=gettext_lazy("Languages"),
        max_length=80,
        required=False,
        help_text=gettext_lazy("Both sides read them, such as: Swedish, English."),
    )
    telephone = forms.CharField(label=gettext_lazy("Telephone on duty"), max_length=30, required=False)
    share = forms.BooleanField(
        label=gettext_lazy("The other side may read the number"),
        required=False,
        help_text=gettext_lazy("Without it, only your own side does."),
    )


class CallPage(Page):
    """Who answers now on either side of a program: code, backup, languages, time there, telephone."""

    here: ClassVar[str] = "escalations"
    template_name: ClassVar[str] = "portal/duty.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return both sides' lists of the chosen program; an alert or Home links to its own."""
        actor, rooms = request.actor, list_rooms(request.actor)
        chosen = chosen_room(rooms, request.GET.get("program", ""))
        if chosen is None:
            return {"rooms": [], "sides": []}
        lines = duty_lists(actor, [chosen.program], instant())[chosen.program.pk]
        return {
            "rooms": sorted(rooms.values(), key=lambda each: each.program.code),
            "chosen": chosen,
            "sides": duty_sides(actor, chosen.program, lines),
            "form": _form(actor, chosen.program, lines),
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Keep the own card."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            chosen = chosen_room(list_rooms(asked.actor), asked.GET.get("program", ""))
        side = asked.actor.side(chosen.program.pk) if chosen else None
        if chosen is None or side is None:
            raise NotFound
        form = DutyCardForm(asked.POST)
        if form.is_valid():
            given = form.cleaned_data
            try:
                set_duty_card(
                    asked.actor,
                    _place(asked.actor, chosen.program),
                    person_id=asked.actor.person_id,
                    languages=given["languages"],
                    telephone=given["telephone"],
                    audience=Audience.SHARED if given["share"] else str(side),
                )
            except Invalid as error:
                explain(form, error)
            else:
                messages.success(asked, _("This is how you are reached from now on."))
                return HttpResponseRedirect(f"{reverse('duty')}?program={chosen.program.pk}", status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"form": form})


def _place(actor: Actor, program: Program) -> UUID:
    """Return where the card stands: for all programs of the partnership where the reader sits there."""
    return program.partnership_id if program.partnership_id in actor.seats else program.pk


def chosen_room(rooms: Mapping[UUID, Room], program: str) -> Room | None:
    """Return the program that was asked for, else the first by code; None where there is none."""
    by_code = sorted(rooms.values(), key=lambda each: each.program.code)
    asked = next((each for each in by_code if str(each.program.pk) == program), None)
    return asked or next(iter(by_code), None)


def duty_sides(actor: Actor, program: Program, lines: list[DutyLine]) -> list[dict[str, Any]]:
    """Return the lists of both sides in the reader's words, the other side first: it is who is called."""
    found = [
        {
            "side": side,
            "name": program.sponsor_name if side == Side.SPONSOR else program.manufacturer_name,
            "is_mine": sits_on(actor, program.pk, side),
            "lines": [{"line": each, "role": roles_words([each.role])} for each in of_side],
        }
        for side, of_side in groupby(lines, key=lambda each: each.side)
    ]
    return sorted(found, key=lambda each: bool(each["is_mine"]))


def _form(actor: Actor, program: Program, lines: list[DutyLine]) -> DutyCardForm | None:
    """Return the own card's form for whoever may be called here."""
    side = actor.side(program.pk)
    if side is None or side == Side.BOTH or actor.scopes is not None:
        return None
    people = (each for line in lines for each in (*line.people, *((line.backup,) if line.backup else ())))
    own = next((each for each in people if each.person_id == actor.person_id), None)
    initial = {"languages": own.languages, "telephone": own.telephone, "share": own.is_shared} if own else {}
    return DutyCardForm(initial=initial)
