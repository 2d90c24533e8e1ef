"""Turning the time column of a file into instants, and naming every time that is none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np

from batches.replay.arrays import Flags, Floats, Millis

MS: Final = 1000
SECONDS: Final = {"hours": 3600.0, "minutes": 60.0, "seconds": 1.0}
# All rules of summer time of today change the clock on a quarter of an hour.
QUARTER_MS: Final = 900 * MS
GAP, OVERLAP, BAD, NONE = "dst_gap", "dst_overlap", "bad_time", "no_time"
EARLIEST_MS: Final = -62_135_596_800_000  # year 1
LATEST_MS: Final = 253_402_300_799_000  # year 9999
LONGEST_S: Final = 100 * 366 * 86_400.0
MISSING_ZONE: Final = "no_zone"
USUAL_FORM: Final = "%Y-%m-%d %H:%M:%S"
USUAL_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}")


@dataclass(frozen=True, slots=True)
class TimeRule:
    """What the map says of the time column."""

    column: str
    kind: str  # date, hours, minutes, seconds or sample
    format: str | None = None
    zone: str | None = None
    interval_s: float | None = None
    overlap: str = "refuse"  # or earlier, later: which pass through the hour that comes twice

    @property
    def is_relative(self) -> bool:
        """Tell whether times count from the start of the run."""
        return self.kind != "date"

    @property
    def seconds_each(self) -> float:
        """Give the seconds that one step of a relative time column stands for."""
        return SECONDS.get(self.kind) or self.interval_s or 0.0


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds of each row (since 1970, or since the start of the run), and why a row has none."""

    ms: Millis
    faults: dict[int, tuple[str, str]]  # row -> code, detail

    @property
    def usable(self) -> Flags:
        flags = np.ones(len(self.ms), dtype=np.bool_)
        flags[list(self.faults)] = False
        return flags


def read_times(cells: Sequence[str], rule: TimeRule, *, decimal: str = ".") -> Times:
    """Read one block of the time column."""
    stripped = [cell.strip() for cell in cells]
    faults = {row: (NONE, "the row has no time") for row, cell in enumerate(stripped) if not cell}
    if rule.is_relative:
        return _relative(stripped, rule, faults, decimal)
    return _dates(stripped, rule, faults)


def _relative(cells: list[str], rule: TimeRule, faults: dict[int, tuple[str, str]], decimal: str) -> Times:
    values = np.zeros(len(cells))
    for row, cell in enumerate(cells):
        if row in faults:
            continue
        try:
            values[row] = float(cell.replace(decimal, "."))
        except ValueError:
            faults[row] = (BAD, f"{cell[:40]!r} is no number of {rule.kind}")
    seconds: Floats = values * rule.seconds_each
    absurd = ~(np.abs(seconds) < LONGEST_S)
    for row in np.flatnonzero(absurd).tolist():
        faults.setdefault(row, (BAD, f"{cells[row][:40]!r} {rule.kind} is no time in a batch"))
    return Times(np.rint(np.where(absurd, 0.0, seconds) * MS).astype(np.int64), faults)


def _dates(cells: list[str], rule: TimeRule, faults: dict[int, tuple[str, str]]) -> Times:
    plain = None if faults else _plain_dates(cells, rule)
    if plain is not None:
        ms, local = plain
    else:
        ms = np.zeros(len(cells), dtype=np.int64)
        local = np.zeros(len(cells), dtype=np.bool_)
        for row, cell in enumerate(cells):
            if row not in faults:
                ms[row], local[row] = _one_date(cell, rule, row, faults)
    if not local.any():
        return Times(ms, faults)
    if rule.zone is None:
        for row in np.flatnonzero(local).tolist():
            faults.setdefault(row, (MISSING_ZONE, f"{cells[row][:40]!r} has no offset"))
        return Times(ms, faults)
    shifted, hidden = to_utc(ms, ZoneInfo(rule.zone), rule.overlap)
    for row, code in hidden.items():
        if local[row] and row not in faults:
            faults[row] = (code, f"{cells[row]} {_HIDDEN[code]} in {rule.zone}")
    return Times(np.where(local, shifted, ms), faults)


def _plain_dates(cells: list[str], rule: TimeRule) -> tuple[Millis, Flags] | None:
    """Read a block all in the usual form at once; None when any cell needs to be looked at alone."""
    if rule.format not in {None, USUAL_FORM}:
        return None
    zulu = rule.format is None and all(cell.endswith("Z") for cell in cells)
    texts = [cell[:-1] for cell in cells] if zulu else cells
    if not all(map(USUAL_DATE.fullmatch, texts)):
        return None
    try:
        ms = np.array(texts, dtype="datetime64[ms]").astype(np.int64)
    except ValueError:
        return None
    return ms, np.full(len(cells), not zulu)


def _one_date(cell: str, rule: TimeRule, row: int, faults: dict[int, tuple[str, str]]) -> tuple[int, bool]:
    """Give the milliseconds of one date and whether it is local; a fault is noted."""
    try:
        moment = _parse(cell, rule.format)
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return round(aware.timestamp() * MS), moment.tzinfo is None
    except (ValueError, OverflowError):
        form = f" of the form {rule.format}" if rule.format else ""
        faults[row] = (BAD, f"{cell[:40]!r} is no date{form}")
        return 0, False


def _parse(cell: str, form: str | None) -> datetime:
    if form is None:
        return datetime.fromisoformat(cell)
    return datetime.strptime(cell, form)  # noqa: DTZ007 - the caller asks for the zone


_HIDDEN: Final = {GAP: "does not exist: the clock was put forward over it", OVERLAP: "comes twice"}


def to_utc(local_ms: Millis, zone: ZoneInfo, overlap: str = "refuse") -> tuple[Millis, dict[int, str]]:
    """Turn local wall time into UTC; give also the rows whose time does not exist or comes twice.

    The rules of the zone are asked once for each quarter of an hour that occurs, not for each row.
    """
    quarters, place = np.unique(local_ms // QUARTER_MS, return_inverse=True)
    first, second = (_offsets(quarters, zone, fold) for fold in (0, 1))
    gap, twice = first < second, first > second
    chosen = np.where(twice & (overlap == "later"), second, first)
    hidden = {int(row): GAP for row in np.flatnonzero(gap[place])}
    if overlap == "refuse":
        hidden |= {int(row): OVERLAP for row in np.flatnonzero(twice[place])}
    return local_ms - chosen[place], hidden


def _offsets(quarters: Millis, zone: ZoneInfo, fold: int) -> Millis:
    offsets = np.zeros(len(quarters), dtype=np.int64)
    for index, quarter in enumerate(quarters.tolist()):
        ms = quarter * QUARTER_MS
        if EARLIEST_MS + 86_400 * MS < ms < LATEST_MS - 86_400 * MS:
            wall = datetime.fromtimestamp(ms / MS, UTC).replace(tzinfo=zone, fold=fold)
            delta = wall.utcoffset()
            offsets[index] = round(delta.total_seconds() * MS) if delta else 0
    return offsets
