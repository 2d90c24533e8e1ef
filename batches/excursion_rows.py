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
from batches.models import AlarmShelf, Batch, Excursion, Limit
from batches.plan import Channel, Plan
from batches.recipes.rows import limit_spec
from batches.recipes.words import measure_words, measured_unit
from batches.states import Direction, ExcursionState, LimitKind, LimitMeasure, ParameterKind, ShelfState
from portal import ledger
from portal.action import current_action, instant
from portal.actor import Side
from portal.alerts import PATIENT_LOT, raise_alert
from portal.facts import Fact
from portal.states import Audience
from portal.templatetags.times import duration
from portal.terms import terms_at

# How often a growing excursion is written while nothing else changes of it, in time of the process.
GROWTH_NOTED_US: Final = 60_000_000
# Readings that tell so late of something over alert nobody (ground 5).
OVER_FOR: Final = timedelta(hours=1)
MICRO: Final = Decimal("0.000001")
# The graver limit first: an entry shows its first fact.
GRAVITY: Final = (LimitKind.PAR, LimitKind.ACTION, LimitKind.SPEC, LimitKind.NOR, LimitKind.ALERT)
# What a patient lot alerts of: every one of these touches dose, identity or slot.
PATIENT_LIMITS: Final = (LimitKind.PAR, LimitKind.ACTION, LimitKind.SPEC)
SIDES: Final[Mapping[str, tuple[Side, ...]]] = {
    Audience.SHARED: (Side.MANUFACTURER, Side.SPONSOR),
    Audience.MANUFACTURER: (Side.MANUFACTURER,),
    Audience.SPONSOR: (Side.SPONSOR,),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of the rows of one limit; `carried_id` is the one that all new readings follow on."""

    channel: Channel
    limit: Limit
    changes: Changes
    carried_id: UUID | None


@dataclass(slots=True)
class Step:
    """One change of one row; `episode` is None for a row that is withdrawn."""

    channel: Channel
    limit: Limit
    row: Excursion
    episode: Episode | None = None
    was_open: bool = False
    is_new: bool = False


class Shelves:
    """Which limits of a batch are shelved now; asked once, and only when an alert is called for."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._known: frozenset[UUID] | None = None

    def hold(self, limit_id: UUID) -> bool:
        """Say whether the alerts of a limit wait."""
        if self._known is None:
            rows = AlarmShelf.objects.visible_to(current_action().actor).filter(batch=self._batch)
            rows = rows.filter(state=ShelfState.SHELVED, until__gt=instant())
            self._known = frozenset(rows.values_list("limit_id", flat=True))
        return limit_id in self._known


def apply_verdicts(batch: Batch, excursions: Mapping[UUID, Excursion], verdicts: Iterable[Verdict]) -> None:
    """Write what changed, raise the alerts, note the facts; the batch is locked.

    Records: excursion.opened, excursion.extended, excursion.closed, excursion.withdrawn v1, and alert.raised
    before them.
    """
    ordered = sorted(verdicts, key=lambda verdict: GRAVITY.index(LimitKind(verdict.limit.kind)))
    shelves = Shelves(batch)
    steps = [
        *(step for verdict in ordered for step in _withdrawals(verdict, excursions)),
        *(step for verdict in ordered for step in _revisions(batch, verdict, excursions, shelves)),
        *(step for verdict in ordered for step in _openings(batch, verdict)),
    ]
    alerting = [step for step in steps if _calls_for_alert(batch, step, shelves)]
    for step in steps:
        if step in alerting:
            step.row.alerted_at = instant()
        step.row.save(force_insert=step.is_new)
    _alert_each(batch, alerting)
    # Withdrawals are written first, so that no two rows claim one start; told last, after what took their
    # place.
    for step in sorted(steps, key=lambda step: step.episode is None):
        ledger.record(step.row, _fact(step))


def _withdrawals(verdict: Verdict, excursions: Mapping[UUID, Excursion]) -> Iterable[Step]:
    for withdrawal in verdict.changes.withdrawn:
        row = excursions[withdrawal.row.id]
        row.state, row.merged_into_id = ExcursionState.WITHDRAWN, withdrawal.merged_into
        row.bump()
        yield Step(verdict.channel, verdict.limit, row)


def alert_of_lasting(batch: Batch, plan: Plan, rows: Sequence[Excursion]) -> None:
    """Alert of open excursions whose alert waited on a shelf; the batch is locked.

    Records: alert.raised v1, excursion.extended v1 of each. A shared step.
    """
    shelves = Shelves(batch)
    channels = {channel.id: channel for channel in plan.channels.values()}
    steps = []
    for row in rows:
        channel = channels[row.parameter_id]
        limit = channel.limits[row.limit_id]
        steps.append(Step(channel, limit, row, episode_of(row, limit.delay_s), was_open=True))
    alerting = [step for step in steps if _calls_for_alert(batch, step, shelves)]
    for step in alerting:
        step.row.alerted_at = instant()
        step.row.bump()
        step.row.save(update_fields=["alerted_at", "version"])
    _alert_each(batch, alerting)
    for step in alerting:
        ledger.record(step.row, _fact(step))


def episode_of(row: Excursion, delay_s: int) -> Episode:
    """Return what a row says, as the judging computes with it."""
    started_us = microseconds(row.started_at)
    return Episode(
        limit_id=row.limit_id,
        direction=row.direction,  # type: ignore[arg-type]  # the column holds one of the two
        started_us=started_us,
        last_outside_us=microseconds(row.last_outside_at),
        ended_us=None if row.ended_at is None else microseconds(row.ended_at),
        extreme=row.extreme,
        extreme_us=microseconds(row.extreme_at),
        count=row.readings,
        is_excursion=True,
        alert_due_us=started_us + delay_s * 1_000_000,
    )


def _revisions(
    batch: Batch, verdict: Verdict, excursions: Mapping[UUID, Excursion], shelves: Shelves
) -> Iterable[Step]:
    for revision in (*verdict.changes.closed, *verdict.changes.extended):
        row, was_open = excursions[revision.row.id], revision.row.episode.ended_us is None
        step = Step(verdict.channel, verdict.limit, row, revision.after, was_open=was_open)
        # A reading between those that the row counts would be missed by whoever counts on from its end.
        is_growth = row.pk == verdict.carried_id and _is_mere_growth(revision.row, revision.after)
        if is_growth and not _calls_for_alert(batch, step, shelves):
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
    channel, limit = verdict.channel, verdict.limit
    now_us = microseconds(instant())
    for episode in verdict.changes.opened:
        bound = _bound(channel, limit, episode)
        row = Excursion(
            space_id=batch.space_id,
            audience=channel.audience,
            batch=batch,
            parameter_id=channel.id,
            limit=limit,
            limit_kind=limit.kind,
            bound=bound,
            direction=episode.direction,
            is_late=now_us - episode.started_us > 2 * channel.interval_us,
            recorded_at=instant(),
            title=title_of(channel, limit, episode.direction, bound),
        )
        _set(row, episode)
        yield Step(channel, limit, row, episode, is_new=True)


def _bound(channel: Channel, limit: Limit, episode: Episode) -> Decimal:
    """Return the end that was crossed; of a course the one at the time of the crossing."""
    if limit.measure == LimitMeasure.SILENCE:
        return Decimal(limit.window_s)
    if rule := channel.ruled.get(limit.pk):
        times = channel.segments[limit.pk]
        origin_us = next((each.origin for each in times if each.covers(episode.started_us)), 0)
        end = rule.end_at(episode.started_us, origin_us, episode.direction)
        return Decimal(str(end)).quantize(MICRO).normalize()
    bound = limit.high if episode.direction == "high" else limit.low
    if bound is None:
        raise ValueError(f"limit {limit.pk} has no {episode.direction} end")
    return bound


def title_of(channel: Channel, limit: Limit, direction: str, bound: Decimal) -> str:
    """Return the words an excursion is known by: "Temperature above PAR (35 °C)"."""
    where = "above" if direction == Direction.HIGH else "below"
    kind = str(LimitKind(limit.kind).label)
    if limit.measure == LimitMeasure.SILENCE:
        return f"{channel.title}: no value for longer than the {kind} allows ({duration(limit.window_s)})"
    of = measure_words(limit_spec(limit))
    number = f"{bound.normalize():f} {measured_unit(limit.measure, channel.unit)}".rstrip()
    return f"{channel.title}{', ' + of if of else ''} {where} {kind} ({number})"


def _set(row: Excursion, episode: Episode) -> None:
    row.state = ExcursionState.OPEN if episode.ended_us is None else ExcursionState.CLOSED
    row.started_at = instant_of(episode.started_us)
    row.last_outside_at = instant_of(episode.last_outside_us)
    row.ended_at = None if episode.ended_us is None else instant_of(episode.ended_us)
    row.extreme, row.extreme_at = episode.extreme, instant_of(episode.extreme_us)
    row.readings = episode.count


def _calls_for_alert(batch: Batch, step: Step, shelves: Shelves) -> bool:
    return _is_alerting(batch, step) and not shelves.hold(step.limit.pk)


def _is_alerting(batch: Batch, step: Step) -> bool:
    """Say whether an alert is called for beyond the delay: a critical parameter outside its PAR.

    Of a patient lot: what is no mere monitoring, outside its action limit or more.
    """
    episode = step.episode
    if episode is None or step.row.alerted_at is not None or not episode.is_alert_reached:
        return False
    if batch.is_patient_lot:
        is_grave = step.limit.kind in PATIENT_LIMITS and step.channel.kind != ParameterKind.OTHER
    else:
        is_grave = step.limit.kind == LimitKind.PAR and step.channel.kind == ParameterKind.CPP
    if not is_grave:
        return False
    if episode.ended_us is not None:
        return instant() - instant_of(episode.ended_us) <= OVER_FOR
    # The last sample of a lot that ended long ago is outside for ever; nobody is woken by its copy.
    silence = timedelta(microseconds=2 * step.channel.interval_us) + OVER_FOR
    return not batch.is_patient_lot or instant() - instant_of(episode.last_outside_us) <= silence


def _alert_each(batch: Batch, steps: Sequence[Step]) -> None:
    """Alert of each, the graver limit first; of a patient lot once for an episode, whatever it crosses."""
    told: set[tuple[UUID, str]] = set()
    mine = [step.row.pk for step in steps]
    for step in steps:
        episode = (step.channel.id, str(step.row.direction))
        if batch.is_patient_lot and (episode in told or _is_told(batch, episode, mine)):
            continue
        told.add(episode)
        _alert(batch, step)


def _is_told(batch: Batch, episode: tuple[UUID, str], without: Sequence[UUID]) -> bool:
    parameter_id, direction = episode
    rows = Excursion.objects.visible_to(current_action().actor).filter(batch=batch, state=ExcursionState.OPEN)
    alerted = rows.filter(parameter_id=parameter_id, direction=direction, alerted_at__isnull=False)
    return alerted.exclude(pk__in=without).exists()


def _alert(batch: Batch, step: Step) -> None:
    terms = terms_at(current_action().actor, batch.space_id, instant())
    kind = PATIENT_LOT if batch.is_patient_lot else "excursion.par"
    clause = terms.notice(None, of=kind)
    for side in SIDES[str(step.row.audience)]:
        raise_alert(
            step.row,
            kind=kind,
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
            parameter=step.channel.code,
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
