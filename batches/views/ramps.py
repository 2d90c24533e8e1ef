"""Limits that move with the time in a phase, as the chart draws them: lines from knot to knot."""

from __future__ import annotations

from typing import Final

from batches.models import Limit
from batches.plan import rule_of

Ramp = list[list[float | None]]
# A phase that lasts is drawn for so long at most; the chart shows less of it.
AHEAD_US: Final = 60 * 86_400 * 1_000_000


def ramp(limit: Limit, origin_us: int, from_us: int, until_us: int) -> Ramp:
    """Return `[ms, low, high]` of a limit in one run of a phase; its time counts from `origin_us`."""
    since = from_us + limit.settle_s * 1_000_000
    until = min(until_us, since + AHEAD_US)
    if since >= until:
        return []
    profile = rule_of(limit).profile
    turns = profile.turns(since - origin_us, until - origin_us) if profile is not None else []
    at_us = [since, *(origin_us + each for each in turns), until]
    return [[at // 1000, *ends_at(limit, at - origin_us)] for at in at_us]


def ends_at(limit: Limit, elapsed_us: int) -> list[float | None]:
    """Return the low and the high end of a limit so long after its course began, None for an open one."""
    rule = rule_of(limit)
    ends = (rule.end_at(elapsed_us, 0, direction) for direction in ("low", "high"))
    return [end if abs(end) != float("inf") else None for end in ends]
