"""Bring the rows of excursions in line with what was found, note the facts, alert where a clause asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from batches.columns import instant_of, microseconds
from batches.episodes import Changes, Episode, StoredEpisode
from batches.facts import ExcursionClosed, ExcursionExtended, ExcursionOpened, ExcursionWithdrawn
from batches.models import Batch, Excursion, Limit
from batches.plan import Watch
from batches.states import Direction, ExcursionState, LimitKind, ParameterKind
from portal import ledger
from portal.action import current_action, instant
from portal.actor import Side
from portal.alerts import raise_alert
from portal.facts import Fact
from portal.states import Audience
from portal.terms import terms_at

# How often a growing excursion is written while nothing else changes of it, in time of the process.
GROWTH_NOTED_US: Final = 60_000_000
# Readings that tell so late of something over alert nobody (ground 5).
OVER_FOR: Final = timedelta(hours=1)
# The graver limit first: an entry shows its first fact.
GRAVITY: Final = (LimitKind.PAR, LimitKind.ACTION, LimitKind.SPEC, LimitKind.NOR, LimitKind.ALERT)
SIDES: Final[Mapping[str, tuple[Side, ...]]] = {
    Audience.SHARED: (Side.MANUFACTURER, Side.SPONSOR),
    Audience.MANUFACTURER: (Side.MANUFACTURER,),
    Audience.SPONSOR: (Side.SPONSOR,),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the rows of one limit; `carried_id` is the one that all new readings follow on."""

    watch: Watch
    limit: Limit
    changes: Changes
    carried_id: UUID | None


@dataclass(slots=True)
class Step:
    """One change of one row; `episode` is None for a row that is withdrawn."""

    watch: Watch
    limit: Limit
    row: Excursion
    episode: Episode | None = None
    was_open: bool = False
    is_new: bool = False


def apply_verdicts(batch: Batch, excursions: Mapping[UUID, Excursion], verdicts: Iterable[Verdict]) -> None:
    """Write what changed, raise the alerts, note the facts; the batch is locked.

    Records: excursion.opened, excursion.extended, excursion.closed, excursion.withdrawn v1, and alert.raised
    before them.
    """
    ordered = sorted(verdicts, key=lambda verdict: GRAVITY.index(LimitKind(verdict.limit.kind)))
    steps = [
        *(step for verdict in ordered for step in _withdrawals(verdict, excursions)),
        *(step for verdict in ordered for step in _revisions(verdict, excursions)),
        *(step for verdict in ordered for step in _openings(batch, verdict)),
    ]
    alerting = [step for step in steps if _calls_for_alert(step)]
    for step in steps:
        if step in alerting:
            step.row.alerted_at = instant()
        step.row.save(force_insert=step.is_new)
    for step in alerting:
        _alert(batch, step)
    # Withdrawals are written first, so that no two rows claim one start; told last, after what took their
    # place.
    for step in sorted(steps, key=lambda step: step.episode is None):
        ledger.record(step.row, _fact(step))


def _withdrawals(verdict: Verdict, excursions: Mapping[UUID, Excursion]) -> Iterable[Step]:
    for withdrawal in verdict.changes.withdrawn:
        row = excursions[withdrawal.row.id]
        row.state, row.merged_into_id = ExcursionState.WITHDRAWN, withdrawal.merged_into
        row.bump()
        yield Step(verdict.watch, verdict.limit, row)


def _revisions(verdict: Verdict, excursions: Mapping[UUID, Excursion]) -> Iterable[Step]:
    for revision in (*verdict.changes.closed, *verdict.changes.extended):
        row, was_open = excursions[revision.row.id], revision.row.episode.ended_us is None
        step = Step(verdict.watch, verdict.limit, row, revision.after, was_open=was_open)
        # A reading between those that the row counts would be missed by whoever counts on from its end.
        is_growth = row.pk == verdict.carried_id and _is_mere_growth(revision.row, revision.after)
        if is_growth and not _calls_for_alert(step):
            continue
        _set(row, revision.after)
        row.bump()
        yield step


def _is_mere_growth(row: StoredEpisode, after: Episode) -> bool:
    before = row.episode
    grown_us = after.last_outside_us - before.last_outside_us
    is_open = before.ended_us is None and after.ended_us is None
    return is_open and before.started_us == after.started_us and 0 <= grown_us < GROWTH_NOTED_US


