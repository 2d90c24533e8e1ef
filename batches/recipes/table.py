"""A recipe as one CSV table: a row for each thing, told apart by its first column; no loss either way."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final, NoReturn

from batches.recipes.courses import course_text, read_course
from batches.recipes.document import BYTES_MAX, plain, read_plain
from batches.recipes.schema import FORMAT
from batches.specs import RecipeSpec
from portal.csv_out import ENCODING, NEUTRAL, rows_to_csv
from portal.errors import Invalid

Json = dict[str, Any]
KINDS: Final = ("recipe", "step", "parameter", "limit", "material", "hold_time", "not_understood")
# Where a column stands for the row it belongs to: the step above, the parameter of a limit.
COLUMNS: Final = (
    *("record", "code", "title", "level", "parent", "parameter", "phase", "kind", "low", "high", "unit"),
    *("target", "delay_s", "min_duration_s", "data_kind", "expected_interval_s", "decimals", "audience"),
    *("planned_s", "equipment_class", "needs_second_check", "instruction", "use", "quantity", "step"),
    *("supplied_by", "specification", "after", "before", "longest_s", "condition", "rationale", "product"),
    *("where", "what", "measure", "window_s", "above", "knots", "every_s", "settle_s"),
)
COUNTS: Final = frozenset(
    (
        *("delay_s", "min_duration_s", "expected_interval_s", "decimals", "planned_s", "longest_s"),
        *("window_s", "every_s", "settle_s"),
    )
)
TRUTH: Final[Mapping[str, bool]] = {
    "true": True,
    "yes": True,
    "1": True,
    "false": False,
    "no": False,
    "0": False,
}


def write_table(spec: RecipeSpec) -> bytes:
    """Return a recipe as CSV (RFC 4180, UTF-8 with byte order mark)."""
    rows = [[_out(row.get(column)) for column in COLUMNS] for row in _rows(plain(spec))]
    return rows_to_csv(COLUMNS, rows).encode(ENCODING)


def read_table(body: bytes) -> RecipeSpec:
    """Return the recipe that a CSV table holds; cells that no row of the kind has are listed.

    Commas or semicolons. Raises: Invalid (`table_broken`, `recipe_invalid`).
    """
    if len(body) > BYTES_MAX:
        _refuse(f"A file has at most {BYTES_MAX:,} bytes.")
    try:
        text = body.decode(ENCODING)
    except UnicodeDecodeError as error:
        _refuse(f"The file is no UTF-8: {error.reason} at byte {error.start}.")
    head = text.split("\n", 1)[0]
    table = csv.reader(
        io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ","
    )
    try:
        rows = list(table)
    except csv.Error as error:
        _refuse(f"The file is no CSV: {error}.")
    names = [each.strip().lower() for each in rows[0]] if rows else []
    if "record" not in names or "code" not in names:
        _refuse("The first line names the columns; record and code must be among them.")
    found, told = _Plain(), []
    for number, cells in enumerate(rows[1:], 2):
        said = {name: _in(cell) for name, cell in zip(names, cells, strict=False) if cell != ""}
        if said:
            told += found.add(said, number)
        told += [_told(number, "", _in(cell)) for cell in cells[len(names) :] if cell]
    return read_plain(found.whole(told))


def _rows(said: Json) -> Iterator[Json]:
    yield {"record": "recipe", "code": said["number"], "title": said["title"], "product": said.get("product")}
    yield from _step_rows(said["procedure"], None)
    for parameter in said["parameters"]:
        yield {"record": "parameter", **parameter}
        for limit in parameter["limits"]:
            course = {"knots": course_text(limit["knots"])} if "knots" in limit else {}
            yield {"record": "limit", "parameter": parameter["code"], **limit, **course}
    for kind, name in (("material", "materials"), ("hold_time", "hold_times")):
        for each in said[name]:
            yield {"record": kind, **each}
    for each in said.get("not_understood", ()):
        yield {"record": "not_understood", **each}


def _step_rows(steps: list[Json], parent: str | None) -> Iterator[Json]:
    for step in steps:
        yield {"record": "step", "parent": parent, **step}
        yield from _step_rows(step.get("steps", []), step["code"])


def _out(value: object) -> object:
    """Return a cell; one that begins with the mark that keeps formulas away gets a second one."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return NEUTRAL + value if isinstance(value, str) and value.startswith(NEUTRAL) else value


