"""Identity and custody of a patient lot: the two identifiers, hand-overs, stops, legs, files of EPCIS."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from batches.access import get_batch
from batches.actions import custody as act
from batches.actions.custody_events import TAKERS, take_events
from batches.api.custody import download
from batches.custody.identifiers import show_donation
from batches.custody.shelf_life import ShelfLife
from batches.custody.signing import IDENTITY_STOP, get_stop
from batches.custody.states import CHECKERS, KEEPERS, CheckState, StopState
from batches.epcis.documents import BYTES_MAX
from batches.executed.order import leaves_of
from batches.forms_custody import ConfirmForm, HandOverForm, IdentityForm, NeedForm
from batches.models import Batch, IdentityStop, ProcedureStep
from batches.models import CustodyFile as FileRow
from batches.queries.custody import Custody, custody_of
from batches.states import BatchState
from batches.views.custody_picture import picture_of
from batches.views.places import Place, place_of
from portal.action import instant, reading
from portal.actor import Actor
from portal.errors import Conflict, DomainError, Invalid, NotFound, Refused
from portal.forms import explain
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms
from portal.signable import open_meanings
from portal.states import SPONSOR_CMC, SPONSOR_QA
from portal.templatetags.times import duration

FILES_SHOWN: Final = 5
EVENTS_SHOWN: Final = 100
STOP_TONES: Final = {StopState.STANDING: "critical", StopState.RECHECKED: "hold", StopState.RELEASED: "fine"}
CHECK_TONES: Final = {CheckState.OPEN: "hold", CheckState.AGREED: "fine", CheckState.MISMATCHED: "critical"}
Context = dict[str, Any]


class CustodyPage(Page):
    """One patient lot from the patient and back."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/custody.html"
    looks_at: ClassVar[str] = "batch_id"

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the chain with the forms of who may hand over, check and sign."""
        actor, now = request.actor, instant()
        batch = get_batch(actor, kwargs["batch_id"])
        rooms = list_rooms(actor)
        place = place_of(batch, rooms)
        found = custody_of(actor, batch)
        expires_at = found.life.expires_at if found.life is not None else None
        until = (
            now if batch.ended_at is None else max([batch.ended_at, *(each.from_at for each in found.legs)])
        )
        readings = {each.check_of_id: each for each in found.readings}
        return {
            "batch": batch,
            "place": place,
            "program": rooms[batch.space_id].program if batch.space_id in rooms else None,
            "address": reverse("batch_custody", args=[batch.pk]),
            "custody": found,
            "chain": found.chain,
            "donation": show_donation(found.chain.donation) if found.chain is not None else "",
            "checks": [
                {"check": each, "tone": CHECK_TONES[CheckState(each.state)], "reading": readings.get(each.pk)}
                for each in reversed(found.checks)
            ],
            "stops": [_stop(actor, each) for each in found.stops],
            "legs": [_leg(each, until) for each in found.legs],
            "picture": picture_of(found.legs, until, expires_at, ZoneInfo(place.zone)),
            "events": found.events[-EVENTS_SHOWN:][::-1],
            "events_all": len(found.events),
            "files": FileRow.objects.visible_to(actor)
            .filter(batch=batch)
            .order_by("-taken_at", "id")[:FILES_SHOWN],
            "life": _life(found.life, now, is_running=batch.state == BatchState.IN_PROCESS),
            **_forms(actor, found, place),
        }


class CustodyFile(CustodyPage):
    """Download the custody as a document of EPCIS 2.0."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Answer with the file. Raises: NotFound."""
        return download(cast("PageRequest", request).actor, kwargs["batch_id"])


