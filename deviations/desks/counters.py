"""All counters, in the order of navigation; who imports this has them all."""

from __future__ import annotations

from deviations.desks import asking, changing, complaining, laboratory, site
from deviations.desks.shapes import counters

COUNTERS = counters()
__all__ = ["COUNTERS", "asking", "changing", "complaining", "laboratory", "site"]
