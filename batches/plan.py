"""What one batch is judged by: its parameters, and when each of their limits applies."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from batches import limits as rules
from batches.columns import microseconds
from batches.measures import SECOND_US, Knot, Measure, Profile
from batches.models import Batch, Limit, Parameter, PhaseRun
from batches.states import LimitMeasure
from portal.actor import Actor

PLANS_KEPT: Final = 512
INFINITY: Final = float("inf")


@dataclass(frozen=True, slots=True)
class Bound:
    """The range of a limit, an open side without end; a patient one wants a minimum duration."""

    limit_id: UUID
    low: float
    high: float
    is_patient: bool

    @classmethod
    def of(cls, limit: Limit) -> Bound:
        """Return the range of a limit."""
        low = -INFINITY if limit.low is None else float(limit.low)
        high = INFINITY if limit.high is None else float(limit.high)
        return cls(limit.pk, low, high, limit.min_duration_s > 0)

    def holds(self, lowest: float, highest: float) -> bool:
        """Say whether all between two values is inside."""
        return self.low <= lowest and highest <= self.high


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """One parameter of a batch with its limits by id; `segments` says when each of them applies."""

    id: UUID
    code: str
    title: str
    unit: str
    kind: str
    audience: str
    interval_us: int
    limits: Mapping[UUID, Limit]
    segments: Mapping[UUID, tuple[rules.Segment, ...]]
    bounds: Sequence[Bound]
    # Limits that look at more than one value and two fixed ends; the others have a bound.
    ruled: Mapping[UUID, rules.Limit]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The parameters of a batch that an actor may see, by code, in the order of the recipe."""

    channels: Mapping[str, Channel]
    units: Mapping[str, str]


_plans: OrderedDict[tuple[object, ...], Plan] = OrderedDict()
_lock = threading.Lock()


def plan_of(actor: Actor, batch: Batch) -> Plan:
    """Return the plan of a batch as the actor may see it; the batch's row must be fresh.

    Kept in memory by batch, version and the sides the actor sees in its space: a recipe version never
    changes, and every move of phase raises the batch's version. Whether the actor may see the batch at all is
    never remembered.
    """
    space = batch.space_id
    sees = (space in actor.as_sponsor, space in actor.as_manufacturer)
    key = (batch.pk, batch.version, batch.recipe_version_id, *sees)
    with _lock:
        if key in _plans:
            _plans.move_to_end(key)
            return _plans[key]
    plan = read_plan(actor, batch)
    with _lock:
        _plans[key] = plan
        while len(_plans) > PLANS_KEPT:
            _plans.popitem(last=False)
    return plan


def read_plan(actor: Actor, batch: Batch) -> Plan:
    """Read the plan of a batch from its recipe version and its phase runs: three queries."""
    parameters = Parameter.objects.visible_to(actor).filter(recipe_version_id=batch.recipe_version_id)
    limits = Limit.objects.visible_to(actor).filter(parameter__recipe_version_id=batch.recipe_version_id)
    runs = PhaseRun.objects.visible_to(actor).filter(batch=batch).order_by("started_at", "id")
    by_parameter: dict[UUID, list[Limit]] = {}
    for limit in limits.order_by("id"):
        by_parameter.setdefault(limit.parameter_id, []).append(limit)
    ordered = parameters.order_by("ordinal", "id")
    return plan_by(batch, [(each, by_parameter.get(each.pk, [])) for each in ordered], runs)


def plan_by(
    batch: Batch, states: Iterable[tuple[Parameter, Sequence[Limit]]], runs: Iterable[PhaseRun]
) -> Plan:
    """Return the plan of a batch from rows that are given, as of a view of the past."""
    end_us = rules.OPEN_END_US if batch.ended_at is None else microseconds(batch.ended_at)
    edges = (microseconds(batch.started_at or batch.planned_start), end_us)
    stretches = [stretch_of(run) for run in runs]
    channels = {each.code: _channel(each, list(limits), stretches, edges) for each, limits in states}
    return Plan(channels, {code: channel.unit for code, channel in channels.items()})


def stretch_of(run: PhaseRun) -> rules.PhaseRun:
    """Return the run of a phase as the judging computes with it."""
    ended_us = None if run.ended_at is None else microseconds(run.ended_at)
    return rules.PhaseRun(run.phase_id, microseconds(run.started_at), ended_us)


def rule_of(limit: Limit) -> rules.Limit:
    """Return a limit as the judging computes with it."""
    return rules.Limit(
        id=limit.pk,
        kind=limit.kind,  # type: ignore[arg-type]  # the column holds one of the five kinds
        low=None if limit.low is None else float(limit.low),
        high=None if limit.high is None else float(limit.high),
        delay_s=limit.delay_s,
        min_duration_s=limit.min_duration_s,
        phase_id=limit.phase_id,
        measure=_measure(limit),
        profile=_profile(limit),
        settle_us=limit.settle_s * SECOND_US,
    )


def _measure(limit: Limit) -> Measure:
    if limit.measure == LimitMeasure.VALUE:
        return rules.VALUE
    above = 0.0 if limit.above is None else float(limit.above)
    # The column holds one of the kinds.
    return Measure(limit.measure, limit.window_s * SECOND_US, above)  # type: ignore[arg-type]


def _profile(limit: Limit) -> Profile | None:
    if not limit.knots:
        return None
    knots = [
        Knot(at_s, *(None if end is None else float(end) for end in ends)) for at_s, *ends in limit.knots
    ]
    return Profile(knots, limit.every_s or None)


def _channel(
    parameter: Parameter, limits: list[Limit], runs: list[rules.PhaseRun], edges: tuple[int, int]
) -> Channel:
    known = [rule_of(limit) for limit in limits]
    segments = {
        limit_id: tuple(_within(segment, edges) for segment in found if segment.start_us < edges[1])
        for limit_id, found in rules.segments(known, runs).items()
    }
    return Channel(
        id=parameter.pk,
        code=parameter.code,
        title=parameter.title,
        unit=parameter.unit,
        kind=parameter.kind,
        audience=parameter.audience,
        interval_us=parameter.expected_interval_s * 1_000_000,
        limits={limit.pk: limit for limit in limits},
        segments=segments,
        bounds=[Bound.of(limit) for limit, rule in zip(limits, known, strict=True) if rule.is_plain],
        ruled={rule.id: rule for rule in known if not rule.is_plain},
    )


def _within(segment: rules.Segment, edges: tuple[int, int]) -> rules.Segment:
    """Cut a stretch at the end of the batch; the time of what has no phase counts from its start."""
    origin_us = edges[0] if segment.limit.phase_id is None else segment.origin_us
    return replace(segment, end_us=min(segment.end_us, edges[1]), origin_us=origin_us)
