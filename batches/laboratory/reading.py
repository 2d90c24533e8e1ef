"""The lines of a certificate as people and programs send them: CSV or JSON; nothing is guessed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from batches.laboratory.comparing import Stated
from portal.errors import Invalid

LINES_MOST: Final = 300
COLUMNS: Final = ("test", "result", "unit", "low", "high", "method")
WIDTHS: Final = {"test": 120, "result": 200, "unit": 30, "method": 120}
DIGITS_MOST, PLACES_MOST = 12, 6


def read_lines(text: str) -> list[Stated]:
    """Return the lines of CSV with a header (`test,result,unit,low,high,method`) or of a JSON array.

    Raises: Invalid, with what is wrong by line.
    """
    stripped = text.strip().removeprefix("\ufeff")
    if stripped.startswith("["):
        try:
            rows = json.loads(stripped)
        except (ValueError, RecursionError) as error:
            raise _refused([f"This is no JSON: {error}."]) from error
        return lines_of(rows)
    first = stripped.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(stripped, newline=""), delimiter=delimiter)
    names = [str(each).strip().casefold() for each in reader.fieldnames or ()]
    unknown = [each for each in names if each not in COLUMNS]
    if "test" not in names or "result" not in names or unknown:
        known = ", ".join(COLUMNS)
        raise _refused([f"The first line names the columns: {known}. Not understood: {', '.join(unknown)}."])
    reader.fieldnames = names
    try:
        return lines_of([{key: value for key, value in row.items() if key} for row in reader])
    except csv.Error as error:
        raise _refused([f"This is no CSV: {error}."]) from error


def lines_of(rows: Any) -> list[Stated]:
    """Return lines from members `test`, `result`, `unit`, `low`, `high`, `method`. Raises: Invalid."""
    if not isinstance(rows, list) or not rows:
        raise _refused(["A certificate has at least one line."])
    if len(rows) > LINES_MOST:
        raise _refused([f"At most {LINES_MOST} lines."])
    problems: list[str] = []
    lines = [_line(number, row, problems) for number, row in enumerate(rows, 1)]
    if problems:
        raise _refused(problems)
    return lines


def _line(number: int, row: Any, problems: list[str]) -> Stated:
    if not isinstance(row, Mapping):
        problems.append(f"Line {number}: members are {', '.join(COLUMNS)}.")
        return Stated("")
    extra = [str(each) for each in row if each not in COLUMNS]
    if extra:
        problems.append(f"Line {number}: not understood: {', '.join(extra)}.")
    words = {name: _words(row.get(name)) for name in COLUMNS}
    for name, most in WIDTHS.items():
        if len(words[name]) > most:
            problems.append(f"Line {number}: {name} has at most {most} characters.")
    if not words["test"] or not words["result"]:
        problems.append(f"Line {number}: test and result are needed.")
    given = words["result"]
    qualifier = given[:1] if given[:1] in ("<", ">") else ""
    value = _number(given[len(qualifier) :])
    low, high = (_number(words[name]) for name in ("low", "high"))
    problems += [
        f"Line {number}: {name} is a number."
        for name, end in (("low", low), ("high", high))
        if words[name] and end is None
    ]
    if value is None:
        return Stated(words["test"], None, "", given, words["unit"], low, high, words["method"])
    return Stated(words["test"], value, qualifier, "", words["unit"], low, high, words["method"])


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.replace("\x00", "").strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else "?"


def _number(text: str) -> Decimal | None:
    """Return a number as it is written; with its zeros, which say how exact it is."""
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    if not value.is_finite():
        return None
    places = -int(value.as_tuple().exponent)
    return value if places <= PLACES_MOST and value.adjusted() < DIGITS_MOST else None


def _refused(problems: Iterable[str]) -> Invalid:
    found = list(problems)[:50]
    return Invalid(found[0], errors={"lines": found})
