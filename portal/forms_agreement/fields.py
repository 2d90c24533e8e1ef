"""Fields of the form of a clause, made from the published schema: one a member of a rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.agreements.headings import ACTIVITIES, TIMED
from portal.agreements.schema import SCHEMA
from portal.agreements.words import (
    ABOUT,
    AFTER,
    BLOCKS,
    CHANNELS,
    JUDGEMENTS,
    LISTS,
    OUTCOMES,
    RELEASE_STEPS,
    ROLES,
    SINCE,
    UNTIL,
    role_words,
)
from portal.states import Meaning, SeatSide

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
    "names": _("Names and what they read as"),
    "judgement": _("Judgement"),
    "by": _("By"),
    "is_blind": _("Blind to the other side's"),
    "activity": _("Activities"),
    "accountable": _("Answers for it"),
    "responsible": _("Do it"),
    "approves": _("Approve"),
    "signs": _("Signs"),
    "consulted": _("Asked before"),
    "informed": _("Told"),
    "steps": _("Steps"),
    "role": _("Role"),
    "roles": _("Asks"),
    "wait": _("Waits for"),
    "key": _("Name"),
    "value": _("Reads as"),
    "wakes": _("Wakes people: goes through quiet hours"),
    "held_by": _("Side that holds the ball"),
    "rounds": _("Rounds"),
    "blocks": _("Blocks"),
    "trigger": _("Triggers"),
    "until": _("Until"),
    "step": _("Step of the disposition"),
    "markets": _("For the markets, by comma (none: all)"),
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
    **RELEASE_STEPS,
    **AFTER,
    **ROLES,
    **dict(SeatSide.choices),
    **dict(Meaning.choices),
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


class DurationWidget(forms.MultiWidget):
    """An amount, its unit, and whose calendar counts; one row, so no fieldset of choices."""

    use_fieldset = False

    template_name = "portal/components/duration.html"

    def __init__(self, units: Sequence[tuple[str, Any]] = UNITS) -> None:
        number = forms.NumberInput(attrs={"min": 1, "aria-label": _("Amount")})
        unit = forms.Select(choices=units, attrs={"aria-label": _("Unit")})
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

    units: Sequence[tuple[str, Any]] = UNITS

    def __init__(self, **kwargs: Any) -> None:
        fields = [
            forms.IntegerField(required=False),
            forms.ChoiceField(choices=self.units, required=False),
            forms.ChoiceField(choices=CALENDARS, required=False),
        ]
        super().__init__(fields, widget=DurationWidget(self.units), require_all_fields=False, **kwargs)

    def compress(self, data_list: Any) -> Any:
        """Return `{"hours": 24}` of its parts."""
        if not data_list or data_list[0] in (None, ""):
            return None
        amount, unit, calendar = data_list
        plain = {unit or "hours": amount}
        return plain | ({"calendar": calendar} if unit.startswith("business") else {})


class WaitField(DurationField):
    """How long a step waits: in minutes or hours."""

    units = UNITS[:3]


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


ROLE: Final = "#/$defs/role"
# (what the schema says of a member, its field); the first that fits.
PLAIN: Final[tuple[tuple[Mapping[str, Any], type[forms.Field]], ...]] = (
    ({"$ref": "#/$defs/duration"}, DurationField),
    ({"$ref": "#/$defs/wait"}, WaitField),
    ({"type": "boolean"}, forms.BooleanField),
    ({"type": "integer"}, forms.IntegerField),
    ({"type": "number"}, forms.FloatField),
)


def field_of(name: str, shape: Mapping[str, Any]) -> forms.Field:
    """Return the form field of one member of a rule."""
    told: dict[str, Any] = {"label": LABELS.get(name, name), "required": False}
    if shape.get("$ref") == ROLE:
        shape = SCHEMA["$defs"]["role"]
    for said, kind in PLAIN:
        if said.items() <= shape.items():
            return kind(**told)
    if "enum" in shape:
        return forms.ChoiceField(choices=[("", ""), *_choices(shape["enum"])], **told)
    items = shape.get("items", {}) if shape.get("type") == "array" else {}
    codes = SCHEMA["$defs"]["role"]["enum"] if items.get("$ref") == ROLE else items.get("enum")
    if codes:
        return forms.MultipleChoiceField(choices=_choices(codes), widget=forms.CheckboxSelectMultiple, **told)
    return ListField(**told) if items.get("type") == "string" else forms.CharField(max_length=60, **told)
