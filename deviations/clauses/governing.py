"""Which rule governs a deviation: of that for its class and that for a patient lot, the stricter one.

And the clock that runs by it. These steps write, so they run inside an action only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, TypeVar

from deviations.clauses.triggers import PATIENT_LOT
from deviations.models import Deviation
from deviations.states import IMPACT_CLOCK, NOTICE_CLOCK
from deviations.timelines import counted_from, time_by_clause
from portal.actor import Actor, Side
from portal.agreements.rules import Judgement, Notification
from portal.agreements.terms import Applied, Terms
from portal.clocks import Timing, end_clocks, start_clock
from portal.models import Clock
from portal.states import Audience, ClockState

R = TypeVar("R", Notification, Judgement)
# A clock whose time is over stands; a laxer one never takes its place.
STANDING: Final = (ClockState.RUNNING, ClockState.PAUSED, ClockState.BREACHED)


@dataclass(frozen=True, slots=True)
class Governing(Generic[R]):
    """The rule that governs, in its version, and until when; `timing` is None where it sets no time."""

    found: Applied[R]
    timing: Timing | None
    terms: int | None


def notices_for(
    terms: Terms, classification: str | None, triggers: Sequence[str]
) -> list[Applied[Notification]]:
    """Return the rules by which the sponsor is told: that of the class, and that of patient lots on one."""
    found = [terms.notice(classification)]
    if PATIENT_LOT in triggers:
        found.append(terms.notice(classification, of=PATIENT_LOT))
    return [each for each in found if each is not None]


def impacts_for(
    terms: Terms, classification: str | None, triggers: Sequence[str]
) -> list[Applied[Judgement]]:
    """Return the rules by which the sponsor assesses the impact: that of the class, those of triggers."""
    found = [terms.judgement("product_impact", classification)]
    found += [terms.judgement("product_impact", classification, trigger=each) for each in triggers]
    return [each for each in found if each is not None]


def strictest(
    actor: Actor,
    deviation: Deviation,
    terms: Terms,
    rules: Iterable[Applied[R]],
    *,
    told_at: datetime | None = None,
) -> Governing[R] | None:
    """Return the rule whose time is over first; the first one where none sets a time, None without any."""
    candidates = [
        Governing(each, _timing(actor, deviation, each.rule, told_at), terms.version) for each in rules
    ]
    timed = [(each.timing.due_at, at) for at, each in enumerate(candidates) if each.timing is not None]
    if timed:
        return candidates[min(timed)[1]]
    return candidates[0] if candidates else None


def _timing(
    actor: Actor, deviation: Deviation, rule: Notification | Judgement, told_at: datetime | None
) -> Timing | None:
    since = counted_from(deviation, rule.since, told_at) or (told_at if isinstance(rule, Judgement) else None)
    if rule.within is None or since is None:
        return None
    return time_by_clause(actor, deviation, rule.within, since)


def run_notice_clock(
    actor: Actor,
    deviation: Deviation,
    governing: Governing[Notification] | None,
    classification: str | None,
) -> None:
    """Let the time run until which the notice is released; it climbs at the part that the clause names.

    A stricter rule takes the place of the clock that runs, a laxer one leaves it. Whoever knows needs none.
    """
    if governing is None or governing.timing is None or deviation.audience == Audience.SHARED:
        return
    timing = governing.timing
    asked_at = timing.since + (timing.due_at - timing.since) * governing.found.rule.chase_at
    if _make_way(actor, deviation, NOTICE_CLOCK, timing):
        start_clock(
            deviation,
            kind=NOTICE_CLOCK,
            clause=governing.found.clause.code,
            terms=governing.terms,
            side=Side.MANUFACTURER,
            due_at=timing.due_at,
            audience=deviation.audience,
            next_at=asked_at,
            timing=timing,
            inputs=_inputs(classification),
        )


def run_impact_clock(
    actor: Actor,
    deviation: Deviation,
    governing: Governing[Judgement] | None,
    classification: str | None,
) -> None:
    """Let the time run until which the sponsor assesses the impact; a stricter rule takes its place."""
    if governing is None or governing.timing is None:
        return
    timing = governing.timing
    if _make_way(actor, deviation, IMPACT_CLOCK, timing):
        start_clock(
            deviation,
            kind=IMPACT_CLOCK,
            clause=governing.found.clause.code,
            terms=governing.terms,
            side=Side.SPONSOR,
            due_at=timing.due_at,
            audience=deviation.audience,
            timing=timing,
            inputs=_inputs(classification),
        )


def _inputs(classification: str | None) -> dict[str, str] | None:
    return {"classification": classification} if classification is not None else None


def _make_way(actor: Actor, deviation: Deviation, kind: str, timing: Timing) -> bool:
    """Say whether a clock with this time is to start; a laxer one that runs is taken back for it."""
    rows = Clock.objects.visible_to(actor).filter(
        space_id=deviation.space_id, subject_id=deviation.pk, kind=kind, done_at=None
    )
    standing = rows.filter(state__in=STANDING).order_by("due_at", "pk").first()
    if standing is None:
        return True
    if standing.state == ClockState.BREACHED or standing.due_at <= timing.due_at:
        return False
    end_clocks(deviation, kind=kind, state=ClockState.WITHDRAWN)
    return True
