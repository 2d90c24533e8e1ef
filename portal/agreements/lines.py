"""On which line of a YAML text a fault stands."""

from __future__ import annotations

import re
from collections.abc import Iterable

import yaml

from portal.agreements.document import Fault

_LINE = re.compile(r"line (\d+)")


def lines_of(text: str, faults: Iterable[Fault]) -> list[tuple[int | None, Fault]]:
    """Return each fault with its line, counted from 1; None where there is none to point at."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        root = None
    return [(_line_of(root, each.where), each) for each in faults]


def _line_of(root: yaml.Node | None, where: str) -> int | None:
    if match := _LINE.fullmatch(where):
        return int(match[1])
    node = root
    for part in where.split("/") if where else ():
        below = _below(node, part)
        if below is None:
            break
        node = below
    return node.start_mark.line + 1 if node is not None else None


def _below(node: yaml.Node | None, part: str) -> yaml.Node | None:
    match node:
        case yaml.MappingNode():
            return next((value for key, value in node.value if key.value == part), None)
        case yaml.SequenceNode() if part.isdecimal() and int(part) < len(node.value):
            found: yaml.Node = node.value[int(part)]
            return found
        case _:
            return None
