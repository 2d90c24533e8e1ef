"""Times in forms, as the clock of a site shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

LOCAL: Final = "%Y-%m-%dT%H:%M"


class SiteTime(forms.DateTimeField):
    """An instant, written as the clock of the site shows it."""

    zone: ZoneInfo = ZoneInfo("UTC")

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.DateTimeInput(format=LOCAL, attrs={"type": "datetime-local"})
        super().__init__(widget=widget, input_formats=[LOCAL, f"{LOCAL}:%S"], **kwargs)

    def speak(self, zone: str) -> None:
        """Take the zone in which it is typed, and say it where the help text has a place for it."""
        self.zone = ZoneInfo(zone)
        self.help_text = str(self.help_text).replace("{zone}", zone)

    def prepare_value(self, value: Any) -> Any:
        """Show an instant in site time."""
        if isinstance(value, datetime) and timezone.is_aware(value):
            return value.astimezone(self.zone).replace(tzinfo=None)
        return value

    def to_python(self, value: Any) -> Any:
        """Read a time of day at the site; one that a change of the clock skips or repeats is refused."""
        with timezone.override(self.zone):
            return super().to_python(value)


class FormWithTimes(forms.Form):
    """A form that belongs to no site: its times are typed as the reader's own clock shows them."""

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        """Take the reader's zone."""
        super().__init__(*args, **kwargs)
        for each in self.fields.values():
            if isinstance(each, SiteTime):
                each.speak(zone)
