"""An isolator filling line at rest from faults: weights, particles, pressures, airflow and climate."""

from typing import Final

import numpy as np

from batches.plant.noise import Floats, stream, uniform
from batches.plant.signal import MINUTE_S, Signal, Signals, Vessel, steady

# One count in a minute at 28.3 L/min reads as 35 per cubic metre.
PER_COUNT: Final = 1000 / 28.3
CHANCE_OF_ONE: Final = 0.12
CHANCE_OF_TWO: Final = 0.01


def small_particles(vessel: Vessel, at_s: Floats) -> Floats:
    """Give particles from 0.5 um in one minute per cubic metre: mostly none, at times one or two counts."""
    draw = uniform(stream(vessel.seed, "PC05"), np.rint(at_s / MINUTE_S).astype(np.int64))
    return PER_COUNT * ((draw < CHANCE_OF_ONE).astype(np.float64) + (draw < CHANCE_OF_TWO))


def large_particles(vessel: Vessel, at_s: Floats) -> Floats:  # noqa: ARG001 - every curve has this form
    """Give particles from 5.0 um per cubic metre: a single one is an alert, so calm has none."""
    return np.zeros(at_s.shape)


SIGNALS: Final[Signals] = {
    "FILLWT": Signal(steady("FILLWT", 1.133, fast=0.0025, slow=0.001), 4),
    "PC05": Signal(small_particles, 0),
    "PC50": Signal(large_particles, 0),
    "ISODP": Signal(steady("ISODP", 40.0, fast=0.5, slow=1.0, period_s=5 * MINUTE_S), 1),
    "CASCADE": Signal(steady("CASCADE", 15.0, fast=0.12, slow=0.25), 1),
    "AIRFLOW": Signal(steady("AIRFLOW", 0.45, fast=0.004, slow=0.006), 3),
    "ROOMT": Signal(steady("ROOMT", 20.0, fast=0.03, slow=0.2, period_s=90 * MINUTE_S), 1),
    "ROOMRH": Signal(steady("ROOMRH", 45.0, fast=0.2, slow=1.5, period_s=90 * MINUTE_S), 1),
}
