"""What a YAML map says of a file: which column is which parameter, in what unit, and how time is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from batches.replay.problems import MapProblem
from batches.replay.tables import DELIMITERS, Layout
from batches.replay.times import SECONDS, TimeRule

MISSING: Final = frozenset({"", "nan", "na", "n/a", "null", "none", "-", "#n/a"})
KINDS: Final = ("date", *SECONDS, "sample")
OVERLAPS: Final = ("refuse", "earlier", "later")
LAYOUT_KEYS: Final = frozenset({"header_rows", "delimiter", "decimal", "missing", "width"})
CHOICE_KEYS: Final = frozenset({"group_by", "batch", "ignore", "detect"})
MAP_KEYS: Final = LAYOUT_KEYS | CHOICE_KEYS | {"name", "about", "time", "columns", "flags", "recipe"}
TIME_KEYS: Final = frozenset({"column", "kind", "format", "zone", "interval_s", "overlap"})
COLUMN_KEYS: Final = frozenset(
    {"parameter", "unit", "declared", "scale", "offset", "missing", "plausible", "flag"}
)


@dataclass(frozen=True, slots=True)
class ColumnRule:
    """What one column of the file means."""

    column: str
    parameter: str
    unit: str | None = None
    declared: str | None = None  # how the file's own units row writes it, if not like `unit`
    scale: float = 1.0
    offset: float = 0.0
    missing: frozenset[str] = MISSING
    plausible: tuple[float, float] | None = None
    flag: str | None = None


@dataclass(frozen=True, slots=True)
class FileMap:
    """A whole map."""

    name: str
    time: TimeRule
    columns: tuple[ColumnRule, ...]
    layout: Layout
    decimal: str = "."
    group_by: str | None = None
    group: str | None = None
    ignore: frozenset[str] = frozenset()
    width: int | None = None
    detect: frozenset[str] = frozenset()
    flags: tuple[str, ...] = ()

    @property
    def needs(self) -> frozenset[str]:
        """Give the columns that tell this kind of file from others."""
        return self.detect or frozenset({self.time.column, *(rule.column for rule in self.columns)})


def load_map(path: Path) -> FileMap:
    """Read a map from a YAML file. Raises: MapProblem."""
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as fault:
        raise MapProblem(f"The map {path} cannot be opened: {fault.strerror}.") from fault
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise MapProblem(f"The map {path} is not YAML: {fault}") from fault
    return read_map(given, name=path.stem)


def read_map(given: object, *, name: str) -> FileMap:
    """Check a map and give it a type. Raises: MapProblem naming what is wrong."""
    said = _section(given, MAP_KEYS, f"the map {name}")
    for needed in ("time", "columns"):
        if needed not in said:
            raise MapProblem(f"The map {name} does not say {needed!r}.")
    missing = _missing(said.get("missing"), MISSING)
    columns = _section(said["columns"], None, "columns")
    if not columns:
        raise MapProblem(f"The map {name} names no columns.")
    decimal = str(said.get("decimal", "."))
    if decimal not in {".", ","}:
        raise MapProblem(f"decimal is {decimal!r}; it is '.' or ','.")
    return FileMap(
        name=str(said.get("name", name)),
        time=_time(said["time"]),
        columns=tuple(_column(str(column), rule, missing) for column, rule in columns.items()),
        layout=Layout(
            _whole(said.get("header_rows", 1), "header_rows"), _delimiter(said.get("delimiter", ","))
        ),
        decimal=decimal,
        group_by=_text(said.get("group_by")),
        group=_text(said.get("batch")),
        ignore=frozenset(map(str, said.get("ignore") or ())),
        width=None if said.get("width") is None else _whole(said["width"], "width"),
        detect=frozenset(map(str, said.get("detect") or ())),
        flags=tuple(map(str, said.get("flags") or ())),
    )


def _time(given: object) -> TimeRule:
    said = _section(given, TIME_KEYS, "time")
    kind, column = str(said.get("kind", "date")), _text(said.get("column"))
    if column is None:
        raise MapProblem("time does not say which column it is.")
    if kind not in KINDS:
        raise MapProblem(f"time is of kind {kind!r}; it is one of {', '.join(KINDS)}.")
    interval = _number(said.get("interval_s"), "time: interval_s")
    if kind == "sample" and not (interval and interval > 0):
        raise MapProblem(
            "time counts samples, so the map must say interval_s, the seconds from one to the next."
        )
    zone = _text(said.get("zone"))
    if zone is not None:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise MapProblem(
                f"time is in zone {zone!r}, which is unknown; write one like Europe/Stockholm."
            ) from None
    overlap = str(said.get("overlap", "refuse"))
    if overlap not in OVERLAPS:
        raise MapProblem(f"time: overlap is {overlap!r}; it is one of {', '.join(OVERLAPS)}.")
    return TimeRule(column, kind, _text(said.get("format")), zone, interval, overlap)


def _column(column: str, given: object, missing: frozenset[str]) -> ColumnRule:
    said = _section(
        {"parameter": given} if isinstance(given, str) else given, COLUMN_KEYS, f"column {column}"
    )
    parameter = _text(said.get("parameter"))
    if parameter is None:
        raise MapProblem(f"Column {column} does not say which parameter it is.")
    scale = _number(said.get("scale"), f"column {column}: scale")
    if scale == 0:
        raise MapProblem(f"Column {column} has scale 0, which would make every value the same.")
    return ColumnRule(
        column=column,
        parameter=parameter,
        unit=_text(said.get("unit")),
        declared=_text(said.get("declared")),
        scale=1.0 if scale is None else scale,
        offset=_number(said.get("offset"), f"column {column}: offset") or 0.0,
        missing=_missing(said.get("missing"), missing),
        plausible=_range(said.get("plausible"), column),
        flag=_text(said.get("flag")),
    )


def _section(given: object, keys: frozenset[str] | None, where: str) -> Mapping[Any, Any]:
    if not isinstance(given, Mapping):
        raise MapProblem(f"{where[0].upper()}{where[1:]} is not a list of names and what they mean.")
    unknown = sorted(map(str, given.keys() - keys)) if keys is not None else []
    if unknown and keys is not None:
        raise MapProblem(
            f"{where} says {', '.join(unknown)}, which is unknown; known are {', '.join(sorted(keys))}."
        )
    return given


def _missing(given: object, usual: frozenset[str]) -> frozenset[str]:
    if given is None:
        return usual
    if not isinstance(given, list):
        raise MapProblem("missing is not a list of the texts that stand for no value.")
    return MISSING | {str(text).strip().lower() for text in given}


def _range(given: object, column: str) -> tuple[float, float] | None:
    if given is None:
        return None
    if not isinstance(given, list) or len(given) != 2:  # noqa: PLR2004 - a range has two ends
        raise MapProblem(f"Column {column}: plausible is not [lowest, highest].")
    low, high = (_number(end, f"column {column}: plausible") for end in given)
    if low is None or high is None or low >= high:
        raise MapProblem(f"Column {column}: plausible is not [lowest, highest].")
    return low, high


def _delimiter(given: object) -> str:
    text = DELIMITERS.get(str(given), str(given))
    if len(text) != 1:
        raise MapProblem(f"delimiter is {text!r}; it is one sign, or one of {', '.join(DELIMITERS)}.")
    return text


def _text(given: object) -> str | None:
    return None if given is None else str(given)


def _whole(given: object, where: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        raise MapProblem(f"{where} is {given!r}; it is a whole number.")
    return given


def _number(given: object, where: str) -> float | None:
    if given is None:
        return None
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise MapProblem(f"{where} is {given!r}; it is a number.")
    return float(given)
