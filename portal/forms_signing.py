"""The forms of signing. Secrets are never shown again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.states import Meaning


class ProofForm(forms.Form):
    """The two components that prove who is at the screen: those of them that the person has."""

    password = forms.CharField(
        label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    code = forms.CharField(
        label=_("One-time code"),
        max_length=12,
        help_text=_("Six digits from your authenticator app. Each code signs once."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )
    digest = forms.CharField(widget=forms.HiddenInput)
    # Filled by the script that asks a key.
    ceremony = forms.CharField(widget=forms.HiddenInput, required=False)
    credential = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, asks: Collection[str], **kwargs: Any) -> None:
        """Take which of password and code are asked for."""
        super().__init__(*args, **kwargs)
        for name in {"password", "code"} - set(asks):
            del self.fields[name]


class SignForm(ProofForm):
    """A signature: meaning, then proof."""

    field_order = ("meaning", "password", "code")
    meaning = forms.ChoiceField(label=_("My signature says"), widget=forms.RadioSelect)
    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, meanings: Sequence[Meaning], **kwargs: Any) -> None:
        """Take the meanings that are open to the signer."""
        super().__init__(*args, **kwargs)
        self.fields["meaning"].choices = [(each.value, each.label) for each in meanings]  # type: ignore[attr-defined]  # a ChoiceField


class AnswerSignForm(ProofForm):
    """Signing the answer to a question, which goes along as it was written."""

    meaning = forms.CharField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput)
    option = forms.CharField(widget=forms.HiddenInput)
    reason = forms.CharField(widget=forms.HiddenInput)


class StatementForm(ProofForm):
    """Accepting the signer's statement."""

    meaning = forms.CharField(widget=forms.HiddenInput)
    statement = forms.IntegerField(widget=forms.HiddenInput)


class SignerForm(forms.Form):
    """Letting a person sign."""

    person = forms.ChoiceField(label=_("Person"))
    identity = forms.CharField(
        label=_("How the identity was checked"),
        max_length=300,
        min_length=10,
        help_text=_("What was seen, and by whom. At least 10 characters."),
    )
    trained_until = forms.DateField(
        label=_("Trained until"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("UTC, end of day."),
    )

    def __init__(self, *args: Any, people: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        """Take the people of the organisation."""
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = people  # type: ignore[attr-defined]  # a ChoiceField
