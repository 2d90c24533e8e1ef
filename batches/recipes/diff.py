"""What changed between two versions of a recipe, in words; each thing is known by its code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.recipes.document import exact
from batches.recipes.words import (
    course_words,
    hold_time_words,
    limit_name,
    limit_words,
    material_words,
    parameter_words,
    step_words,
)
from batches.specs import LimitSpec, ParameterSpec, RecipeSpec, StepSpec
from portal.templatetags.times import duration

Kind = Literal["added", "removed", "changed", "moved"]
# Which members are told, and by what word; the others are told by what they hold.
MEMBERS: dict[str, str | Promise] = {
    "title": gettext_lazy("title"),
    "product": gettext_lazy("product"),
    "level": gettext_lazy("level"),
    "planned_s": gettext_lazy("planned time"),
    "equipment_class": gettext_lazy("equipment class"),
    "instruction": gettext_lazy("instruction"),
    "needs_second_check": gettext_lazy("second check"),
    "unit": gettext_lazy("unit"),
    "kind": gettext_lazy("criticality"),
    "data_kind": gettext_lazy("how it is measured"),
    "expected_interval_s": gettext_lazy("expected every"),
    "decimals": gettext_lazy("decimals"),
    "audience": gettext_lazy("who reads it"),
    "target": gettext_lazy("target"),
    "rationale": gettext_lazy("reason"),
    "use": gettext_lazy("use"),
    "quantity": gettext_lazy("quantity"),
    "step": gettext_lazy("step"),
    "supplied_by": gettext_lazy("supplied by"),
    "specification": gettext_lazy("specification"),
    "after": gettext_lazy("counts from the end of"),
    "before": gettext_lazy("to the start of"),
    "longest_s": gettext_lazy("at most"),
    "condition": gettext_lazy("condition"),
    "low": gettext_lazy("low end"),
    "high": gettext_lazy("high end"),
    "delay_s": gettext_lazy("alert after"),
    "min_duration_s": gettext_lazy("lasting at least"),
    "window_s": gettext_lazy("over the last"),
    "above": gettext_lazy("counts values above"),
    "knots": gettext_lazy("course"),
    "every_s": gettext_lazy("begins again after"),
    "settle_s": gettext_lazy("silent after a phase began for"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that came, went, moved or says something else: `lines` tell what, old and new."""

    part: str
    code: str
    kind: Kind
    title: str
    lines: tuple[str, ...] = ()


def compare(old: RecipeSpec, new: RecipeSpec) -> list[Change]:
    """Return what a new version changes, part by part in its own order; what went stands after it."""
    head = tuple(_members(old, new, ("title", "product")))
    found = [Change("recipe", new.number, "changed", new.title, head)] if head else []
    found += _steps(old, new)
    found += _each("parameter", old.parameters, new.parameters, parameter_words, _parameter)
    found += _each("material", old.materials, new.materials, material_words, _members)
    found += _each("hold_time", old.hold_times, new.hold_times, hold_time_words, _members)
    return found


def _steps(old: RecipeSpec, new: RecipeSpec) -> Iterator[Change]:
    """Yield changes of steps; one whose neighbours changed places is told once, as moved."""
    above = [
        {child.code: step.code for step in spec.walk() for child in step.children} for spec in (old, new)
    ]
    left, right = list(old.walk()), list(new.walk())
    yield from _each("step", left, right, lambda each: step_words(each).strip(), _members)
    both = {each.code for each in left} & {each.code for each in right}
    before, after = ([each.code for each in walked if each.code in both] for walked in (left, right))
    out_of_place = _moved(before, after) | {code for code in both if above[0].get(code) != above[1].get(code)}
    for step in right:
        if step.code in out_of_place:
            yield Change("step", step.code, "moved", step.title, (_place(step, right, above[1]),))


def _place(step: StepSpec, walked: Sequence[StepSpec], above: dict[str, str]) -> str:
    siblings = [each.code for each in walked if above.get(each.code) == above.get(step.code)]
    place = siblings.index(step.code)
    if place:
        return _("now follows %s") % siblings[place - 1]
    return _("now stands first in %s") % above[step.code] if step.code in above else _("now stands first")


def _moved(before: Sequence[str], after: Sequence[str]) -> set[str]:
    """Return the fewest codes whose moves turn one order into the other: all but a longest rising run."""
    place = {code: at for at, code in enumerate(before)}
    order = [place[code] for code in after]
    tails: list[int] = []
    ends: list[int] = []
    link: list[int] = []
    for at, value in enumerate(order):
        low, high = 0, len(tails)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if tails[middle] < value else (low, middle)
        link.append(ends[low - 1] if low else -1)
        tails[low : low + 1], ends[low : low + 1] = [value], [at]
    kept: set[str] = set()
    at = ends[-1] if ends else -1
    while at >= 0:
        kept.add(after[at])
        at = link[at]
    return set(after) - kept


def _each(
    part: str,
    old: Sequence[Any],
    new: Sequence[Any],
    words: Callable[[Any], str],
    inside: Callable[[Any, Any], Iterator[str]],
) -> Iterator[Change]:
    before, after = _by_code(old), _by_code(new)
    for code, item in after.items():
        if code not in before:
            yield Change(part, item.code, "added", item.title, (words(item),))
        elif lines := tuple(inside(before[code], item)):
            yield Change(part, item.code, "changed", item.title, lines)
    for code, item in before.items():
        if code not in after:
            yield Change(part, item.code, "removed", item.title, (words(item),))


def _by_code(items: Sequence[Any]) -> dict[tuple[str, int], Any]:
    """Return the items by code; a material may stand there more than once, so also by which of them it is."""
    found: dict[tuple[str, int], Any] = {}
    for item in items:
        times = 0
        while (item.code, times) in found:
            times += 1
        found[item.code, times] = item
    return found


def _parameter(old: ParameterSpec, new: ParameterSpec) -> Iterator[str]:
    yield from _members(old, new)
    before = {each.key: each for each in old.limits}
    after = {each.key: each for each in new.limits}
    for key, limit in after.items():
        if key not in before:
            yield _("new limit: %s") % limit_words(limit, new.unit)
        else:
            for line in _members(before[key], limit):
                yield f"{limit_name(limit)}: {line}"
    for key, limit in before.items():
        if key not in after:
            yield _("limit taken out: %s") % limit_words(limit, old.unit)


def _members(old: Any, new: Any, names: Sequence[str] | None = None) -> Iterator[str]:
    for name in names or [each.name for each in fields(new)]:
        if name in MEMBERS and getattr(old, name) != getattr(new, name):
            if isinstance(new, LimitSpec) and name == "kind":
                continue
            said = {"name": MEMBERS[name], "old": _said(name, old), "new": _said(name, new)}
            yield _("%(name)s: %(old)s, now %(new)s") % said


def _said(name: str, item: Any) -> str:
    value = getattr(item, name)
    if value is None or value in ("", ()):
        return _("none")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if name.endswith("_s"):
        return duration(value)
    if hasattr(value, "label"):
        return str(value.label)
    return course_words(value) if name == "knots" else _quantity(name, item, value)


def _quantity(name: str, item: Any, value: Any) -> str:
    if name in ("low", "high", "above", "target", "quantity"):
        return f"{exact(value)} {getattr(item, 'unit', '')}".strip()
    return str(value)
