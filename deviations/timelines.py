"""What a clause gives time for in a deviation's life: clocks that its acts start and meet. Shared steps.

Each names clause and version of the agreement under which the record began; no clause, no clock. They write,
so they run inside an action only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final

from deviations.access import zone_of
from deviations.judging.states import CLASS_CLOCK, CLASS_DISAGREEMENT_CLOCK
from deviations.models import Deviation
from deviations.states import (
    CLOSING_CLOCK,
    COMMENTS_CLOCK,
    DISAGREEMENT_CLOCK,
    DRAFT_CLOCK,
    OPENING_CLOCK,
    REVIEW_CLOCK,
    SUMMARY_CLOCK,
)
from portal.access import get_program
from portal.action import current_action, instant
from portal.actor import Actor, Side
from portal.agreements.durations import Duration
from portal.agreements.rules import Timeline
from portal.agreements.terms import Applied
from portal.clocks import Timing, end_clocks, start_clock, time_out
from portal.models import Clock, RecordQuerySet
from portal.states import Audience, ClockState
from portal.terms import terms_at

# The kind of a clock is the activity that the clause gives time for.
TIMELINES: Final = (OPENING_CLOCK, SUMMARY_CLOCK, DRAFT_CLOCK, CLOSING_CLOCK)
OF_TRIAGE: Final = (SUMMARY_CLOCK, DRAFT_CLOCK, CLOSING_CLOCK)
# What runs for a round of the report, each time anew.
OF_ROUNDS: Final = (COMMENTS_CLOCK, REVIEW_CLOCK, DISAGREEMENT_CLOCK)
# What runs until both sides have confirmed the class.
OF_CLASS: Final = (CLASS_CLOCK, CLASS_DISAGREEMENT_CLOCK)


def start_timelines(
    actor: Actor,
    deviation: Deviation,
    activities: Collection[str],
    classification: str | None,
    *,
    told_at: datetime | None = None,
) -> None:
    """Start the clocks of activities that a clause times from what has happened by now, each once.

    A side that does not know of the record yet has no clock there; `told_at` is when its notice was released.
    """
    current_action()
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    wanted = {each: found for each in activities if (found := terms.timeline(each, classification))}
    running = set(clocks_of(actor, deviation).values_list("kind", flat=True)) if wanted else set()
    for activity, found in wanted.items():
        since = counted_from(deviation, found.rule.since, told_at)
        side = Side(found.rule.held_by)
        if activity in running or since is None or deviation.audience not in (Audience.SHARED, side):
            continue
        timing = time_by_clause(actor, deviation, found.rule.within, since)
        # What gives it more time may be said of its class alone.
        inputs = {"classification": classification} if classification is not None else {}
        _start(deviation, found, timing, kind=activity, terms=terms.version, inputs=inputs)


def tighten_timelines(
    actor: Actor, deviation: Deviation, activities: Collection[str], classification: str
) -> None:
    """Start the clocks of a stricter class where its time is over before that of the one that runs.

    The one that ran is withdrawn and stays to be read; what was met or is late stays as it is.
    """
    current_action()
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    open_ones = clocks_of(actor, deviation).filter(kind__in=activities, state=ClockState.RUNNING)
    for clock in list(open_ones.order_by("pk")):
        found = terms.timeline(clock.kind, classification)
        told_at = datetime.fromisoformat(clock.inputs["since"]) if "since" in clock.inputs else None
        since = counted_from(deviation, found.rule.since, told_at) if found is not None else None
        if found is None or since is None:
            continue
        timing = time_by_clause(actor, deviation, found.rule.within, since)
        if timing.due_at < clock.due_at:
            end_clocks(deviation, kind=clock.kind, state=ClockState.WITHDRAWN)
            inputs = {"classification": classification}
            _start(deviation, found, timing, kind=clock.kind, terms=terms.version, inputs=inputs)


def start_round(
    actor: Actor, deviation: Deviation, activity: str, classification: str | None
) -> tuple[str, Timing | None]:
    """Start the clock that a clause gives a round of the report, counted from now; returns clause and time.

    Nothing where no clause times it, or the side that holds the ball does not know of the record.
    """
    current_action()
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    found = terms.timeline(activity, classification)
    if found is None and activity == COMMENTS_CLOCK:
        # Who is asked before an investigation is concluded comments on its draft.
        found = terms.consulted("investigation", Side.SPONSOR)
    if found is None or deviation.audience not in (Audience.SHARED, found.rule.held_by):
        return "", None
    timing = time_by_clause(actor, deviation, found.rule.within, instant())
    inputs = {"classification": classification} if classification is not None else {}
    _start(deviation, found, timing, kind=activity, terms=terms.version, inputs=inputs)
    return found.clause.code, timing


def time_by_clause(actor: Actor, deviation: Deviation, within: Duration, since: datetime) -> Timing:
    """Return when a clause's time is over, by the calendar of the site where the deviation belongs."""
    batch = deviation.batch
    return time_out(
        actor,
        deviation.space_id,
        within,
        since,
        zone=zone_of(get_program(actor, deviation.space_id), batch),
        site_id=batch.site_id if batch is not None else None,
    )


def note_opened(actor: Actor, deviation: Deviation) -> None:
    """Note whether a record was opened in the time its clause gives: met at once, or late for good."""
    start_timelines(actor, deviation, [OPENING_CLOCK], None)
    for clock in clocks_of(actor, deviation).filter(kind=OPENING_CLOCK, due_at__lt=instant()):
        clock.end(ClockState.BREACHED, instant())
        clock.save(update_fields=["state", "ended_at", "next_at", "version"])
    end_clocks(deviation, kind=OPENING_CLOCK, state=ClockState.MET)


def end_timelines(deviation: Deviation, activities: Collection[str], state: ClockState) -> None:
    """End the clocks of activities: met by what was done, or withdrawn with the record."""
    for each in activities:
        end_clocks(deviation, kind=each, state=state)


def disclose_timelines(actor: Actor, deviation: Deviation) -> None:
    """Let the other side read the clocks from now on; what was said of them before stays inside."""
    current_action()
    rows = clocks_of(actor, deviation).exclude(audience=Audience.SHARED)
    for clock in rows.select_for_update(no_key=True).order_by("pk"):
        clock.audience = Audience.SHARED
        clock.bump()
        clock.save(update_fields=["audience", "version"])


def clocks_of(actor: Actor, deviation: Deviation) -> RecordQuerySet[Clock]:
    """Return the clocks of the deviation's timelines that the actor may see, unordered."""
    rows = Clock.objects.visible_to(actor).filter(space_id=deviation.space_id, subject_id=deviation.pk)
    return rows.filter(kind__in=TIMELINES)


def counted_from(deviation: Deviation, since: str, told_at: datetime | None) -> datetime | None:
    """Return the instant a rule counts from; None while it has not come, or nothing here brings it."""
    known = {
        "occurred": deviation.occurred_at,
        "detected": deviation.detected_at,
        "aware": deviation.aware_at,
        "recorded": deviation.recorded_at,
        "triaged": deviation.triaged_at,
        "notice": told_at,
    }
    return known.get(since)


def _start(
    deviation: Deviation,
    found: Applied[Timeline],
    timing: Timing,
    *,
    kind: str,
    terms: int | None,
    inputs: Mapping[str, str],
) -> None:
    start_clock(
        deviation,
        kind=kind,
        clause=found.clause.code,
        terms=terms,
        side=Side(found.rule.held_by),
        due_at=timing.due_at,
        audience=deviation.audience,
        timing=timing,
        inputs=inputs,
    )
