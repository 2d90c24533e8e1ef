"""What people and the sweep do with a clock: let it rest and go on, pass the ball, give more time, end it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import F

from portal import ledger
from portal.access import require_role, require_state, require_version
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.business_time import due_after_pause
from portal.clocks import Extensions, calendar_of, duration_of, note_step
from portal.clocks.names import is_fixed
from portal.clocks.running import line_of
from portal.clocks.silence import HEADS, Silence, Silences, ask_heads, note_silence
from portal.errors import Invalid, InvalidTransition, NotFound
from portal.facts import (
    ClockBreached,
    ClockExtended,
    ClockMoved,
    ClockPauseAsked,
    ClockPaused,
    ClockPauseDeclined,
    ClockPauseTakenBack,
    ClockResumed,
    Fact,
)
from portal.models import Clock, ClockMove, Record
from portal.states import CLOCK_TRANSITIONS, SYSTEM, Audience, ClockState, ClockStep, clock_keepers

REASON_MIN: Final = 10
REASON_MAX: Final = 4000
# From this extension on the heads of quality are asked.
CLIMBS_AT: Final = 2
EXTENDED: Final = "clock.extended"
EXTENDED_AGAIN: Final = "clock.extended_again"
_Unanswered = tuple[Clock, Record, Silence]
PAUSE_DECLINED: Final = "clock.pause_declined"
PAUSE_TAKEN_BACK: Final = "clock.pause_taken_back"
PAUSING: Final = ("state", "paused_at", "paused_next_at", "next_at", "pause_asked_by", "version")


@action("clock.pause")
def pause_clock(actor: Actor, clock_id: UUID, *, reason: str, version: int | None) -> Clock:
    """Let a clock of the own side rest; of a joint clock, ask the other side for its consent.

    `reason` is 10..4000 characters. A clock that has passed its time, and a regulatory one, rests for nobody.
    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    clock.paused v1 or clock.pause_asked v1. Source: design 4 (joint clocks pause by consent).
    """
    clock = _lock(actor, clock_id, to="pause", version=version)
    _require_rest(clock)
    _require_words(reason)
    if clock.is_joint:
        if clock.pause_asked_by:
            detail = (
                f"The {clock.pause_asked_by} has asked for a pause already; the other side consents to it."
            )
            raise InvalidTransition(detail, state=str(clock.state))
        side = _side_of(actor, clock)
        clock.ask_pause(side)
        step: ClockStep = ClockStep.PAUSE_ASKED
        fact: ClockPauseAsked | ClockPaused = ClockPauseAsked(kind=clock.kind, side=side)
    else:
        clock.pause(instant())
        step, fact = ClockStep.PAUSED, ClockPaused(kind=clock.kind, side=clock.side)
    clock.save(update_fields=PAUSING)
    note_step(clock, step, reason=reason.strip(), due_before=clock.due_at)
    _tell(actor, clock, fact)
    return clock


@action("clock.consent")
def consent_to_pause(actor: Actor, clock_id: UUID, *, version: int | None) -> Clock:
    """Let a joint clock rest as the other side asked; nobody consents to the own asking.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion. Records: clock.paused v1.
    """
    clock = _lock(actor, clock_id, to="consent", version=version)
    _require_rest(clock)
    side = _side_of(actor, clock)
    if clock.pause_asked_by in ("", side):
        raise _nobody_asked(clock, "the other side's word is needed")
    clock.pause(instant())
    clock.save(update_fields=PAUSING)
    note_step(clock, ClockStep.PAUSED, due_before=clock.due_at)
    _tell(actor, clock, ClockPaused(kind=clock.kind, side=side))
    return clock


@action("clock.decline")
def decline_pause(actor: Actor, clock_id: UUID, *, reason: str, version: int | None) -> Clock:
    """Refuse the pause of a joint clock that the other side asked for: it runs on, and they are told why.

    `reason` is 10..4000 characters. Raises: NotFound, Refused, InvalidTransition, VersionMissing,
    StaleVersion, Invalid. Records: clock.pause_declined v1, alert.raised v1.
    """
    clock = _lock(actor, clock_id, to="decline", version=version)
    side, asked_by = _side_of(actor, clock), clock.pause_asked_by
    if asked_by in ("", side):
        raise _nobody_asked(clock, "the other side's word is needed")
    _require_words(reason)
    clock.answer_pause()
    clock.save(update_fields=["pause_asked_by", "version"])
    note_step(clock, ClockStep.DECLINED, reason=reason.strip(), due_before=clock.due_at)
    _tell(actor, clock, ClockPauseDeclined(kind=clock.kind, side=side))
    _tell_quality(
        actor, clock, PAUSE_DECLINED, Side(asked_by), "the pause that your side asked for is declined"
    )
    return clock


@action("clock.take_back")
def take_pause_back(actor: Actor, clock_id: UUID, *, version: int | None) -> Clock:
    """Ask no more for the pause of a joint clock that the own side asked for; the other side is told.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion. Records:
    clock.pause_taken_back v1, alert.raised v1.
    """
    clock = _lock(actor, clock_id, to="take_back", version=version)
    side = _side_of(actor, clock)
    if clock.pause_asked_by != side:
        raise _nobody_asked(clock, "only who asked takes it back")
    clock.answer_pause()
    clock.save(update_fields=["pause_asked_by", "version"])
    note_step(clock, ClockStep.TAKEN_BACK, due_before=clock.due_at)
    _tell(actor, clock, ClockPauseTakenBack(kind=clock.kind, side=side))
    other = Side.SPONSOR if side == Side.MANUFACTURER else Side.MANUFACTURER
    _tell_quality(actor, clock, PAUSE_TAKEN_BACK, other, "a pause is not asked for any more")
    return clock


@action("clock.resume")
def resume_clock(actor: Actor, clock_id: UUID, *, reason: str = "", version: int | None) -> Clock:
    """Let a clock go on with the time that was left, counted as its clause counts: either side a joint one.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    clock.resumed v1.
    """
    clock = _lock(actor, clock_id, to="resume", version=version)
    if len(reason) > REASON_MAX:
        _require_words(reason)
    before, now = clock.due_at, instant()
    calendar, duration = calendar_of(actor, clock), duration_of(clock)
    paused_at, wanted = clock.paused_at or now, clock.paused_next_at or before
    due_at = due_after_pause(before, paused_at, now, duration, calendar)
    next_at = due_after_pause(wanted, paused_at, now, duration, calendar)
    clock.resume(due_at, due_at if wanted == before else next_at)
    clock.save(update_fields=[*PAUSING, "due_at"])
    note_step(clock, ClockStep.RESUMED, reason=reason.strip(), due_before=before, due_after=due_at)
    _tell(actor, clock, ClockResumed(kind=clock.kind, due_at=due_at))
    return clock


@action("clock.extend")
def extend_clock(
    actor: Actor, clock_id: UUID, *, due_at: datetime, reason: str, version: int | None
) -> Clock:
    """Give a clock of the own side more time before its time is over, as often and as far as its clause says.

    `due_at` lies after the present one, at most the clause's time later. Where both sides know the clock, QA
    of the other one is told, from the second time on the heads of both. Raises: NotFound, Refused,
    InvalidTransition, VersionMissing, StaleVersion, Invalid. Records: clock.extended v1, alert.raised v1.
    Source: domain 2c (extension before expiry, with a reason, the sponsor told; the second one escalates).
    """
    clock = _lock(actor, clock_id, to="extend", version=version)
    _require_rest(clock, what="is extended by nobody")
    _require_words(reason)
    before = clock.due_at
    if due_at <= before:
        words = "An extension gives more time: a later instant than the present one."
        raise Invalid(words, errors={"due_at": [words]})
    _require_clause(actor, clock, due_at)
    clock.extend(due_at)
    clock.save(update_fields=["due_at", "next_at", "extensions", "version"])
    note_step(clock, ClockStep.EXTENDED, reason=reason.strip(), due_before=before, due_after=due_at)
    fact = ClockExtended(kind=clock.kind, due_before=before, due_at=due_at, extensions=clock.extensions)
    _tell(actor, clock, fact)
    if clock.extensions >= CLIMBS_AT:
        _climb(actor, clock)
    elif clock.audience == Audience.SHARED:
        other = Side.SPONSOR if clock.side == Side.MANUFACTURER else Side.MANUFACTURER
        _tell_quality(actor, clock, EXTENDED, other, f"a deadline is put off to {due_at:%Y-%m-%d %H:%M} UTC")
    return clock


@action("clock.move")
def move_clock(actor: Actor, clock_id: UUID, *, reason: str, version: int | None) -> Clock:
    """Pass the ball of a joint clock to the other side; its time runs on.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    clock.moved v1.
    """
    clock = _lock(actor, clock_id, to="move", version=version)
    if not clock.is_joint:
        detail = "This clock runs against one side alone; only a joint one passes to the other."
        raise InvalidTransition(detail, state=str(clock.state))
    _require_words(reason)
    clock.move(Side.SPONSOR if clock.side == Side.MANUFACTURER else Side.MANUFACTURER)
    clock.save(update_fields=["side", "version"])
    note_step(clock, ClockStep.MOVED, reason=reason.strip(), due_before=clock.due_at)
    _tell(actor, clock, ClockMoved(kind=clock.kind, side=clock.side))
    return clock


@action("clock.breach")
def breach_clock(actor: Actor, clock_id: UUID) -> Clock | None:
    """Note that a clock's time is over; what it asks for stays open. None when it is not due any more.

    Called by the sweep, twice or late as it happens; it waits for nobody. What a clause makes of the silence
    comes about with it. Raises: Refused. Records: clock.breached v1, clock.unanswered v1.
    """
    found = _breach(actor, [clock_id])
    return found[0] if found else None


@action("clock.breach_many")
def breach_clocks(actor: Actor, clock_ids: Sequence[UUID]) -> int:
    """Note of many clocks of one space that their time is over, each in an entry of its own.

    One transaction and few statements: after an outage thousands are due at once. Records: clock.breached v1.
    """
    return len(_breach(actor, clock_ids))


def _breach(actor: Actor, clock_ids: Sequence[UUID]) -> list[Clock]:
    now = instant()
    rows = Clock.objects.visible_to(actor).select_for_update(skip_locked=True, of=("self",), no_key=True)
    due = list(
        rows.filter(pk__in=clock_ids, state=ClockState.RUNNING, next_at__lte=now).order_by("next_at", "pk")
    )
    due = [each for each in due if each.due_at <= now]
    for space_id in {each.space_id for each in due}:
        require_role(actor, space_id, SYSTEM, to="breach a clock")
    ids = [each.pk for each in due]
    Clock.objects.filter(pk__in=ids).update(
        state=ClockState.BREACHED, ended_at=now, next_at=None, version=F("version") + 1
    )
    for clock in due:
        clock.end(ClockState.BREACHED, now)
    ClockMove.objects.bulk_create(
        ClockMove(**line_of(each, ClockStep.BREACHED), due_before=each.due_at) for each in due
    )
    subjects = Record.objects.visible_to(actor).in_bulk({each.subject_id for each in due})
    silences, facts, unanswered = Silences(actor), list[tuple[Record, Fact, str]](), list[_Unanswered]()
    for each in due:
        subject, chain = subjects[each.subject_id], str(each.audience)
        facts.append((subject, ClockBreached(kind=each.kind, clause=each.clause, due_at=each.due_at), chain))
        if (silence := silences.of(each)) is not None:
            facts.append((subject, note_silence(each, silence), chain))
            unanswered.append((each, subject, silence))
    ledger.record_each(facts)
    for found in unanswered:
        ask_heads(*found)
    return due


def _lock(actor: Actor, clock_id: UUID, *, to: str, version: int | None) -> Clock:
    """Hand out a locked clock for one step: visible, role, state, version. A ladder's clock is nobody's."""
    rows = Clock.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    clock = rows.filter(alert=None).with_id(clock_id)
    if clock is None:
        raise NotFound
    require_role(actor, clock.space_id, *clock_keepers(clock, to), to=f"{to} this clock")
    require_state(clock, CLOCK_TRANSITIONS[to], to)
    require_version(clock, version)
    return clock


def _require_rest(clock: Clock, what: str = "rests for nobody") -> None:
    """Raise InvalidTransition for a clock of the law or of the matter, and for one whose time is over."""
    if clock.is_regulatory:
        raise InvalidTransition(f"A regulatory clock {what}.", state=str(clock.state))
    if is_fixed(clock.kind):
        raise InvalidTransition(f"The matter sets the time of this clock; it {what}.", state=str(clock.state))
    if instant() >= clock.due_at:
        raise InvalidTransition(f"The time of this clock is over; it {what} now.", state=str(clock.state))


def _require_clause(actor: Actor, clock: Clock, due_at: datetime) -> None:
    """Raise InvalidTransition where the clause gives no more time, Invalid where it gives less than asked."""
    if not clock.clause:
        return
    cited = "The default rules" if clock.terms is None else f"Agreement v{clock.terms}"
    found = Extensions(actor).of(clock)
    if found is None:
        raise InvalidTransition(f"{cited}: no clause gives this more time.", state=str(clock.state))
    if not found.left:
        often = f"{found.rounds} times" if found.rounds > 1 else "once"
        detail = f"{cited}, clause {found.clause}: a deadline is extended {often}, and this one was."
        raise InvalidTransition(detail, state=str(clock.state))
    if due_at > found.latest:
        words = f"{cited}, clause {found.clause}: {found.latest:%Y-%m-%d %H:%M} UTC at the latest."
        raise Invalid(words, errors={"due_at": [words]})


def _nobody_asked(clock: Clock, wanted: str) -> InvalidTransition:
    who = f"The {clock.pause_asked_by} has" if clock.pause_asked_by else "Nobody has"
    detail = f"{who} asked for a pause of this clock; {wanted}."
    return InvalidTransition(detail, state=str(clock.state))


def _require_words(reason: str) -> None:
    if not REASON_MIN <= len(reason.strip()) <= REASON_MAX:
        words = f"Say why, in {REASON_MIN} to {REASON_MAX} characters."
        raise Invalid(words, errors={"reason": [words]})


def _side_of(actor: Actor, clock: Clock) -> Side:
    return next(each.side for each in clock_keepers(clock, "consent") if actor.holds(clock.space_id, each))


def _tell(actor: Actor, clock: Clock, fact: Fact) -> None:
    """Record the fact in the history of the record that the clock runs for."""
    ledger.record(_subject(actor, clock), fact, audience=clock.audience)


def _subject(actor: Actor, clock: Clock) -> Record:
    found = Record.objects.visible_to(actor).with_id(clock.subject_id)
    if found is None:
        raise NotFound
    return found


def _tell_quality(actor: Actor, clock: Clock, kind: str, side: Side, words: str) -> None:
    """Ask QA of a side to give receipt of what the other side did with a clock of both."""
    subject = _subject(actor, clock)
    raise_alert(
        subject,
        kind=kind,
        side=side,
        title=f"{subject.number}: {words}",
        audience=clock.audience,
        clause=clock.clause,
        first=("qa",),
    )


def _climb(actor: Actor, clock: Clock) -> None:
    """Ask the heads of quality to look at a second extension: of both sides where both know the clock."""
    subject = _subject(actor, clock)
    sides = (Side.MANUFACTURER, Side.SPONSOR) if clock.audience == "shared" else (Side(clock.side),)
    for side in sides:
        raise_alert(
            subject,
            kind=EXTENDED_AGAIN,
            side=side,
            title=f"{subject.number}: a deadline was extended for the {_nth(clock.extensions)} time",
            audience=clock.audience,
            clause=clock.clause,
            ladder="clock",
            first=HEADS,
        )


def _nth(number: int) -> str:
    return {2: "second", 3: "third"}.get(number, f"{number}th")
