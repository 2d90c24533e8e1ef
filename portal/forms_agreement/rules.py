"""The form of one rule: the members its kind has, and rows where a member is a list of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.agreements.rules import KINDS, Rule
from portal.agreements.schema import SCHEMA
from portal.agreements.words import KINDS_OF_RULE, rule_words
from portal.forms_agreement.fields import LABELS, ROLE, field_of
from portal.states import Meaning

EMPTY: Final[tuple[Any, ...]] = (None, "", [], False)
ROWS_MAX: Final = 60
# What a row of a member that maps names to values is made of; its key, then its value.
KEYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "signs": {"key": {"$ref": ROLE}, "value": {"enum": list(Meaning.values)}},
    "names": {"key": {"type": "string"}, "value": {"enum": ["minor", "major", "critical"]}},
}


class RowForm(forms.Form):
    """One row of a member: a step of a ladder, a role that is asked, who signs as what."""

    def __init__(self, parts: Mapping[str, Any], prefix: str, data: Any, plain: Any) -> None:
        super().__init__(data, prefix=prefix, initial=plain)
        for name, shape in parts.items():
            self.fields[name] = field_of(name, shape)
        _chosen_first(self)
        if "value" in self.fields and "approved" in parts["value"]["enum"]:
            self.fields["key"].label, self.fields["value"].label = _("Role"), _("Signs as")
            self.fields["value"].choices = [("", ""), *Meaning.choices]  # type: ignore[attr-defined]  # a ChoiceField

    def plain(self) -> dict[str, Any]:
        """Return the row as JSON has it, empty when nothing is given."""
        return {name: value for name, value in self.cleaned_data.items() if value not in EMPTY}


class Rows:
    """The rows of one member, and one more that is empty."""

    def __init__(self, name: str, prefix: str, data: Any, plain: Any) -> None:
        self.name, self.prefix, self.label = name, f"{prefix}-{name}", LABELS[name]
        self.is_mapping = name in KEYS
        parts = KEYS[name] if self.is_mapping else _of_kind(name)
        given = _listed(plain)
        count = _count(data, self.prefix) if data is not None else len(given) + 1
        self.rows = [
            RowForm(parts, f"{self.prefix}-{at}", data, given[at] if at < len(given) else None)
            for at in range(count)
        ]

    @property
    def is_filled(self) -> bool:
        """Say whether a row holds anything."""
        return any(row[name].value() not in EMPTY for row in self.rows for name in row.fields)

    def is_valid(self) -> bool:
        """Say whether every row can be read."""
        judged = [each.is_valid() for each in self.rows]
        return all(judged)

    def plain(self) -> Any:
        """Return the rows as JSON has them, without the empty ones."""
        found = [plain for each in self.rows if (plain := each.plain())]
        if self.is_mapping:
            return {each.get("key", ""): each.get("value", "") for each in found}
        return found


def _listed(plain: Any) -> list[Any]:
    if isinstance(plain, Mapping):
        return [{"key": key, "value": value} for key, value in plain.items()]
    return list(plain or [])


def _count(data: Any, prefix: str) -> int:
    given = str(data.get(f"{prefix}-rows", "1"))
    count = int(given) if given.isdecimal() and len(given) < 4 else 1  # noqa: PLR2004 - a few rows
    more = 1 if data.get("more") == prefix else 0
    return min(ROWS_MAX, max(1, count + more))


def _of_kind(name: str) -> Mapping[str, Any]:
    kind = "ladder" if name == "steps" else "responsibility"
    found: Mapping[str, Any] = SCHEMA["$defs"][kind]["properties"][name]["items"]["properties"]
    return found


class RuleForm(forms.Form):
    """One rule of a clause; `kind` decides its fields."""

    def __init__(
        self, kind: str, at: int, data: Any = None, plain: Mapping[str, Any] | None = None, words: str = ""
    ) -> None:
        """Take the rule as JSON has it, or what was sent; `words` is how it reads as it stands."""
        self.kind, self.at, self.words, self.title = kind, at, words, KINDS_OF_RULE[kind]
        super().__init__(data, prefix=f"rule-{at}", initial=dict(plain or usual(kind)))
        shape = SCHEMA["$defs"][kind]
        self.rows: dict[str, Rows] = {}
        for name, member in shape["properties"].items():
            if name in KEYS or name in ("steps", "consulted"):
                self.rows[name] = Rows(name, f"rule-{at}", data, self.initial.get(name))
            elif name != "kind":
                self.fields[name] = field_of(name, member)
        self.needed = frozenset(shape["required"])
        _chosen_first(self)
        self.fields["remove"] = forms.BooleanField(label=_("Take this rule out"), required=False)

    @property
    def is_removed(self) -> bool:
        """Say whether the rule is to go; what else was typed in it does not matter then."""
        return bool(self["remove"].value())

    @property
    def said(self) -> list[Any]:
        """Return the fields that a rule of the kind needs or this one uses."""
        return [each for each in self._members() if not self._is_usual(each)]

    @property
    def unsaid(self) -> list[Any]:
        """Return the fields that stand at what is usual."""
        return [each for each in self._members() if self._is_usual(each)]

    @property
    def said_rows(self) -> list[Rows]:
        """Return the members with rows that a rule of the kind needs or this one uses."""
        return [each for name, each in self.rows.items() if name in self.needed or each.is_filled]

    @property
    def unsaid_rows(self) -> list[Rows]:
        """Return the members with rows that hold nothing."""
        return [each for each in self.rows.values() if each not in self.said_rows]

    def _members(self) -> list[Any]:
        return [each for each in self if each.name != "remove"]

    def _is_usual(self, field: Any) -> bool:
        if field.name in self.needed or field.errors:
            return False
        value = field.value()
        return value == usual(self.kind).get(field.name) or value in EMPTY or _is_blank(value)

    def is_valid(self) -> bool:
        """Say whether the rule can be read; one that goes is not looked at."""
        rows = [each.is_valid() for each in self.rows.values()]
        return (super().is_valid() and all(rows)) or self.is_removed

    def plain(self) -> dict[str, Any]:
        """Return the rule as JSON has it, without what is empty, its members in the order of the schema."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "remove"}
        given |= {name: each.plain() for name, each in self.rows.items()}
        names = [name for name in SCHEMA["$defs"][self.kind]["properties"] if name in given]
        found = {name: given[name] for name in names if given[name] not in (*EMPTY, {})}
        return {"kind": self.kind, **found}


def rule_form(at: int, rule: Rule) -> RuleForm:
    """Return the form of a rule as it stands."""
    return RuleForm(rule.KIND, at, plain={**usual(rule.KIND), **rule.plain()}, words=rule_words(rule))


def usual(kind: str) -> dict[str, Any]:
    """Return the members that a new rule of a kind has without being told."""
    found = {each.name: each.default for each in fields(KINDS[kind]) if each.default is not MISSING}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _is_blank(value: Any) -> bool:
    """Say whether the parts of a duration hold no amount."""
    return isinstance(value, list) and bool(value) and value[0] in (None, "") and len(value) == 3  # noqa: PLR2004


def _chosen_first(form: forms.Form) -> None:
    """Show what is chosen before the rest, in its own order: a list keeps its order through the form."""
    for name, field in form.fields.items():
        if isinstance(field, forms.MultipleChoiceField):
            chosen = list(form[name].value() or ())
            words: dict[str, Any] = dict(field.choices)  # type: ignore[arg-type]  # pairs
            codes = [
                *(code for code in chosen if code in words),
                *(code for code in words if code not in chosen),
            ]
            field.choices = [(code, words[code]) for code in codes]
