"""The parts of a master record as forms: times in minutes and hours, limits in rows. They only translate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from batches.recipes.editing import is_plain
from batches.specs import HoldTimeSpec, LimitSpec, MaterialSpec, ParameterSpec, RecipeSpec, StepSpec
from batches.states import DataKind, Level, LimitKind, MaterialUse, ParameterKind
from portal.states import Audience, SeatSide

BLANK_ROWS: Final = 3
ROWS_MOST: Final = 60
PLACES: Final = Decimal("0.0001")
Choices = list[tuple[str, Any]]


def _words(label: Any, most: int, *, required: bool = False, rows: int = 0) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    return forms.CharField(label=label, max_length=most, required=required, widget=widget)


def _number(label: Any) -> forms.DecimalField:
    widget = forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"})
    return forms.DecimalField(label=label, max_digits=18, decimal_places=6, required=False, widget=widget)


def _span(label: Any) -> forms.DecimalField:
    widget = forms.NumberInput(attrs={"inputmode": "decimal", "step": "any", "min": "0"})
    return forms.DecimalField(
        label=label, min_value=0, max_value=100_000, decimal_places=4, required=False, widget=widget
    )


def shown(seconds: int, unit_s: int) -> Decimal | None:
    """Return a time in minutes or hours as a form shows it; nothing for none."""
    return (Decimal(seconds) / unit_s).quantize(PLACES).normalize() if seconds else None


def seconds(given: Decimal | None, unit_s: int) -> int:
    """Return a time of a form in whole seconds."""
    return round(given * unit_s) if given else 0


class HeadForm(forms.Form):
    """How the master record is called."""

    number = _words(_("Number"), 60, required=True)
    title = _words(_("Title"), 200, required=True)
    product = _words(_("Product"), 200)

    def __init__(self, spec: RecipeSpec, data: Any = None) -> None:
        first = {"number": spec.number, "title": spec.title, "product": spec.product}
        super().__init__(data, initial=first, auto_id="head-%s")

    def spec(self, before: RecipeSpec) -> RecipeSpec:
        """Return the recipe with these words."""
        return replace(before, **self.cleaned_data)


class StepForm(forms.Form):
    """One step of the procedure."""

    code = _words(_("Code"), 60, required=True)
    title = _words(_("Title"), 200, required=True)
    level = forms.ChoiceField(label=_("Level"), choices=Level.choices)
    planned_h = _span(_("Planned length, hours"))
    equipment_class = _words(_("Equipment class"), 120)
    instruction = _words(_("Instruction"), 20_000, rows=5)
    needs_second_check = forms.BooleanField(label=_("A second person checks it"), required=False)
    after = forms.ChoiceField(label=_("Comes after"), required=False)

    def __init__(self, spec: RecipeSpec, own: StepSpec | None, data: Any = None) -> None:
        names = ("code", "title", "level", "equipment_class", "instruction", "needs_second_check")
        first: dict[str, Any] = {"level": Level.PHASE}
        if own is not None:
            first = {name: getattr(own, name) for name in names}
            first["planned_h"] = shown(own.planned_s, 3600)
        super().__init__(data, initial=first, auto_id="step-%s")
        self.own = own
        if own is not None:
            del self.fields["after"]
        else:
            steps: Choices = [(each.code, f"{each.code} {each.title}") for each in spec.walk()]
            self.fields["after"].choices = [("", _("nothing: at the end, at the top")), *steps]  # type: ignore[attr-defined]  # a ChoiceField

    def step(self) -> StepSpec:
        """Return the step; what stands below it is not the form's."""
        given = dict(self.cleaned_data)
        given.pop("after", None)
        given["planned_s"] = seconds(given.pop("planned_h"), 3600)
        given["level"] = Level(given["level"])
        return replace(self.own, **given) if self.own is not None else StepSpec(**given)


