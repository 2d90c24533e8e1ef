"""The culture in a fed-batch bioreactor: cells grow, eat, age and make antibody for 14 days.

Balances per volume, integrated once a seed at steps of 15 minutes. The constants were fitted to the course
of a CHO culture with a temperature shift: VCD 0.5 at start, 21 on day 8, 12.4 on day 14.
"""

from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final

import numpy as np

from batches.plant.noise import Floats, bell, stream

DAY_S: Final = 86_400.0
HOUR_S: Final = 3_600.0
STEP_D: Final = 1 / 96
LAST_DAY: Final = 21
SHIFT_DAY: Final = 5.0
SHIFT_AT_S: Final = SHIFT_DAY * DAY_S
RAMP_S: Final = 4 * HOUR_S


@dataclass(frozen=True, slots=True)
class Kinetics:
    """Rates per day, amounts per litre; cells in 10^6/mL."""

    growth_warm: float = 0.686
    growth_cool: float = 0.558
    exhausted_at: float = 73.75  # cell days per mL at which growth ends
    death: float = 0.0279
    death_of_age: float = 0.0361
    ageing: float = 2.1
    lysis: float = 0.574
    glucose_per_cell: float = 0.20
    glucose_kept: float = 3.3
    feed_from_day: float = 3.0
    feed_gain: float = 3.0
    lactate_per_cell: float = 0.215
    lactate_turn_day: float = 4.0
    lactate_rest: float = 0.75
    lactate_uptake: float = 1.1
    ammonium_rest: float = 7.4
    ammonium_half: float = 60.0
    product_per_cell: float = 0.0275
    osmolality_feed: float = 397.0
    osmolality_rate: float = 1 / 6
    osmolality_from_day: float = 2.0


@dataclass(frozen=True, slots=True)
class Course:
    """The state of one culture over time, as arrays of equal length."""

    day: Floats
    vcd: Floats
    dead: Floats
    eaten: Floats
    glucose: Floats
    lactate: Floats
    osmolality: Floats

    def at(self, name: str, at_s: Floats) -> Floats:
        """Give one balance at seconds from inoculation, held at both ends."""
        values: Floats = getattr(self, name)
        return np.interp(at_s / DAY_S, self.day, values)

    def viability(self, at_s: Floats) -> Floats:
        """Give the living share of the cells in per cent."""
        living = self.at("vcd", at_s)
        return 100 * living / (living + self.at("dead", at_s))

    def ammonium(self, at_s: Floats) -> Floats:
        """Give ammonium in mmol/L, which follows what the cells have eaten."""
        eaten = self.at("eaten", at_s)
        known = Kinetics()
        return 2.6 + (known.ammonium_rest - 2.6) * eaten / (eaten + known.ammonium_half)

    def titre(self, at_s: Floats) -> Floats:
        """Give the antibody in g/L, which follows what the cells have eaten."""
        return Kinetics().product_per_cell * self.at("eaten", at_s)


def temperature_share(at_s: Floats) -> Floats:
    """Tell how far the temperature shift has come: 0 before, 1 after, a ramp of four hours between."""
    return np.clip((at_s - SHIFT_AT_S) / RAMP_S, 0.0, 1.0)


@lru_cache(maxsize=256)
def course(seed: int) -> Course:
    """Integrate the culture of one batch; batches differ by a few per cent in growth and inoculum."""
    known = Kinetics()
    vigour, start = 1 + np.array([0.004, 0.02]) * bell(stream(seed, "culture"), np.arange(2))
    days = np.arange(0, LAST_DAY + STEP_D, STEP_D)
    share = temperature_share(days * DAY_S)
    growth = vigour * (known.growth_warm * (1 - share) + known.growth_cool * share)
    rows = np.empty((len(days), len(fields(Course)) - 1))
    state = np.array([0.5 * start, 0.012, 0.0, 5.0, 0.2, 300.0])
    for index, day in enumerate(days):
        rows[index] = state
        state = state + STEP_D * _change(known, float(day), float(growth[index]), state)
    return Course(days, *rows.T)


def _change(known: Kinetics, day: float, growth: float, state: Floats) -> Floats:
    living, dead, eaten, glucose, lactate, osmolality = state.tolist()
    rate = growth * max(0.0, 1 - eaten / known.exhausted_at)
    death = known.death + known.death_of_age * (eaten / 100) ** known.ageing
    hunger = known.glucose_per_cell * living * glucose / (glucose + 0.15)
    fed = (
        max(0.0, hunger + known.feed_gain * (known.glucose_kept - glucose))
        if day >= known.feed_from_day
        else 0
    )
    if day < known.lactate_turn_day:
        lactate_change = known.lactate_per_cell * living
    else:
        lactate_change = known.lactate_uptake * (known.lactate_rest - lactate)
    salt = known.osmolality_rate * (known.osmolality_feed - osmolality)
    return np.array(
        [
            (rate - death) * living,
            death * living - known.lysis * dead,
            living,
            fed - hunger,
            lactate_change,
            salt if day >= known.osmolality_from_day else 0.0,
        ]
    )
