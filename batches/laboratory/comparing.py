"""A certificate of analysis line by line against the specification and the results of a record; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from uuid import UUID

from batches.laboratory.states import DifferenceKind
from batches.units import convert
from portal.errors import Invalid


@dataclass(frozen=True, slots=True)
class Stated:
    """One line of a certificate: a number with its qualifier, or words."""

    test: str
    value: Decimal | None = None
    qualifier: str = ""
    text: str = ""
    unit: str = ""
    low: Decimal | None = None
    high: Decimal | None = None
    method: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What the record has of a test: its latest valid result."""

    value: Decimal
    unit: str
    qualifier: str = ""
    method: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One test of the specification, with what the record has of it."""

    code: str
    title: str
    unit: str
    low: Decimal | None = None
    high: Decimal | None = None
    known: Known | None = None
    is_specified: bool = True
    id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """In what a certificate differs: what it states, what was expected."""

    kind: DifferenceKind
    test: str
    stated: str = ""
    expected: str = ""


def matched(line: Stated, wanted: Sequence[Wanted]) -> Wanted | None:
    """Return the test that a line is about, by code or name, whatever their spacing and case."""
    name = _plain(line.test)
    by_code = (each for each in wanted if _plain(each.code) == name)
    by_title = (each for each in wanted if _plain(each.title) == name)
    return next(by_code, None) or next(by_title, None)


def compare(lines: Sequence[Stated], wanted: Sequence[Wanted], *, with_results: bool) -> list[Difference]:
    """Return every difference, first those of the lines in their order, then the tests that are missing.

    `with_results` also compares with the record; a value is the same if the record's rounds to it.
    """
    found: list[Difference] = []
    met: set[str] = set()
    for line in lines:
        test = matched(line, wanted)
        if test is None:
            found.append(Difference(DifferenceKind.NOT_SPECIFIED, line.test, told(line)))
            continue
        met.add(test.code)
        found += _line(line, test, with_results=with_results)
    found += [
        Difference(DifferenceKind.MISSING_TEST, each.title, "", _range(each.low, each.high, each.unit))
        for each in wanted
        if each.is_specified and each.code not in met
    ]
    return found


def told(line: Stated) -> str:
    """Return what a line states."""
    if line.value is None:
        return line.text
    return f"{line.qualifier}{_number(line.value)} {line.unit}".strip()


def _line(line: Stated, test: Wanted, *, with_results: bool) -> Iterator[Difference]:
    name = test.title
    same_unit = _plain_unit(line.unit) == _plain_unit(test.unit)
    if not same_unit and (line.unit or line.value is not None):
        yield Difference(DifferenceKind.UNIT, name, line.unit or "-", test.unit or "-")
    value = _in_unit(line.value, line.unit if not same_unit else test.unit, test.unit)
    given = [
        _in_unit(end, line.unit if not same_unit else test.unit, test.unit) for end in (line.low, line.high)
    ]
    if (
        test.is_specified
        and (line.low is not None or line.high is not None)
        and given != [test.low, test.high]
    ):
        yield Difference(
            DifferenceKind.LIMIT,
            name,
            _range(line.low, line.high, line.unit),
            _range(test.low, test.high, test.unit),
        )
    if value is not None and test.is_specified and not _keeps(value, line.qualifier, test):
        yield Difference(DifferenceKind.OUTSIDE, name, told(line), _range(test.low, test.high, test.unit))
    known = test.known
    if not with_results:
        return
    if known is None:
        yield Difference(DifferenceKind.NO_RESULT, name, told(line))
        return
    if known.method and line.method and _plain(known.method) != _plain(line.method):
        yield Difference(DifferenceKind.METHOD, name, line.method, known.method)
    shown = f"{known.qualifier}{_number(known.value)} {known.unit}".strip()
    if line.value is None:
        yield Difference(DifferenceKind.NOT_A_NUMBER, name, line.text, shown)
    elif value is not None and not _same(line, value, known, is_converted=not same_unit):
        yield Difference(DifferenceKind.VALUE, name, told(line), shown)


def _same(line: Stated, value: Decimal, known: Known, *, is_converted: bool) -> bool:
    if line.qualifier != known.qualifier:
        return False
    if is_converted or line.value is None:
        # What was converted has digits that nobody read.
        return abs(value - known.value) <= abs(known.value) * Decimal("0.0005")
    step = Decimal(1).scaleb(int(line.value.as_tuple().exponent))
    roundings = (ROUND_HALF_EVEN, ROUND_HALF_UP)
    return value == known.value or value in {known.value.quantize(step, rounding=each) for each in roundings}


def _keeps(value: Decimal, qualifier: str, test: Wanted) -> bool:
    """Say whether a value is shown to keep the specification; "< 5" keeps "at most 5", not "at most 3"."""
    if test.low is not None and (value < test.low or qualifier == "<"):
        return False
    return test.high is None or (value <= test.high and qualifier != ">")


def _in_unit(value: Decimal | None, unit: str, wanted: str) -> Decimal | None:
    if value is None:
        return None
    try:
        return convert(value, unit, wanted)
    except Invalid:
        return None


def _range(low: Decimal | None, high: Decimal | None, unit: str) -> str:
    if low is None and high is None:
        return ""
    ends = [
        *([f">= {_number(low)}"] if low is not None else []),
        *([f"<= {_number(high)}"] if high is not None else []),
    ]
    return f"{' and '.join(ends)} {unit}".strip()


def _number(value: Decimal) -> str:
    return f"{value:f}"


def _plain(words: str) -> str:
    return "".join(each for each in words.casefold() if each.isalnum())


def _plain_unit(unit: str) -> str:
    return "".join(unit.split())
