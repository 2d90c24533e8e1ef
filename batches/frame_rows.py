"""Take the rows of a frame one by one into columns, and say of every other row why it cannot be taken.

The usual frame has no fault, so it is first checked column by column; only if any check fails is each row
looked at alone. Both ways give the same columns (a test holds them together).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypedDict

import numpy as np
from numpy.typing import NDArray

from batches.instants import InstantReader, NoOffset, iso

REQUIRED: Final = ("parameter", "at", "value")
FIELDS: Final = frozenset({*REQUIRED, "unit"})
MAX_ECHO: Final = 60  # characters of somebody else's words that a refusal may repeat


class Refusal(TypedDict):
    """Why one row was not taken; `row` counts readings from 0, without header or blank lines."""

    row: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """The rows that can be taken, as columns in the order sent, and what became of the others.

    `at_us` is UTC in microseconds since 1970, `rows` the index each reading had in the frame. A second
    reading of a parameter at the same instant is counted in `duplicates` and left out, whatever its value:
    the first stands, as it does against readings already stored.
    """

    parameters: list[str]
    at_us: NDArray[np.int64]
    values: NDArray[np.float64]
    rows: NDArray[np.int64]
    duplicates: int
    refused: list[Refusal]

    def by_parameter(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]:
        """Give the instants and values of each parameter, sorted by time."""
        places: dict[str, list[int]] = {}
        for place, parameter in enumerate(self.parameters):
            places.setdefault(parameter, []).append(place)
        series = {}
        for parameter, chosen in places.items():
            order = np.array(chosen)[np.argsort(self.at_us[chosen], kind="stable")]
            series[parameter] = (self.at_us[order], self.values[order])
        return series


class RowFault(Exception):
    """The row cannot be taken; a form that cannot split a line into fields hands this over in its place."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code, detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Terms:
    """What a row must keep to: known parameters with their units, and the span of instants, ends included."""

    units: Mapping[str, str]
    earliest_us: int
    latest_us: int


def take_rows(rows: Sequence[Any], terms: Terms) -> Frame:
    """Take the rows that keep to the terms; refuse and name the others and each RowFault among them."""
    return _all_at_once(rows, terms) or _one_by_one(rows, terms)


def echo(words: object) -> str:
    """Repeat somebody else's words in a refusal: short, on one line, and without characters that act."""
    if isinstance(words, list | dict):
        # Their text could be as long or as deep as the frame itself.
        return "a list" if isinstance(words, list) else "an object"
    text = words if isinstance(words, str) else str(words)
    if len(text) > MAX_ECHO - 2:
        text = text[: MAX_ECHO - 3] + "…"
    return '"' + "".join(sign if sign.isprintable() else "�" for sign in text) + '"'


def _all_at_once(rows: Sequence[Any], terms: Terms) -> Frame | None:
    try:
        parameters = [row["parameter"] for row in rows]
        values = [row["value"] for row in rows]
        taken = np.array(values, dtype=np.float64)
        at_us = InstantReader().read_column([row["at"] for row in rows])
        is_plain = set(map(type, values)) <= {float, int} and _names_fit(rows, parameters, terms.units)
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    if not is_plain or not np.isfinite(taken).all():
        return None
    if rows and (at_us.min() < terms.earliest_us or at_us.max() > terms.latest_us):
        return None
    return _without_doubles(parameters, at_us, taken, np.arange(len(rows)), [])


def _names_fit(rows: Sequence[Any], parameters: list[str], units: Mapping[str, str]) -> bool:
    if not set(map(type, rows)) <= {dict} or not set(parameters) <= units.keys():
        return False
    if set(map(len, rows)) <= {len(REQUIRED)}:
        return True
    return all(
        len(row) == len(REQUIRED) or (len(row) == len(FIELDS) and row["unit"] == units[row["parameter"]])
        for row in rows
    )


def _one_by_one(rows: Sequence[Any], terms: Terms) -> Frame:
    instants = InstantReader()
    parameters: list[str] = []
    at_us: list[int] = []
    values: list[float] = []
    taken: list[int] = []
    refused: list[Refusal] = []
    for index, row in enumerate(rows):
        try:
            fields = _fields_of(row)
            parameter = _parameter_of(fields, terms.units)
            instant_us = _instant_of(fields, terms, instants)
            value = _value_of(fields)
            _check_unit(fields, terms.units[parameter])
        except RowFault as fault:
            refused.append({"row": index, "code": fault.code, "detail": fault.detail})
            continue
        parameters.append(parameter)
        at_us.append(instant_us)
        values.append(value)
        taken.append(index)
    return _without_doubles(
        parameters,
        np.array(at_us, np.int64),
        np.array(values, np.float64),
        np.array(taken, np.int64),
        refused,
    )


