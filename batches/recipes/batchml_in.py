"""BatchML V7 as a recipe. Whatever of a file has no place in a recipe is listed with where it stood."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NoReturn
from xml.etree.ElementTree import Element, tostring

from batches.recipes.batchml_names import (
    EQUIPMENT_CLASS,
    HOLD_TIME,
    INTERMEDIATE,
    LEVELS,
    LIMIT,
    NAMESPACE,
    OLDER,
    OURS,
    PROPERTY,
    UNREAD,
    USES,
    VERSION,
)
from batches.recipes.courses import read_course
from batches.recipes.document import read_plain
from batches.recipes.xml_logic import ordered
from batches.recipes.xml_safe import read_xml
from batches.specs import RecipeSpec
from batches.states import MaterialUse, ParameterKind
from portal.errors import Invalid

Json = dict[str, Any]
TITLE_MAX: Final = 200
PARAMETER_TITLE_MAX: Final = 120
LISTED_MAX: Final = 2_000
WORDS_MAX: Final = 20_000
LEVEL_OF: Final = {theirs: ours for ours, theirs in LEVELS.items()} | {"UnitRecipe": "unit_procedure"}
USE_OF: Final = {theirs: ours for ours, theirs in USES.items() if theirs != "Other"}
# Marks of the drawing; they are no steps.
MARKS: Final = frozenset({"Begin", "End"})
NUMBERS: Final = frozenset(
    {
        *("expected_interval_s", "decimals", "delay_s", "min_duration_s"),
        *("window_s", "every_s", "settle_s"),
    }
)
WHERE_FROM: Final = "{http://www.w3.org/2001/XMLSchema-instance}schemaLocation"


def read_batchml(body: bytes) -> RecipeSpec:
    """Return the one master recipe of a BatchML V7 document, with all that was not understood of it.

    Raises: Invalid (`xml_hostile`, `xml_broken`, `older_version` with its name, `no_batchml`,
    `recipe_invalid`).
    """
    root = read_xml(body)
    _require_version(root)
    masters = [root] if root.tag == _q("MasterRecipe") else root.findall(_q("MasterRecipe"))
    if len(masters) != 1:
        _refuse(
            "no_batchml",
            f"The file holds {len(masters)} master recipes; one is read at a time, as a MasterRecipe of a"
            " BatchInformation.",
        )
    return read_plain(_Reader(root).read(masters[0]))


def _require_version(root: Element) -> None:
    namespace = root.tag[1:].partition("}")[0] if root.tag.startswith("{") else ""
    if namespace == NAMESPACE:
        return
    known = OLDER.get(namespace)
    if known is None and any(name in namespace for name in ("wbf.org/xml", "mesa.org/xml")):
        known = f"a version of BatchML or B2MML that names itself {namespace}"
    if known is not None:
        _refuse(
            "older_version", f"The file is {known}. Only {VERSION} is read ({NAMESPACE}); convert it first."
        )
    what = f"of the namespace {namespace[:200]}" if namespace else "without a namespace"
    _refuse("no_batchml", f"The file is XML {what}, no BatchML {VERSION} ({NAMESPACE}).")


def _q(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _refuse(code: str, words: str) -> NoReturn:
    raise Invalid(words, code=code, errors={"file": [words]})


class _Reader:
    """Reads a document element by element; what it did not take is listed at the end."""

    def __init__(self, root: Element) -> None:
        self._root = root
        self._taken: set[Element] = {root}
        self._told: list[dict[str, str]] = []

    def read(self, master: Element) -> Json:
        """Return the recipe as plain JSON of format 1."""
        self._taken.add(master)
        number = self._text(master, "ID")
        title, *more = self._texts(master, "Description") or [number]
        header = self._take(master, "Header")
        product = self._text(header, "ProductID") if header is not None else ""
        self._version(master)
        self._classes(master)
        found: Json = {
            "format": "covalent.recipe/1",
            "number": number,
            "title": self._short(title or number, TITLE_MAX, "MasterRecipe/Description"),
            "product": self._short(product, TITLE_MAX, "MasterRecipe/Header/ProductID"),
            "parameters": [],
            "materials": [],
            "hold_times": [],
        }
        for words in more:
            self._list("MasterRecipe/Description", words)
        formula = self._take(master, "Formula")
        for parameter in self._all(formula, "Parameter"):
            self._formula(found, parameter)
        found["procedure"] = self._steps(found, master)
        told = [self._unread(each) for each in self._all(master, "OtherInformation", id=UNREAD)]
        self._list_rest(self._root, "")
        found["not_understood"] = [*told, *self._told]
        return {name: value for name, value in found.items() if value not in ("", None)}

    # What is in an element

    def _take(self, parent: Element | None, name: str) -> Element | None:
        found = parent.find(_q(name)) if parent is not None else None
        if found is not None:
            self._taken.add(found)
        return found

    def _text(self, parent: Element | None, name: str) -> str:
        found = self._take(parent, name)
        return (found.text or "").strip() if found is not None else ""

    def _texts(self, parent: Element, name: str) -> list[str]:
        rows = parent.findall(_q(name))
        self._taken.update(rows)
        return [(each.text or "").strip() for each in rows]

    def _all(self, parent: Element | None, name: str, **wanted: str) -> Iterator[Element]:
        for found in parent.findall(_q(name)) if parent is not None else ():
            if all(found.findtext(_q(key.upper())) == value for key, value in wanted.items()):
                self._taken.add(found)
                yield found

    def _short(self, text: str, most: int, where: str) -> str:
        line = " ".join(text.split())
        if len(line) > most:
            self._list(where, text)
        return line[:most]

    def _list(self, where: str, what: str) -> None:
        if len(self._told) < LISTED_MAX:
            self._told.append({"where": where[:1000], "what": what[:WORDS_MAX]})
        elif len(self._told) == LISTED_MAX:
            self._told.append(
                {"where": "", "what": f"More than {LISTED_MAX:,} things; the rest is not listed."}
            )

    # The recipe

    def _version(self, master: Element) -> None:
        """Leave out what we counted ourselves; what another system calls its version is kept to be read."""
        version = master.find(_q("Version"))
        if version is None or version.attrib.pop("schemeName", "") != OURS:
            return
        self._taken.add(version)
        self._take(master.find(_q("Header")), "EffectiveDate")

    def _classes(self, parent: Element) -> str:
        """Return the equipment class that an element asks for; other requirements stay to be listed."""
        found = ""
        for requirement in parent.findall(_q("EquipmentRequirement")):
            if requirement.findtext(_q("ID")) == EQUIPMENT_CLASS:
                self._taken.add(requirement)
                self._text(requirement, "ID")
                found = self._text(self._take(requirement, "Constraint"), "Condition")
        return found

    def _formula(self, found: Json, element: Element, step: str = "") -> None:
        kind = self._take(element, "ParameterType")
        name = (kind.text or "").strip() if kind is not None else ""
        other = kind.get("OtherValue", "") if kind is not None else ""
        if name in USE_OF or other == INTERMEDIATE:
            use = MaterialUse.INTERMEDIATE if other == INTERMEDIATE else USE_OF[name]
            found["materials"].append(self._material(element, str(use), step))
        elif other == HOLD_TIME:
            found["hold_times"].append(self._hold_time(element))
        elif name == "ProcessParameter":
            found["parameters"].append(self._parameter(element))
        else:
            self._taken.discard(element)

    def _named(self, element: Element, most: int) -> Json:
        code = self._text(element, "ID")
        title = self._text(element, "Description") or code
        return {"code": code, "title": self._short(title, most, f"Parameter {code}/Description")}

    def _value(self, element: Element) -> tuple[str, str]:
        """Return a value and its unit; what it was called and how it comes is kept when it says more."""
        value = self._take(element, "Value")
        if value is None:
            return "", ""
        text, unit = self._text(value, "ValueString"), self._text(value, "UnitOfMeasure")
        for name in ("DataInterpretation", "DataType"):
            self._text(value, name)
        return text, unit

    def _number(self, element: Element, text: str) -> str | None:
        """Return a number exactly; other values are listed."""
        if not text:
            return None
        try:
            value = Decimal(text)
        except InvalidOperation:
            self._list(f"Parameter {element.findtext(_q('ID'))}/Value", text)
            return None
        return f"{value:f}" if value.is_finite() else None

    def _properties(self, element: Element) -> Json:
        found: Json = {}
        for one in element.findall(_q("Parameter")):
            kind = one.find(_q("ParameterType"))
            if kind is not None and kind.get("OtherValue") == PROPERTY:
                self._taken.update((one, kind))
                text, name = self._raw(one), self._text(one, "ID")
                found[name] = int(text) if name in NUMBERS and text.isdecimal() else text
        return found

    def _raw(self, element: Element) -> str:
        """Return a text of ours with the spaces and line ends it has."""
        self._value(element)
        return element.findtext(f"{_q('Value')}/{_q('ValueString')}") or ""

    def _parameter(self, element: Element) -> Json:
        found = self._named(element, PARAMETER_TITLE_MAX)
        text, unit = self._value(element)
        found |= {"unit": self._short(unit, 30, f"Parameter {found['code']}/UnitOfMeasure")}
        if (target := self._number(element, text)) is not None:
            found["target"] = target
        for one in element.findall(_q("ParameterSubType")):
            said = (one.text or "").strip()
            if said in ParameterKind.values:
                found["kind"] = said
            elif said in ("online", "at_line", "lab"):
                found["data_kind"] = said
            else:
                continue
            self._taken.add(one)
        found |= self._properties(element)
        found["limits"] = [self._limit(each) for each in self._limits(element)]
        return found

    def _limits(self, element: Element) -> Iterator[Element]:
        for one in element.findall(_q("Parameter")):
            kind = one.find(_q("ParameterType"))
            if kind is not None and kind.get("OtherValue") == LIMIT:
                self._taken.update((one, kind))
                yield one

    def _limit(self, element: Element) -> Json:
        self._text(element, "ID")
        found = self._properties(element)
        return found | {"knots": read_course(found["knots"])} if "knots" in found else found

    def _material(self, element: Element, use: str, step: str) -> Json:
        found = self._named(element, TITLE_MAX) | {"use": use}
        text, unit = self._value(element)
        if (quantity := self._number(element, text)) is not None:
            found["quantity"] = quantity
        if unit:
            found["unit"] = self._short(unit, 30, f"Parameter {found['code']}/UnitOfMeasure")
        return found | ({"step": step} if step else {}) | self._properties(element)

    def _hold_time(self, element: Element) -> Json:
        found = self._named(element, TITLE_MAX)
        text, _unit = self._value(element)
        found |= self._properties(element)
        return found | {"longest_s": int(text) if text.isdecimal() else text}

    # The procedure

    def _steps(self, found: Json, parent: Element) -> list[Json]:
        elements = []
        for element in parent.findall(_q("RecipeElement")):
            kind = (element.findtext(_q("RecipeElementType")) or "").strip()
            if kind in MARKS:
                self._taken.add(element)
                self._text(element, "ID")
                self._text(element, "RecipeElementType")
            elif kind in LEVEL_OF:
                elements.append(element)
        codes = [(each.findtext(_q("ID")) or "").strip() for each in elements]
        order, is_sequence, understood = ordered(parent, codes, NAMESPACE)
        self._taken.update(understood)
        if not is_sequence:
            self._list(
                f"{self._place(parent)}/ProcedureLogic",
                "The steps are not one plain sequence here; they stand in the order of the file.",
            )
        return [self._step(found, elements[place]) for place in order]

    def _step(self, found: Json, element: Element) -> Json:
        self._taken.add(element)
        code = self._text(element, "ID")
        title, *more = self._texts(element, "Description") or [code]
        step: Json = {
            "code": code,
            "title": self._short(title or code, TITLE_MAX, f"RecipeElement {code}/Description"),
            "level": str(LEVEL_OF[self._text(element, "RecipeElementType")]),
        }
        if more:
            rows = element.findall(_q("Description"))
            step["instruction"] = "\n".join((each.text or "") for each in rows[1:])
        if name := self._classes(element):
            step["equipment_class"] = self._short(name, 120, f"RecipeElement {code}/EquipmentRequirement")
        known = {each["code"] for each in (*found["parameters"], *found["materials"])}
        for parameter in element.findall(_q("Parameter")):
            # One of the formula is named here again, to say in which step it counts: that is listed.
            own = (parameter.findtext(_q("ID")) or "").strip()
            if own not in known and parameter.find(_q("Value")) is not None:
                self._taken.add(parameter)
                self._list(
                    f"RecipeElement {code}/Parameter {own}", f"The parameter {own} is of the step {code}."
                )
                self._formula(found, parameter, step=code)
        for one in element.findall(_q("OtherInformation")):
            self._information(step, one)
        if below := self._steps(found, element):
            step["steps"] = below
        return step

    def _information(self, step: Json, element: Element) -> None:
        name = (element.findtext(_q("ID")) or "").strip()
        text = (element.findtext(f"{_q('Value')}/{_q('ValueString')}") or "").strip()
        if name == "planned_s" and text.isdecimal():
            step["planned_s"] = int(text)
        elif name == "needs_second_check" and text in ("true", "false"):
            step["needs_second_check"] = text == "true"
        else:
            return
        self._taken.update(element.iter())

    def _unread(self, element: Element) -> dict[str, str]:
        self._taken.update(element.iter())
        return {"where": element.findtext(_q("Description")) or "", "what": self._raw(element)}

    # The rest

    def _place(self, element: Element) -> str:
        name = element.tag.rpartition("}")[2]
        own = (element.findtext(_q("ID")) or "").strip()
        return f"{name} {own}" if own else name

    def _list_rest(self, element: Element, where: str) -> None:
        """List what was not taken, whole from where it begins, and attributes that say something."""
        for name, value in element.attrib.items():
            if name not in (WHERE_FROM, "OtherValue"):
                self._list(f"{where}/@{name.rpartition('}')[2]}", value)
        for child in element:
            place = f"{where}/{self._place(child)}".strip("/")
            if child in self._taken:
                self._list_rest(child, place)
            elif child.tag != _q("ListHeader") or len(child):
                self._list(place, _words(child))


def _words(element: Element) -> str:
    """Return an element as XML without its namespace, which is always the same."""
    text = tostring(element, encoding="unicode")
    for mark in (f' xmlns:b2mml="{NAMESPACE}"', f' xmlns:ns0="{NAMESPACE}"', "b2mml:", "ns0:"):
        text = text.replace(mark, "")
    return " ".join(text.split())
