"""The forms of samples and certificates of analysis; they only translate, the actions decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from batches.forms import REASON_MAX, REASON_MIN
from batches.laboratory.comparing import Stated
from batches.laboratory.reading import read_lines
from batches.laboratory.states import IssuerKind, LaboratoryKind
from batches.views.record_forms import ReasonForm, SeenForm, SiteForm
from portal.errors import Invalid
from portal.forms_times import SiteTime

LINES_CHARACTERS: Final = 60_000


class PlanForm(SiteForm):
    """A sample to be taken."""

    number = forms.CharField(label=_("Number of the sample"), max_length=60)
    title = forms.CharField(label=_("What it is"), max_length=200)
    tests = forms.MultipleChoiceField(label=_("Tests"), widget=forms.CheckboxSelectMultiple)
    laboratory = forms.CharField(label=_("Laboratory"), max_length=120)
    laboratory_kind = forms.ChoiceField(label=_("Whose laboratory"), choices=LaboratoryKind.choices)
    point = forms.CharField(label=_("Point in the process"), max_length=60, required=False)
    planned_at = SiteTime(label=_("To be taken"))
    expected_at = SiteTime(label=_("Last result expected"))

    def __init__(self, *args: Any, tests: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tests"].choices = tests  # type: ignore[attr-defined]  # a MultipleChoiceField


class MoveForm(SeenForm):
    """When a sample went on."""

    at = SiteTime(label=_("When"), required=False)


class ExpectForm(SeenForm):
    """Another date, and why."""

    expected_at = SiteTime(label=_("Last result expected"))
    reason = forms.CharField(
        label=_("Reason"),
        min_length=REASON_MIN,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class CoaForm(SiteForm):
    """A certificate of analysis with its file."""

    number = forms.CharField(label=_("Number of the certificate"), max_length=60)
    issuer = forms.CharField(label=_("Issued by"), max_length=120)
    issuer_kind = forms.ChoiceField(label=_("Which is"), choices=IssuerKind.choices)
    issued_on = forms.DateField(label=_("Issued on"), widget=forms.DateInput(attrs={"type": "date"}))
    file = forms.FileField(
        label=_("The certificate"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "application/pdf"}),
    )
    lines = forms.CharField(
        label=_("Its lines"),
        max_length=LINES_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _("As a PDF; it is kept with its SHA-256.")
        self.fields["lines"].help_text = _(
            "CSV with the columns test, result, unit, low, high, method, or JSON. A line is one test:"
            " HCP,<1.6,ng/mg,,100,ELISA"
        )

    def clean_lines(self) -> list[Stated]:
        """Return the lines."""
        try:
            return read_lines(self.cleaned_data["lines"])
        except Invalid as error:
            raise forms.ValidationError(list(error.errors["lines"])) from error


class ExplainForm(SeenForm):
    """The reasons of differences: one field each."""

    def __init__(self, *args: Any, open_ones: Mapping[int, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number, words in (open_ones or {}).items():
            self.fields[f"answer_{number}"] = forms.CharField(
                label=words,
                required=False,
                min_length=REASON_MIN,
                max_length=REASON_MAX,
                widget=forms.Textarea(attrs={"rows": 2}),
            )


FORMS: Final[Mapping[str, type[SiteForm]]] = {
    "plan": PlanForm,
    **dict.fromkeys(("take", "send", "receive", "test", "report"), MoveForm),
    "expect": ExpectForm,
    "cancel": ReasonForm,
    "enter": CoaForm,
    "explain": ExplainForm,
    "agree": SeenForm,
    "retract": ReasonForm,
}