def _in(cell: str) -> str:
    text = cell.replace("\r\n", "\n").replace("\r", "\n")
    return text.removeprefix(NEUTRAL)


def _told(number: int, column: str, text: str) -> Json:
    return {"where": f"line {number}, {column}" if column else f"line {number}", "what": text}


MEMBERS: Final[Mapping[str, frozenset[str]]] = {
    "recipe": frozenset(("code", "title", "product")),
    "step": frozenset(
        (
            "code",
            "title",
            "level",
            "parent",
            "planned_s",
            "equipment_class",
            "needs_second_check",
            "instruction",
        )
    ),
    "parameter": frozenset(
        (
            "code",
            "title",
            "kind",
            "unit",
            "target",
            "data_kind",
            "expected_interval_s",
            "decimals",
            "audience",
        )
    )
    | {"rationale"},
    "limit": frozenset(
        (
            *("parameter", "kind", "phase", "low", "high", "delay_s", "min_duration_s", "rationale"),
            *("measure", "window_s", "above", "knots", "every_s", "settle_s"),
        )
    ),
    "material": frozenset(
        ("code", "title", "use", "quantity", "unit", "step", "supplied_by", "specification")
    ),
    "hold_time": frozenset(("code", "title", "after", "before", "longest_s", "condition", "rationale")),
    "not_understood": frozenset(("where", "what")),
}


class _Plain:
    """Gathers rows into plain JSON of format 1."""

    def __init__(self) -> None:
        self._lists: dict[str, list[Json]] = {kind: [] for kind in KINDS}
        self._steps: dict[str, Json] = {}
        self._parameters: dict[str, Json] = {}

    def add(self, row: dict[str, str], number: int) -> list[Json]:
        """Take a row; return what of it was not understood."""
        kind = row.pop("record", "").strip().lower()
        if kind not in MEMBERS:
            return [_told(number, column, text) for column, text in {"record": kind, **row}.items() if text]
        told = [_told(number, column, text) for column, text in row.items() if column not in MEMBERS[kind]]
        said: Json = {name: _typed(name, text) for name, text in row.items() if name in MEMBERS[kind]}
        if kind == "step":
            self._step(said, number)
        elif kind == "limit":
            self._limit(said, number)
        else:
            said = {"where": "", "what": "", **said} if kind == "not_understood" else said
            self._lists[kind].append(said)
        if kind == "parameter":
            self._parameters[said.get("code", "")] = said
        return told

    def _step(self, said: Json, number: int) -> None:
        above = said.pop("parent", None)
        if above is None:
            self._lists["step"].append(said)
        elif above in self._steps:
            self._steps[above].setdefault("steps", []).append(said)
        else:
            _refuse(f"Line {number}: the step above is {above}, which stands on no line before.")
        self._steps[said.get("code", "")] = said

    def _limit(self, said: Json, number: int) -> None:
        owner = said.pop("parameter", "")
        if owner not in self._parameters:
            _refuse(
                f"Line {number}: the limit is of {owner or 'no parameter'}, which stands on no line before."
            )
        self._parameters[owner].setdefault("limits", []).append(said)

    def whole(self, told: list[Json]) -> Json:
        """Return the whole recipe; raises Invalid unless one row names it."""
        if len(self._lists["recipe"]) != 1:
            _refuse("One line of the kind recipe gives the number in code, and the title.")
        head = self._lists["recipe"][0]
        head["number"] = head.pop("code", "")
        return {
            "format": FORMAT,
            **head,
            "procedure": self._lists["step"],
            "parameters": self._lists["parameter"],
            "materials": self._lists["material"],
            "hold_times": self._lists["hold_time"],
            "not_understood": [*self._lists["not_understood"], *told],
        }


def _typed(name: str, text: str) -> Any:
    if name in COUNTS and text.strip().isdecimal():
        return int(text)
    if name == "knots":
        return read_course(text)
    if name == "needs_second_check":
        return TRUTH.get(text.strip().lower(), text)
    return text


def _refuse(words: str) -> NoReturn:
    raise Invalid(words, code="table_broken", errors={"file": [words]})
