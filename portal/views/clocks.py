"""Clocks as every page shows them, the page of one, and the steps people take from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import formats
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.action import instant, reading
from portal.actions.clocks import (
    consent_to_pause,
    decline_pause,
    extend_clock,
    move_clock,
    pause_clock,
    resume_clock,
    take_pause_back,
)
from portal.actor import Actor
from portal.agreements.durations import Duration
from portal.agreements.words import amount_words
from portal.clocks import MoreTime
from portal.clocks.names import name_of
from portal.errors import Invalid
from portal.models import Clock, Program
from portal.pages import Page, PageRequest
from portal.queries.clocks import ClockLine, find_clock
from portal.queries.rooms import list_rooms
from portal.shell import LINKS
from portal.states import CLOCK_TRANSITIONS, ClockState, ClockStep
from portal.terms import clause_link
from portal.views.ladders import ball

Shown = dict[str, Any]
SOON: Final = timedelta(hours=8)
OVER: Final = (ClockState.MET, ClockState.WITHDRAWN)
ENDS: Final[Mapping[str, str | Promise]] = {
    ClockState.MET: gettext_lazy("met %s"),
    ClockState.PAUSED: gettext_lazy("paused since %s"),
    ClockState.BREACHED: gettext_lazy("late since %s"),
    ClockState.WITHDRAWN: gettext_lazy("withdrawn %s"),
}
DONE: Final[Mapping[str, str | Promise]] = {
    "pause": gettext_lazy("The clock rests, or the other side is asked for its consent."),
    "consent": gettext_lazy("The clock rests by the word of both sides."),
    "decline": gettext_lazy("The clock runs on; who asked is told why."),
    "take_back": gettext_lazy("Your side asks for no pause any more; the other side is told."),
    "resume": gettext_lazy("The clock goes on with the time that was left."),
    "extend": gettext_lazy("There is more time; why stands in the history."),
    "move": gettext_lazy("It is the other side's turn."),
}


def face(at: datetime, zone: str, now: datetime) -> str:
    """Return a time at the site, with its day where that is not today's."""
    here = ZoneInfo(zone)
    local = at.astimezone(here)
    is_today = local.date() == now.astimezone(here).date()
    return formats.date_format(local, "H:i" if is_today else "j M, H:i")


def pace(due_at: datetime, now: datetime) -> str:
    """Return whether a running clock is late, soon over, or just runs."""
    if due_at < now:
        return "late"
    return "soon" if due_at - now < SOON else "running"


def part(since: datetime, until: datetime, now: datetime) -> int:
    """Return the share of the time that has passed, 0 to 100."""
    return min(100, max(0, round(100 * ((now - since) / (until - since))))) if until > since else 100


def clock_shown(actor: Actor, line: ClockLine, program: Program | None, zone: str, now: datetime) -> Shown:
    """Return one clock for `clock.html`: time left, whose ball, by what, history, and what may be done."""
    clock = line.clock
    return {
        "id": clock.pk,
        "version": clock.version,
        "name": name_of(clock.kind),
        "url": "",
        "due_at": clock.due_at,
        "state": _state(clock, now),
        "is_over": clock.done_at is not None or clock.state in OVER,
        "ball": ball(actor, program, clock.space_id, str(clock.side)),
        "clause": _clause(clock),
        "basis": _basis(clock),
        "part": part(_since(clock), clock.due_at, now),
        "ended_words": _ended(clock, zone, now),
        "asked_words": _asked(actor, clock, program),
        "more_words": _more(clock, line.more, zone, now),
        "most": _most(line.more, clock.zone or zone),
        "zone": zone,
        "moves": [_move(each, zone, now) for each in line.moves],
        "steps": [_step(each) for each in line.steps],
    }


def _since(clock: Clock) -> datetime:
    given = clock.inputs.get("since") if clock.inputs else None
    return datetime.fromisoformat(given) if given else clock.started_at


def _state(clock: Clock, now: datetime) -> str:
    if clock.state == ClockState.RUNNING:
        return pace(clock.due_at, now)
    if clock.state == ClockState.BREACHED and clock.done_at is None:
        return "late"
    return "paused" if clock.state == ClockState.PAUSED else "met"


def _ended(clock: Clock, zone: str, now: datetime) -> str:
    if clock.state == ClockState.RUNNING:
        return ""
    if clock.done_at is not None:
        return _("done late, %s") % face(clock.done_at, zone, now)
    if clock.state == ClockState.BREACHED:
        return str(ENDS[clock.state]) % face(clock.due_at, zone, now)
    return str(ENDS[clock.state]) % face(clock.paused_at or clock.ended_at or clock.due_at, zone, now)


def _clause(clock: Clock) -> str:
    if clock.is_regulatory:
        return str(clock.inputs.get("source", clock.clause))
    return clause_link(clock.space_id, clock.clause, clock.terms) or _("none by clause")


def _basis(clock: Clock) -> str:
    if not clock.duration:
        return ""
    duration = Duration.of(clock.duration)
    words = amount_words(duration)
    if not duration.is_business:
        return words
    calendar = _("calendar v%s") % clock.calendar if clock.calendar else _("no calendar set")
    return f"{words}, {calendar}, {clock.zone}"


