"""The forms of webhooks; they only translate, the actions decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.errors import Invalid
from portal.outgoing import URL_CHARACTERS_MAX
from portal.states import Audience
from portal.webhooks.keeping import require_address
from portal.webhooks.kinds import CHECKPOINT, EVERY


class WebhookForm(forms.Form):
    """A new webhook."""

    program = forms.ChoiceField(label=_("Program"))
    url = forms.CharField(
        label=_("Address"),
        max_length=URL_CHARACTERS_MAX,
        widget=forms.URLInput(
            attrs={"placeholder": "https://hooks.example.com/covalent", "spellcheck": "false"}
        ),
        help_text=_("Begins with https:// and is reached over the open internet, on port 443 or 8443."),
    )
    kinds = forms.CharField(
        label=_("Events"),
        initial=EVERY,
        max_length=2000,
        help_text=_("* is every event your side may read. Or some kinds: deviation.*, alert.raised"),
    )
    checkpoints = forms.BooleanField(label=_("Signed checkpoints of the ledger too"), required=False)

    def __init__(self, *args: Any, programs: Any = (), **kwargs: Any) -> None:
        """Take the ids and codes of the programs in which the reader sets up webhooks."""
        super().__init__(*args, **kwargs)
        self.fields["program"].choices = programs  # type: ignore[attr-defined]  # a ChoiceField

    def clean_url(self) -> str:
        """Refuse an address that is never called."""
        url: str = self.cleaned_data["url"]
        try:
            require_address(url)
        except Invalid as refused:
            raise forms.ValidationError(refused.errors["url"]) from refused
        return url

    def chosen_kinds(self) -> list[str]:
        """Return the kinds as the action takes them."""
        kinds = self.cleaned_data["kinds"].replace(",", " ").split()
        return [*kinds, *([CHECKPOINT] if self.cleaned_data["checkpoints"] else [])]


class ReplayForm(forms.Form):
    """From where to send again."""

    chain = forms.ChoiceField(label=_("Chain"))
    after = forms.IntegerField(
        label=_("After entry"),
        min_value=0,
        help_text=_("0 sends everything again. A higher number than now goes on from there."),
    )

    def __init__(self, *args: Any, side: str = "", **kwargs: Any) -> None:
        """Take the side whose chain there is beside the shared one."""
        super().__init__(*args, **kwargs)
        chains = [each for each in Audience.choices if each[0] in (Audience.SHARED, side)]
        self.fields["chain"].choices = chains  # type: ignore[attr-defined]  # a ChoiceField
