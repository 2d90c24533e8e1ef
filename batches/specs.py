"""What a recipe is written from: plain values that a person, a file or a demo gives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from batches.states import DataKind, Level, LimitKind, ParameterKind
from portal.states import Audience


@dataclass(frozen=True, slots=True)
class StepSpec:
    """A node of the ISA-88 tree; phases are its leaves, and their order is the order of execution."""

    code: str
    title: str
    level: Level = Level.PHASE
    planned_s: int = 0
    children: Sequence[StepSpec] = ()

    def walk(self) -> Iterator[StepSpec]:
        """Give this node and all below it, parents first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class LimitSpec:
    """A range to stay in, ends included, in one phase (by code) or in all others; None leaves a side open."""

    kind: LimitKind
    low: Decimal | None = None
    high: Decimal | None = None
    phase: str | None = None
    delay_s: int = 0
    min_duration_s: int = 0


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
