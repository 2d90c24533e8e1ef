"""What a model says of a running batch, held against what was known of it before. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from batches.watched.tables import SWING, Executed, instant_of_s
from batches.watching import golden as whole
from batches.watching import model as watching
from batches.watching.model import Model
from batches.watching.signals import Signal

Floats = NDArray[np.float64]

# So many places before a stretch are shown with it, and at most so many points of it at all.
PLACES_BEFORE: Final = 24
POINTS_MOST: Final = 72
# News of the same parameter so soon after the last one is of the same cause; what begins so soon after
# something else began, and while that lasts, comes of it.
QUIET: Final = timedelta(hours=4)
TOGETHER: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """A signal with its instants and its picture."""

    sign: str
    parameter: str
    direction: str
    begins_at: datetime
    known_at: datetime
    last_at: datetime
    is_open: bool
    peak: float
    causes: tuple[tuple[str, float], ...]
    picture: dict[str, Any]

    @property
    def cause(self) -> str:
        """Return the parameter that makes it, or makes the most of it."""
        return cause_of(self.parameter, self.causes)


@dataclass(frozen=True, slots=True)
class Told:
    """What was told before: of which cause, from when to when."""

    cause: str
    begins_at: datetime
    last_at: datetime
    told_id: Any


def cause_of(parameter: str, causes: Sequence[Sequence[Any]]) -> str:
    """Return the parameter behind a signal, movement or value alike."""
    named = parameter or (str(causes[0][0]) if causes else "")
    return named.rstrip(SWING)


def plainest(found: Any) -> tuple[bool, bool, bool, datetime]:
    """Order findings or news by how plainly they say what happened: one parameter before the whole batch."""
    return (not found.parameter, found.sign == "level", not found.parameter.endswith(SWING), found.known_at)


def findings(model: Model, executed: Executed, table: Floats) -> list[Finding]:
    """List what is news in a batch so far, by the instant from which it is known."""
    found = watching.judge(model, table)
    verdict = whole.judge(model.golden, table) if model.golden and _is_whole(found) else None
    ends = place_ends(model, executed)
    told = []
    for each in found:
        lane = _lane_before(model, each.first)
        picture = _picture(model, table, ends, each, verdict)
        told.append(
            Finding(
                sign=each.sign,
                parameter=each.parameter,
                direction=each.direction,
                begins_at=instant_of_s(float(ends[each.first]) - lane),
                known_at=instant_of_s(float(ends[each.known])),
                last_at=instant_of_s(float(ends[each.last])),
                is_open=each.is_open,
                peak=round(each.peak, 3),
                causes=tuple((code, round(share, 4)) for code, share in each.causes),
                picture=picture,
            )
        )
    return [each for each in told if np.isfinite(each.peak)]


def place_ends(model: Model, executed: Executed) -> Floats:
    """Return the instant at which each place ends in a batch, in seconds since 1970; NaN for none."""
    run = executed.run
    ends = np.full(model.grid.positions, np.nan)
    for position in range(model.grid.positions):
        at_s = model.grid.place(run, position)
        ends[position] = np.nan if at_s is None else at_s
    return ends


def join(found: Finding, told: Sequence[Told]) -> Told | None:
    """Return what was told already of the cause of a finding, None where it is news of its own."""
    for each in told:
        is_same = found.cause == each.cause
        if is_same and found.begins_at <= each.last_at + QUIET and each.begins_at <= found.last_at + QUIET:
            return each
        if abs(found.begins_at - each.begins_at) <= TOGETHER and found.begins_at <= each.last_at:
            return each
    return None


def forecasts(
    model: Model, executed: Executed, table: Floats, limits: Sequence[tuple[str, str, float, bool]]
) -> list[dict[str, Any]]:
    """Say which limits come near: each with when it is crossed, soonest and latest, in seconds from now on.

    `limits` are parameter, kind, end and whether it is an upper one. What is beyond already is not forecast.
    """
    codes = list(model.lines)
    ends = place_ends(model, executed)
    coming = []
    for code, kind, end, upward in limits:
        if code not in model.lines:
            continue
        values = table[codes.index(code)]
        known = np.flatnonzero(np.isfinite(values))
        if not len(known) or (values[known[-1]] > end) == upward:
            continue
        crossing = watching.crossing(model, code, values, end, upward=upward)
        if crossing.expected is None:
            continue
        now_s, last = float(ends[known[-1]]), int(known[-1])

        def after(places: int | None, last: int = last, now_s: float = now_s) -> float | None:
            if places is None or last + places >= len(ends) or not np.isfinite(ends[last + places]):
                return None
            return round(float(ends[last + places]) - now_s)

        expected = after(crossing.expected)
        if expected is None:
            continue
        coming.append(
            {
                "parameter": code,
                "kind": kind,
                "limit": end,
                "is_high": upward,
                "from": instant_of_s(now_s).isoformat(),
                "expected_s": expected,
                "earliest_s": after(crossing.earliest),
                "latest_s": after(crossing.latest),
            }
        )
    return sorted(coming, key=lambda each: each["expected_s"])


def _is_whole(found: Sequence[Signal]) -> bool:
    return any(not each.parameter for each in found)


def _lane_before(model: Model, position: int) -> float:
    for lane, places in zip(model.grid.lanes, model.grid.slices(), strict=True):
        if places.start <= position < places.stop:
            return float(lane.step_s)
    return 0.0


def _picture(
    model: Model, table: Floats, ends: Floats, signal: Signal, verdict: whole.Verdict | None
) -> dict[str, Any]:
    """Return what was seen: points of (ms, value, low, high) from a while before on."""
    first, last = max(0, signal.first - PLACES_BEFORE), signal.last + PLACES_BEFORE // 4
    if signal.parameter:
        line = model.lines[signal.parameter].envelope
        values = table[list(model.lines).index(signal.parameter)]
        low, high = line.edges
        places = np.arange(first, min(last + 1, len(values)))
        columns = (values, low, high)
    elif verdict is not None and model.golden is not None:
        at = model.golden.places[: len(verdict.t2)]
        values = np.full(len(ends), np.nan)
        values[at] = verdict.t2 if signal.sign == "t2" else verdict.spe
        places = at[(at >= first) & (at <= last)]
        columns = (values, np.full(len(ends), np.nan), np.ones(len(ends)))
    else:
        return {}
    kept = places[np.isfinite(ends[places]) & np.isfinite(columns[0][places])]
    if len(kept) > POINTS_MOST:
        kept = kept[np.unique(np.linspace(0, len(kept) - 1, POINTS_MOST).astype(int))]
    return {
        "points": [
            [round(float(ends[place]) * 1000), *(_number(column[place]) for column in columns)]
            for place in kept.tolist()
        ]
    }


def _number(value: Any) -> float | None:
    return float(f"{value:.5g}") if np.isfinite(value) else None
