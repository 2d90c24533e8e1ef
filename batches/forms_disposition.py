"""Forms of the disposition of a batch and of the review of its record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from batches.disposition.signing import REASON_LEAST, REASON_MOST
from batches.disposition.states import Decision
from portal.forms_signing import ProofForm
from portal.states import Audience


class DecideForm(forms.Form):
    """What a step says, and why."""

    decision = forms.ChoiceField(label=_("Decision"), widget=forms.RadioSelect)
    markets = forms.CharField(
        label=_("Restricted to these markets"), max_length=200, required=False, help_text=_("By comma.")
    )
    condition = forms.CharField(
        label=_("Condition"),
        max_length=REASON_MOST,
        required=False,
        help_text=_("What has to be fulfilled before it is released."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    answer = forms.CharField(
        label=_("Why it is unexpected all the same"),
        max_length=REASON_MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    reason = forms.CharField(
        label=_("Because"),
        min_length=REASON_LEAST,
        max_length=REASON_MOST,
        help_text=_("What the decision rests on. Both sides read it."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, may_say: Sequence[Decision], answers_for: str, **kwargs: Any) -> None:
        """Take what the step may say, and the deviations that a qualified person answers for."""
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = [(each.value, each.label) for each in may_say]  # type: ignore[attr-defined]  # a ChoiceField
        for name, decision in (("markets", Decision.RESTRICTED), ("condition", Decision.CONDITIONAL)):
            if decision not in may_say:
                del self.fields[name]
        if not answers_for:
            del self.fields["answer"]
        else:
            words = _("%s: like earlier ones (EU GMP Annex 16, 3.1).") % answers_for
            self.fields["answer"].help_text = words
            self.fields["answer"].required = False


class DecisionSignForm(ProofForm):
    """Signing a decision, which goes along as it was written."""

    meaning = forms.CharField(widget=forms.HiddenInput)
    market = forms.CharField(widget=forms.HiddenInput, required=False)
    decision = forms.CharField(widget=forms.HiddenInput)
    markets = forms.CharField(widget=forms.HiddenInput, required=False)
    condition = forms.CharField(widget=forms.HiddenInput, required=False)
    answer = forms.CharField(widget=forms.HiddenInput, required=False)
    reason = forms.CharField(widget=forms.HiddenInput)


class NoteForm(forms.Form):
    """A comment, on the own side or for both, or a question to the other side."""

    key = forms.CharField(widget=forms.HiddenInput, required=False)
    text = forms.CharField(
        label=_("Comment or question"),
        min_length=3,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    says = forms.ChoiceField(
        label=_("It is"),
        choices=[
            ("ask", _("a question to the other side, with a clock")),
            (str(Audience.SHARED), _("a comment for both sides")),
            ("own", _("a comment for our side alone")),
        ],
    )


class WordsForm(forms.Form):
    """An answer, or how a question ended."""

    note = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    text = forms.CharField(
        label=_("Words"), min_length=3, max_length=4000, widget=forms.Textarea(attrs={"rows": 2})
    )