class CustodyStep(CustodyPage):
    """One step: set, hand over, confirm, need, take a file; what was typed is never lost."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the page."""
        return HttpResponseRedirect(reverse("batch_custody", args=[kwargs["batch_id"]]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Take the step, or show what was refused."""
        asked, step, batch_id = cast("PageRequest", request), kwargs["step"], kwargs["batch_id"]
        if step == "take":
            return self._take(asked, batch_id)
        with reading(asked.actor):
            batch = get_batch(asked.actor, batch_id)
            place = place_of(batch, list_rooms(asked.actor))
            form = _sent(step, asked, batch, place)
        if form.is_valid():
            try:
                words = _act(asked.actor, batch_id, step, form)
            except (Refused, NotFound):
                raise
            except DomainError as error:
                if not error.errors:
                    raise
                explain(form, error)
            else:
                messages.success(asked, words)
                return HttpResponseRedirect(reverse("batch_custody", args=[batch_id]), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={f"{step}_form": form, "open_step": step}, **kwargs)

    def _take(self, asked: PageRequest, batch_id: UUID) -> HttpResponse:
        given = asked.FILES.get("file")
        if given is None:
            raise Invalid(_("Choose a file."), errors={"file": [_("EPCIS 2.0 as JSON-LD or XML.")]})
        if given.size is not None and given.size > BYTES_MAX:
            raise Invalid(_("The file is too large."), errors={"file": [f"{BYTES_MAX:,}"]})
        taken = take_events(asked.actor, batch_id, body=given.read())
        words = _("%(new)s events taken, %(known)s were here, %(refused)s refused.") % {
            "new": taken.accepted,
            "known": taken.duplicates,
            "refused": len(taken.refused),
        }
        messages.success(asked, words)
        return HttpResponseRedirect(reverse("batch_custody", args=[batch_id]) + "#files", status=303)


class StopPage(Page):
    """Where a stop is read: the page of its lot."""

    here: ClassVar[str] = "batches"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the lot. Raises: NotFound."""
        stop = get_stop(cast("PageRequest", request).actor, kwargs["stop_id"])
        return HttpResponseRedirect(reverse("batch_custody", args=[stop.batch_id]) + "#stop")


def _forms(actor: Actor, found: Custody, place: Place) -> Context:
    """Return the forms of what the reader may do now."""
    batch, chain, waiting = found.batch, found.chain, found.waiting
    goes_on = batch.state != BatchState.DISCONTINUED
    checks = goes_on and actor.holds(batch.space_id, *CHECKERS)
    may_hand_over = found.stop is None or found.stop.state == StopState.STANDING
    forms_: Context = {"may_take": actor.holds(batch.space_id, *TAKERS)}
    if chain is None:
        if batch.is_patient_lot and actor.holds(batch.space_id, *KEEPERS):
            forms_["set_form"] = _identity_form(actor, batch, place)
        return forms_
    if waiting is not None and checks:
        is_own = actor.is_one_of(batch.space_id, person_id=waiting.first_by, code=waiting.first_code)
        initial = {"check": waiting.pk, "version": waiting.version}
        forms_["is_own_reading"] = is_own
        forms_["confirm_form"] = None if is_own else ConfirmForm(initial=initial, auto_id="confirm-%s")
    elif checks and may_hand_over:
        forms_["hand_over_form"] = HandOverForm(zone=place.zone, auto_id="hand-%s")
    if actor.holds(batch.space_id, *KEEPERS, SPONSOR_QA, SPONSOR_CMC):
        initial = {"version": chain.version, "needed_at": chain.needed_at}
        forms_["need_form"] = NeedForm(zone=place.zone, initial=initial, auto_id="need-%s")
    return forms_


def _identity_form(actor: Actor, batch: Batch, place: Place, data: Any = None) -> IdentityForm:
    rows = ProcedureStep.objects.visible_to(actor).filter(recipe_version_id=batch.recipe_version_id)
    steps = [(each.code, each.title) for each in leaves_of(rows)]
    return IdentityForm(data, zone=place.zone, steps=steps, auto_id="set-%s")


def _sent(step: str, asked: PageRequest, batch: Batch, place: Place) -> forms.Form:
    if step == "set":
        return _identity_form(asked.actor, batch, place, asked.POST)
    if step == "hand_over":
        return HandOverForm(asked.POST, zone=place.zone, auto_id="hand-%s")
    if step == "confirm":
        return ConfirmForm(asked.POST, auto_id="confirm-%s")
    if step == "need":
        return NeedForm(asked.POST, zone=place.zone, auto_id="need-%s")
    raise NotFound


def _act(actor: Actor, batch_id: UUID, step: str, form: Any) -> str:
    given = dict(form.cleaned_data)
    if step == "set":
        act.set_identity(actor, batch_id, **form.stated())
        return _("The lot has its identifiers.")
    if step == "need":
        act.need_lot_at(actor, batch_id, **given)
        return _("It is noted when the lot is to be given.")
    for each in ("coi", "donation", "coi_by", "donation_by"):
        given.pop(each)
    if step == "hand_over":
        check = act.hand_over(actor, batch_id, labels=form.labels(), **given)
    else:
        check = act.confirm_hand_over(actor, given["check"], labels=form.labels(), version=given["version"])
    if check.batch_id != batch_id:
        raise Conflict(_("This hand-over is of another lot."))
    return {
        CheckState.OPEN: _("Noted. A second person reads both labels now."),
        CheckState.AGREED: _("Both identifiers agree, read by two people."),
        CheckState.MISMATCHED: _("The identity does not agree: everything stops."),
    }[CheckState(check.state)]


def _stop(actor: Actor, stop: IdentityStop) -> Context:
    meanings = open_meanings(actor, stop, IDENTITY_STOP)
    url = reverse("sign", args=[IDENTITY_STOP.type, stop.pk]) + f"?meaning={meanings[0]}" if meanings else ""
    return {"stop": stop, "tone": STOP_TONES[StopState(stop.state)], "sign_url": url}


def _leg(leg: Any, now: datetime) -> Context:
    return {
        "leg": leg,
        "lasted": duration(round(((leg.until or max(now, leg.from_at)) - leg.from_at).total_seconds())),
    }


def _life(life: ShelfLife | None, now: datetime, *, is_running: bool) -> Context | None:
    """Return the life that is left, in words."""
    if life is None:
        return None

    def words(left: Any) -> str:
        seconds = round(left.total_seconds())
        return _("%s too late") % duration(-seconds) if seconds < 0 else str(duration(seconds))

    return {
        "life": life,
        "left": words(life.expires_at - now) if life.expires_at is not None else "",
        "is_over": is_running and life.expires_at is not None and life.expires_at < now,
        "left_when_needed": words(life.left_when_needed) if life.left_when_needed is not None else "",
        "steps": [
            {"step": each, "left": words(each.left) if each.left is not None else ""} for each in life.steps
        ],
    }