class ParameterForm(forms.Form):
    """One parameter without its limits."""

    code = _words(_("Code"), 40, required=True)
    title = _words(_("Title"), 120, required=True)
    unit = _words(_("Unit"), 30)
    kind = forms.ChoiceField(label=_("Kind"), choices=ParameterKind.choices)
    data_kind = forms.ChoiceField(label=_("Comes"), choices=DataKind.choices)
    expected_min = _span(_("A value every, minutes"))
    decimals = forms.IntegerField(label=_("Decimals shown"), min_value=0, max_value=6, initial=1)
    target = _number(_("Target"))
    audience = forms.ChoiceField(
        label=_("Read by"), choices=[each for each in Audience.choices if each[0] != Audience.SPONSOR]
    )
    rationale = _words(_("Why it matters"), 4000, rows=2)

    def __init__(self, own: ParameterSpec | None, data: Any = None) -> None:
        names = ("code", "title", "unit", "kind", "data_kind", "decimals", "target", "audience", "rationale")
        first: dict[str, Any] = {name: getattr(own, name) for name in names} if own is not None else {}
        first["expected_min"] = shown(own.expected_interval_s if own is not None else 600, 60)
        super().__init__(data, initial=first, auto_id="parameter-%s")
        self.own = own

    def parameter(self, limits: Sequence[LimitSpec]) -> ParameterSpec:
        """Return the parameter with these limits and those that the form does not show."""
        given = dict(self.cleaned_data)
        expected = seconds(given.pop("expected_min"), 60)
        given |= {
            "kind": ParameterKind(given["kind"]),
            "data_kind": DataKind(given["data_kind"]),
            "audience": Audience(given["audience"]),
        }
        kept = [each for each in self.own.limits if not is_plain(each)] if self.own is not None else []
        given["limits"] = (*limits, *kept)
        if expected:
            given["expected_interval_s"] = expected
        return replace(self.own, **given) if self.own is not None else ParameterSpec(**given)


