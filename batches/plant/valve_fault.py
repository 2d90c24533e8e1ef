"""The fault of jacket valve TV-203: it hunts, then sticks open on the warm side.

Time here is story time, in seconds since the plant's clock read 03:20. The printed minutes of the story
are evidence, so the sensor's noise is kept from deciding when a limit is crossed.
"""

from typing import Final

import numpy as np

from batches.plant.noise import Flags, Floats


def _after_0320(clock: str) -> float:
    hours, minutes = clock.split(":")
    return (int(hours) * 60 + int(minutes) - 200) * 60.0


# Degrees above the set point at the plant's clock; 0.75 degC/h up, 1 degC/h down.
KNOTS: Final = {"04:10": 0.0, "04:50": 0.5, "05:14": 0.8, "05:30": 1.0, "05:54": 1.3, "06:42": 0.5}
KNOTS_S: Final = np.array([_after_0320(clock) for clock in KNOTS])
KNOTS_C: Final = np.array(list(KNOTS.values()))
PRINTED_C: Final = np.array([0.5, 0.8, 1.0, 1.3])  # NOR, action and PAR above the set point, and the peak

HUNTING_S: Final = 12 * 60.0
STICKS_AT_S: Final = _after_0320("04:10")
ISOLATED_AT_S: Final = _after_0320("05:54")
BACKUP_AT_S: Final = _after_0320("06:05")
BACK_IN_NOR_AT_S: Final = _after_0320("06:42")
SETTLING_S: Final = 15 * 60.0
ENDS_AT_S: Final = BACK_IN_NOR_AT_S + 2.5 * SETTLING_S

CALM_VALVE: Final = 14.0
HUNTING_VALVE: Final = (11.5, 7.5)  # 4 to 19 %


def running(story_s: Floats) -> Flags:
    """Tell which moments lie inside the fault."""
    return np.asarray((story_s >= 0) & (story_s < ENDS_AT_S))


def above_set_point(story_s: Floats) -> Floats:
    """Give the vessel temperature above its set point in degC, free of noise."""
    rise = np.interp(story_s, KNOTS_S, KNOTS_C)
    tail = KNOTS_C[-1] * np.exp(-np.maximum(story_s - BACK_IN_NOR_AT_S, 0.0) / SETTLING_S)
    sway = 0.04 * np.sin(2 * np.pi * story_s / HUNTING_S)
    hunting = (story_s >= 0) & (story_s < STICKS_AT_S)
    over = story_s > BACK_IN_NOR_AT_S
    return np.where(hunting, sway, np.where(over, tail, rise))


def quiet(noise_c: Floats, story_s: Floats) -> Floats:
    """Hold the noise below half the way to the next printed value, and low while the valve hunts."""
    curve = above_set_point(story_s)
    room = 0.5 * np.abs(curve[:, None] - PRINTED_C[None, :]).min(axis=1)
    room = np.where(story_s < STICKS_AT_S, np.minimum(room, 0.06), room)
    return np.where(running(story_s), np.clip(noise_c, -room, room), noise_c)


def valve_output(calm: Floats, story_s: Floats) -> Floats:
    """Give the controller's output in %: it swings, then shuts against a valve that no longer follows."""
    middle, swing = HUNTING_VALVE
    hunting = middle + swing * np.sin(2 * np.pi * story_s / HUNTING_S)
    closing = np.maximum(0.0, CALM_VALVE - (story_s - STICKS_AT_S) / 30.0)
    stuck = (story_s >= STICKS_AT_S) & (story_s < BACKUP_AT_S)
    cooling = 3.0 + (story_s - BACKUP_AT_S) / 600.0
    late = (story_s >= BACKUP_AT_S) & running(story_s)
    output = np.where((story_s >= 0) & (story_s < STICKS_AT_S), hunting, calm)
    return np.where(stuck, closing, np.where(late, np.minimum(cooling, calm), output))


def jacket_outlet(calm: Floats, story_s: Floats) -> Floats:
    """Give the jacket outlet in degC: 2 warmer while the valve sticks, 2 cooler after the change of unit."""
    warm = 2.0 * np.clip((story_s - STICKS_AT_S) / 900.0, 0.0, 1.0)
    cool = -2.0 * np.clip((BACK_IN_NOR_AT_S - story_s) / 900.0, 0.0, 1.0)
    offset = np.where(story_s < ISOLATED_AT_S, warm, np.where(story_s < BACKUP_AT_S, 0.0, cool))
    sway = 0.4 * np.sin(2 * np.pi * story_s / HUNTING_S)
    hunting = (story_s >= 0) & (story_s < STICKS_AT_S)
    return calm + np.where(hunting, sway, np.where(running(story_s), offset, 0.0))
