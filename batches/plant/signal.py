"""What every simulated signal is made of: a curve over time, its vessel and the story it may play."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from batches.plant.culture import RAMP_S
from batches.plant.noise import Floats, hiss, stream, wander

MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Story:
    """A fault on one vessel: when it begins, how much faster than life it runs, how often it comes back."""

    at_s: float
    speed: float = 1.0
    every_s: float | None = None

    def seconds(self, at_s: Floats) -> Floats:
        """Give story time, negative before the first beginning."""
        since = at_s - self.at_s
        if self.every_s is not None:
            since = np.where(since >= 0, np.mod(since, self.every_s), since)
        return since * self.speed


@dataclass(frozen=True, slots=True)
class Hold:
    """A temperature set point that the recipe's limits ask for; a change of it ramps over four hours."""

    from_c: float
    to_c: float
    at_s: float = 0.0

    def set_point(self, at_s: Floats) -> Floats:
        """Give the set point in degC."""
        return np.interp(at_s, [self.at_s, self.at_s + RAMP_S], [self.from_c, self.to_c])


@dataclass(frozen=True, slots=True)
class Vessel:
    """One piece of equipment with a batch in it; without `hold`, age of the culture sets its temperature."""

    seed: int
    story: Story | None = None
    hold: Hold | None = None

    def noise(self, name: str, at_s: Floats, *, fast: float, slow: float, period_s: float) -> Floats:
        """Give the noise of a signal; it stays within 3.47 times `fast` + `slow`."""
        quick = hiss(stream(self.seed, name), at_s)
        return fast * quick + slow * wander(stream(self.seed, f"{name} slow"), at_s, period_s)


Curve: TypeAlias = Callable[[Vessel, Floats], Floats]


@dataclass(frozen=True, slots=True)
class Signal:
    """A curve as its sensor or analyser reports it."""

    curve: Curve
    decimals: int
    from_s: float = 0.0

    def values(self, vessel: Vessel, at_s: Floats) -> Floats:
        """Give rounded values at seconds from the start of the batch."""
        return np.round(self.curve(vessel, at_s), self.decimals)


Signals: TypeAlias = Mapping[str, Signal]


def steady(name: str, level: float, *, fast: float, slow: float, period_s: float = 20 * MINUTE_S) -> Curve:
    """Make the curve of a signal that is held at one level."""

    def curve(vessel: Vessel, at_s: Floats) -> Floats:
        return level + vessel.noise(name, at_s, fast=fast, slow=slow, period_s=period_s)

    return curve
