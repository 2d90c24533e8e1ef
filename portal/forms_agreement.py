"""The form of a clause, made from the published schema: one field a member, so nothing is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import yaml
from django import forms
from django.utils.translation import gettext_lazy as _

from portal.agreements.document import Clause
from portal.agreements.headings import ACTIVITIES, HEADINGS, TIMED
from portal.agreements.rules import KINDS
from portal.agreements.schema import SCHEMA, TEXT_MAX
from portal.agreements.words import (
    ABOUT,
    AFTER,
    BLOCKS,
    CHANNELS,
    JUDGEMENTS,
    LISTS,
    OUTCOMES,
    SINCE,
    UNTIL,
    role_words,
)
from portal.states import SeatSide

LABELS: Final = {
    "of": _("About"),
    "to": _("To"),
    "within": _("Within"),
    "since": _("Counted from"),
    "classification": _("Of the classes (none: of all)"),
    "in_list": _("Without a time: in which list"),
    "channels": _("Over"),
    "released_by": _("Released by"),
    "chase_at": _("Own heads asked after this part of the time"),
    "at_once": _("Released at once by"),
    "parameter": _("Parameters, by comma (none: all)"),
    "state": _("From the states on, by comma"),
    "delay": _("After a delay of"),
    "side": _("Side"),
    "names": _("Names and what they read as, YAML"),
    "judgement": _("Judgement"),
    "by": _("By"),
    "is_blind": _("Blind to the other side's"),
    "activity": _("Activities"),
    "accountable": _("Answers for it"),
    "responsible": _("Do it"),
    "approves": _("Approve"),
    "signs": _("Who signs as what, YAML"),
    "consulted": _("Asked before, with how long, YAML"),
    "informed": _("Told"),
    "steps": _("Steps, YAML"),
    "wakes": _("Wakes people: goes through quiet hours"),
    "held_by": _("Side that holds the ball"),
    "rounds": _("Rounds"),
    "blocks": _("Blocks"),
    "trigger": _("Triggers"),
    "until": _("Until"),
    "outcome": _("What follows from silence"),
    "not_for": _("Not for"),
    "years": _("Years"),
    "after": _("After"),
}
WORDS: Final[Mapping[str, Any]] = {
    **{code: each.title for code, each in ACTIVITIES.items()},
    **TIMED,
    **ABOUT,
    **SINCE,
    **CHANNELS,
    **LISTS,
    **JUDGEMENTS,
    **BLOCKS,
    **UNTIL,
    **OUTCOMES,
    **AFTER,
    **dict(SeatSide.choices),
}
UNITS: Final = (
    ("", ""),
    ("minutes", _("minutes")),
    ("hours", _("hours")),
    ("calendar_days", _("calendar days")),
    ("business_hours", _("business hours")),
    ("business_days", _("business days")),
)
CALENDARS: Final = (("site", _("of the site")), ("sponsor", _("of the sponsor")))
MONO: Final = {"class": "code-field short", "spellcheck": "false", "rows": 5}


class DurationWidget(forms.MultiWidget):
    """An amount, its unit, and whose calendar counts; one row, so no fieldset of choices."""

    use_fieldset = False

    def __init__(self) -> None:
        number = forms.NumberInput(attrs={"min": 1, "aria-label": _("Amount")})
        unit = forms.Select(choices=UNITS, attrs={"aria-label": _("Unit")})
        calendar = forms.Select(choices=CALENDARS, attrs={"aria-label": _("Calendar")})
        super().__init__([number, unit, calendar])

    def decompress(self, value: Any) -> list[Any]:
        """Return the parts of a duration as JSON has it."""
        if not value:
            return [None, "", "site"]
        unit = next(each for each in value if each != "calendar")
        return [value[unit], unit, value.get("calendar", "site")]


class DurationField(forms.MultiValueField):
    """A duration as JSON has it, None when nothing is given."""

    def __init__(self, **kwargs: Any) -> None:
        fields = [
            forms.IntegerField(required=False),
            forms.ChoiceField(choices=UNITS, required=False),
            forms.ChoiceField(choices=CALENDARS, required=False),
        ]
        super().__init__(fields, widget=DurationWidget(), require_all_fields=False, **kwargs)

    def compress(self, data_list: Any) -> Any:
        """Return `{"hours": 24}` of its parts."""
        if not data_list or data_list[0] in (None, ""):
            return None
        amount, unit, calendar = data_list
        plain = {unit or "hours": amount}
        return plain | ({"calendar": calendar} if unit.startswith("business") else {})


class YamlField(forms.CharField):
    """A member with an inner shape of its own, as YAML."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs=MONO), **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Show plain JSON as YAML; what was typed stays as it is."""
        if value in (None, "", {}, []) or isinstance(value, str):
            return value or ""
        return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)

    def clean(self, value: Any) -> Any:
        """Return plain JSON; the schema judges it with the rest of the clause."""
        try:
            return yaml.safe_load(super().clean(value) or "null")
        except yaml.YAMLError as error:
            raise forms.ValidationError(_("This is no YAML.")) from error


