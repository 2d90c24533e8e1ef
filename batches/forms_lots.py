"""The forms of lots; they only translate, the actions decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from batches.forms import REASON_MAX, REASON_MIN
from portal.forms_times import SiteTime
from portal.states import SeatSide


def _quantity() -> forms.DecimalField:
    return forms.DecimalField(label=_("Quantity"), max_digits=18, decimal_places=6)


def _reason(*, required: bool) -> forms.CharField:
    return forms.CharField(
        label=_("Reason"),
        required=required,
        min_length=REASON_MIN if required else None,
        max_length=REASON_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class LotForm(forms.Form):
    """What is said of any lot."""

    number = forms.CharField(label=_("Lot number"), max_length=60)
    material = forms.CharField(label=_("Material code"), max_length=60)
    title = forms.CharField(label=_("Name"), max_length=200)
    quantity = _quantity()
    unit = forms.CharField(label=_("Unit"), max_length=30)
    expires_on = forms.DateField(
        label=_("Expires on"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )


class ReceiveForm(LotForm):
    """A lot that came in."""

    program = forms.ChoiceField(label=_("Program"))
    supplied_by = forms.ChoiceField(
        label=_("Supplied by"),
        choices=[each for each in SeatSide.choices if each[0] != SeatSide.BOTH],
        help_text=_("The quality unit of this side releases it."),
    )
    field_order = ["program", "number", "material", "title", "quantity", "unit", "supplied_by", "expires_on"]

    def __init__(self, *args: Any, programs: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"].choices = programs  # type: ignore[attr-defined]  # a ChoiceField


class ProduceForm(LotForm):
    """A lot that a batch gave."""

    produced_at = SiteTime(label=_("Made at"), required=False)

    def __init__(self, *args: Any, zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _at_site(self.fields["produced_at"], zone)


class UseForm(forms.Form):
    """So much of a lot that went into the batch."""

    lot = forms.ChoiceField(label=_("Lot"))
    quantity = _quantity()
    used_at = SiteTime(label=_("Used at"), required=False)
    reason = _reason(required=False)

    def __init__(self, *args: Any, zone: str, lots: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["lot"].choices = lots  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["reason"].help_text = _("Needed for a lot in quarantine; QA alone uses one.")
        _at_site(self.fields["used_at"], zone)


class WithdrawForm(forms.Form):
    """A use that was entered by mistake."""

    use = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = _reason(required=True)


class LinkForm(forms.Form):
    """The lot of another program that a lot goes on as."""

    other = forms.ChoiceField(
        label=_("Goes on as"),
        help_text=_("Each program reads the number and the status of the other one's lot, and nothing else."),
    )

    def __init__(self, *args: Any, lots: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["other"].choices = lots  # type: ignore[attr-defined]  # a ChoiceField


class EndLinkForm(forms.Form):
    """A link that holds no longer."""

    link = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = _reason(required=True)


class JudgeForm(forms.Form):
    """Why a lot is released, restricted, held or rejected."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    reason = _reason(required=False)

    def __init__(self, *args: Any, step: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if step != "release":
            self.fields["reason"] = _reason(required=True)


def _at_site(field: Any, zone: str) -> None:
    field.zone = ZoneInfo(zone)
    field.help_text = _("Site time (%(zone)s). Leave empty for now.") % {"zone": zone}
