"""Forms of identity and custody; they only translate, the actions decide."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from batches.actions.custody import Labels
from batches.custody.states import HandOverKind, ReadBy
from portal.forms_times import SiteTime


def _degrees(label: Any) -> forms.DecimalField:
    return forms.DecimalField(label=label, max_digits=5, decimal_places=1, required=False)


class LabelsForm(forms.Form):
    """Both identifiers as they are read from the label; a scanner types them and ends with Enter."""

    coi = forms.CharField(
        label=_("Identifier of the chain (COI)"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    coi_by = forms.ChoiceField(label=_("Read by"), choices=ReadBy.choices)
    donation = forms.CharField(
        label=_("Donation number"),
        max_length=60,
        help_text=_("Scanned, or typed with its check character: G1234 98 654321 H."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    donation_by = forms.ChoiceField(label=_("Read by"), choices=ReadBy.choices)

    def labels(self) -> Labels:
        """Return what was read."""
        given = self.cleaned_data
        return Labels(given["coi"], given["donation"], given["coi_by"], given["donation_by"])


class ConfirmForm(LabelsForm):
    """What the second person reads."""

    check = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class HandOverForm(LabelsForm):
    """A hand-over as the first person notes it."""

    kind = forms.ChoiceField(label=_("What"), choices=HandOverKind.choices)
    title = forms.CharField(label=_("Hand-over"), max_length=120)
    place = forms.CharField(label=_("Where"), max_length=120)
    gives = forms.CharField(
        label=_("Given by"), max_length=120, help_text=_("A role or code, never the name of a person.")
    )
    takes = forms.CharField(label=_("Taken by"), max_length=120)
    at = SiteTime(label=_("When"), required=False)
    condition = forms.CharField(label=_("Condition"), max_length=200, required=False)
    warmth = _degrees(_("Temperature, °C"))
    field_order = [
        *("coi", "coi_by", "donation", "donation_by", "kind", "title", "place", "gives", "takes", "at"),
        *("condition", "warmth"),
    ]

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _at_site(self.fields["at"], zone, _("Site time (%(zone)s). Leave empty for now."))


class IdentityForm(forms.Form):
    """The two identifiers of a patient lot, for good."""

    coi = LabelsForm.base_fields["coi"]
    donation = LabelsForm.base_fields["donation"]
    epc = forms.CharField(
        label=_("URI in EPCIS"),
        max_length=200,
        required=False,
        help_text=_("By which partners name the lot."),
    )
    cold_low = _degrees(_("Travels from, °C"))
    cold_high = _degrees(_("to, °C"))
    life_hours = forms.IntegerField(label=_("Lives for, hours"), min_value=1, max_value=8784, required=False)
    life_from = forms.ChoiceField(label=_("from the end of"), required=False)
    needed_at = SiteTime(label=_("To be given at"), required=False)

    def __init__(self, *args: Any, zone: str, steps: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["life_from"].choices = [("", "---"), *steps]  # type: ignore[attr-defined]  # a ChoiceField
        _at_site(self.fields["needed_at"], zone, _("Site time (%(zone)s)."))

    def stated(self) -> dict[str, Any]:
        """Return the plain values of the action."""
        given = dict(self.cleaned_data)
        hours = given.pop("life_hours")
        return given | {"life": timedelta(hours=hours) if hours is not None else None}


class NeedForm(forms.Form):
    """When the lot is to be given."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    needed_at = SiteTime(label=_("To be given at"), required=False)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _at_site(self.fields["needed_at"], zone, _("Site time (%(zone)s). Empty: not known."))


def _at_site(field: Any, zone: str, words: Any) -> None:
    field.zone = ZoneInfo(zone)
    field.help_text = words % {"zone": zone}
