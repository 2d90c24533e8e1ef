"""A seed bioreactor: warm, undisturbed growth for three or four days."""

from typing import Final

import numpy as np

from batches.plant.culture import DAY_S, HOUR_S
from batches.plant.noise import Floats
from batches.plant.signal import Signal, Signals, Vessel, steady

GROWTH_PER_DAY: Final = 0.66
FULL: Final = 6.0


def viable_cells(vessel: Vessel, at_s: Floats) -> Floats:
    """Give viable cells in 10^6/mL: from 0.5 towards a full vessel."""
    grown = 0.5 * np.exp(GROWTH_PER_DAY * at_s / DAY_S)
    error = vessel.noise("VCD", at_s, fast=0.012, slow=0.0, period_s=HOUR_S)
    return grown / (1 + grown / FULL) * (1 + error)


SIGNALS: Final[Signals] = {
    "TEMP": Signal(steady("TEMP", 36.5, fast=0.008, slow=0.014), 3),
    "PH": Signal(steady("PH", 7.0, fast=0.0025, slow=0.01), 3),
    "DO": Signal(steady("DO", 40.0, fast=0.25, slow=1.1), 2),
    "VCD": Signal(viable_cells, 2),
}
