"""The forms of the executed record; they only translate, the actions decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from batches.forms import REASON_MAX, REASON_MIN
from portal.forms_times import SiteTime
from portal.states import Audience

Choices = Sequence[tuple[str, str]]


def _words(label: Any, *, required: bool, rows: int = 2, least: int | None = None) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        min_length=least if required else None,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def _reason(*, required: bool = True) -> forms.CharField:
    return _words(_("Reason"), required=required, least=REASON_MIN)


def _number(label: Any, *, required: bool) -> forms.DecimalField:
    widget = forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"})
    return forms.DecimalField(label=label, max_digits=18, decimal_places=6, required=required, widget=widget)


class SiteForm(forms.Form):
    """A form whose times are those of the site's clock."""

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, SiteTime):
                field.zone = ZoneInfo(zone)
                field.help_text = _("Site time (%(zone)s). Leave empty for now.") % {"zone": zone}


class HappenedForm(SiteForm):
    """When something happened, and why it is entered late."""

    at = SiteTime(label=_("When it happened"), required=False)
    late_reason = _words(_("Why it is entered late"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["late_reason"].help_text = _("Needed when it happened more than 30 minutes ago.")


class SeenForm(SiteForm):
    """A step on one record, as it was seen."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class StartForm(HappenedForm):
    """A step that begins."""

    step = forms.CharField(widget=forms.HiddenInput, max_length=60)
    equipment = forms.CharField(label=_("Equipment"), required=False, max_length=600)
    rooms = forms.CharField(label=_("Rooms"), required=False, max_length=600)
    reason = _reason(required=False)
    field_order = ["equipment", "rooms", "at", "late_reason", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["equipment"].help_text = _("Codes, with commas between them.")
        self.fields["reason"].help_text = _("Needed when the step is repeated.")

    def clean_equipment(self) -> list[str]:
        """Return the codes."""
        return _codes(self.cleaned_data["equipment"])

    def clean_rooms(self) -> list[str]:
        """Return the codes."""
        return _codes(self.cleaned_data["rooms"])


class FinishForm(SeenForm, HappenedForm):
    """The end of a step."""


class VerifyForm(SeenForm):
    """A second check."""


class ReasonForm(SeenForm):
    """A step that needs a reason."""

    reason = _reason()


class SkipForm(SiteForm):
    """A step that is left out."""

    step = forms.CharField(widget=forms.HiddenInput, max_length=60)
    reason = _reason()


class EntryForm(HappenedForm):
    """One line of the record."""

    step = forms.CharField(widget=forms.HiddenInput, max_length=60, required=False)
    parameter = forms.ChoiceField(label=_("Parameter"), required=False)
    title = forms.CharField(label=_("What is entered"), max_length=120, required=False)
    value = _number(_("Value"), required=False)
    unit = forms.CharField(label=_("Unit"), max_length=30, required=False)
    text = _words(_("Or words"), required=False)
    audience = forms.ChoiceField(
        label=_("Read by"), choices=[each for each in Audience.choices if each[0] != Audience.SPONSOR]
    )
    field_order = ["parameter", "title", "value", "unit", "text", "at", "late_reason", "audience"]

    def __init__(self, *args: Any, parameters: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parameter"].choices = [("", _("none")), *parameters]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["unit"].help_text = _("Leave empty for the unit of the parameter.")


class CorrectForm(SeenForm):
    """What an entry should say, and why."""

    value = _number(_("Value"), required=False)
    unit = forms.CharField(label=_("Unit"), max_length=30, required=False)
    text = _words(_("Or words"), required=False)
    reason = _reason()


class ResultForm(SiteForm):
    """What a sample gave."""

    parameter = forms.ChoiceField(label=_("Parameter"))
    sample = forms.CharField(label=_("Sample"), max_length=60)
    point = forms.CharField(label=_("Point in the process"), max_length=60, required=False)
    qualifier = forms.ChoiceField(
        label=_("Below or above"), choices=[("", "="), ("<", "<"), (">", ">")], required=False
    )
    value = _number(_("Value"), required=True)
    unit = forms.CharField(label=_("Unit"), max_length=30, required=False)
    sampled_at = SiteTime(label=_("Sample taken"))
    exposed_until = SiteTime(label=_("Exposed until"), required=False)
    resulted_at = SiteTime(label=_("Result at"), required=False)
    method = forms.CharField(label=_("Method"), max_length=120, required=False)
    instrument = forms.CharField(label=_("Instrument"), max_length=60, required=False)
    calibration_due_on = forms.DateField(
        label=_("Calibration due"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: Any, parameters: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["parameter"].choices = parameters  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["unit"].help_text = _("Leave empty for the unit of the parameter.")
        self.fields["exposed_until"].help_text = _("Of a plate: the end of its exposure.")


class ScanForm(SiteForm):
    """A scan of a part of the record that was kept on paper."""

    file = forms.FileField(
        label=_("Scan"),
        widget=forms.FileInput(attrs={"accept": "application/pdf,image/png,image/jpeg,image/webp"}),
    )
    title = forms.CharField(label=_("What it is"), max_length=200)
    scanned_at = SiteTime(label=_("Scanned"), required=False)
    replaces_id = forms.ChoiceField(label=_("In place of"), required=False)
    reason = _reason(required=False)

    def __init__(self, *args: Any, scans: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["replaces_id"].choices = [("", _("nothing: it is new")), *scans]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["file"].help_text = _(
            "A PDF of at most 1,000 pages, or a picture of one page; each page gets its digest."
        )
        self.fields["reason"].help_text = _("Needed when it takes the place of another scan.")
        if not scans:
            del self.fields["replaces_id"], self.fields["reason"]


class CommentForm(SiteForm):
    """A comment at a place of a page of a scan."""

    scan = forms.ChoiceField(label=_("Scan"))
    page = forms.IntegerField(label=_("Page"), min_value=1)
    x = forms.IntegerField(label=_("From the left, %"), min_value=0, max_value=100, initial=50)
    y = forms.IntegerField(label=_("From the top, %"), min_value=0, max_value=100, initial=50)
    text = _words(_("What is to be corrected"), required=True, least=3)

    def __init__(self, *args: Any, scans: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["scan"].choices = scans  # type: ignore[attr-defined]  # a ChoiceField


class AnswerForm(SeenForm):
    """What was corrected on a page."""

    correction = _words(_("Correction"), required=True, least=3)


FORMS: Final[Mapping[str, type[SiteForm]]] = {
    "start": StartForm,
    "skip": SkipForm,
    "finish": FinishForm,
    "verify": VerifyForm,
    "abort": ReasonForm,
    "entry": EntryForm,
    "correct": CorrectForm,
    "check": VerifyForm,
    "result": ResultForm,
    "second_read": VerifyForm,
    "review": VerifyForm,
    "invalidate": ReasonForm,
    "comment": CommentForm,
    "scan": ScanForm,
    "answer": AnswerForm,
    "accept": VerifyForm,
    "put_back": VerifyForm,
    "take_back": VerifyForm,
}
# Which forms choose among the parameters of the recipe.
CHOOSING: Final = ("entry", "result")


def _codes(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]
