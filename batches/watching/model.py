"""A watch model: what was learned from which batches, as one value and as one document.

The document holds everything that is needed to judge a batch, and nothing else: who reads it years later
comes to the same signals. Numbers in it are rounded to what a double survives being written as.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from batches.watching import forecast, golden, profiles, runs, signals
from batches.watching.forecast import Crossing, Reach
from batches.watching.golden import Golden
from batches.watching.profiles import Envelope, Level
from batches.watching.runs import Grid, Lane, Run
from batches.watching.signals import Signal

Floats = NDArray[np.float64]

FORMAT: Final = 1
DIGITS: Final = 9


@dataclass(frozen=True, slots=True)
class Line:
    """What is known of one parameter: its envelope, its level if it keeps to one, how far forecasts err."""

    envelope: Envelope
    level: Level | None
    reach: Reach


@dataclass(frozen=True, slots=True)
class Model:
    """What good batches of one recipe look like; `golden` from twenty of them on."""

    trained_on: tuple[str, ...]
    grid: Grid
    lines: Mapping[str, Line]
    golden: Golden | None


class TooLittle(ValueError):
    """There are too few batches, or they have no phase or parameter in common."""


def learn(references: Sequence[Run]) -> Model:
    """Learn from batches that were good, in whatever order they come. Raises: TooLittle."""
    chosen = sorted(references, key=lambda run: run.name)
    if len(chosen) < profiles.FEWEST_RUNS:
        raise TooLittle
    grid = runs.common_grid(chosen)
    codes = sorted({code for run in chosen for code in run.columns})
    return learn_tables(
        [run.name for run in chosen], grid, codes, [runs.on_grid(grid, run, codes) for run in chosen]
    )


def learn_tables(named: Sequence[str], grid: Grid, codes: Sequence[str], tables: Sequence[Floats]) -> Model:
    """Learn from batches that lie on a grid already, parameters by places. Raises: TooLittle."""
    if len(tables) < profiles.FEWEST_RUNS or not grid.positions or not codes:
        raise TooLittle
    kept = runs.followed(tables)
    if not kept:
        raise TooLittle
    names = tuple(codes[row] for row in kept)
    stacked = np.stack([table[kept] for table in tables])
    lines = {name: _line(stacked[:, row], grid) for row, name in enumerate(names)}
    return Model(tuple(named), grid, lines, golden.learn_golden(names, stacked))


def _line(rows: Floats, grid: Grid) -> Line:
    width = profiles.news_width(rows)
    envelope = profiles.learn_envelope(rows, width)
    level = profiles.learn_level(rows, width, grid)
    return Line(envelope, level, forecast.learn_reach(rows, profiles.left_out_middles(rows)))


def table_of(model: Model, run: Run) -> Floats:
    """Return a batch on the grid of the model, its parameters in the order of `lines`."""
    return runs.on_grid(model.grid, run, list(model.lines))


def judge(model: Model, table: Floats) -> list[Signal]:
    """List what is news in a batch so far, by the place from which it is known."""
    found: list[Signal] = []
    for (code, line), values in zip(model.lines.items(), table, strict=True):
        found += signals.of_envelope(code, line.envelope, values)
        if line.level is not None:
            found += signals.of_level(code, line.level, line.envelope, values, model.grid)
    if model.golden is not None:
        found += signals.of_golden(model.golden, table)
    return sorted(found, key=lambda each: (each.known, each.parameter, each.sign, each.direction))


def crossing(model: Model, code: str, values: Floats, limit: float, *, upward: bool) -> Crossing:
    """Say when a limit will be crossed, in places from the last one known."""
    known = int(np.flatnonzero(np.isfinite(values)).max(initial=-1)) + 1
    line = model.lines[code]
    return forecast.crossing(values[:known], line.envelope.centre, line.reach, limit, upward=upward)


def to_document(model: Model) -> dict[str, Any]:
    """Return the model as plain values."""
    return {
        "format": FORMAT,
        "trained_on": list(model.trained_on),
        "grid": [[lane.code, lane.step_s, lane.positions] for lane in model.grid.lanes],
        "lines": {
            code: {
                "envelope": _written(line.envelope),
                "level": None if line.level is None else _written(line.level),
                "reach": _written(line.reach),
            }
            for code, line in model.lines.items()
        },
        "golden": None if model.golden is None else _written(model.golden),
    }


def from_document(document: Mapping[str, Any]) -> Model:
    """Read a model back. Raises: ValueError for a format this code does not know."""
    if document["format"] != FORMAT:
        raise ValueError(f"A watch model of format {document['format']} is not known here.")
    whole = document["golden"]
    return Model(
        trained_on=tuple(document["trained_on"]),
        grid=Grid(tuple(Lane(*lane) for lane in document["grid"])),
        lines={
            code: Line(
                Envelope(**_read(line["envelope"])),
                None if line["level"] is None else Level(**_read(line["level"])),
                Reach(**_read(line["reach"])),
            )
            for code, line in document["lines"].items()
        },
        golden=None if whole is None else Golden(**_read(whole)),
    )


def _written(part: Any) -> dict[str, Any]:
    return {name: _plain(getattr(part, name)) for name in part.__slots__}


def _plain(value: Any) -> Any:
    """Return arrays as lists of rounded numbers, None for a missing one, and their shape where it is deep."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "i":
            return {"places": value.tolist()}
        return {"shape": list(value.shape), "values": [_rounded(each) for each in value.ravel().tolist()]}
    if isinstance(value, float):
        return _rounded(value)
    return list(value) if isinstance(value, tuple) else value


def _rounded(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if np.isfinite(value) else None


def _read(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(value) for name, value in part.items()}


def _value(value: Any) -> Any:
    if isinstance(value, dict) and "places" in value:
        return np.array(value["places"], dtype=np.int64)
    if isinstance(value, dict):
        flat = [np.nan if each is None else each for each in value["values"]]
        return np.array(flat, dtype=np.float64).reshape(value["shape"])
    if value is None:
        return np.inf  # a bar that nothing crosses
    return tuple(value) if isinstance(value, list) else value
