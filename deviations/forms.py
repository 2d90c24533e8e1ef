"""The forms of the deviation pages; they only translate, the actions decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from deviations.actions.regulatory import BECAUSE_MAX, BECAUSE_MIN
from deviations.clauses.triggers import STATED
from deviations.reporting import RULES, ProductKind, Reach, ReportingDecisionKind, ReportingEvent
from deviations.states import CommentOutcome, SettlementOutcome
from deviations.texts import LENGTHS, fault_of
from portal.action import instant
from portal.agreements.words import ABOUT
from portal.forms_times import SiteTime
from portal.states import Classification

# Another batch has other steps and perhaps another clock: what depends on it is asked for again.
FOLLOWED: Final = {
    "hx-get": "/deviations/new/",
    "hx-trigger": "change",
    "hx-target": "#place",
    "hx-swap": "outerHTML",
    "hx-include": "#place",
}
Choices = Sequence[tuple[str, Any]]


class Words(forms.CharField):
    """Text from a person, with the length that the actions accept; line ends as the plant writes them."""

    def __init__(self, name: str, *, rows: int = 0, **kwargs: Any) -> None:
        self.name = name
        kwargs.setdefault("required", LENGTHS[name][0] > 0)
        if rows:
            kwargs.setdefault("widget", forms.Textarea(attrs={"rows": rows}))
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Any:
        """Undo the line ends of form encoding: a break is one character, however it travelled."""
        return super().to_python(value.replace("\r\n", "\n") if isinstance(value, str) else value)

    def widget_attrs(self, widget: forms.Widget) -> Any:
        """Let the browser ask for the least length step by step; the longest is counted here."""
        least = LENGTHS[self.name][0]
        return super().widget_attrs(widget) | ({"minlength": least} if least else {})

    def validate(self, value: Any) -> None:
        """Say in the words of the actions what is wrong with a length."""
        super().validate(value)
        fault = fault_of(self.name, value) if value else None
        if fault is not None:
            raise forms.ValidationError(fault)


def triggers_field() -> forms.MultipleChoiceField:
    """Return the field for what a deviation is, where clauses let something happen at once."""
    return forms.MultipleChoiceField(
        label=_("It is, or may be"),
        required=False,
        choices=[(each, capfirst(str(ABOUT[each]))) for each in STATED],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What the agreement lets happen at once: a hold, or the notice."),
    )


class ReportForm(forms.Form):
    """What happened, where and when: three steps on one page."""

    title = Words("title", label=_("What happened, in one line"))
    description = Words(
        "description",
        rows=4,
        label=_("What was seen"),
        help_text=_("Facts only: what was seen, measured and done. The class comes later, from CDMO QA."),
    )
    immediate_action = Words("immediate_action", rows=2, label=_("Immediate action"))
    asset = Words("asset", label=_("Equipment or room"))
    where = forms.ChoiceField(label=_("Batch"), widget=forms.Select(attrs=FOLLOWED))
    phase_id = forms.TypedChoiceField(label=_("Step"), required=False, empty_value=None)
    occurred_at = SiteTime(label=_("Date of occurrence"))
    detected_at = SiteTime(label=_("Date of discovery"))
    aware_at = SiteTime(
        label=_("Date of awareness"),
        required=False,
        help_text=_("When a person knew. Leave empty if that was at discovery."),
    )
    late_reason = Words(
        "late_reason",
        rows=2,
        label=_("Why it was not recorded earlier"),
        help_text=_("Asked for from 24 h after awareness on."),
    )
    triggers = triggers_field()
    external_id = Words("external_id", label=_("Number in your own quality system"))
    suggested_class = forms.TypedChoiceField(
        label=_("Suggested class"),
        required=False,
        empty_value=None,
        coerce=Classification,
        choices=[(each.value, each.label) for each in Classification],
        widget=forms.RadioSelect,
        help_text=_("Without effect; CDMO QA gives the class. The sponsor never sees a suggestion."),
    )
    excursion_id = forms.UUIDField(required=False, widget=forms.HiddenInput)
    # What it was opened from, as kind:id; its evidence is attached.
    source = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput)
    # Set by the queue of a device without connection; a clock that is ahead states nothing.
    entered_at = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)
    token = forms.CharField(max_length=64, widget=forms.HiddenInput)
    # Its token has made a deviation: the next copy of the form gets another one.
    is_spent = False

    def __init__(
        self,
        *args: Any,
        where: Choices = (),
        phases: Choices = (),
        zone: str = "UTC",
        late: str = "",
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if late:
            self.fields["late_reason"].help_text = _("Asked for from %s on.") % late
        self.fields["where"].choices = where  # type: ignore[attr-defined]  # a ChoiceField
        here = [("", _("Where the batch stands now")), *phases]
        self.fields["phase_id"].choices = here  # type: ignore[attr-defined]  # a ChoiceField
        for name in ("occurred_at", "detected_at", "aware_at"):
            self.fields[name].zone = ZoneInfo(zone)  # type: ignore[attr-defined]  # a SiteTime

    def clean_entered_at(self) -> datetime | None:
        """Return when a device took it without connection, None for what is no instant of the past."""
        try:
            at = datetime.fromisoformat(self.cleaned_data["entered_at"])
        except ValueError:
            return None
        return at if at.tzinfo is not None and at <= instant() else None


class StepForm(forms.Form):
    """One transition of a deviation; the version seen stands beside it in the page."""


@dataclass(frozen=True, slots=True)
class Given:
    """A class as it is chosen: that of the trade, and the own name of it where the agreement maps names."""

    classification: Classification
    own_class: str = ""

    @classmethod
    def read(cls, text: str) -> Given:
        """Return what a choice stands for; raises ValueError."""
        classification, _colon, own_class = text.partition(":")
        return cls(Classification(classification), own_class)


class ClassForm(StepForm):
    """A class with its reason; `names` are the own names of classes, where a clause maps them."""

    def __init__(self, *args: Any, names: Mapping[str, Classification] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if names:
            field = self.fields["classification"]
            usual = dict(field.choices)  # type: ignore[attr-defined]  # a ChoiceField
            field.choices = [  # type: ignore[attr-defined]  # a ChoiceField
                (f"{each}:{name}", f"{name} · {usual[each]}") for name, each in names.items()
            ]


class TriageForm(ClassForm):
    """The provisional class with its reason."""

    classification = forms.TypedChoiceField(
        label=_("Provisional class"),
        coerce=Given.read,
        choices=[
            ("minor", _("Minor: no CQA, CPP or critical equipment affected")),
            ("major", _("Major: CQA, CPP or critical equipment affected, patient impact unlikely")),
            ("critical", _("Critical: the same, impact highly probable or life-threatening")),
        ],
        widget=forms.RadioSelect,
    )
    rationale = Words(
        "rationale",
        rows=3,
        label=_("Rationale"),
        help_text=_("At least 20 characters. It leaves with the notice, word for word."),
    )
    triggers = triggers_field()


class AssessForm(ClassForm):
    """What the deviation means for the sponsor's product, with its reason."""

    classification = forms.TypedChoiceField(
        label=_("Impact on the product"),
        coerce=Given.read,
        choices=[
            ("minor", _("Minor: product, clinic, registration and supply are not touched")),
            ("major", _("Major: something of these may be touched, harm to patients unlikely")),
            ("critical", _("Critical: harm to patients, or to the registration, is to be expected")),
        ],
        widget=forms.RadioSelect,
    )
    rationale = Words(
        "rationale", rows=3, label=_("Rationale"), help_text=_("At least 20 characters. Both sides read it.")
    )


