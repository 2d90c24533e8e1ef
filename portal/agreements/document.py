"""The agreement as a document: read from YAML or JSON, checked, written back without loss, hashed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import rfc8785
import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

from portal.agreements.headings import HEADINGS
from portal.agreements.rules import Rule, rule_of
from portal.agreements.schema import FORMAT, SCHEMA

DOCUMENT_BYTES_MAX: Final = 1_000_000
FAULTS_MAX: Final = 50
_VALIDATOR: Final = Draft202012Validator(SCHEMA)
_TYPES: Final[Mapping[str, str]] = {
    "integer": "a whole number",
    "number": "a number",
    "string": "text",
    "array": "a list",
    "object": "members with their values",
    "boolean": "true or false",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where (`clauses/3/rules/0/within`), and what would be accepted."""

    where: str
    words: str


class DocumentInvalid(ValueError):
    """The text is no agreement of format 1; `faults` say where and why."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults[0].words if faults else "")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause: its prose in Markdown, and the rules that stand beside it.

    `is_default` says that its values are ours, not yet looked at by the parties.
    """

    code: str
    heading: str
    title: str
    text: str
    rules: tuple[Rule, ...] = ()
    is_default: bool = False

    def plain(self) -> dict[str, Any]:
        """Return the clause as JSON has it."""
        plain: dict[str, Any] = {
            "code": self.code,
            "heading": self.heading,
            "title": self.title,
            "text": self.text,
        }
        if self.is_default:
            plain["is_default"] = True
        if self.rules:
            plain["rules"] = [each.plain() for each in self.rules]
        return plain


@dataclass(frozen=True, slots=True)
class Document:
    """A whole agreement, or an annex, whose clauses go before those of the same code."""

    title: str
    phase: str
    clauses: tuple[Clause, ...] = field(default=())

    def plain(self) -> dict[str, Any]:
        """Return the document as JSON has it."""
        return {
            "format": FORMAT,
            "title": self.title,
            "phase": self.phase,
            "clauses": [each.plain() for each in self.clauses],
        }

    def digest(self) -> str:
        """Return the SHA-256 of the canonical JSON (RFC 8785), in hex: what a signature covers."""
        return hashlib.sha256(rfc8785.dumps(self.plain())).hexdigest()

    def to_yaml(self) -> str:
        """Return the document as people edit it."""
        return yaml.dump(self.plain(), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)

    def with_clauses(self, clauses: Iterable[Clause]) -> Document:
        """Return the document with these clauses, in the order of their numbers."""
        return Document(self.title, self.phase, tuple(sorted(clauses, key=_by_code)))

    def with_annex(self, annex: Document) -> Document:
        """Return the agreement as it holds in a program that has an annex."""
        own = {each.code: each for each in annex.clauses}
        kept = [own.pop(each.code, each) for each in self.clauses]
        return Document(self.title, annex.phase, ()).with_clauses([*kept, *own.values()])


class _Dumper(yaml.SafeDumper):
    """Writes prose as a block, and refuses to fold it."""


def _write_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _write_text)


