"""One patient's cells in one incubator: day 0 activation, expansion to day 9."""

from typing import Final

import numpy as np

from batches.plant.culture import DAY_S, HOUR_S
from batches.plant.noise import Floats
from batches.plant.signal import Curve, Signal, Signals, Vessel, steady

DAYS: Final = np.array([0.0, 1.0, 3.0, 5.0, 6.0, 7.0, 8.0, 9.0])
COURSES: Final = {
    "VCD": np.array([1.0, 0.9, 0.6, 0.9, 1.4, 1.6, 1.7, 1.7]),
    "VIAB": np.array([97.0, 95.0, 93.0, 93.0, 90.0, 82.0, 75.0, 70.0]),
    "GLUC": np.array([11.0, 10.2, 9.5, 8.4, 7.9, 7.5, 7.2, 7.0]),
    "LAC": np.array([1.0, 3.0, 5.5, 9.0, 10.6, 12.0, 13.0, 13.6]),
}


def profile(name: str, spread: float) -> Curve:
    """Make the curve of an at-line value that follows the days of the culture."""
    days = COURSES[name]

    def curve(vessel: Vessel, at_s: Floats) -> Floats:
        error = vessel.noise(name, at_s, fast=spread, slow=0.0, period_s=HOUR_S)
        value: Floats = np.interp(at_s / DAY_S, DAYS, days) * (1 + error)
        return value

    return curve


SIGNALS: Final[Signals] = {
    "INCT": Signal(steady("INCT", 37.0, fast=0.015, slow=0.03), 2),
    "CO2": Signal(steady("CO2", 5.0, fast=0.015, slow=0.04), 2),
    "CULTPH": Signal(steady("CULTPH", 7.26, fast=0.012, slow=0.01), 2),
    "VCD": Signal(profile("VCD", 0.012), 2),
    "VIAB": Signal(profile("VIAB", 0.002), 1),
    "GLUC": Signal(profile("GLUC", 0.01), 1),
    "LAC": Signal(profile("LAC", 0.01), 1),
}
