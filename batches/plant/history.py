"""The past of a simulated batch, for filling a demo with curves that the live feed continues."""

from typing import Final

import numpy as np

from batches.plant.catalogue import find_signal, walk
from batches.plant.culture import DAY_S, HOUR_S
from batches.plant.noise import Floats
from batches.plant.signal import MINUTE_S, Story, Vessel

VALVE_FAULT: Final = "valve_fault"
# 03:20 on culture day 9 of a batch that started at midnight.
VALVE_FAULT_AT_S: Final = 9 * DAY_S + 3 * HOUR_S + 20 * MINUTE_S


class UnknownStory(ValueError):
    """The plant has no story of that name."""


def history(
    model: str,
    parameter: str,
    *,
    from_s: float,
    to_s: float,
    step_s: float,
    seed: int,
    story: str | None = None,
    story_at_s: float = VALVE_FAULT_AT_S,
) -> tuple[Floats, Floats]:
    """Give (seconds from batch start, values) of a parameter from `from_s` up to, not including, `to_s`.

    `model` is bioreactor, seed_train, fill_line, cell_therapy or generic; a code that the model does not
    know wanders near 1. `story="valve_fault"` lays the fault over TEMP, VALVE and JACKET of a bioreactor;
    its clock reads 03:20 at `story_at_s`. Times before a parameter is measured at all (titre before day 7)
    are left out. Equal arguments give equal arrays, and overlapping windows on the same grid agree.

    Raises: UnknownStory.
    """
    if story not in {None, VALVE_FAULT}:
        raise UnknownStory(f"No story is called {story!r}; there is {VALVE_FAULT!r}.")
    signal = find_signal(model, parameter) or walk(parameter, None, None)
    at_s = np.arange(from_s, to_s, step_s, dtype=np.float64)
    at_s = at_s[at_s >= signal.from_s]
    vessel = Vessel(seed, Story(story_at_s) if story else None)
    return at_s, signal.values(vessel, at_s)
