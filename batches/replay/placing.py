"""Where in a batch's life the rows of a file go."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

import numpy as np

from batches.replay.arrays import Millis
from batches.replay.maps import FileMap
from batches.replay.problems import FileProblem, MapProblem
from batches.replay.tables import Block, Table
from batches.replay.tally import Place, Tally
from batches.replay.times import MISSING_ZONE, Times, read_times

GROUPS_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Span:
    """What a first reading of the times found: rows, and the earliest and latest time."""

    rows: int
    first_ms: int
    last_ms: int

    @property
    def length_ms(self) -> int:
        return self.last_ms - self.first_ms


@dataclass(frozen=True, slots=True)
class Slice:
    """The rows of one block that belong to the chosen batch, with their times."""

    block: Block
    times: Times


def slices(table: Table, chosen: FileMap) -> Iterator[Slice]:
    """Read the file's rows of the chosen group, block by block. Raises: FileProblem."""
    time_place = table.names.index(chosen.time.column)
    group_place = table.names.index(chosen.group_by) if chosen.group_by else None
    for whole in table.blocks():
        block = whole if group_place is None else _only(whole, group_place, chosen.group or "")
        if block.rows:
            cells = [row[time_place] if time_place < len(row) else "" for row in block.rows]
            yield Slice(block, read_times(cells, chosen.time, decimal=chosen.decimal))


def measure(table: Table, chosen: FileMap) -> Span:
    """Read the times once. Raises: MapProblem, FileProblem."""
    rows, ends, last = 0, [], None
    for part in slices(table, chosen):
        rows += len(part.block.rows)
        usable = part.times.ms[part.times.usable]
        if any(code == MISSING_ZONE for code, _ in part.times.faults.values()):
            raise MapProblem(
                f"The times of {table.path.name} have no zone; the map must name it under time, "
                "as zone: Europe/Stockholm."
            )
        if not usable.size:
            continue
        if chosen.time.is_relative:
            _check_rising(np.r_[usable[:1] if last is None else [last], usable], part, table)
            last = usable[-1]
        ends += [int(usable.min()), int(usable.max())]
    if not ends:
        group = f" of {chosen.group_by} {chosen.group}" if chosen.group_by else ""
        raise FileProblem(f"{table.path.name} has no row{group} with a time.")
    return Span(rows, min(ends), max(ends))


def list_groups(table: Table, column: str) -> list[str]:
    """List the batches of a file that holds several, in its order. Raises: FileProblem."""
    place = table.names.index(column)
    rows = (row for block in table.blocks() for row in block.rows if place < len(row))
    return list(dict.fromkeys(row[place].strip() for row in rows))


def choose_group(table: Table, chosen: FileMap, group: str | None) -> FileMap:
    """Settle which of several batches in one file is meant. Raises: MapProblem listing them."""
    group = group if group is not None else chosen.group
    if chosen.group_by is None:
        if group is not None:
            raise MapProblem(
                f"The map {chosen.name} says no group_by, so there is no batch {group} to choose."
            )
        return chosen
    found = list_groups(table, chosen.group_by)
    if group is None and len(found) == 1:
        group = found[0]
    if group not in found:
        shown = ", ".join(found[:GROUPS_SHOWN]) + (", ..." if len(found) > GROUPS_SHOWN else "")
        asked = f"no {chosen.group_by} {group}" if group is not None else f"{len(found)} batches"
        raise MapProblem(
            f"{table.path.name} holds {asked}; {chosen.group_by} is one of {shown}. "
            "Choose with --group, or with batch: in the map."
        )
    return replace(chosen, group=group)


def choose_shift(span: Span, chosen: FileMap, *, started_ms: int, now_ms: int, keep: bool, live: bool) -> int:
    """Give the milliseconds to add to the file's times.

    Kept: dates stay, times since start count from the batch's start. Live: the first row is now. Else the
    run begins with the batch when it ends before now, and otherwise ends now.
    """
    begins_ms = min(0, span.first_ms) if chosen.time.is_relative else span.first_ms
    if keep:
        return started_ms if chosen.time.is_relative else 0
    if live:
        return now_ms - span.first_ms
    if started_ms - begins_ms + span.last_ms <= now_ms:
        return started_ms - begins_ms
    return now_ms - span.last_ms


def explain_shift(span: Span, shift_ms: int, *, started_ms: int, now_ms: int, tally: Tally) -> None:
    """Say where the rows land, and whether some lie where the batch takes none."""
    first, last = span.first_ms + shift_ms, span.last_ms + shift_ms
    tally.remark(f"times land at {_show(first)} to {_show(last)}")
    if first < started_ms - 3_600_000:
        tally.remark(
            f"the run is longer than the batch: rows before {_show(started_ms - 3_600_000)} are refused"
        )
    if last > now_ms + 300_000:
        tally.remark("rows later than five minutes from now are refused")


def note_faults(part: Slice, tally: Tally) -> None:
    """Count the rows that have no usable time."""
    for row, (code, detail) in part.times.faults.items():
        tally.refuse(code, Place(part.block.lines[row]), detail)


def _only(block: Block, place: int, group: str) -> Block:
    kept = [index for index, row in enumerate(block.rows) if place < len(row) and row[place].strip() == group]
    return Block([block.rows[index] for index in kept], [block.lines[index] for index in kept])


def _check_rising(ms: Millis, part: Slice, table: Table) -> None:
    back = np.flatnonzero(np.diff(ms) < 0)
    if back.size:
        usable = np.flatnonzero(part.times.usable)
        line = part.block.lines[int(usable[back[0]])]
        raise FileProblem(
            f"In {table.path.name} the time starts again at line {line:,}: the file holds several runs. "
            "Name the column that tells them apart as group_by in the map."
        )


def _show(ms: int) -> str:
    try:
        return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%MZ")
    except (ValueError, OverflowError, OSError):
        return f"{ms} ms"