class InvestigateForm(StepForm):
    """Who leads the investigation."""

    lead_code = forms.ChoiceField(label=_("Lead of the investigation"))

    def __init__(self, *args: Any, leads: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lead_code"].choices = [(each, each) for each in leads]  # type: ignore[attr-defined]  # a ChoiceField


class SummariseForm(StepForm):
    """What is known before the investigation has ended."""

    summary = Words(
        "summary",
        rows=4,
        label=_("Preliminary summary"),
        help_text=_("What is known, what is done, what comes next, in at least 20 characters."),
    )


class DismissForm(StepForm):
    """Why it is no deviation."""

    reason = Words(
        "reason",
        rows=3,
        label=_("Why it is no deviation"),
        help_text=_(
            "At least 10 characters. Another person of CDMO QA signs it. What was planned before is a change"
            " or a temporary change: say which one."
        ),
    )


class DraftForm(StepForm):
    """The text of the report as it stands."""

    report = Words(
        "report",
        rows=10,
        label=_("Draft report"),
        help_text=_("What happened, cause, impact and what follows. The sponsor reads it as it stands here."),
    )


class SubmitForm(StepForm):
    """The report as it is reviewed and signed."""

    report = Words(
        "report",
        rows=10,
        label=_("Report"),
        help_text=_("What is reviewed and signed, word for word."),
    )


class CommentForm(StepForm):
    """A comment on the report."""

    text = Words("text", rows=3, label=_("Comment"), help_text=_("Both sides read it."))


class AnswerCommentForm(StepForm):
    """What became of a comment."""

    comment = forms.UUIDField(widget=forms.HiddenInput)
    outcome = forms.ChoiceField(label=_("It is"), choices=CommentOutcome.choices, widget=forms.RadioSelect)
    answer = Words("answer", rows=2, label=_("Answer"), help_text=_("Both sides read it."))


class FinishForm(StepForm):
    """Nothing: the comments there are stand."""


class ReturnForm(StepForm):
    """Why the investigation goes on."""

    reason = Words("reason", rows=3, label=_("Why it goes back"), help_text=_("At least 10 characters."))


class ObjectForm(StepForm):
    """What the sponsor objects to."""

    reason = Words(
        "reason",
        rows=3,
        label=_("What you object to"),
        help_text=_("At least 10 characters. Both heads of quality are asked."),
    )


class SettleForm(StepForm):
    """What becomes of the report."""

    outcome = forms.ChoiceField(
        label=_("What becomes of the report"), choices=SettlementOutcome.choices, widget=forms.RadioSelect
    )
    text = Words("text", rows=3, label=_("Because"), help_text=_("Both sides read it, and it stands."))


class CloseForm(StepForm):
    """How the investigation ended."""

    summary = Words(
        "summary",
        rows=4,
        label=_("Conclusion"),
        help_text=_("Root cause, impact and what follows, in at least 20 characters."),
    )


class CancelForm(StepForm):
    """Why the record is void."""

    reason = Words("reason", rows=2, label=_("Reason"), help_text=_("At least 10 characters."))


class FactsForm(StepForm):
    """What the product is, where it is and what happened, as the rules ask for it."""

    kinds = forms.MultipleChoiceField(
        label=_("What the product is"),
        choices=ProductKind.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    reach = forms.ChoiceField(
        label=_("Where the material is"), choices=Reach.choices, widget=forms.RadioSelect
    )
    events = forms.MultipleChoiceField(
        label=_("What has happened"),
        choices=ReportingEvent.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    aware_at = SiteTime(
        label=_("Since when your side knows"),
        help_text=_("The clocks of the law run from here."),
    )

    def __init__(self, *args: Any, zone: str = "UTC", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["aware_at"].zone = ZoneInfo(zone)  # type: ignore[attr-defined]  # a SiteTime


class DecideForm(StepForm):
    """Whether a duty is to be reported, and why."""

    rule = forms.ChoiceField(choices=[(each.code, each.title) for each in RULES], widget=forms.HiddenInput)
    decision = forms.ChoiceField(
        label=_("Decision"), choices=ReportingDecisionKind.choices, widget=forms.RadioSelect
    )
    because = forms.CharField(
        label=_("Because"),
        min_length=BECAUSE_MIN,
        max_length=BECAUSE_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class SignalForm(forms.Form):
    """Something looks odd, and nothing is wrong yet."""

    where = forms.ChoiceField(label=_("About"))
    title = Words("title", label=_("What looks odd, in one line"))
    description = Words(
        "description",
        rows=4,
        label=_("What was noticed"),
        help_text=_("Facts only. Both sides read it as soon as it is sent."),
    )
    noticed_at = SiteTime(
        label=_("Noticed"), required=False, help_text=_("On the clock of the site. Now, when left empty.")
    )

    def __init__(self, *args: Any, where: Choices = (), zone: str = "UTC", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["where"].choices = where  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["noticed_at"].zone = ZoneInfo(zone)  # type: ignore[attr-defined]  # a SiteTime


class SignalAnswerForm(StepForm):
    """What the side that was asked says to an early signal."""

    answer = Words("answer", rows=3, label=_("Answer"), help_text=_("Both sides read it, and it stands."))
