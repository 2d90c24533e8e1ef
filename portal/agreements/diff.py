"""What changed between two versions of an agreement, clause by clause, in words and in rules."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Any, Literal

from portal.agreements.document import Clause, Document
from portal.agreements.rules import Rule

Kind = Literal["added", "removed", "changed"]
Piece = tuple[Literal["same", "out", "in"], str]
_WORD = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule that came, went or changed; `values` are member, before and after, as JSON has them."""

    kind: Kind
    before: Rule | None
    after: Rule | None
    values: tuple[tuple[str, Any, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """One clause that came, went or changed; `text` is its prose in pieces that stay, go and come."""

    code: str
    kind: Kind
    before: Clause | None
    after: Clause | None
    title: tuple[Piece, ...] = ()
    text: tuple[Piece, ...] = ()
    rules: tuple[RuleChange, ...] = field(default=())


def compare(old: Document, new: Document) -> list[ClauseChange]:
    """Return what a new version changes, in its own order; clauses that went stand where they were last."""
    before, after = ({each.code: each for each in document.clauses} for document in (old, new))
    codes = sorted({*before, *after}, key=lambda code: [int(part) for part in code.split(".")])
    return [
        change for code in codes if (change := _compare(code, before.get(code), after.get(code))) is not None
    ]


def _compare(code: str, before: Clause | None, after: Clause | None) -> ClauseChange | None:
    if before == after:
        return None
    old, new = before or _EMPTY, after or _EMPTY
    kind: Kind = "added" if before is None else "removed" if after is None else "changed"
    return ClauseChange(
        code=code,
        kind=kind,
        before=before,
        after=after,
        title=tuple(pieces(old.title, new.title)),
        text=tuple(pieces(old.text, new.text)),
        rules=tuple(_rules(old, new)),
    )


_EMPTY = Clause("", "", "", "")


def pieces(old: str, new: str) -> Iterator[Piece]:
    """Yield a text word by word as what stays, goes and comes."""
    left, right = _WORD.findall(old), _WORD.findall(new)
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        if tag == "equal":
            yield "same", "".join(left[i1:i2])
            continue
        if i2 > i1:
            yield "out", "".join(left[i1:i2])
        if j2 > j1:
            yield "in", "".join(right[j1:j2])


def _rules(old: Clause, new: Clause) -> Iterator[RuleChange]:
    """Yield changes; a rule is the same one as before when its kind and what it applies to are."""
    left = [each for each in old.rules if each not in new.rules]
    for rule in (each for each in new.rules if each not in old.rules):
        earlier = next((each for each in left if _reach(each) == _reach(rule)), None)
        if earlier is None:
            yield RuleChange("added", None, rule)
            continue
        left.remove(earlier)
        yield RuleChange("changed", earlier, rule, tuple(_values(earlier, rule)))
    for rule in left:
        yield RuleChange("removed", rule, None)


def _reach(rule: Rule) -> tuple[Any, ...]:
    return (rule.KIND, *(frozenset(rule.chosen(name)) for name in rule.SELECTORS))


def _values(before: Rule, after: Rule) -> Iterator[tuple[str, Any, Any]]:
    old, new = before.plain(), after.plain()
    for name in {**old, **new}:
        if old.get(name) != new.get(name):
            yield name, old.get(name), new.get(name)