class _Loader(yaml.SafeLoader):
    """Reads plain values only; a key that stands twice is a fault, and anchors are not followed."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Refuse an alias: a few of them unfold to more than any machine holds."""
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("anchors and aliases are not read; write the value out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - as the library calls it
        """Refuse a key that stands twice; the number of a clause is text, for 5.10 is not 5.1."""
        for key, value in node.value:
            if key.value == "code" and isinstance(value, yaml.ScalarNode):
                value.tag = "tag:yaml.org,2002:str"
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        twice = {str(key) for key in keys if keys.count(key) > 1}
        if twice:
            raise yaml.YAMLError(f"{', '.join(sorted(twice))} stands twice{node.start_mark}")
        return super().construct_mapping(node, deep=deep)


# Prose may say no, and a date is text: only plain numbers, true, false and null are more than that.
_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("int", r"-?[0-9]+", "-0123456789"),
    ("float", r"-?[0-9]+\.[0-9]+", "-0123456789"),
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", ["n", "~", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


def read_yaml(text: str) -> Document:
    """Return the document that YAML or JSON text holds. Raises: DocumentInvalid."""
    return read_plain(_load(text))


def clause_of(text: str) -> Clause:
    """Return the one clause that YAML or JSON text holds. Raises: DocumentInvalid."""
    whole = {"format": FORMAT, "title": "-", "phase": "commercial", "clauses": [_load(text)]}
    return read_plain(whole).clauses[0]


def _load(text: str) -> Any:
    if not text.strip():
        raise DocumentInvalid([Fault("", "There is no text. An agreement has a title, a phase and clauses.")])
    if len(text.encode()) > DOCUMENT_BYTES_MAX:
        raise DocumentInvalid([Fault("", f"An agreement has at most {DOCUMENT_BYTES_MAX:,} bytes.")])
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a SafeLoader, stricter
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark is not None else ""
        words = getattr(error, "problem", None) or str(error) or "nested too deeply"
        if isinstance(error, yaml.constructor.ConstructorError) and "tag" in words:
            words = "tags like !!python are not read; write plain values"
        raise DocumentInvalid([Fault(where, f"This is no YAML: {words}.")]) from error


def read_plain(plain: Any) -> Document:
    """Return the document that plain JSON holds. Raises: DocumentInvalid."""
    faults = list(_faults(plain))
    if faults:
        raise DocumentInvalid(faults[:FAULTS_MAX])
    clauses = tuple(
        Clause(
            code=each["code"],
            heading=each["heading"],
            title=each["title"],
            text=each["text"],
            rules=tuple(rule_of(rule) for rule in each.get("rules", ())),
            is_default=each.get("is_default", False),
        )
        for each in plain["clauses"]
    )
    return Document(plain["title"], plain["phase"], clauses)


def _faults(plain: Any) -> Iterator[Fault]:
    for error in sorted(_VALIDATOR.iter_errors(plain), key=lambda each: list(map(str, each.absolute_path))):
        yield _fault(error)
    codes = [each.get("code") for each in _clauses(plain)]
    for code in sorted({str(code) for code in codes if codes.count(code) > 1}):
        yield Fault("clauses", f"Clause {code} stands twice; each has its own number.")


def _clauses(plain: Any) -> list[Mapping[str, Any]]:
    clauses = plain.get("clauses", []) if isinstance(plain, dict) else []
    return [each for each in clauses if isinstance(each, dict)] if isinstance(clauses, list) else []


def _fault(error: ValidationError) -> Fault:
    """Say it in words: the deepest error of a choice, without repeating a whole document."""
    deepest: Any = best_match([error]) or error
    where = "/".join(map(str, deepest.absolute_path))
    match deepest.validator:
        case "enum":
            accepted = ", ".join(map(str, deepest.validator_value))
            words = f"{_short(deepest.instance)} is not known here; accepted: {accepted}."
        case "const":
            words = f"{_short(deepest.instance)} is not known here; accepted: {deepest.validator_value}."
        case "additionalProperties":
            known = ", ".join(deepest.schema.get("properties", {}))
            words = f"A member that is not known here; accepted: {known}."
        case "oneOf":
            words = "One amount of one unit: minutes, hours, calendar_days, business_hours or business_days."
        case "type":
            words = f"{_short(deepest.instance)} is not {_TYPES[deepest.validator_value]}."
        case "minimum" | "exclusiveMinimum":
            words = f"{_short(deepest.instance)} is too little; the least is {deepest.validator_value}."
        case "maximum":
            words = f"{_short(deepest.instance)} is too much; the most is {deepest.validator_value}."
        case "required":
            missing = [each for each in deepest.validator_value if each not in deepest.instance]
            words = f"This is missing: {', '.join(missing)}."
        case "minItems" | "minLength":
            words = (
                "This is empty; give at least one." if deepest.validator == "minItems" else "This is empty."
            )
        case _:
            words = f"{deepest.message[:200]}."
    return Fault(where, words)


def _short(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]


def _by_code(clause: Clause) -> tuple[int, ...]:
    return tuple(int(part) for part in clause.code.split("."))


def by_heading(document: Document) -> Iterator[tuple[str, list[Clause]]]:
    """Yield headings in the guidance's order with their clauses; one without any is left out."""
    for code in HEADINGS:
        clauses = [each for each in document.clauses if each.heading == code]
        if clauses:
            yield code, clauses
