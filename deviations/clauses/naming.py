"""The classes by the names of a side's own system, where the agreement maps them to those of the trade."""

from __future__ import annotations

from portal.agreements.rules import ClassMap
from portal.agreements.terms import Terms
from portal.errors import Invalid
from portal.states import Classification
from portal.terms import clause_words


def names_of(terms: Terms, side: str) -> dict[str, Classification]:
    """Return the names of a side's classes with what they read as, in the order of the clause; or none."""
    found = terms.find(ClassMap, side=side)
    return {name: Classification(each) for name, each in found.rule.names.items()} if found else {}


def own_name(terms: Terms, side: str, classification: str, given: str = "") -> str:
    """Return by which of its own names a side gives a class: the one given, or the only one that reads so.

    Without a map there is none. Raises: Invalid for a class that the side does not have, or another name.
    """
    found = terms.find(ClassMap, side=side)
    if found is None:
        if given:
            raise Invalid("No clause names classes.", errors={"own_class": ["Leave it out."]})
        return ""
    names = [name for name, each in found.rule.names.items() if each == classification]
    cited = clause_words(found.clause.code, terms.version)
    if not names:
        known = ", ".join(f"{name} ({each})" for name, each in found.rule.names.items())
        words = f"By {cited} these classes are given: {known}."
        raise Invalid("That class is not given here.", errors={"classification": [words]})
    if given and given not in names:
        words = f"By {cited} {classification} reads: {', '.join(names)}."
        raise Invalid("That name reads as another class.", errors={"own_class": [words]})
    return given or (names[0] if len(names) == 1 else "")
