"""Keep the excursions of a batch in line with its readings; a frame that is inside costs one query.

The definition stands in `batches.episodes`. A row of an open excursion is a checkpoint: while it only grows
it is written about once a minute, so that the ledger is not flooded; what came since is read from the
readings, here before it is judged and in `batches.queries.excursions` before it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from batches.columns import instant_of, microseconds
from batches.episodes import (
    Changes,
    StoredEpisode,
    Window,
    affected_window,
    find_episodes,
    reconcile,
    window_of_phase_change,
)
from batches.excursion_rows import Verdict, apply_verdicts, episode_of
from batches.latest import Known, Newest
from batches.limits import OPEN_END_US, OPEN_START_US
from batches.models import Batch, Excursion, Limit
from batches.plan import Bound, Channel, Plan
from batches.ruled import Asked, asked_after, verdict_of
from batches.staging import Column, Stretch, Times, Values, read_stretches
from batches.states import ExcursionState
from portal.action import instant
from portal.actor import Actor

INFINITY: Final = float("inf")
LAST_INSIDE: Final = """
select at from batches_reading
where batch_id = %s and parameter_id = %s and at < %s and value between %s and %s order by at desc limit 1
"""
FIRST_INSIDE: Final = """
select at from batches_reading
where batch_id = %s and parameter_id = %s and at >= %s and value between %s and %s order by at limit 1
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One limit with its live rows, and the window in which they are judged again."""

    channel: Channel
    limit: Limit
    rows: Sequence[StoredEpisode]
    window: Window


class Docket:
    """The live excursions of a batch that end after an instant, or not yet, by limit.

    Of a limit with a minimum duration, or that looks at more than each value, all are there: its window may
    reach back past the instant.
    """

    def __init__(self, actor: Actor, batch: Batch, channels: Sequence[Channel], since_us: int) -> None:
        self.excursions: dict[UUID, Excursion] = {}
        self.by_limit: dict[UUID, list[StoredEpisode]] = {}
        limits = {limit.pk: limit for channel in channels for limit in channel.limits.values()}
        ruled = {limit_id for channel in channels for limit_id in channel.ruled}
        patient = [limit.pk for limit in limits.values() if limit.min_duration_s or limit.pk in ruled]
        live = Excursion.objects.visible_to(actor).filter(batch=batch, limit_id__in=list(limits))
        reaching = Q(ended_at=None) | Q(ended_at__gte=instant_of(since_us)) | Q(limit_id__in=patient)
        for row in live.exclude(state=ExcursionState.WITHDRAWN).filter(reaching).order_by("started_at", "id"):
            self.excursions[row.pk] = row
            stored = StoredEpisode(row.pk, episode_of(row, limits[row.limit_id].delay_s))
            self.by_limit.setdefault(row.limit_id, []).append(stored)

    def rows(self, limit: Limit) -> list[StoredEpisode]:
        """Return the rows of one limit in order of their start."""
        return self.by_limit.get(limit.pk, [])


def judge_frame(actor: Actor, batch: Batch, plan: Plan, fresh: Mapping[str, Column], known: Known) -> None:
    """Judge readings that were just stored; `known` is what was known of each parameter before them.

    The batch is locked. Records: excursion.opened, excursion.extended, excursion.closed, excursion.withdrawn
    v1.
    """
    suspects = [
        (plan.channels[code], int(at_us[0]), int(at_us[-1]))
        for code, (at_us, values) in fresh.items()
        if not _is_calm(plan.channels[code], at_us, values, known)
    ]
    asked = asked_after(batch, plan, fresh, known)
    if not suspects and not asked:
        return
    channels = [*(channel for channel, *_ in suspects), *(one.channel for one in asked)]
    firsts = [*(first for _, first, _ in suspects), *(one.fresh[0] for one in asked)]
    docket = Docket(actor, batch, channels, min(firsts))
    following = _next_after(
        batch, [(channel.id, last) for channel, _, last in suspects if _has_later(channel, last, known)]
    )
    cases = [
        Case(channel, limit, rows, _window(batch, limit, rows, (first, last, following.get(channel.id))))
        for channel, first, last in suspects
        for limit in _plain(channel)
        for rows in [docket.rows(limit)]
    ]
    _judge(batch, cases, asked, docket)


def judge_silence(actor: Actor, batch: Batch, plan: Plan) -> None:
    """Judge missing data as of now, nothing having come. The batch is locked. Records: as `judge_frame`."""
    now_us = microseconds(instant())
    asked = [
        Asked(channel, limit, (now_us, now_us), now_us)
        for channel in plan.channels.values()
        for limit in channel.ruled.values()
        if limit.measure.kind == "silence"
    ]
    if asked:
        _judge(batch, [], asked, Docket(actor, batch, [one.channel for one in asked], now_us))


def judge_change(actor: Actor, batch: Batch, plan: Plan, changed_us: int) -> None:
    """Judge again from an instant on because other limits apply: a phase began, or the batch ended."""
    channels = [
        channel
        for channel in plan.channels.values()
        if batch.ended_at or any(limit.phase_id or limit.settle_s for limit in channel.limits.values())
    ]
    if not channels:
        return
    docket = Docket(actor, batch, channels, changed_us)
    cases = [
        Case(
            channel,
            limit,
            rows,
            _widened(batch, limit, _from_checkpoint(window_of_phase_change(rows, changed_us))),
        )
        for channel in channels
        for limit in _plain(channel)
        for rows in [docket.rows(limit)]
    ]
    since = (changed_us - 1, OPEN_END_US - 1)
    now_us = microseconds(instant())
    asked = [Asked(channel, limit, since, now_us) for channel in channels for limit in channel.ruled.values()]
    _judge(batch, cases, asked, docket)


def _plain(channel: Channel) -> list[Limit]:
    return [limit for limit in channel.limits.values() if limit.pk not in channel.ruled]


def _is_calm(channel: Channel, at_us: Times, values: Values, known: Known) -> bool:
    """Say whether new readings can change nothing: all inside, and no episode runs through their time."""
    if not channel.bounds:
        return True
    if any(bound.limit_id in known.running for bound in channel.bounds):
        return False
    first, last = int(at_us[0]), int(at_us[-1])
    lowest, highest = float(values.min()), float(values.max())
    newest = known.newest.get(channel.id)
    for bound in channel.bounds:
        if bound.holds(lowest, highest):
            if bound.is_patient and newest is not None and not _follows_inside(bound, newest, first):
                return False
            continue
        times = channel.segments[bound.limit_id]
        if any(segment.start_us <= last and first < segment.end_us for segment in times):
            return False
    return True


def _follows_inside(bound: Bound, newest: Newest, first_us: int) -> bool:
    """Say that no stretch outside waits to become long enough; being no row yet, only this tells of it."""
    return newest.at_us < first_us and bound.holds(newest.value, newest.value)


def _has_later(channel: Channel, last_us: int, known: Known) -> bool:
    newest = known.newest.get(channel.id)
    return newest is not None and newest.at_us > last_us


def _window(
    batch: Batch, limit: Limit, rows: Sequence[StoredEpisode], span: tuple[int, int, int | None]
) -> Window:
    return _widened(batch, limit, _from_checkpoint(affected_window(rows, *span)))


def _from_checkpoint(window: Window) -> Window:
    """Begin behind what an open row holds: it may not have been written since, see the top."""
    carried = window.carried
    if carried is None or carried.episode.ended_us is not None:
        return window
    return replace(window, from_us=min(window.from_us, carried.episode.last_outside_us + 1))


def _widened(batch: Batch, limit: Limit, window: Window) -> Window:
    """Take in the whole stretch outside a limit with a minimum duration: a short one is no row."""
    if not limit.min_duration_s:
        return window
    if window.carried is None:
        before = _nearest_inside(batch, limit, window.from_us, is_before=True)
        window = replace(window, from_us=OPEN_START_US if before is None else before + 1)
    if window.until_us < OPEN_END_US:
        after = _nearest_inside(batch, limit, window.until_us, is_before=False)
        window = replace(window, until_us=OPEN_END_US if after is None else after)
    return window


def _nearest_inside(batch: Batch, limit: Limit, at_us: int, *, is_before: bool) -> int | None:
    low = -INFINITY if limit.low is None else float(limit.low)
    high = INFINITY if limit.high is None else float(limit.high)
    with connection.cursor() as cursor:
        cursor.execute(
            LAST_INSIDE if is_before else FIRST_INSIDE,
            [batch.pk, limit.parameter_id, instant_of(at_us), low, high],
        )
        row = cursor.fetchone()
    return None if row is None else microseconds(row[0])


def _next_after(batch: Batch, places: Sequence[tuple[UUID, int]]) -> dict[UUID, int | None]:
    """Return the instant of the first reading after each place, None if there is none; one query."""
    if not places:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "select w.parameter_id, (select r.at from batches_reading r where r.batch_id = %s"
            " and r.parameter_id = w.parameter_id and r.at > w.last order by r.at limit 1)"
            " from unnest(%s::uuid[], %s::timestamptz[]) w (parameter_id, last)",
            [batch.pk, [each for each, _ in places], [instant_of(last) for _, last in places]],
        )
        return {found: at and microseconds(at) for found, at in cursor.fetchall()}


def _judge(batch: Batch, cases: Sequence[Case], asked: Sequence[Asked], docket: Docket) -> None:
    spans: dict[UUID, Stretch] = {}
    for case in cases:
        known = spans.get(case.channel.id, Stretch(case.channel.id, OPEN_END_US, OPEN_START_US))
        spans[case.channel.id] = Stretch(
            case.channel.id,
            min(known.from_us, case.window.from_us),
            max(known.until_us, case.window.until_us),
        )
    columns = dict(zip(spans, read_stretches(batch.pk, list(spans.values())), strict=True))
    verdicts = []
    for case in cases:
        carried_id = case.window.carried.id if case.window.carried else None
        changes = _changes(case, columns[case.channel.id])
        verdicts.append(Verdict(case.channel, case.limit, changes, carried_id))
    verdicts += [verdict_of(batch, one, docket.rows(one.channel.limits[one.limit.id])) for one in asked]
    apply_verdicts(batch, docket.excursions, verdicts)


def _changes(case: Case, column: Column) -> Changes:
    found = find_episodes(*column, case.channel.segments[case.limit.pk], case.window)
    held = [row for row in case.rows if case.window.holds(row)]
    return reconcile(held, [episode for episode in found if episode.is_excursion])
