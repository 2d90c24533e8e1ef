"""The forms of a batch's steps; they only translate, the actions decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.forms_times import SiteTime

REASON_MIN: Final = 10
REASON_MAX: Final = 4_000


class StepForm(forms.Form):
    """When a step happened, and the version of the batch that the person saw."""

    at = SiteTime(label=_("When it happened"), required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        at = self.fields["at"]
        at.zone = ZoneInfo(zone)  # type: ignore[attr-defined]  # a SiteTime
        at.help_text = _("Site time (%(zone)s). Leave empty for now.") % {"zone": zone}


class PhaseForm(StepForm):
    """The phase a batch moves to; the next one of the recipe is chosen already."""

    phase = forms.ChoiceField(label=_("Phase"))
    field_order = ["phase", "at"]

    def __init__(self, *args: Any, phases: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["phase"].choices = phases  # type: ignore[attr-defined]  # a ChoiceField


class DiscontinueForm(StepForm):
    """Why a batch is stopped for good (21 CFR 11.10(e))."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=REASON_MIN,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("It stands in the record as you write it; both sides read it."),
    )
    field_order = ["reason", "at"]
