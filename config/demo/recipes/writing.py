"""Short words to write a recipe in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from batches.specs import HoldTimeSpec, KnotSpec, LimitSpec, MaterialSpec, ParameterSpec, RecipeSpec, StepSpec
from batches.states import DataKind, Level, LimitKind, LimitMeasure, ParameterKind
from config.demo.companies import Project

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86_400


@dataclass(frozen=True, slots=True)
class Recipe:
    """A recipe version of a program; `model` names the simulated equipment that makes its values."""

    project: Project
    number: str
    title: str
    product: str
    steps: Sequence[StepSpec]
    parameters: Sequence[ParameterSpec]
    model: str = "generic"
    is_patient_lot: bool = False
    materials: Sequence[MaterialSpec] = ()
    hold_times: Sequence[HoldTimeSpec] = ()

    def spec(self) -> RecipeSpec:
        """Return what is drafted."""
        return RecipeSpec(
            self.number,
            self.title,
            self.product,
            self.steps,
            self.parameters,
            self.materials,
            self.hold_times,
        )

    def phases(self) -> list[StepSpec]:
        """Return the phases in the order of execution."""
        return [step for root in self.steps for step in root.walk() if step.level == Level.PHASE]


def procedure(title: str, *units: StepSpec) -> list[StepSpec]:
    """Return the whole tree."""
    return [StepSpec("PROCEDURE", title, Level.PROCEDURE, children=units)]


def unit(code: str, title: str, *phases: StepSpec) -> StepSpec:
    """Return a unit procedure of phases."""
    return StepSpec(f"U_{code}", title, Level.UNIT_PROCEDURE, children=phases)


def phase(code: str, title: str, planned_s: float) -> StepSpec:
    """Return a phase with its usual length."""
    return StepSpec(code, title, Level.PHASE, planned_s=round(planned_s))


def alone(code: str, title: str, planned_s: float) -> StepSpec:
    """Return a unit procedure of one phase of the same name."""
    return unit(code, title, phase(code, title, planned_s))


def nor(low: str = "", high: str = "", *, within: str | None = None, delay_s: int = 0) -> LimitSpec:
    """Return a normal operating range; an empty end is open."""
    return _limit(LimitKind.NOR, low, high, phase=within, delay_s=delay_s)


def alert(low: str = "", high: str = "", *, delay_s: int = 0, lasting_s: int = 0) -> LimitSpec:
    """Return an alert limit."""
    return _limit(LimitKind.ALERT, low, high, delay_s=delay_s, min_duration_s=lasting_s)


def action(
    low: str = "", high: str = "", *, within: str | None = None, delay_s: int = 0, lasting_s: int = 0
) -> LimitSpec:
    """Return an action limit."""
    return _limit(LimitKind.ACTION, low, high, phase=within, delay_s=delay_s, min_duration_s=lasting_s)


def par(low: str = "", high: str = "", *, within: str | None = None) -> LimitSpec:
    """Return a proven acceptable range."""
    return _limit(LimitKind.PAR, low, high, phase=within)


def spec(low: str = "", high: str = "") -> LimitSpec:
    """Return a specification."""
    return _limit(LimitKind.SPEC, low, high)


def course(kind: LimitKind, *knots: tuple[int, str, str], within: str | None = None) -> LimitSpec:
    """Return a limit whose ends move: at so many seconds of the phase, or of the batch, low and high."""
    known = tuple(KnotSpec(at_s, Decimal(low), Decimal(high)) for at_s, low, high in knots)
    return LimitSpec(kind, phase=within, knots=known)


def over(
    kind: LimitKind,
    measure: LimitMeasure,
    window_s: int,
    *,
    low: str = "",
    high: str = "",
    above: str = "",
    within: str | None = None,
    rationale: str = "",
) -> LimitSpec:
    """Return a limit of what the readings of the last seconds come to, or of their absence."""
    limit = _limit(kind, low, high, phase=within)
    counted = Decimal(above) if above else None
    return replace(limit, measure=measure, window_s=window_s, above=counted, rationale=rationale)


def _limit(
    kind: LimitKind,
    low: str,
    high: str,
    *,
    phase: str | None = None,
    delay_s: int = 0,
    min_duration_s: int = 0,
) -> LimitSpec:
    lowest, highest = (Decimal(end) if end else None for end in (low, high))
    return LimitSpec(kind, lowest, highest, phase=phase, delay_s=delay_s, min_duration_s=min_duration_s)


def online(
    code: str,
    title: str,
    unit: str,
    *limits: LimitSpec,
    kind: ParameterKind = ParameterKind.OTHER,
    every_s: int = 10,
    decimals: int = 1,
) -> ParameterSpec:
    """Return what a sensor says by itself."""
    return ParameterSpec(code, title, unit, kind, DataKind.ONLINE, every_s, decimals, limits=limits)


def at_line(
    code: str,
    title: str,
    unit: str,
    *limits: LimitSpec,
    kind: ParameterKind = ParameterKind.OTHER,
    every_s: int = DAY,
    decimals: int = 1,
) -> ParameterSpec:
    """Return what is measured beside the vessel, once or twice a day."""
    return ParameterSpec(code, title, unit, kind, DataKind.AT_LINE, every_s, decimals, limits=limits)


def lab(
    code: str,
    title: str,
    unit: str,
    *limits: LimitSpec,
    kind: ParameterKind = ParameterKind.CQA,
    every_s: int = 14 * DAY,
    decimals: int = 1,
) -> ParameterSpec:
    """Return what the laboratory finds days later."""
    return ParameterSpec(code, title, unit, kind, DataKind.LAB, every_s, decimals, limits=limits)