def _openings(batch: Batch, verdict: Verdict) -> Iterable[Step]:
    watch, limit = verdict.watch, verdict.limit
    now_us = microseconds(instant())
    for episode in verdict.changes.opened:
        bound = _bound(limit, episode.direction)
        row = Excursion(
            space_id=batch.space_id,
            audience=watch.audience,
            batch=batch,
            parameter_id=watch.id,
            limit=limit,
            limit_kind=limit.kind,
            bound=bound,
            direction=episode.direction,
            is_late=now_us - episode.started_us > 2 * watch.interval_us,
            recorded_at=instant(),
            title=title_of(watch, limit, episode.direction, bound),
        )
        _set(row, episode)
        yield Step(watch, limit, row, episode, is_new=True)


def _bound(limit: Limit, direction: str) -> Decimal:
    bound = limit.high if direction == Direction.HIGH else limit.low
    if bound is None:
        raise ValueError(f"limit {limit.pk} has no {direction} end")
    return bound


def title_of(watch: Watch, limit: Limit, direction: str, bound: Decimal) -> str:
    """Return the words an excursion is known by: "Temperature above PAR (35 °C)"."""
    where = "above" if direction == Direction.HIGH else "below"
    number = f"{bound.normalize():f} {watch.unit}".rstrip()
    return f"{watch.title} {where} {LimitKind(limit.kind).label} ({number})"


def _set(row: Excursion, episode: Episode) -> None:
    row.state = ExcursionState.OPEN if episode.ended_us is None else ExcursionState.CLOSED
    row.started_at = instant_of(episode.started_us)
    row.last_outside_at = instant_of(episode.last_outside_us)
    row.ended_at = None if episode.ended_us is None else instant_of(episode.ended_us)
    row.extreme, row.extreme_at = episode.extreme, instant_of(episode.extreme_us)
    row.readings = episode.count


def _calls_for_alert(step: Step) -> bool:
    """Say whether an alert is called for: a critical parameter outside its PAR, beyond the delay."""
    episode = step.episode
    if episode is None or step.row.alerted_at is not None or not episode.is_alert_reached:
        return False
    if step.limit.kind != LimitKind.PAR or step.watch.kind != ParameterKind.CPP:
        return False
    return episode.ended_us is None or instant() - instant_of(episode.ended_us) <= OVER_FOR


def _alert(batch: Batch, step: Step) -> None:
    terms = terms_at(current_action().actor, batch.space_id, instant())
    clause = terms.notice(None, of="excursion.par")
    for side in SIDES[str(step.row.audience)]:
        raise_alert(
            step.row,
            kind="excursion.par",
            side=side,
            title=f"{batch.number}: {step.row.title}",
            audience=str(step.row.audience),
            clause=clause.clause.code if clause is not None else "",
            site_id=batch.site_id,
        )


def _fact(step: Step) -> Fact:
    row = step.row
    if step.episode is None:
        return ExcursionWithdrawn(batch_id=row.batch_id, merged_into_id=row.merged_into_id)
    if step.is_new:
        return ExcursionOpened(
            batch_id=row.batch_id,
            parameter=step.watch.code,
            limit_kind=str(row.limit_kind),
            direction=str(row.direction),
            started_at=row.started_at,
            ended_at=row.ended_at,
            extreme=row.extreme,
            is_late=row.is_late,
        )
    if step.was_open and row.ended_at is not None:
        return ExcursionClosed(
            batch_id=row.batch_id,
            started_at=row.started_at,
            ended_at=row.ended_at,
            extreme=row.extreme,
            readings=row.readings,
        )
    return ExcursionExtended(
        batch_id=row.batch_id,
        started_at=row.started_at,
        last_outside_at=row.last_outside_at,
        ended_at=row.ended_at,
        extreme=row.extreme,
        readings=row.readings,
    )


def worst_first(rows: Sequence[Excursion]) -> list[Excursion]:
    """Order excursions by the gravity of their limit, then by start."""
    return sorted(rows, key=lambda row: (GRAVITY.index(LimitKind(row.limit_kind)), row.started_at, row.pk))