def _asked(actor: Actor, clock: Clock, program: Program | None) -> str:
    if not clock.pause_asked_by or clock.state != ClockState.RUNNING:
        return ""
    who = ball(actor, program, clock.space_id, clock.pause_asked_by)
    return _("A pause was asked for by %s; without the other side's consent the clock runs on.") % who


def _more(clock: Clock, more: MoreTime | None, zone: str, now: datetime) -> str:
    """Return how often its clause lets a deadline be put off, and until when at most."""
    if more is None:
        return ""
    values = {
        "used": more.used,
        "rounds": more.rounds,
        "clause": clause_link(clock.space_id, more.clause, more.terms),
        "latest": face(more.latest, zone, now),
    }
    if not more.left:
        return format_html(_("Extended {used} of {rounds} times by {clause}: no more."), **values)
    return format_html(
        _("Extended {used} of {rounds} times by {clause}; the next time to {latest} at most."), **values
    )


def _most(more: MoreTime | None, zone: str) -> str:
    """Return the latest instant that may be asked for, as the form's field has it."""
    return "" if more is None else f"{more.latest.astimezone(ZoneInfo(zone)):%Y-%m-%dT%H:%M}"


def _move(move: Any, zone: str, now: datetime) -> Shown:
    due = ""
    if move.due_before is not None and move.due_after is not None:
        values = {"before": face(move.due_before, zone, now), "after": face(move.due_after, zone, now)}
        due = _("due %(before)s, now %(after)s") % values
    elif move.due_after is not None:
        due = _("due %s") % face(move.due_after, zone, now)
    return {
        "at": move.at,
        "words": str(ClockStep(move.step).label),
        "code": move.code,
        "due": due,
        "clause": clause_link(move.space_id, move.clause, move.terms),
        "reason": move.reason,
    }


def _step(name: str) -> Shown:
    return {
        "name": name,
        "label": CLOCK_TRANSITIONS[name].label,
        "needs_reason": name not in ("consent", "take_back"),
        "needs_time": name == "extend",
    }


class ClockPage(Page):
    """One clock with its history; from here, and from its record, its steps are taken."""

    here: ClassVar[str] = "escalations"
    template_name: ClassVar[str] = "portal/clock.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the clock."""
        actor = request.actor
        line = find_clock(actor, kwargs["clock_id"])
        room = list_rooms(actor).get(line.clock.space_id)
        program, zone = (room.program, room.zone) if room is not None else (None, "UTC")
        shown = clock_shown(actor, line, program, line.clock.zone or zone, instant())
        subject = line.subject
        return {
            "clock": shown | {"is_alone": True},
            "subject": subject,
            "subject_url": LINKS[subject.type].format(id=subject.pk)
            if subject is not None and subject.type in LINKS
            else "",
            "program": program,
        }


class ClockStepPage(ClockPage):
    """Take one step, then go on where it was taken from."""

    step: ClassVar[str] = ""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the clock."""
        return HttpResponseRedirect(reverse("clock_page", args=[kwargs["clock_id"]]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Act."""
        asked = cast("PageRequest", request)
        self.act(asked, kwargs["clock_id"], version=_version(asked))
        messages.success(asked, str(DONE[self.step]))
        onward = asked.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(onward, allowed_hosts={asked.get_host()})
        address = onward if is_ours else reverse("clock_page", args=[kwargs["clock_id"]])
        return HttpResponseRedirect(address, status=303)

    def act(self, request: PageRequest, clock_id: UUID, *, version: int | None) -> None:
        """Call the action of the step."""
        actor, reason = request.actor, request.POST.get("reason", "")
        match self.step:
            case "pause":
                pause_clock(actor, clock_id, reason=reason, version=version)
            case "consent":
                consent_to_pause(actor, clock_id, version=version)
            case "decline":
                decline_pause(actor, clock_id, reason=reason, version=version)
            case "take_back":
                take_pause_back(actor, clock_id, version=version)
            case "resume":
                resume_clock(actor, clock_id, reason=reason, version=version)
            case "extend":
                due_at = _instant(request, clock_id)
                extend_clock(actor, clock_id, due_at=due_at, reason=reason, version=version)
            case "move":
                move_clock(actor, clock_id, reason=reason, version=version)


def _instant(request: PageRequest, clock_id: UUID) -> datetime:
    """Return the time given, on the clock's own wall; raises Invalid."""
    with reading(request.actor):
        clock = find_clock(request.actor, clock_id).clock
        room = list_rooms(request.actor).get(clock.space_id)
    zone = clock.zone or (room.zone if room is not None else "UTC")
    try:
        given = datetime.fromisoformat(request.POST.get("due_at", ""))
    except ValueError as error:
        words = _("Give a day and a time.")
        raise Invalid(words, errors={"due_at": [words]}) from error
    return given if given.tzinfo is not None else given.replace(tzinfo=ZoneInfo(zone))


def _version(request: HttpRequest) -> int | None:
    given = request.POST.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 10 else None  # noqa: PLR2004 - fits an integer


STEPS: Final[Sequence[str]] = tuple(DONE)
