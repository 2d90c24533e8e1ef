"""What a step takes, field by field; a form and an input of the API are made of the same words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.functional import Promise
from rest_framework import serializers

from deviations.dockets.desk import Desk, desk_of
from deviations.forms import Words
from deviations.texts import LENGTHS
from portal.api.base import Input, Text
from portal.api.fields import Instant
from portal.forms_times import SiteTime

Label = str | Promise


@dataclass(frozen=True, slots=True)
class Given:
    """One field: `name` as the exchange calls it, and what it takes.

    `shape` is one of words, choice, time, day, number, decimal, flag, record, records; `of` names the choices
    of a choice, or what a record is; an action takes a record by its id.
    """

    name: str
    label: Label
    shape: str = "words"
    of: Any = None
    rows: int = 0
    is_wanted: bool = True
    help_text: Label = ""
    initial: Any = None

    @property
    def argument(self) -> str:
        """Return how the action calls it."""
        endings = {"record": "_id", "records": "_ids"}
        stem = self.name.removesuffix("es") if self.shape == "records" else self.name
        return f"{stem}{endings.get(self.shape, '')}"


@dataclass(frozen=True, slots=True)
class Taking:
    """One step of a docket: what does it, what it takes, and what is said before and after.

    `heading` and `word` are those of the form and of its button; `binds` says what it brings about.
    """

    name: str
    act: Callable[..., Any]
    given: tuple[Given, ...]
    heading: Label
    word: Label
    done: Label
    binds: Label = ""
    is_binding: bool = False


@dataclass(frozen=True, slots=True)
class Counter:
    """A kind of docket at the counter: how it is called, who opens one with what, and its steps.

    `opens` says whether the actor opens one somewhere, and `places` in which programs.
    """

    desk: Desk
    title: Label
    lede: Label
    empty: Label
    opening: Taking
    steps: tuple[Taking, ...]
    opens: Callable[[Any, Any], bool]

    @property
    def by_name(self) -> Mapping[str, Taking]:
        """Return the steps by name."""
        return {each.name: each for each in self.steps}


_counters: Final[dict[str, Counter]] = {}


def open_counter(counter: Counter) -> Counter:
    """Let dockets of a kind have pages and routes."""
    _counters[counter.desk.name] = counter
    return counter


def counters() -> list[Counter]:
    """Return all counters, in the order in which they were opened."""
    return list(_counters.values())


def counter_of(name: str) -> Counter:
    """Return the counter of a kind; raises LookupError."""
    return _counters[desk_of(name).name]


class DocketForm(forms.Form):
    """A form made of what a step takes; times are typed on the clock of the site."""

    def speak(self, zone: str, options: Mapping[str, Sequence[tuple[Any, Any]]]) -> DocketForm:
        """Take the zone and what may be chosen; a field that has nothing to choose from goes away."""
        for name, field in list(self.fields.items()):
            if isinstance(field, SiteTime):
                field.speak(zone)
            if name in options and isinstance(field, forms.ChoiceField):
                chosen = list(options[name])
                if not chosen and not field.required:
                    del self.fields[name]
                    continue
                blank = [] if field.required or isinstance(field, forms.MultipleChoiceField) else [("", "-")]
                field.choices = [*blank, *chosen]
        return self


def form_of(given: Sequence[Given], **kwargs: Any) -> DocketForm:
    """Return a form of the fields."""
    fields = {each.name: _field(each) for each in given}
    made = type("DocketStepForm", (DocketForm,), fields)
    form: DocketForm = made(**kwargs)
    return form


def _field(given: Given) -> forms.Field:
    common: dict[str, Any] = {
        "label": given.label,
        "required": given.is_wanted,
        "help_text": given.help_text,
        "initial": given.initial,
    }
    match given.shape:
        case "words":
            made: forms.Field = Words(given.of or given.name, rows=given.rows, **common)
        case "choice" | "record":
            made = forms.ChoiceField(choices=given.of.choices if given.shape == "choice" else [], **common)
        case "records":
            made = forms.MultipleChoiceField(choices=[], widget=forms.CheckboxSelectMultiple, **common)
        case "time":
            made = SiteTime(**common)
        case "number":
            made = forms.IntegerField(min_value=1, **common)
        case "decimal":
            made = forms.DecimalField(max_digits=18, decimal_places=6, **common)
        case _:
            made = forms.BooleanField(**{**common, "required": False})
    if given.shape == "choice" and not given.is_wanted:
        made.choices = [("", "-"), *given.of.choices]  # type: ignore[attr-defined]  # a ChoiceField
    return made


def input_of(name: str, given: Sequence[Given], words: str) -> type[Input]:
    """Return the input of the API of the fields, under a name of its own."""
    fields: dict[str, Any] = {each.name: _input(each) for each in given}
    return type(name, (Input,), {**fields, "__doc__": words})


def _common(given: Given) -> dict[str, Any]:
    """Return what every input of the API says of a field: what it is, and what holds where it is left out."""
    common: dict[str, Any] = {"help_text": str(given.help_text or given.label), "required": given.is_wanted}
    if not given.is_wanted:
        common["default"] = {"words": "", "choice": "", "records": [], "flag": False}.get(given.shape)
    if given.initial is not None:
        common |= {"required": False, "default": str(given.initial)}
    if common.get("default", "") is None:
        common["allow_null"] = True
    return common


def _input(given: Given) -> serializers.Field[Any, Any, Any, Any]:
    common = _common(given)
    made: serializers.Field[Any, Any, Any, Any]
    match given.shape:
        case "words":
            least, most = LENGTHS[given.of or given.name]
            least = least if given.is_wanted else 0
            made = Text(least=least, most=most, allow_blank=not given.is_wanted, **common)
        case "choice":
            known = given.of.choices
            made = serializers.ChoiceField(choices=known, allow_blank=not given.is_wanted, **common)
        case "record":
            made = serializers.UUIDField(**common)
        case "records":
            made = serializers.ListField(child=serializers.UUIDField(), max_length=50, **common)
        case "time":
            made = Instant(**common)
        case "number":
            made = serializers.IntegerField(min_value=1, **common)
        case "decimal":
            made = serializers.DecimalField(max_digits=18, decimal_places=6, **common)
        case _:
            made = serializers.BooleanField(**common)
    return made


def arguments(given: Sequence[Given], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was given as the action takes it."""
    return {each.argument: said[each.name] for each in given if each.name in said}
