"""The forms of CAPA pages; they only translate, the actions decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from deviations.actions.capa.planning import WINDOW_BATCHES_MAX, WINDOW_DAYS_MAX
from deviations.capa.states import CapaDecisionKind, EvidenceSource, Formality, MeasureKind
from deviations.forms import StepForm, Words
from portal.forms_times import SiteTime

Choices = Sequence[tuple[str, Any]]
MARKS: Final = [(str(each), str(each)) for each in range(1, 6)]


class CapaStepForm(StepForm):
    """A step of a CAPA: `zone` is where times are typed, `given` what it may choose among by field."""

    def __init__(
        self, *args: Any, zone: str = "UTC", given: Mapping[str, Choices] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, SiteTime):
                field.zone = ZoneInfo(zone)
        for name, choices in (given or {}).items():
            if name in self.fields:
                self.fields[name].choices = choices  # type: ignore[attr-defined]  # a ChoiceField


def _mark(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, choices=MARKS, coerce=int)


class CapaWordsForm(CapaStepForm):
    """What a CAPA is for: what the other side will read, and what stays inside."""

    title = Words("title", label=_("Title"))
    scope = Words(
        "scope",
        rows=3,
        label=_("Scope for this product"),
        help_text=_("The other side reads this once the CAPA is shared. Nothing of other clients."),
    )
    rationale = Words("rationale", rows=3, label=_("Rationale"), help_text=_("Stays with your side."))


class PlanForm(CapaWordsForm):
    """A new CAPA of the own side."""

    program = forms.ChoiceField(label=_("Program"))
    deviation = forms.ChoiceField(label=_("Comes from the deviation"), required=False)
    field_order = ("program", "deviation", "title", "scope", "rationale")


class CarryForm(CapaWordsForm):
    """The CAPA as it will stand in another program."""

    program = forms.ChoiceField(label=_("Program"))
    field_order = ("program", "title", "scope", "rationale")


class MeasureForm(CapaStepForm):
    """One more measure of the plan."""

    kind = forms.ChoiceField(label=_("Kind"), choices=MeasureKind.choices)
    title = Words("title", label=_("What is done"))
    owner_code = Words("owner", label=_("Owner"), help_text=_("A role or a seat's code; no name."))
    due_at = SiteTime(label=_("Due"), help_text=_("On the clock of the site."))


class CheckForm(CapaStepForm):
    """By what the CAPA will be judged."""

    criteria = Words("criteria", rows=2, label=_("Effective when"))
    source = forms.ChoiceField(label=_("What is counted"), choices=EvidenceSource.choices)
    matching = Words(
        "matching", label=_("Which"), help_text=_("Code of the parameter, or words of the title.")
    )
    allowed = forms.IntegerField(label=_("At most"), min_value=0, max_value=9999, required=False)
    window_days = forms.IntegerField(label=_("Window, days"), min_value=1, max_value=WINDOW_DAYS_MAX)
    window_batches = forms.IntegerField(
        label=_("Or so many batches, if earlier"),
        min_value=1,
        max_value=WINDOW_BATCHES_MAX,
        required=False,
    )
    owner_code = Words("owner", label=_("Judged by"))


class RiskForm(CapaStepForm):
    """The short risk form; 5 is worst in each."""

    hazard = Words("hazard", rows=2, label=_("Hazard"))
    severity = _mark(_("Severity, 1 to 5"))
    likelihood = _mark(_("Likelihood, 1 to 5"))
    detectability = _mark(_("Detectability, 1 to 5; 5 is hardest to find"))
    decision_maker = Words("owner", label=_("Decision maker"))
    formality = forms.ChoiceField(label=_("Formality"), choices=Formality.choices)
    formality_why = Words("formality_why", rows=2, label=_("Why so formally"))


class LinkForm(CapaStepForm):
    """One more deviation that it comes from."""

    deviation_id = forms.ChoiceField(label=_("Deviation"))


class DecisionForm(CapaStepForm):
    """What is decided on the CAPA as a whole."""

    kind = forms.ChoiceField(label=_("Decision"), choices=CapaDecisionKind.choices, widget=forms.RadioSelect)
    because = Words("because", rows=3, label=_("Because"))


class ShareForm(CapaStepForm):
    """Nothing: what leaves stands beside the button."""


class DoForm(CapaStepForm):
    """What shows that a measure is done."""

    evidence = Words("evidence", rows=3, label=_("What shows it"))


class VerifyForm(CapaStepForm):
    """Nothing: the evidence stands above the button."""


class ReasonForm(CapaStepForm):
    """Why a measure is opened again or taken out."""

    reason = Words("reason", rows=2, label=_("Reason"))
