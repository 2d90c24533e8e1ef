"""The form of how one is told: a line per sort of notice, quiet hours, the morning mail."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.notices.choices import SORTS, Choices, QuietHours, Sort
from portal.notices.demands import ProgramDemands
from portal.states import Channel

HOURS: Final = [(hour, f"{hour:02}:00") for hour in range(24)]


class NoticesForm(forms.Form):
    """What may be chosen; of what a clause demands the box is shown ticked and cannot be taken off."""

    is_quiet = forms.BooleanField(label=_("Keep quiet hours"), required=False)
    quiet_since = forms.TimeField(
        label=_("From"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    quiet_until = forms.TimeField(
        label=_("Until"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )
    weekends = forms.BooleanField(label=_("Saturday and Sunday whole"), required=False)
    wants_digest = forms.BooleanField(
        label=_("Mail me the link each morning"),
        required=False,
        help_text=_(
            "Numbers and a link. What comes in quiet hours is then listed there instead of mailed singly."
        ),
    )
    digest_hour = forms.TypedChoiceField(label=_("At"), choices=HOURS, coerce=int)

    def __init__(
        self, *args: Any, choices: Choices, demands: Sequence[ProgramDemands] = (), **kwargs: Any
    ) -> None:
        """Begin with what holds now; what a clause of any program demands is locked."""
        self._choices, self._demands = choices, demands
        quiet = choices.quiet or QuietHours.parse("19:00-07:00 weekends")
        assert quiet is not None  # noqa: S101 - a fixed text
        kwargs["initial"] = {
            "is_quiet": choices.quiet is not None,
            "quiet_since": quiet.since,
            "quiet_until": quiet.until,
            "weekends": quiet.weekends,
            "wants_digest": choices.digest_hour is not None,
            "digest_hour": 7 if choices.digest_hour is None else choices.digest_hour,
        }
        super().__init__(*args, **kwargs)
        for sort in SORTS:
            for channel in Channel:
                self.fields[f"{sort.code}-{channel}"] = _box(
                    is_on=channel in choices.over(sort), is_locked=channel in self._demanded(sort)
                )
            must_wake = self._must_wake(sort)
            self.fields[f"{sort.code}-wakes"] = _box(is_on=choices.wakes_for(sort), is_locked=must_wake)

    def _demanded(self, sort: Sort) -> set[str]:
        return {channel for each in self._demands for channel in each.by_sort[sort.code].channels}

    def _must_wake(self, sort: Sort) -> bool:
        return any(each.by_sort[sort.code].wakes for each in self._demands)

    def lines(self) -> list[dict[str, Any]]:
        """Return a line per sort for the page."""
        return [
            {
                "sort": sort,
                **{str(channel): self[f"{sort.code}-{channel}"] for channel in Channel},
                "wakes": self[f"{sort.code}-wakes"],
            }
            for sort in SORTS
        ]

    def chosen(self) -> Choices:
        """Return what a valid form says."""
        given = self.cleaned_data
        quiet = QuietHours(given["quiet_since"], given["quiet_until"], given["weekends"])
        return Choices(
            quiet if given["is_quiet"] else None,
            {sort.code: self._channels(sort) for sort in SORTS},
            {sort.code: self._wakes(sort) for sort in SORTS},
            given["digest_hour"] if given["wants_digest"] else None,
        )

    def _channels(self, sort: Sort) -> tuple[str, ...]:
        """Return the own choice; of what is locked the one made before, which counts elsewhere."""
        locked, before = self._demanded(sort), self._choices.over(sort)
        given = self.cleaned_data
        return tuple(
            str(each)
            for each in Channel
            if (each in before if each in locked else given[f"{sort.code}-{each}"])
        )

    def _wakes(self, sort: Sort) -> bool:
        if self._must_wake(sort):
            return self._choices.wakes_for(sort)
        return bool(self.cleaned_data[f"{sort.code}-wakes"])


def _box(*, is_on: bool, is_locked: bool) -> forms.BooleanField:
    # A disabled field keeps what it began with, whatever is sent; what is locked is shown ticked.
    return forms.BooleanField(required=False, initial=is_on or is_locked, disabled=is_locked)
