"""What a recipe is written from: plain values that a person, a file or a demo gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from batches.states import DataKind, Level, LimitKind, LimitMeasure, MaterialUse, ParameterKind
from portal.states import Audience, SeatSide


@dataclass(frozen=True, slots=True)
class StepSpec:
    """A node of the ISA-88 tree; phases are its leaves, and their order is the order of execution."""

    code: str
    title: str
    level: Level = Level.PHASE
    planned_s: int = 0
    children: Sequence[StepSpec] = ()
    equipment_class: str = ""
    instruction: str = ""
    needs_second_check: bool = False

    def walk(self) -> Iterator[StepSpec]:
        """Give this node and all below it, parents first."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting.extend(reversed(node.children))


@dataclass(frozen=True, slots=True)
class KnotSpec:
    """The ends of a limit at a time in its phase; None leaves a side open."""

    at_s: int
    low: Decimal | None = None
    high: Decimal | None = None


@dataclass(frozen=True, slots=True)
class LimitSpec:
    """A range to stay in, ends included, in one phase (by code) or in all others; None leaves a side open.

    A course of knots stands in place of the two ends. Of a general limit its time counts from the start of
    the batch.
    """

    kind: LimitKind
    low: Decimal | None = None
    high: Decimal | None = None
    phase: str | None = None
    delay_s: int = 0
    min_duration_s: int = 0
    rationale: str = ""
    measure: LimitMeasure = LimitMeasure.VALUE
    window_s: int = 0
    above: Decimal | None = None
    knots: Sequence[KnotSpec] = ()
    every_s: int = 0
    settle_s: int = 0

    @property
    def key(self) -> tuple[str, str, str | None]:
        """Return what no other limit of the parameter shares: kind, measure and phase."""
        return str(self.kind), str(self.measure), self.phase


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """What is measured, how often a value is expected, and within which limits."""

    code: str
    title: str
    unit: str = ""
    kind: ParameterKind = ParameterKind.OTHER
    data_kind: DataKind = DataKind.ONLINE
    expected_interval_s: int = 10
    decimals: int = 1
    audience: Audience = Audience.SHARED
    limits: Sequence[LimitSpec] = ()
    target: Decimal | None = None
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class MaterialSpec:
    """What goes in or comes out, in one step (by code) or in the whole; an open quantity is None."""

    code: str
    title: str
    use: MaterialUse = MaterialUse.INPUT
    quantity: Decimal | None = None
    unit: str = ""
    step: str | None = None
    supplied_by: SeatSide = SeatSide.MANUFACTURER
    specification: str = ""


@dataclass(frozen=True, slots=True)
class HoldTimeSpec:
    """The longest time from the end of one step to the start of another, or with None to whatever follows."""

    code: str
    title: str
    after: str
    before: str | None
    longest_s: int
    condition: str = ""
    rationale: str = ""


@dataclass(frozen=True, slots=True)
class Unread:
    """Something of an imported file that was not understood: where it stood, and what it says."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class RecipeSpec:
    """A whole master record as plain values: what is drafted, compared, imported and exported."""

    number: str
    title: str
    product: str = ""
    steps: Sequence[StepSpec] = ()
    parameters: Sequence[ParameterSpec] = ()
    materials: Sequence[MaterialSpec] = ()
    hold_times: Sequence[HoldTimeSpec] = ()
    not_understood: Sequence[Unread] = ()

    def walk(self) -> Iterator[StepSpec]:
        """Give all steps, parents first, in the order of execution."""
        for step in self.steps:
            yield from step.walk()

    @property
    def phases(self) -> list[str]:
        """Return the codes of the phases in the order of execution."""
        return [step.code for step in self.walk() if step.level == Level.PHASE]

    def shared(self) -> RecipeSpec:
        """Return what both sides may read: all but the parameters of one side."""
        kept = tuple(each for each in self.parameters if each.audience == Audience.SHARED)
        return replace(self, parameters=kept)

    def in_order(self) -> RecipeSpec:
        """Return the same with limits in one order, by phase and kind: theirs says nothing."""
        places = {code: place for place, code in enumerate(self.phases)}

        def ordered(parameter: ParameterSpec) -> ParameterSpec:
            def key(limit: LimitSpec) -> tuple[int, str, str]:
                place = -1 if limit.phase is None else places.get(limit.phase, len(places))
                return place, str(limit.kind), str(limit.measure)

            return replace(parameter, limits=tuple(sorted(parameter.limits, key=key)))

        return replace(self, parameters=tuple(ordered(each) for each in self.parameters))
