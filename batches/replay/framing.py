"""Cutting the rows of a file into frames of readings."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from batches.replay.arrays import Flags, Floats, Millis
from batches.replay.cells import read_numbers
from batches.replay.maps import ColumnRule, FileMap
from batches.replay.placing import Slice, note_faults
from batches.replay.tables import Table
from batches.replay.tally import Place, Tally
from batches.replay.target import Target
from batches.replay.units import Conversion, find_conversion
from batches.units import canonical

FRAME_READINGS: Final = 1_000
RAGGED: Final = "ragged_row"


@dataclass(frozen=True, slots=True)
class Channel:
    """A column that will be sent: where it stands, what it means, how it is converted."""

    place: int
    rule: ColumnRule
    conversion: Conversion


@dataclass(frozen=True, slots=True)
class Frame:
    """Readings of one request, and where in the file each one stands."""

    readings: list[dict[str, object]]
    places: list[Place]
    at_ms: int  # of the earliest row
    rows: int  # rows of the file that end with this frame, for the progress bar


def match_columns(table: Table, chosen: FileMap, target: Target, tally: Tally) -> list[Channel]:
    """Settle for each column of the file whether it is sent; name each that is not, and why."""
    channels: list[Channel] = []
    foreign: list[str] = []
    rules = {rule.column: rule for rule in chosen.columns}
    for rule in chosen.columns:
        if rule.column not in table.names:
            tally.remark(f"column {rule.column} of the map is not in the file")
        elif rule.parameter not in target.units:
            foreign.append(f"{rule.column} ({rule.parameter})")
        else:
            channel = _channel(table, rule, target.units[rule.parameter], tally)
            if channel is not None:
                channels.append(channel)
    if foreign:
        tally.remark(f"not in this batch's recipe: {', '.join(foreign)}")
    known = {chosen.time.column, chosen.group_by, *rules, *chosen.ignore, ""}
    unmapped = [name for name in table.names if name not in known]
    if unmapped:
        tally.remark(f"not in the map: {', '.join(unmapped)}")
    ignored = [name for name in table.names if name in chosen.ignore]
    if ignored:
        tally.remark(f"left out as the map says: {', '.join(ignored)}")
    return channels


def _channel(table: Table, rule: ColumnRule, wanted: str, tally: Tally) -> Channel | None:
    place = table.names.index(rule.column)
    declared = table.units[place] if place < len(table.units) else None
    expected = rule.declared or rule.unit
    if declared is not None and expected is not None and canonical(declared) != canonical(expected):
        tally.refuse(
            "unit_mismatch", None, f"column {rule.column}: the file says {declared!r}, the map {expected!r}"
        )
        return None
    if rule.flag:
        tally.remark(f"{rule.column}: {rule.flag}")
    unit = rule.unit or declared
    if not unit:
        if wanted:
            tally.remark(f"{rule.column}: no unit is stated; taken as {wanted}")
        conversion: Conversion | None = Conversion()
    else:
        conversion = find_conversion(unit, wanted)
    if conversion is None:
        tally.refuse("no_conversion", None, f"column {rule.column}: {unit!r} is not converted to {wanted!r}")
        return None
    return Channel(place, rule, conversion.after(rule.scale, rule.offset))


def cut_frames(
    parts: Iterator[Slice],
    channels: Sequence[Channel],
    chosen: FileMap,
    tally: Tally,
    *,
    width: int,
    shift_ms: int,
    slot_ms: float | None = None,
) -> Iterator[Frame]:
    """Turn rows into frames of at most 1,000 readings in the order of the file.

    With `slot_ms`, a frame also ends where the next slot of file time begins. What is no number is counted.
    """
    for part in parts:
        note_faults(part, tally)
        rows = len(part.block.rows)
        tally.rows += rows
        usable = part.times.usable & _whole_rows(part, width, tally)
        values = _matrix(part, channels, chosen, usable, tally)
        yield from _cut(part, channels, values, at_ms=part.times.ms + shift_ms, slot_ms=slot_ms)


def _whole_rows(part: Slice, width: int, tally: Tally) -> Flags:
    lengths = np.array([len(row) for row in part.block.rows])
    for row in np.flatnonzero(lengths != width).tolist():
        detail = f"the row has {lengths[row]} cells, the header {width}"
        tally.refuse(RAGGED, Place(part.block.lines[row]), detail)
    return np.asarray(lengths == width)


def _matrix(
    part: Slice,
    channels: Sequence[Channel],
    chosen: FileMap,
    usable: Flags,
    tally: Tally,
) -> Floats:
    """Give rows by channels in the units of the batch; NaN where nothing is to be sent."""
    kept = np.flatnonzero(usable)
    values = np.full((len(part.block.rows), len(channels)), np.nan)
    for index, channel in enumerate(channels):
        cells = [part.block.rows[row][channel.place] for row in kept]
        numbers = read_numbers(cells, channel.rule, decimal=chosen.decimal)
        if numbers.missing:
            tally.missing[channel.rule.column] += numbers.missing
        for row, (code, detail) in numbers.refused.items():
            tally.refuse(code, Place(part.block.lines[kept[row]], channel.rule.column), detail)
        values[kept, index] = channel.conversion.apply(numbers.values)
    return values


def _cut(
    part: Slice,
    channels: Sequence[Channel],
    values: Floats,
    *,
    at_ms: Millis,
    slot_ms: float | None,
) -> Iterator[Frame]:
    rows, columns = np.nonzero(np.isfinite(values))
    if not rows.size:
        return
    written = [text + "Z" for text in np.datetime_as_string(at_ms.astype("datetime64[ms]")).tolist()]
    codes = [channel.rule.parameter for channel in channels]
    names = [channel.rule.column for channel in channels]
    flat = values[rows, columns].tolist()
    ends = _ends(at_ms[rows], slot_ms)
    done = 0
    for begin, end in zip([0, *ends[:-1]], ends, strict=True):
        pairs = list(zip(rows[begin:end].tolist(), columns[begin:end].tolist(), flat[begin:end], strict=True))
        finished = len(part.block.rows) if end == len(rows) else pairs[-1][0]
        yield Frame(
            [
                {"parameter": codes[column], "at": written[row], "value": value}
                for row, column, value in pairs
            ],
            [Place(part.block.lines[row], names[column]) for row, column, _ in pairs],
            int(at_ms[pairs[0][0]]),
            finished - done,
        )
        done = finished


def _ends(at_ms: Millis, slot_ms: float | None) -> list[int]:
    """Say where frames end: after 1,000 readings, and at each new slot."""
    total = len(at_ms)
    if slot_ms is None:
        return sorted({*range(FRAME_READINGS, total, FRAME_READINGS), total} - {0})
    slot = np.floor(at_ms / slot_ms)
    changes = [int(index) + 1 for index in np.flatnonzero(np.diff(slot))]
    ends: list[int] = []
    for begin, end in zip([0, *changes], [*changes, total], strict=True):
        ends += [*range(begin + FRAME_READINGS, end, FRAME_READINGS), end]
    return [end for end in ends if end]
