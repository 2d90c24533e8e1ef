"""Lots: the list with stock and expiry, one lot with its genealogy, and what a batch used and made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from batches.access import MATERIAL_KEEPERS, get_batch
from batches.actions import lots
from batches.api.lots import judged_by
from batches.api.shapes import number_text
from batches.forms_lots import JudgeForm, ProduceForm, ReceiveForm, UseForm, WithdrawForm
from batches.models import Batch, Lot, LotUse
from batches.queries.lots import genealogy, get_lot, is_usable, left_of, list_lots, uses_of
from batches.states import LOT_TRANSITIONS, BatchState, LotState
from batches.views.board import chosen_program
from batches.views.family_tree import picture_of
from batches.views.listing import filter_links, program_choices
from batches.views.places import place_of
from portal.access import available
from portal.action import instant, reading
from portal.actor import Actor
from portal.errors import DomainError, NotFound, Refused
from portal.forms import explain
from portal.pages import Page, PageRequest
from portal.queries.rooms import Room, list_rooms
from portal.states import CDMO_QA, SYSTEM

WORDS_MAX: Final = 100
SHOWN_MAX: Final = 200
SOON_DAYS: Final = 60
TONES: Final = {
    LotState.QUARANTINE: "hold",
    LotState.RELEASED: "fine",
    LotState.RESTRICTED: "warn",
    LotState.ON_HOLD: "hold",
    LotState.REJECTED: "warn",
}
Context = dict[str, Any]


def lot_row(lot: Lot, room: Room | None, now: datetime) -> Context:
    """Return a lot as tables show it: what is left, whether it may be used, when it expires."""
    zone = room.zone if room is not None else "UTC"
    today = now.astimezone(ZoneInfo(zone)).date()
    days = (lot.expires_on - today).days if lot.expires_on is not None else None
    return {
        "lot": lot,
        "program": room.program.code if room is not None else "",
        "zone": zone,
        "quantity": number_text(lot.quantity),
        "left": number_text(left_of(lot)),
        "is_empty": left_of(lot) <= 0,
        "tone": TONES[LotState(lot.state)],
        "days": days,
        "is_expired": lot.expires_at < now if lot.expires_at is not None else days is not None and days < 0,
        "is_soon": days is not None and 0 <= days <= SOON_DAYS and left_of(lot) > 0,
        "is_usable": is_usable(lot, today),
    }


class LotsPage(Page):
    """Lots by state, program and search, the latest received first, and the form for one that came in."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/lots.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> Context:
        """Return the newest lots with their filters."""
        actor, now = request.actor, instant()
        rooms = list_rooms(actor)
        program_id = chosen_program(request, rooms)
        state = request.GET.get("state", "")
        state = state if state in LotState.values else ""
        words = request.GET.get("q", "").replace("\0", "").strip()[:WORDS_MAX]
        rows = list_lots(actor, program_id=program_id, state=state or None)
        if words:
            named = Q(number__icontains=words) | Q(title__icontains=words) | Q(material__icontains=words)
            rows = rows.filter(named)
        found = list(rows.order_by("-received_at", "id")[: SHOWN_MAX + 1])
        given = {"program": str(program_id or ""), "state": state, "q": words}
        states = [(value, str(capfirst(label))) for value, label in LotState.choices]
        programs = [("", _("All programs")), *program_choices(rooms)]
        return {
            "lines": [lot_row(each, rooms.get(each.space_id), now) for each in found[:SHOWN_MAX]],
            "is_more": len(found) > SHOWN_MAX,
            "words": words,
            "is_filtered": bool(words or state or program_id),
            "states": filter_links(given, "state", [("", _("All")), *states], "/lots/"),
            "programs": filter_links(given, "program", programs, "/lots/") if len(rooms) > 1 else [],
            "form": _receive_form(actor, rooms),
            "is_open": "receive" in request.GET,
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Receive a lot."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            form = _receive_form(asked.actor, list_rooms(asked.actor), asked.POST)
        if form is None:
            raise Refused(_("Lots are received by the CDMO's people on the floor and its QA."))
        if form.is_valid():
            given = dict(form.cleaned_data)
            try:
                lot = lots.receive_lot(asked.actor, UUID(given.pop("program")), **given)
            except (Refused, NotFound):
                raise
            except DomainError as error:
                explain(form, error)
            else:
                messages.success(asked, _("%s stands in quarantine.") % lot.number)
                return HttpResponseRedirect(f"/lots/{lot.pk}/", status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"form": form, "is_open": True})


def _receive_form(actor: Actor, rooms: dict[UUID, Room], data: Any = None) -> ReceiveForm | None:
    keeping = {key: room for key, room in rooms.items() if actor.holds(key, *MATERIAL_KEEPERS)}
    return ReceiveForm(data, programs=program_choices(keeping)) if keeping else None