class LimitForm(forms.Form):
    """One limit in a row; an empty row is none."""

    place = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    kind = forms.ChoiceField(label=_("Limit"), choices=[("", "-"), *LimitKind.choices], required=False)
    phase = forms.ChoiceField(label=_("In"), required=False)
    low = _number(_("Low"))
    high = _number(_("High"))
    delay_min = _span(_("Alert after, min"))
    least_min = _span(_("Lasting, min"))
    rationale = _words(_("Rationale"), 4000)

    def __init__(self, phases: Choices, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.fields["phase"].choices = [("", _("all phases")), *phases]  # type: ignore[attr-defined]  # a ChoiceField

    def clean(self) -> dict[str, Any]:
        """Refuse a row that has ends and no kind, or a kind and no end."""
        given: dict[str, Any] = super().clean() or {}
        has_ends = given.get("low") is not None or given.get("high") is not None
        if has_ends and not given.get("kind"):
            self.add_error("kind", _("Say which limit it is."))
        if given.get("kind") and not has_ends and not self.errors:
            self.add_error("low", _("Give at least one end."))
        # One that came so from a file stays; whoever sets a limit says why.
        if has_ends and self.has_changed() and not given.get("rationale"):
            self.add_error("rationale", _("Say why the limit is where it is."))
        return given


class LimitRows:
    """The limits of a parameter that a form shows, with some empty rows below."""

    def __init__(self, spec: RecipeSpec, own: ParameterSpec | None, data: Any = None) -> None:
        self.own = [each for each in own.limits if is_plain(each)] if own is not None else []
        phases: Choices = [(each.code, each.title) for each in spec.walk() if each.level == Level.PHASE]
        many = min(len(self.own) + BLANK_ROWS, ROWS_MOST)
        if data is not None and str(data.get("rows", "")).isdecimal():
            many = min(int(str(data["rows"])[:3]), ROWS_MOST)
        self.forms = [self._row(phases, place, data) for place in range(many)]

    def _row(self, phases: Choices, place: int, data: Any) -> LimitForm:
        first: dict[str, Any] = {}
        if place < len(self.own):
            own = self.own[place]
            first = {
                "place": place,
                "kind": own.kind,
                "phase": own.phase or "",
                "low": own.low,
                "high": own.high,
                "delay_min": shown(own.delay_s, 60),
                "least_min": shown(own.min_duration_s, 60),
                "rationale": own.rationale,
            }
        return LimitForm(phases, data=data, initial=first, prefix=f"limit{place}")

    def is_valid(self) -> bool:
        """Say whether each row is whole or empty."""
        # Each is asked, so that each says what it lacks.
        return False not in {each.is_valid() for each in self.forms}

    def limits(self) -> list[LimitSpec]:
        """Return the limits; an emptied row is a limit taken away."""
        return [self._limit(each.cleaned_data) for each in self.forms if each.cleaned_data.get("kind")]

    def _limit(self, given: dict[str, Any]) -> LimitSpec:
        place = given["place"]
        said: dict[str, Any] = {
            "kind": LimitKind(given["kind"]),
            "low": given["low"],
            "high": given["high"],
            "phase": given["phase"] or None,
            "delay_s": seconds(given["delay_min"], 60),
            "min_duration_s": seconds(given["least_min"], 60),
            "rationale": given["rationale"],
        }
        if place is not None and place < len(self.own):
            kept: LimitSpec = replace(self.own[place], **said)
            return kept
        return LimitSpec(**said)


class MaterialForm(forms.Form):
    """One material."""

    code = _words(_("Code"), 60, required=True)
    title = _words(_("Name"), 200, required=True)
    use = forms.ChoiceField(label=_("Goes in or comes out"), choices=MaterialUse.choices)
    quantity = _number(_("Quantity"))
    unit = _words(_("Unit"), 30)
    step = forms.ChoiceField(label=_("In step"), required=False)
    supplied_by = forms.ChoiceField(
        label=_("Supplied by"), choices=[each for each in SeatSide.choices if each[0] != SeatSide.BOTH]
    )
    specification = _words(_("Specification"), 300)

    def __init__(self, spec: RecipeSpec, own: MaterialSpec | None, data: Any = None) -> None:
        names = ("code", "title", "use", "quantity", "unit", "step", "supplied_by", "specification")
        first = {name: getattr(own, name) for name in names} if own is not None else {}
        super().__init__(data, initial=first, auto_id="material-%s")
        self.own = own
        self.fields["step"].choices = _step_choices(spec, _("the whole batch"))  # type: ignore[attr-defined]  # a ChoiceField

    def material(self) -> MaterialSpec:
        """Return the material."""
        given = dict(self.cleaned_data)
        given |= {
            "use": MaterialUse(given["use"]),
            "supplied_by": SeatSide(given["supplied_by"]),
            "step": given["step"] or None,
        }
        return replace(self.own, **given) if self.own is not None else MaterialSpec(**given)


class HoldTimeForm(forms.Form):
    """The longest time between two steps."""

    code = _words(_("Code"), 60, required=True)
    title = _words(_("Title"), 200, required=True)
    after = forms.ChoiceField(label=_("From the end of"))
    before = forms.ChoiceField(label=_("Until the start of"), required=False)
    longest_h = _span(_("At most, hours"))
    condition = _words(_("Condition"), 200)
    rationale = _words(_("Rationale"), 4000, rows=2)

    def __init__(self, spec: RecipeSpec, own: HoldTimeSpec | None, data: Any = None) -> None:
        names = ("code", "title", "after", "before", "condition", "rationale")
        first = {name: getattr(own, name) for name in names} if own is not None else {}
        if own is not None:
            first["longest_h"] = str(shown(own.longest_s, 3600) or "")
        super().__init__(data, initial=first, auto_id="hold-%s")
        self.own = own
        self.fields["longest_h"].required = True
        self.fields["after"].choices = _step_choices(spec)  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["before"].choices = _step_choices(spec, _("whatever follows"))  # type: ignore[attr-defined]  # likewise

    def hold_time(self) -> HoldTimeSpec:
        """Return the hold time."""
        given = dict(self.cleaned_data)
        given["longest_s"] = seconds(given.pop("longest_h"), 3600)
        given["before"] = given["before"] or None
        return replace(self.own, **given) if self.own is not None else HoldTimeSpec(**given)


def _step_choices(spec: RecipeSpec, none: Any = None) -> Choices:
    steps: Choices = [(each.code, f"{each.code} {each.title}") for each in spec.walk()]
    return [("", none), *steps] if none is not None else steps
