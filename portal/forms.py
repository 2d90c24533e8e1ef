"""The forms of administration; they only translate, the actions decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.actions.people import KEY_DAYS_MAX, SCOPES
from portal.states import ROLES


class PersonForm(forms.Form):
    """A new account of a person."""

    name = forms.CharField(
        label=_("Printed name"), max_length=200, help_text=_("As it stands on signatures.")
    )
    title = forms.CharField(label=_("Title"), max_length=200, required=False)
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    password = forms.CharField(
        label=_("First password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 15 characters; handed over in person."),
        strip=False,
    )
    zone = forms.CharField(label=_("Time zone"), max_length=60, initial="UTC")


class ServiceForm(forms.Form):
    """A new service account."""

    name = forms.CharField(label=_("Name of the system"), max_length=200)


class SeatForm(forms.Form):
    """A new seat."""

    person = forms.ChoiceField(label=_("Person or system"))
    target = forms.ChoiceField(label=_("Where"))
    role = forms.ChoiceField(label=_("Role"))
    code = forms.CharField(
        label=_("Code"),
        max_length=60,
        help_text=_("What the other side reads, like “QA floor 07”; never a name."),
    )
    valid_until = forms.DateTimeField(
        label=_("Until"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        help_text=_("UTC. Leave empty for a seat without an end."),
    )

    def __init__(self, *args: Any, people: Any = (), targets: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = [(str(pk), name) for pk, name in people]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["target"].choices = [(str(pk), name) for pk, name in targets]  # type: ignore[attr-defined]  # a ChoiceField
        roles = [
            (f"{side}:{role}", f"{role} ({side.label if hasattr(side, 'label') else side})")
            for side, codes in ROLES.items()
            for role in codes
        ]
        self.fields["role"].choices = roles  # type: ignore[attr-defined]  # a ChoiceField


class KeyForm(forms.Form):
    """A new key."""

    service = forms.ChoiceField(label=_("Service account"))
    label = forms.CharField(label=_("What it is for"), max_length=120)
    scopes = forms.MultipleChoiceField(
        label=_("May"), choices=[(each, each) for each in SCOPES], widget=forms.CheckboxSelectMultiple
    )
    programs = forms.MultipleChoiceField(label=_("In"), widget=forms.CheckboxSelectMultiple)
    days = forms.IntegerField(label=_("Days until it ends"), min_value=1, max_value=KEY_DAYS_MAX, initial=90)

    def __init__(self, *args: Any, services: Any = (), programs: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = [(str(pk), name) for pk, name in services]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["programs"].choices = [(str(pk), name) for pk, name in programs]  # type: ignore[attr-defined]  # a ChoiceField


class ReasonForm(forms.Form):
    """Why something ends (21 CFR 11.10(e))."""

    reason = forms.CharField(label=_("Reason"), max_length=500, min_length=3)
