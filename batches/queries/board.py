"""Every running batch at a glance: the same number of queries for one batch and for two hundred."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter, sub
from typing import Any, Final, TypeVar
from uuid import UUID

from batches.excursion_rows import worst_first
from batches.models import Batch, Excursion, Latest, Limit, Parameter, PhaseRun, ProcedureStep
from batches.queries.batches import ParameterState, Running, list_batches, phases_of, running_since
from batches.queries.excursions import list_excursions, up_to_date
from batches.slots import BatchFacts, facts_of
from batches.states import BatchState, DataKind, ExcursionState, ParameterKind
from portal.action import instant
from portal.actor import Actor
from portal.models import Clock, ProgramSite
from portal.queries.clocks import AHEAD

ROWS_A_TILE: Final = 3
# Which parameters a tile shows: the more critical first, then in the order of the recipe.
RANK: Final = tuple(ParameterKind)
# The trace of a tile breaks where a bucket and a half has no value.
TRACE_GAP_INTERVALS: Final = 5
Range = tuple[float | None, float | None]
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class PhasePart:
    """A phase on a phase line: `state` is done, now or ahead; `part` is how much of its time is over."""

    code: str
    name: str
    weight: float
    state: str
    part: float


@dataclass(frozen=True, slots=True)
class TileRow:
    """One parameter on a tile with the limits of the phase; `points` are (ms, value), None is a gap."""

    code: str
    label: str
    unit: str
    data_kind: str
    decimals: int
    value: float | None
    at: datetime | None
    stale_after: int
    is_stale: bool
    points: Sequence[tuple[int, float | None]]
    ranges: Mapping[str, Range]
    is_outside: bool

    @property
    def dots(self) -> bool:
        """Say whether values come one by one, at-line or from the laboratory."""
        return self.data_kind != DataKind.ONLINE


@dataclass(frozen=True, slots=True)
class NextClock:
    """The deadline that runs out first, or that is overdue the longest."""

    due_at: datetime
    clause: str


@dataclass(frozen=True, slots=True)
class Tile:
    """A running batch on the board; `excursions` are the open ones, the gravest first."""

    batch: Batch
    phases: Sequence[PhasePart]
    running: Running | None
    rows: Sequence[TileRow]
    excursions: Sequence[Excursion]
    facts: BatchFacts
    next_clock: NextClock | None
    at: datetime | None = field(default=None)

    @property
    def stale_after(self) -> int | None:
        """Return the age in seconds from which the newest value is stale, None without parameters."""
        return min((row.stale_after for row in self.rows), default=None)


def board(actor: Actor, program_id: UUID | None = None) -> list[Tile]:
    """Return a tile per batch in process, of one program or of all, in order of number. Ten queries."""
    now = instant()
    running = list_batches(actor, program_id=program_id, state=BatchState.IN_PROCESS)
    # Two hundred batches share a few sites and phases: each is read once and handed to its batches.
    batches = list(running.select_related(None).order_by("number", "id"))
    ids, recipes = [batch.pk for batch in batches], {batch.recipe_version_id for batch in batches}
    chosen = _parameters(actor, recipes)
    shown = [state.parameter.pk for states in chosen.values() for state in states]
    newest = _newest(actor, ids, shown)
    phases = phases_of(actor, list(recipes))
    _attach(actor, batches, phases)
    runs = PhaseRun.objects.visible_to(actor).filter(batch_id__in=ids).select_related("phase")
    since = {batch_id: running_since(of_batch) for batch_id, of_batch in _grouped(runs, "batch_id").items()}
    lasting = list_excursions(actor, state=ExcursionState.OPEN).filter(batch_id__in=ids)
    excursions = _grouped(up_to_date(list(lasting)), "batch_id")
    facts = facts_of(actor, ids)
    clocks = _clocks(actor, ids, excursions)
    tiles, known = [], dict[tuple[UUID, UUID | None], Mapping[str, Range]]()
    for batch in batches:
        outside = worst_first(excursions.get(batch.pk, []))
        rows = [
            _row(batch, state, newest.get((batch.pk, state.parameter.pk)), outside, now=now, known=known)
            for state in chosen.get(batch.recipe_version_id, [])
        ]
        line = _phase_line(batch, phases.get(batch.recipe_version_id, []), since.get(batch.pk), now)
        tiles.append(
            Tile(
                batch=batch,
                phases=line,
                running=since.get(batch.pk),
                rows=rows,
                excursions=outside,
                facts=facts[batch.pk],
                next_clock=_next_clock(clocks.get(batch.pk), facts[batch.pk]),
                at=max((row.at for row in rows if row.at is not None), default=None),
            )
        )
    return tiles


def _attach(actor: Actor, batches: Sequence[Batch], phases: Mapping[UUID, Sequence[ProcedureStep]]) -> None:
    sites = ProgramSite.objects.visible_to(actor).in_bulk({each.site_id for each in batches if each.site_id})
    steps = {step.pk: step for known in phases.values() for step in known}
    for batch in batches:
        batch.site = sites.get(batch.site_id) if batch.site_id is not None else None
        batch.phase = steps.get(batch.phase_id) if batch.phase_id is not None else None


def _grouped(rows: Iterable[R], name: str) -> dict[UUID, list[R]]:
    key, groups = attrgetter(name), dict[UUID, list[R]]()
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _parameters(actor: Actor, recipes: Iterable[UUID]) -> dict[UUID, list[ParameterState]]:
    rows = Parameter.objects.visible_to(actor).filter(recipe_version_id__in=recipes)
    chosen: dict[UUID, list[Parameter]] = {}
    for recipe_id, known in _grouped(rows.order_by("ordinal", "id"), "recipe_version_id").items():
        chosen[recipe_id] = sorted(known, key=lambda each: RANK.index(ParameterKind(each.kind)))[:ROWS_A_TILE]
    ids = [parameter.pk for known in chosen.values() for parameter in known]
    limits = _grouped(Limit.objects.visible_to(actor).filter(parameter_id__in=ids), "parameter_id")
    return {
        recipe_id: [ParameterState(each, limits.get(each.pk, []), None) for each in known]
        for recipe_id, known in chosen.items()
    }


def _newest(
    actor: Actor, batch_ids: Sequence[UUID], parameter_ids: Sequence[UUID]
) -> dict[tuple[UUID, UUID], tuple[Any, ...]]:
    rows = Latest.objects.visible_to(actor).filter(batch_id__in=batch_ids, parameter_id__in=parameter_ids)
    wanted = ("batch_id", "parameter_id", "at", "value", "trace_at", "trace")
    return {(row[0], row[1]): row[2:] for row in rows.values_list(*wanted)}


def _row(
    batch: Batch,
    state: ParameterState,
    newest: tuple[Any, ...] | None,
    outside: Sequence[Excursion],
    *,
    now: datetime,
    known: dict[tuple[UUID, UUID | None], Mapping[str, Range]],
) -> TileRow:
    """Return one parameter of a tile; `known` keeps the ranges of each phase for the batches to come."""
    parameter = state.parameter
    at, value, trace_at, trace = newest or (None, None, [], [])
    place = (parameter.pk, batch.phase_id)
    if place not in known:
        known[place] = {
            kind: _range(limit) for kind, limit in state.ranges(batch.phase_id).items() if not limit.knots
        }
    return TileRow(
        code=parameter.code,
        label=parameter.title,
        unit=parameter.unit,
        data_kind=parameter.data_kind,
        decimals=parameter.decimals,
        value=value,
        at=at,
        stale_after=state.stale_after_s,
        is_stale=at is None or (now - at).total_seconds() > state.stale_after_s,
        points=_with_gaps(parameter, trace_at, trace),
        ranges=known[place],
        is_outside=any(excursion.parameter_id == parameter.pk for excursion in outside),
    )


def _range(limit: Limit) -> Range:
    low, high = (None if bound is None else float(bound) for bound in (limit.low, limit.high))
    return low, high


def _with_gaps(
    parameter: Parameter, trace_at: Sequence[int], trace: Sequence[float]
) -> list[tuple[int, float | None]]:
    gap_ms = TRACE_GAP_INTERVALS * parameter.expected_interval_s * 1000
    # Nearly every trace of a board is whole, and there are hundreds of them.
    longest = max(map(sub, trace_at[1:], trace_at), default=0)
    if parameter.data_kind != DataKind.ONLINE or longest <= gap_ms:
        return list(zip(trace_at, trace, strict=True))
    points: list[tuple[int, float | None]] = []
    for at, value in zip(trace_at, trace, strict=True):
        if points and at - points[-1][0] > gap_ms:
            points.append((points[-1][0] + 1, None))
        points.append((at, value))
    return points


def _phase_line(
    batch: Batch, phases: Sequence[ProcedureStep], running: Running | None, now: datetime
) -> list[PhasePart]:
    present = next((phase.ordinal for phase in phases if phase.pk == batch.phase_id), 0)
    line = []
    for phase in phases:
        is_now = phase.pk == batch.phase_id
        state = "now" if is_now else "done" if phase.ordinal < present else "ahead"
        part = 1.0 if state == "done" else 0.0
        if is_now and running is not None and phase.planned_s:
            part = min(running.in_phase(now).total_seconds() / phase.planned_s, 1.0)
        line.append(PhasePart(phase.code, phase.title, float(phase.planned_s or 1), state, part))
    return line


def _clocks(
    actor: Actor, batch_ids: Sequence[UUID], excursions: Mapping[UUID, Sequence[Excursion]]
) -> dict[UUID, NextClock]:
    """Return the next deadline of each batch or of one of its open excursions."""
    of = {batch_id: batch_id for batch_id in batch_ids}
    of |= {excursion.pk: batch_id for batch_id, rows in excursions.items() for excursion in rows}
    running = Clock.objects.visible_to(actor).filter(AHEAD, subject_id__in=list(of))
    found: dict[UUID, NextClock] = {}
    for subject_id, due_at, clause in running.order_by("due_at", "id").values_list(
        "subject_id", "due_at", "clause"
    ):
        found.setdefault(of[subject_id], NextClock(due_at, clause))
    return found


def _next_clock(own: NextClock | None, facts: BatchFacts) -> NextClock | None:
    known = [own] if own else []
    if facts.next_due_at is not None:
        known.append(NextClock(facts.next_due_at, facts.next_due_clause))
    return min(known, key=lambda clock: clock.due_at, default=None)
