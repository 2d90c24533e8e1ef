"""The order that a ProcedureLogic gives its steps, where it is one plain sequence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.etree.ElementTree import Element

# What a transition of a plain sequence says; any other condition is kept to be read.
PLAIN: Final = re.compile(
    r"^(?:true|1|(?:step )?\S+ (?:is )?(?:complete|completed|finished))$", re.IGNORECASE
)

# What may be said beside the order.
WORDS: Final = ("Description", "ConditionAnnotation")


def ordered(parent: Element, codes: Sequence[str], namespace: str) -> tuple[list[int], bool, set[Element]]:
    """Return the places of the steps in order, whether they are one plain sequence, and what was understood.

    Steps and transitions follow one another without fork or loop, and each step is there once. Without any
    logic the order of the file is the order of execution.
    """
    logic = parent.find(f"{{{namespace}}}ProcedureLogic")
    places = list(range(len(codes)))
    if logic is None:
        return places, True, set()

    def text(element: Element, *names: str) -> str:
        return (element.findtext("/".join(f"{{{namespace}}}{name}" for name in names)) or "").strip()

    steps = {
        text(each, "ID"): text(each, "RecipeElementID") for each in logic.findall(f"{{{namespace}}}Step")
    }
    follows: dict[str, str] = {}
    for link in logic.findall(f"{{{namespace}}}Link"):
        begins, ends = text(link, "FromID", "FromIDValue"), text(link, "ToID", "ToIDValue")
        if begins in follows or ends in follows.values():
            return places, False, set()
        follows[begins] = ends
    way = _way(follows) if follows else list(steps)
    found = [code for name in way if (code := steps.get(name, "")) in codes]
    if sorted(found) != sorted(codes):
        return places, False, set()
    understood = {logic}
    for element in logic:
        if not PLAIN.match(text(element, "Condition") or "true"):
            continue
        words = [f"{{{namespace}}}{name}" for name in WORDS]
        understood.update(each for each in element.iter() if each.tag not in words)
    return [codes.index(code) for code in found], True, understood


def _way(follows: dict[str, str]) -> list[str]:
    begins = set(follows) - set(follows.values())
    if len(begins) != 1:
        return []
    way = [begins.pop()]
    while way[-1] in follows:
        way.append(follows[way[-1]])
    return way