def _fields_of(row: object) -> dict[str, Any]:
    if isinstance(row, RowFault):
        raise row
    if not isinstance(row, dict):
        raise RowFault("not_an_object", "The reading is not an object with parameter, at and value.")
    for field, given in row.items():
        if "\0" in field or (isinstance(given, str) and "\0" in given):
            raise RowFault("nul_character", f"{echo(field)} holds the character U+0000.")
    for field in row:
        if field not in FIELDS:
            raise RowFault(
                "unknown_field", f"A reading has parameter, at, value, maybe unit; not {echo(field)}."
            )
    return row


def _parameter_of(fields: dict[str, Any], units: Mapping[str, str]) -> str:
    parameter = fields.get("parameter")
    if parameter is None:
        raise RowFault("unknown_parameter", "parameter is missing.")
    if not isinstance(parameter, str) or parameter not in units:
        raise RowFault("unknown_parameter", f"parameter {echo(parameter)} is not in the batch's recipe.")
    return parameter


def _instant_of(fields: dict[str, Any], terms: Terms, instants: InstantReader) -> int:
    text = fields.get("at")
    if not isinstance(text, str):
        raise RowFault("bad_time", "at is missing or no text; write 2026-03-01T08:00:00Z.")
    try:
        instant_us = instants.read(text)
    except NoOffset:
        raise RowFault("no_zone", f"at {echo(text)} has no offset; end it in Z or +02:00.") from None
    except ValueError:
        raise RowFault("bad_time", f"at {echo(text)} is no instant; write 2026-03-01T08:00:00Z.") from None
    if instant_us < terms.earliest_us:
        raise RowFault(
            "too_early", f"at {echo(text)} is before the earliest accepted, {iso(terms.earliest_us)}."
        )
    if instant_us > terms.latest_us:
        raise RowFault("too_late", f"at {echo(text)} is after the latest accepted, {iso(terms.latest_us)}.")
    return instant_us


def _value_of(fields: dict[str, Any]) -> float:
    given = fields.get("value")
    if given is None:
        raise RowFault("no_value", "value is missing; a missing value is left out, never sent as zero.")
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise RowFault("not_a_number", f"value {echo(given)} is no number; {_advice(given)}.")
    try:
        value = float(given)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise RowFault("not_a_number", "value is not finite, or beyond the range of a double (1.8e308).")
    return value


def _advice(given: object) -> str:
    if isinstance(given, str) and "," in given:
        return "write a decimal point and no thousands separator, as 1234.5"
    if isinstance(given, str) and any(sign.isspace() for sign in given):
        return "leave out the spaces"
    return "send it as 37.1, without quotes or a unit"


def _check_unit(fields: dict[str, Any], unit: str) -> None:
    given = fields.get("unit")
    if given is not None and given not in ("", unit):
        raise RowFault("wrong_unit", f"unit {echo(given)} differs from the parameter's {echo(unit)}.")


def _without_doubles(
    parameters: list[str],
    at_us: NDArray[np.int64],
    values: NDArray[np.float64],
    rows: NDArray[np.int64],
    refused: list[Refusal],
) -> Frame:
    if len(set(parameters)) <= 1 and (at_us[1:] > at_us[:-1]).all():
        # The usual frame: one parameter in order of time.
        return Frame(parameters, at_us, values, rows, 0, refused)
    keys = list(zip(parameters, at_us.tolist(), strict=True))
    # A dict keeps the last place of a key, so it is filled backwards: the first reading sent stands.
    firsts = dict(zip(reversed(keys), range(len(keys) - 1, -1, -1), strict=True))
    if len(firsts) == len(keys):
        return Frame(parameters, at_us, values, rows, 0, refused)
    kept = sorted(firsts.values())
    return Frame(
        [parameters[place] for place in kept],
        at_us[kept],
        values[kept],
        rows[kept],
        len(keys) - len(kept),
        refused,
    )
