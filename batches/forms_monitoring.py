"""The forms of monitoring; they only translate, the actions decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from batches.environment.states import VIABLE, Occupancy, SampleKind
from portal.forms_times import FormWithTimes, SiteTime

Choices = Sequence[tuple[str, str]]
_HELP = _("Your own clock ({zone}). Leave empty for now.")


def _number(label: Any) -> forms.DecimalField:
    widget = forms.NumberInput(attrs={"inputmode": "decimal", "step": "any"})
    return forms.DecimalField(label=label, max_digits=18, decimal_places=6, widget=widget)


def _at(label: Any) -> SiteTime:
    return SiteTime(label=label, required=False, help_text=_HELP)


class OpenSessionForm(FormWithTimes):
    """A session that begins."""

    area = forms.ChoiceField(label=_("Area"))
    occupancy = forms.ChoiceField(label=_("Occupancy"), choices=Occupancy.choices)
    strategy = forms.CharField(label=_("Contamination control strategy"), required=False, max_length=60)
    strategy_version = forms.CharField(label=_("Its version"), required=False, max_length=20)
    began_at = _at(_("Began"))

    def __init__(self, *args: Any, areas: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["area"].choices = areas  # type: ignore[attr-defined]  # a ChoiceField


class ExposeForm(FormWithTimes):
    """A plate that is put out."""

    point = forms.ChoiceField(label=_("Place"))
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[each for each in SampleKind.choices if each[0] in VIABLE]
    )
    code = forms.CharField(label=_("Plate or sample"), max_length=60)
    exposed_at = _at(_("Put out or drawn"))

    def __init__(self, *args: Any, points: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["point"].choices = points  # type: ignore[attr-defined]  # a ChoiceField


class MeasureForm(FormWithTimes):
    """What an instrument shows."""

    point = forms.ChoiceField(label=_("Place"))
    kind = forms.ChoiceField(
        label=_("Kind"), choices=[each for each in SampleKind.choices if each[0] not in VIABLE]
    )
    value = _number(_("Value"))
    at = _at(_("When"))

    def __init__(self, *args: Any, points: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["point"].choices = points  # type: ignore[attr-defined]  # a ChoiceField


class CoverForm(forms.Form):
    """A batch that a session covers."""

    batch_id = forms.ChoiceField(label=_("Batch"))
    note = forms.CharField(
        label=_("Why"), required=False, max_length=500, help_text=_("Both sides of the batch read this.")
    )

    def __init__(self, *args: Any, batches: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["batch_id"].choices = batches  # type: ignore[attr-defined]  # a ChoiceField


class SeenForm(FormWithTimes):
    """A step on a row, as it was seen."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class CollectForm(SeenForm):
    """A plate that is taken up."""

    at = _at(_("Taken up"))


class IncubateForm(SeenForm):
    """A step of incubation."""

    low = _number(_("From °C"))
    high = _number(_("To °C"))
    begins_at = SiteTime(label=_("Begins"), help_text=_("Your own clock ({zone})."))
    ends_at = SiteTime(label=_("Ends"), required=False, help_text=_("Your own clock ({zone})."))


class CountForm(SeenForm):
    """A plate that is read."""

    value = _number(_("Count"))
    read_at = _at(_("Read"))


class IdentifyForm(SeenForm):
    """What grew."""

    organism = forms.CharField(label=_("Organism"), max_length=200)


class CloseForm(SeenForm):
    """The end of a session."""
