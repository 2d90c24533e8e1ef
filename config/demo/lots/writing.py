"""What a batch of the demo is told by. Times are seconds since its start."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from batches.states import DataKind
from config.demo.companies import Site
from config.demo.recipes import Recipe
from config.demo.recipes.writing import DAY, HOUR, MINUTE

# Neighbours further apart than three expected intervals count as a gap, so ten-second sensors are told
# at least every 30 s.
COARSE_S: Final = 30.0
FINE_S: Final = 10.0
PhaseStarts = Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What sensors or analysers said from one time to another; `until_s` None is the present."""

    codes: Sequence[str]
    from_s: float
    until_s: float | None
    step_s: float


@dataclass(frozen=True, slots=True)
class Dots:
    """Single values that the story tells."""

    code: str
    points: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Bend:
    """A course that the story tells in place of the usual one, as straight lines between its points."""

    code: str
    knots: Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Lot:
    """A batch: since when it runs, its phases, and what was measured.

    `ended_s` is None while it is in process. With `discontinued` it ended for that reason, else it is
    complete.
    """

    recipe: Recipe
    number: str
    age_s: float
    phases: PhaseStarts
    site: Site
    equipment: str = ""
    title: str = ""
    stretches: Sequence[Stretch] = ()
    dots: Sequence[Dots] = ()
    bends: Sequence[Bend] = ()
    valve_fault_s: float | None = None
    ended_s: float | None = None
    discontinued: str = ""


def clock(day: int, time: str) -> float:
    """Return seconds since the midnight of day 0, from a culture day and the plant's clock."""
    hours, minutes = time.split(":")
    return day * DAY + int(hours) * HOUR + int(minutes) * MINUTE


def sensors(recipe: Recipe) -> list[str]:
    """Return the codes of a recipe's online parameters."""
    return [each.code for each in recipe.parameters if each.data_kind == DataKind.ONLINE]


def samples(recipe: Recipe) -> list[str]:
    """Return the codes of what is measured at-line every day."""
    return [
        each.code
        for each in recipe.parameters
        if each.data_kind == DataKind.AT_LINE and each.expected_interval_s == DAY
    ]


def whole_course(recipe: Recipe) -> tuple[PhaseStarts, float]:
    """Return all phases one after the other in their planned lengths, and when the last one ends."""
    starts: list[tuple[str, float]] = []
    at_s = 0.0
    for phase in recipe.phases():
        starts.append((phase.code, at_s))
        at_s += phase.planned_s
    return starts, at_s


def course_until(recipe: Recipe, code: str) -> PhaseStarts:
    """Return the phases up to and with one of them."""
    starts, _ = whole_course(recipe)
    last = [phase for phase, _ in starts].index(code)
    return starts[: last + 1]


def co2_failure(day_s: float) -> Bend:
    """Return how the CO₂ of an incubator fails on day 6 of story C; `day_s` is the midnight of day 0."""
    course = (("02:03", 5.0), ("02:05", 4.0), ("02:40", 0.9), ("03:20", 1.2), ("03:31", 4.0), ("03:34", 5.0))
    return Bend("CO2", tuple((clock(6, time) + day_s, value) for time, value in course))