class LotPage(Page):
    """One lot: what is left, where it went, what it was made of and what was made of it."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/lot.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the lot with its uses and its genealogy."""
        actor, now = request.actor, instant()
        lot = get_lot(actor, kwargs["lot_id"])
        room = list_rooms(actor).get(lot.space_id)
        family = genealogy(actor, lot.pk)
        return {
            **lot_row(lot, room, now),
            "uses": list(uses_of(actor, lot_id=lot.pk)),
            "picture": picture_of(family),
            "family": family,
            "steps": [_offer(name, lot) for name in available(actor, lot, judged_by(actor, lot))],
            "address": f"/lots/{lot.pk}/",
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Judge the lot."""
        asked, step = cast("PageRequest", request), kwargs.get("step", "")
        form = JudgeForm(asked.POST, step=step)
        if step in LOT_TRANSITIONS and form.is_valid():
            try:
                lot = lots.judge_lot(asked.actor, kwargs["lot_id"], to=step, **form.cleaned_data)
            except DomainError as error:
                if not error.errors:
                    raise
                explain(form, error)
            else:
                words = _("%(number)s is %(state)s.") % {
                    "number": lot.number,
                    "state": lot.get_state_display(),
                }
                messages.success(asked, words)
                return HttpResponseRedirect(f"/lots/{lot.pk}/", status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"sent_form": form, "open_step": step}, **kwargs)


def _offer(name: str, lot: Lot) -> Context:
    return {
        "name": name,
        "label": str(LOT_TRANSITIONS[name].label),
        "is_final": name == "reject",
        "binds": _("Who may use this lot changes at once; the reason stands in the record."),
        "form": JudgeForm(step=name, initial={"version": lot.version}, auto_id=f"{name}-%s"),
    }


class MaterialsPage(Page):
    """What went into a batch and what it made."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/materials.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return uses and products of a batch, with the forms for who enters them."""
        actor, now = request.actor, instant()
        batch = get_batch(actor, kwargs["batch_id"])
        rooms = list_rooms(actor)
        room = rooms.get(batch.space_id)
        place = place_of(batch, rooms)
        made = list_lots(actor, batch_id=batch.pk).order_by("received_at", "id")
        keeps = actor.holds(batch.space_id, *MATERIAL_KEEPERS) and batch.state != BatchState.PLANNED
        return {
            "batch": batch,
            "program": room.program if room is not None else None,
            "place": place,
            "uses": [_use_row(actor, each) for each in uses_of(actor, batch_id=batch.pk)],
            "made": [lot_row(each, room, now) for each in made],
            "use_form": _use_form(actor, batch, place.zone) if keeps else None,
            "produce_form": ProduceForm(zone=place.zone, auto_id="produce-%s") if keeps else None,
        }

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Note a use, a product, or take a use back."""
        asked, batch_id = cast("PageRequest", request), kwargs["batch_id"]
        what = next((name for name in ("withdraw", "produce") if name in asked.POST), "use")
        with reading(asked.actor):
            batch = get_batch(asked.actor, batch_id)
            zone = place_of(batch, list_rooms(asked.actor)).zone
            form = _sent(what, asked, batch, zone)
        if form.is_valid():
            try:
                self._act(asked.actor, batch_id, what, dict(form.cleaned_data))
            except (Refused, NotFound):
                raise
            except DomainError as error:
                explain(form, error)
            else:
                messages.success(asked, _("The batch record has it."))
                return HttpResponseRedirect(f"/batches/{batch_id}/materials/", status=303)
        with reading(asked.actor):
            extra = {f"{what}_form": form, "open_form": what}
            return self.show(asked, status=400, extra=extra, **kwargs)

    def _act(self, actor: Actor, batch_id: UUID, what: str, given: Context) -> None:
        if what == "use":
            lots.use_lot(actor, batch_id, lot_id=UUID(given.pop("lot")), **given)
        elif what == "produce":
            lots.produce_lot(actor, batch_id, **given)
        else:
            lots.withdraw_use(actor, given.pop("use"), **given)


def _sent(what: str, asked: PageRequest, batch: Batch, zone: str) -> forms.Form:
    if what == "use":
        return _use_form(asked.actor, batch, zone, asked.POST)
    if what == "produce":
        return ProduceForm(asked.POST, zone=zone, auto_id="produce-%s")
    return WithdrawForm(asked.POST)


def _use_form(actor: Actor, batch: Batch, zone: str, data: Any = None) -> UseForm:
    rows = list_lots(actor, program_id=batch.space_id).exclude(produced_by=batch)
    barred = (LotState.REJECTED, LotState.ON_HOLD)
    found = rows.exclude(state__in=barred).order_by("number", "id")[:SHOWN_MAX]
    choices = [(str(each.pk), _choice(each)) for each in found if left_of(each) > 0]
    return UseForm(data, zone=zone, lots=choices, auto_id="use-%s")


def _choice(lot: Lot) -> str:
    words = {"number": lot.number, "title": lot.title, "left": number_text(left_of(lot)), "unit": lot.unit}
    line = _("%(number)s, %(title)s: %(left)s %(unit)s left") % words
    return line if lot.state == LotState.RELEASED else f"{line} ({lot.get_state_display()})"


def _use_row(actor: Actor, use: LotUse) -> Context:
    may = actor.holds(use.space_id, CDMO_QA, SYSTEM) and use.withdrawn_at is None
    form = WithdrawForm(initial={"use": use.pk, "version": use.version}, auto_id=f"w-{use.pk}-%s")
    return {"use": use, "quantity": number_text(use.quantity), "form": form if may else None}
