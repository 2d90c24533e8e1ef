"""Finding the map for a file: the one given, a built-in one that fits its header, or a careful guess."""

import re
from collections.abc import Collection, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final

from batches.replay.maps import ColumnRule, FileMap, load_map
from batches.replay.problems import FileProblem, MapProblem
from batches.replay.tables import Layout, Table, guess_delimiter, open_table
from batches.replay.times import TimeRule

BUILT_IN: Final = Path(__file__).parent / "maps"
TIME_NAME: Final = re.compile(
    r"^(time|timestamp|date|datetime|at|elapsed|hours?|minutes?|seconds?)([ _(\[].*)?$", re.IGNORECASE
)
UNIT_IN_NAME: Final = re.compile(r"^(?P<name>.+?)\s*[\[(](?P<unit>[^\])]+)[\])]$")
KIND_BY_END: Final = (
    ("hours", re.compile(r"(_h|hours?|\bh\b)[\])]?$", re.IGNORECASE)),
    ("minutes", re.compile(r"(_min|minutes?|\bmin\b)[\])]?$", re.IGNORECASE)),
    ("seconds", re.compile(r"(_s|seconds?|\bs\b)[\])]?$", re.IGNORECASE)),
)
ADVICE: Final = (
    "Write a YAML map that says: time: {column, kind: date|hours|minutes|seconds|sample, zone}, "
    "columns: {NAME IN FILE: {parameter: CODE, unit: UNIT}}, header_rows and delimiter; "
    "and give it with --map. The built-in maps show the form: "
)


def built_in_names() -> list[str]:
    """List the maps that come with the product."""
    return sorted(path.stem for path in BUILT_IN.glob("*.yaml"))


def given_map(name: str) -> FileMap:
    """Take a built-in map by its name, or a file. Raises: MapProblem."""
    if name in built_in_names():
        return load_map(BUILT_IN / f"{name}.yaml")
    path = Path(name)
    if not path.exists():
        raise MapProblem(f"There is no map {name}; built in are {', '.join(built_in_names())}.")
    return load_map(path)


def choose_map(path: Path, name: str | None, codes: Collection[str]) -> tuple[FileMap, Table]:
    """Find the map of a file and open the file with it; `codes` are the parameters of the batch.

    Raises: MapProblem, FileProblem.
    """
    if name is not None:
        chosen = given_map(name)
        return chosen, _fitting(chosen, open_table(path, chosen.layout))
    for chosen, table in _built_in_matches(path):
        return chosen, table
    table = open_table(path, Layout(1, guess_delimiter(path)))
    return _guess(table, codes), table


def _built_in_matches(path: Path) -> Iterator[tuple[FileMap, Table]]:
    for name in built_in_names():
        chosen = load_map(BUILT_IN / f"{name}.yaml")
        try:
            table = open_table(path, chosen.layout)
        except FileProblem:
            continue
        if chosen.needs <= set(table.names):
            yield chosen, table


def _fitting(chosen: FileMap, table: Table) -> Table:
    width = len(table.names)
    if chosen.width is not None and width != chosen.width:
        why = (
            "it may be stored with rows and columns exchanged"
            if width > chosen.width
            else "columns are lacking"
        )
        raise FileProblem(
            f"{table.path.name} has {width} columns, the map {chosen.name} says {chosen.width}: {why}."
        )
    needed = [chosen.time.column, *([chosen.group_by] if chosen.group_by else [])]
    lacking = [column for column in needed if column not in table.names]
    if lacking:
        raise MapProblem(
            f"{table.path.name} has no column {', '.join(lacking)}; it has {', '.join(table.names[:20])}."
        )
    return table


def _guess(table: Table, codes: Collection[str]) -> FileMap:
    by_upper = {code.upper(): code for code in codes}
    rules: list[ColumnRule] = []
    for column in table.names:
        match = UNIT_IN_NAME.match(column)
        name, unit = (match["name"], match["unit"]) if match else (column, None)
        if name.upper() in by_upper:
            rules.append(ColumnRule(column, by_upper[name.upper()], unit))
    time = next((name for name in table.names if TIME_NAME.match(name)), None)
    advice = ADVICE + ", ".join(built_in_names()) + "."
    if time is None:
        raise MapProblem(f"{table.path.name} has no column that looks like time. {advice}")
    if not rules:
        raise MapProblem(
            f"No column of {table.path.name} is called like a parameter of this batch "
            f"({', '.join(sorted(codes)) or 'it has none'}). {advice}"
        )
    return FileMap("guessed", _guess_time(table, time, advice), tuple(rules), table.layout)


def _guess_time(table: Table, column: str, advice: str) -> TimeRule:
    place = table.names.index(column)
    for block in table.blocks():
        for row in block.rows:
            if place < len(row) and row[place].strip():
                return _rule_for(table, column, row[place].strip(), advice)
    raise FileProblem(f"{table.path.name} has no row with a time.")


def _rule_for(table: Table, column: str, cell: str, advice: str) -> TimeRule:
    try:
        float(cell)
    except ValueError:
        pass
    else:
        for kind, end in KIND_BY_END:
            if end.search(column):
                return TimeRule(column, kind)
        raise MapProblem(f"{column} of {table.path.name} counts, but not said is what. {advice}")
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        raise MapProblem(f"{cell[:40]!r} in {column} of {table.path.name} is no ISO date. {advice}") from None
    if moment.tzinfo is None:
        raise MapProblem(
            f"The times of {table.path.name} ({cell[:40]}) have no zone; the map must name it, "
            f"as time: {{column: {column}, kind: date, zone: Europe/Stockholm}}. {advice}"
        )
    return TimeRule(column, "date")
