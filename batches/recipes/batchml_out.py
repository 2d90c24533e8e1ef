"""A recipe as BatchML V7: a valid BatchInformation that `batchml_in` reads back without loss."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from xml.etree.ElementTree import Element, ElementTree, SubElement, indent, register_namespace, tostring

from batches.recipes.batchml_names import (
    EQUIPMENT_CLASS,
    HOLD_TIME,
    INTERMEDIATE,
    LEVELS,
    LIMIT,
    NAMESPACE,
    OURS,
    PROPERTY,
    UNREAD,
    USES,
)
from batches.recipes.courses import course_text
from batches.recipes.document import plain
from batches.specs import RecipeSpec
from batches.states import MaterialUse

Json = dict[str, Any]
LIMIT_PROPERTIES: Final = (
    *("kind", "low", "high", "phase", "delay_s", "min_duration_s", "rationale"),
    *("measure", "window_s", "above", "knots", "every_s", "settle_s"),
)
# A long file is for programs: white space would be a third of it.
INDENTED_BELOW: Final = 500
register_namespace("b2mml", NAMESPACE)


def write_batchml(
    spec: RecipeSpec, *, revision: int | None = None, effective: datetime | None = None
) -> bytes:
    """Return a recipe as a BatchML V7 document in UTF-8.

    Limits, hold times and what BatchML has no member for are parameters below the parameter they are of.
    """
    said = plain(spec)
    root = Element(_q("BatchInformation"))
    master = _under(root, "MasterRecipe")
    _under(master, "ID", spec.number)
    _under(master, "Version", str(revision or 0), schemeName=OURS)
    _under(master, "Description", spec.title)
    header = _under(master, "Header")
    if effective is not None:
        _under(header, "EffectiveDate", effective.isoformat())
    _under(header, "ProductID", spec.product)
    steps = list(_walk(said["procedure"]))
    for name in dict.fromkeys(each["equipment_class"] for each in steps if "equipment_class" in each):
        _equipment(master, name)
    formula = _under(master, "Formula")
    for parameter in said["parameters"]:
        _parameter(formula, parameter)
    for material in said["materials"]:
        _material(formula, material)
    for hold in said["hold_times"]:
        _hold_time(formula, hold)
    _logic(master, said["procedure"])
    for step in said["procedure"]:
        _step(master, step)
    for unread in said.get("not_understood", ()):
        _other(master, UNREAD, unread["what"], unread["where"])
    if len(steps) < INDENTED_BELOW:
        indent(ElementTree(root))
    written: bytes = tostring(root, encoding="UTF-8", xml_declaration=True)
    return written


def _q(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _under(parent: Element, name: str, text: str | None = None, **attributes: str) -> Element:
    found = SubElement(parent, _q(name), attributes)
    found.text = text
    return found


def _walk(steps: Sequence[Json]) -> list[Json]:
    return [each for step in steps for each in (step, *_walk(step.get("steps", ())))]


def _value(
    parent: Element, text: str, unit: str = "", *, kind: str, interpretation: str = "Constant"
) -> None:
    value = _under(parent, "Value")
    _under(value, "ValueString", text)
    _under(value, "DataInterpretation", interpretation)
    _under(value, "DataType", kind)
    _under(value, "UnitOfMeasure", unit)


def _typed(parent: Element, name: str, other: str | None = None) -> Element:
    return _under(parent, "ParameterType", name, **({"OtherValue": other} if other else {}))


def _properties(parent: Element, said: Json, *names: str) -> None:
    for name in names:
        if name in said:
            one = _under(parent, "Parameter")
            _under(one, "ID", name)
            _typed(one, "Other", PROPERTY)
            _value(one, str(said[name]), kind="string")


def _parameter(formula: Element, said: Json) -> None:
    found = _under(formula, "Parameter")
    _under(found, "ID", said["code"])
    _under(found, "Description", said["title"])
    _typed(found, "ProcessParameter")
    _under(found, "ParameterSubType", said["kind"])
    _under(found, "ParameterSubType", said["data_kind"])
    # Without a target the value comes from outside: it is measured.
    target = said.get("target")
    _value(
        found,
        target or "",
        said["unit"],
        kind="decimal" if target else "string",
        interpretation="Constant" if target else "External",
    )
    _properties(found, said, "expected_interval_s", "decimals", "audience", "rationale")
    for limit in said["limits"]:
        one = _under(found, "Parameter")
        name = (said["code"], limit["kind"], limit.get("measure"), limit.get("phase"))
        _under(one, "ID", ".".join(filter(None, name)))
        _typed(one, "Other", LIMIT)
        course = {"knots": course_text(limit["knots"])} if "knots" in limit else {}
        _properties(one, limit | course, *LIMIT_PROPERTIES)


def _material(formula: Element, said: Json) -> None:
    found = _under(formula, "Parameter")
    _under(found, "ID", said["code"])
    _under(found, "Description", said["title"])
    use = said["use"]
    _typed(found, USES[use], INTERMEDIATE if use == MaterialUse.INTERMEDIATE else None)
    quantity = said.get("quantity", "")
    _value(found, quantity, said.get("unit", ""), kind="decimal" if quantity else "string")
    _properties(found, said, "step", "supplied_by", "specification")


def _hold_time(formula: Element, said: Json) -> None:
    found = _under(formula, "Parameter")
    _under(found, "ID", said["code"])
    _under(found, "Description", said["title"])
    _typed(found, "Other", HOLD_TIME)
    _value(found, str(said["longest_s"]), "s", kind="integer")
    _properties(found, said, "after", "before", "condition", "rationale")


def _equipment(parent: Element, name: str) -> None:
    found = _under(parent, "EquipmentRequirement")
    _under(found, "ID", EQUIPMENT_CLASS)
    constraint = _under(found, "Constraint")
    _under(constraint, "Condition", name)


def _step(parent: Element, said: Json) -> None:
    found = _under(parent, "RecipeElement")
    _under(found, "ID", said["code"])
    _under(found, "Description", said["title"])
    if "instruction" in said:
        _under(found, "Description", said["instruction"])
    _under(found, "RecipeElementType", LEVELS[said["level"]])
    if "equipment_class" in said:
        _equipment(found, said["equipment_class"])
    children = said.get("steps", ())
    _logic(found, children)
    for child in children:
        _step(found, child)
    for name in ("planned_s", "needs_second_check"):
        if name in said:
            _other(found, name, str(said[name]).lower(), "")


def _other(parent: Element, name: str, text: str, where: str) -> None:
    found = _under(parent, "OtherInformation")
    _under(found, "ID", name)
    _value(found, text, kind="string")
    if where:
        _under(found, "Description", where)


def _logic(parent: Element, steps: Sequence[Json]) -> None:
    """Write the order of execution: each step, then the one that follows once it is complete."""
    if not steps:
        return
    logic = _under(parent, "ProcedureLogic")
    ends = [(f"S{place}", f"T{place}") for place in range(1, len(steps) + 1)]
    for place, (step, transition) in enumerate(ends, 1):
        if place == len(steps):
            break
        _link(logic, f"L{2 * place - 1}", (step, "Step"), (transition, "Transition"))
        _link(logic, f"L{2 * place}", (transition, "Transition"), (f"S{place + 1}", "Step"))
    for (step, _transition), said in zip(ends, steps, strict=True):
        one = _under(logic, "Step")
        _under(one, "ID", step)
        _under(one, "RecipeElementID", said["code"])
        _under(one, "RecipeElementVersion", "")
    for step, transition in ends[:-1]:
        one = _under(logic, "Transition")
        _under(one, "ID", transition)
        _under(one, "Condition", f"{step} complete")


def _link(logic: Element, name: str, begins: tuple[str, str], ends: tuple[str, str]) -> None:
    found = _under(logic, "Link")
    _under(found, "ID", name)
    for way, (value, kind) in (("From", begins), ("To", ends)):
        end = _under(found, f"{way}ID")
        _under(end, f"{way}IDValue", value)
        _under(end, f"{way}Type", kind)
        _under(end, "IDScope", "Internal")
    _under(found, "LinkType", "ControlLink")
    _under(found, "Depiction", "LineAndArrow")
