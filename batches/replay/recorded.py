"""Recorded runs as a watch takes them: all of a file at once, in the units that its map names."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from batches.replay.arrays import Floats
from batches.replay.cells import read_numbers
from batches.replay.choosing import choose_map
from batches.replay.maps import FileMap
from batches.replay.placing import list_groups, slices
from batches.replay.problems import FileProblem
from batches.replay.tables import Layout, Table, guess_delimiter, open_table
from batches.replay.times import MS
from batches.watching.runs import Run, Stage

# A file says nothing of phases, so a run is one.
PHASE: Final = "RUN"


def read_runs(path: Path, map_name: str | None = None) -> Iterator[Run]:
    """Read the batches of a file one after the other, times in seconds since their first row.

    Without a map, or a built-in one that fits, every column with a number counts under its own name.
    Raises: FileProblem, MapProblem.
    """
    header = open_table(path, Layout(1, guess_delimiter(path))).names
    chosen, table = choose_map(path, map_name, header)
    whole = path.name.removesuffix(".gz").rpartition(".")[0]
    if chosen.group_by is None:
        yield _run(whole, table, chosen)
        return
    for group in [chosen.group] if chosen.group else list_groups(table, chosen.group_by):
        yield _run(f"{whole} {group}", table, replace(chosen, group=group))


def _run(name: str, table: Table, chosen: FileMap) -> Run:
    times: list[Floats] = []
    values: dict[str, list[Floats]] = {rule.parameter: [] for rule in chosen.columns}
    for part in slices(table, chosen):
        times.append(np.where(part.times.usable, part.times.ms / MS, np.nan))
        for rule in chosen.columns:
            place = table.names.index(rule.column) if rule.column in table.names else len(table.names)
            cells = [row[place] if place < len(row) else "" for row in part.block.rows]
            numbers = read_numbers(cells, rule, decimal=chosen.decimal).values
            values[rule.parameter].append(numbers * rule.scale + rule.offset)
    at_s = np.concatenate(times) if times else np.empty(0)
    if not np.isfinite(at_s).any():
        raise FileProblem(f"{name} has no row with a time.")
    at_s -= np.nanmin(at_s)
    columns = {code: _known(at_s, np.concatenate(parts)) for code, parts in values.items()}
    steps = np.diff(np.unique(at_s[np.isfinite(at_s)]))
    step_s = float(np.median(steps)) if len(steps) else 1.0
    until_s = float(np.nanmax(at_s)) + step_s
    return Run(name, (Stage(PHASE, 0.0, until_s),), columns, until_s)


def _known(at_s: Floats, values: Floats) -> tuple[Floats, Floats]:
    known = np.isfinite(at_s) & np.isfinite(values)
    return at_s[known], values[known]