class ListField(forms.CharField):
    """Words by comma."""

    def prepare_value(self, value: Any) -> Any:
        """Show a list by comma."""
        return ", ".join(value) if isinstance(value, (list, tuple)) else value

    def clean(self, value: Any) -> Any:
        """Return the words."""
        return [each.strip() for each in (super().clean(value) or "").split(",") if each.strip()]


def _choices(codes: Sequence[str]) -> list[tuple[str, Any]]:
    return [
        (code, role_words(code) if "." in code and code not in WORDS else WORDS.get(code, code))
        for code in codes
    ]


# (what the schema says of a member, its field); the first that fits.
PLAIN: Final[tuple[tuple[Mapping[str, Any], type[forms.Field]], ...]] = (
    ({"$ref": "#/$defs/duration"}, DurationField),
    ({"type": "boolean"}, forms.BooleanField),
    ({"type": "integer"}, forms.IntegerField),
    ({"type": "number"}, forms.FloatField),
)


def field_of(name: str, shape: Mapping[str, Any]) -> forms.Field:
    """Return the form field of one member of a rule."""
    told: dict[str, Any] = {"label": LABELS.get(name, name), "required": False}
    for said, kind in PLAIN:
        if said.items() <= shape.items():
            return kind(**told)
    if "enum" in shape:
        return forms.ChoiceField(choices=[("", ""), *_choices(shape["enum"])], **told)
    items = shape.get("items", {}) if shape.get("type") == "array" else {}
    codes = SCHEMA["$defs"]["role"]["enum"] if items.get("$ref") == "#/$defs/role" else items.get("enum")
    if codes:
        return forms.MultipleChoiceField(choices=_choices(codes), widget=forms.CheckboxSelectMultiple, **told)
    return ListField(**told) if items.get("type") == "string" else YamlField(**told)


class RuleForm(forms.Form):
    """One rule of a clause; `kind` decides its fields."""

    def __init__(self, kind: str, at: int, data: Any = None, plain: Mapping[str, Any] | None = None) -> None:
        self.kind, self.at = kind, at
        super().__init__(data, prefix=f"rule-{at}", initial=dict(plain or _usual(kind)))
        for name, shape in SCHEMA["$defs"][kind]["properties"].items():
            if name != "kind":
                self.fields[name] = field_of(name, shape)
        self.fields["remove"] = forms.BooleanField(label=_("Take this rule out"), required=False)

    def plain(self) -> dict[str, Any]:
        """Return the rule as JSON has it, without what is empty."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "remove"}
        return {
            "kind": self.kind,
            **{name: value for name, value in given.items() if value not in (None, "", [], False)},
        }


def _usual(kind: str) -> dict[str, Any]:
    """Return the members that a new rule of a kind has without being told."""
    from dataclasses import MISSING, fields  # noqa: PLC0415 - beside its one use

    found = {each.name: each.default for each in fields(KINDS[kind]) if each.default is not MISSING}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


class ClauseForm(forms.Form):
    """A clause: number, heading, title and prose; its rules are forms of their own."""

    code = forms.CharField(label=_("Number"), max_length=15)
    heading = forms.ChoiceField(
        label=_("Heading"), choices=[(code, each.title) for code, each in HEADINGS.items()]
    )
    title = forms.CharField(label=_("Title"), max_length=200)
    text = forms.CharField(
        label=_("Prose, Markdown"), max_length=TEXT_MAX, strip=False, widget=forms.Textarea(attrs={"rows": 8})
    )
    is_default = forms.BooleanField(
        label=_("Its values are defaults that the parties have not looked at"), required=False
    )

    def __init__(self, data: Any = None, *, clause: Clause | None = None) -> None:
        super().__init__(data, initial=clause.plain() if clause is not None else {})
        if data is not None:
            given = data.getlist("rule")
            self.rules = [RuleForm(kind, at, data) for at, kind in enumerate(given) if kind in KINDS]
        else:
            rules = clause.rules if clause is not None else ()
            self.rules = [
                RuleForm(each.KIND, at, plain={**_usual(each.KIND), **each.plain()})
                for at, each in enumerate(rules)
            ]

    def add(self, kind: str) -> None:
        """Show an empty rule of a kind below the others."""
        if kind in KINDS:
            self.rules.append(RuleForm(kind, len(self.rules)))

    def is_valid(self) -> bool:
        """Say whether the clause and all its rules can be read; the schema judges what they say."""
        return all([super().is_valid(), *(each.is_valid() for each in self.rules)])

    def as_text(self) -> str:
        """Return the clause as the text that `edit_clause` takes."""
        given = {**self.cleaned_data, "text": self.cleaned_data["text"].replace("\r\n", "\n")}
        rules = [each.plain() for each in self.rules if not each.cleaned_data.get("remove")]
        return json.dumps(given | ({"rules": rules} if rules else {}), ensure_ascii=False)
