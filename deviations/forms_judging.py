"""The forms of judging a deviation; they only translate, the actions decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from deviations.forms import ClassForm, Given, StepForm, Words
from deviations.forms_capa import RiskForm
from deviations.judging.impact import Found
from deviations.judging.states import (
    WINDOW_DAYS,
    WINDOW_DAYS_MAX,
    CandidateOutcome,
    Modality,
    Verdict,
    topics_of,
)
from portal.states import Classification

Choices = Sequence[tuple[str, Any]]
CLASSES: Final = [(each.value, each.label) for each in Classification]


class ImpactForm(StepForm):
    """What is said of each topic of a kind of product, and the conclusion."""

    modality = forms.ChoiceField(choices=Modality.choices, widget=forms.HiddenInput)

    def __init__(self, *args: Any, modality: str = Modality.BIOLOGIC, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.topics = topics_of(modality)
        self.fields["modality"].initial = modality
        for topic, name in self.topics.items():
            self.fields[f"verdict_{topic}"] = forms.ChoiceField(
                label=str(name), choices=[("", _("Choose")), *Verdict.choices]
            )
            words = Words("finding", rows=2, label=_("Because"))
            self.fields[f"text_{topic}"] = words
        self.fields["conclusion"] = Words(
            "conclusion",
            rows=4,
            label=_("Conclusion on the impact"),
            help_text=_("At least 20 characters. Another person of CDMO QA signs it."),
        )

    def clean(self) -> dict[str, Any]:
        """Return what the action takes."""
        given: dict[str, Any] = super().clean() or {}
        findings = [
            Found(topic, given.get(f"verdict_{topic}", ""), given.get(f"text_{topic}", ""))
            for topic in self.topics
        ]
        return {
            "modality": given.get("modality", ""),
            "conclusion": given.get("conclusion", ""),
            "findings": findings,
        }


class LookForm(StepForm):
    """How far around what happened other batches are looked for."""

    window_days = forms.IntegerField(
        label=_("Days before and after"), min_value=1, max_value=WINDOW_DAYS_MAX, initial=WINDOW_DAYS
    )


class _Choosing(StepForm):
    """A step that names another row: `given` is what may be chosen, by field."""

    def __init__(self, *args: Any, given: Mapping[str, Choices] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (given or {}).items():
            if name in self.fields:
                self.fields[name].choices = choices  # type: ignore[attr-defined]  # a ChoiceField


class NameBatchForm(_Choosing):
    """Another batch of the program."""

    batch_id = forms.ChoiceField(label=_("Batch"))
    because = Words("finding", rows=2, label=_("Why it may be touched"))


class DecideBatchForm(StepForm):
    """Whether another batch is in scope."""

    candidate = forms.UUIDField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(label=_("It is"), choices=CandidateOutcome.choices, widget=forms.RadioSelect)
    because = Words("finding", rows=2, label=_("Because"))


class ReclassifyForm(ClassForm):
    """Another provisional class with its reason."""

    classification = forms.TypedChoiceField(
        label=_("Class"), coerce=Given.read, choices=CLASSES, widget=forms.RadioSelect
    )
    rationale = Words("rationale", rows=3, label=_("Rationale"), help_text=_("At least 20 characters."))


class ConfirmForm(StepForm):
    """The own side's confirmed class with its reason."""

    classification = forms.ChoiceField(label=_("Confirmed class"), choices=CLASSES, widget=forms.RadioSelect)
    rationale = Words(
        "rationale",
        rows=3,
        label=_("Rationale"),
        help_text=_("At least 20 characters. The other side reads it when its own class is in."),
    )


class DecideClassForm(StepForm):
    """What the class is where the sides differ."""

    classification = forms.ChoiceField(label=_("Class"), choices=CLASSES, widget=forms.RadioSelect)
    text = Words(
        "text", rows=3, label=_("Because"), help_text=_("What both heads agree on is kept as precedent.")
    )


class TieForm(_Choosing):
    """Another deviation of the program."""

    other_id = forms.ChoiceField(label=_("Deviation"))
    because = Words("finding", rows=2, label=_("Why they belong together"))


class DeviationRiskForm(RiskForm):
    """The own side's short risk form of a deviation."""


FORMS: Final[Mapping[str, type[StepForm]]] = {
    "conclude_impact": ImpactForm,
    "look_around": LookForm,
    "name_batch": NameBatchForm,
    "decide_batch": DecideBatchForm,
    "reclassify": ReclassifyForm,
    "confirm_class": ConfirmForm,
    "decide_class": DecideClassForm,
    "assess_risk": DeviationRiskForm,
    "link": TieForm,
    "merge": TieForm,
}
