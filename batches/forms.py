"""The forms of a batch's steps; they only translate, the actions decide."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LOCAL: Final = "%Y-%m-%dT%H:%M"
REASON_MIN: Final = 10
REASON_MAX: Final = 4_000


class SiteTime(forms.DateTimeField):
    """An instant, written as the clock of the site shows it."""

    zone: ZoneInfo = ZoneInfo("UTC")

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(format=LOCAL, attrs={"type": "datetime-local"})
        super().__init__(widget=widget, input_formats=[LOCAL, f"{LOCAL}:%S"], **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Show an instant in site time."""
        if isinstance(value, datetime) and timezone.is_aware(value):
            return value.astimezone(self.zone).replace(tzinfo=None)
        return value

    def to_python(self, value: Any) -> Any:
        """Read a time of day at the site; one that a change of the clock skips or repeats is refused."""
        with timezone.override(self.zone):
            return super().to_python(value)


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
