"""The forms of administration; they only translate, the actions decide."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.actions.people import KEY_DAYS_MAX, SCOPES
from portal.actor import Side
from portal.errors import DomainError
from portal.forms_times import FormWithTimes, SiteTime
from portal.states import ROLES, SeatSide, role_words


class PersonForm(forms.Form):
    """A new account of a person, who is invited by e-mail."""

    name = forms.CharField(
        label=_("Printed name"), max_length=200, help_text=_("As it stands on signatures.")
    )
    title = forms.CharField(label=_("Title"), max_length=200, required=False)
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("The person is sent a link and sets the own password; you never know it."),
    )
    zone = forms.CharField(label=_("Time zone"), max_length=60, initial="UTC")


class ServiceForm(forms.Form):
    """A new service account."""

    name = forms.CharField(label=_("Name of the system"), max_length=200)


class SeatForm(FormWithTimes):
    """A new seat."""

    person = forms.ChoiceField(label=_("Person or system"))
    target = forms.ChoiceField(label=_("Where"))
    role = forms.ChoiceField(label=_("Role"))
    code = forms.CharField(
        label=_("Code"),
        max_length=60,
        help_text=_("What the other side reads, like “QA floor 07”; never a name."),
    )
    valid_from = SiteTime(
        label=_("From"),
        required=False,
        help_text=_("Your time ({zone}), within a year. Leave empty for now."),
    )
    valid_until = SiteTime(
        label=_("Until"),
        required=False,
        help_text=_(
            "Your time ({zone}), within three years of its start. Leave empty for a seat without an end."
        ),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        required=False,
        help_text=_("Needed for an administrator's role, which a second administrator confirms."),
    )

    def __init__(
        self, *args: Any, people: Any = (), targets: Any = (), sides: Any = (), **kwargs: Any
    ) -> None:
        """Take people and targets (both in groups) and the sides the organisation sits on."""
        super().__init__(*args, **kwargs)
        self.fields["person"].choices = people  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["target"].choices = targets  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["role"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (SeatSide(side).label, [(f"{side}:{role}", role_words(role)) for role in ROLES[side]])
            for side in (*sides, Side.BOTH)
        ]


class DelegationForm(FormWithTimes):
    """Roles of the own seat, lent to a colleague."""

    delegate = forms.ChoiceField(
        label=_("Delegate"), help_text=_("Colleagues with a seat on your side here.")
    )
    roles = forms.MultipleChoiceField(label=_("Roles"), widget=forms.CheckboxSelectMultiple)
    valid_from = SiteTime(
        label=_("From"),
        required=False,
        help_text=_("Your time ({zone}), within 90 days. Leave empty for now."),
    )
    valid_until = SiteTime(
        label=_("Until"),
        help_text=_("Your time ({zone}), six weeks after its start at most."),
    )
    reason = forms.CharField(label=_("Reason"), max_length=500, min_length=10)

    def __init__(self, *args: Any, colleagues: Any = (), roles: Any = (), **kwargs: Any) -> None:
        """Take the colleagues who could stand in, and the roles of the own seat."""
        super().__init__(*args, **kwargs)
        self.fields["delegate"].choices = [(str(pk), name) for pk, name in colleagues]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["roles"].choices = [(each, role_words(each)) for each in roles]  # type: ignore[attr-defined]  # a ChoiceField


def explain(form: forms.Form, error: DomainError) -> None:
    """Say a refusal beside the fields it is about."""
    for field, sentences in error.errors.items():
        form.add_error(field if field in form.fields else None, list(sentences))
    if not error.errors:
        form.add_error(None, error.detail)


class InspectorForm(FormWithTimes):
    """Inviting an inspector."""

    name = forms.CharField(label=_("Printed name"), max_length=200)
    authority = forms.CharField(
        label=_("Authority and occasion"),
        max_length=200,
        min_length=10,
        help_text=_("At least 10 characters."),
    )
    email = forms.EmailField(label=_("E-mail"), max_length=254)
    program = forms.ChoiceField(label=_("Program"), help_text=_("Read as your own side reads it."))
    code = forms.CharField(label=_("Code"), max_length=60, help_text=_("What the other side reads."))
    valid_from = SiteTime(
        label=_("From"),
        help_text=_("Your time ({zone}), within 90 days."),
    )
    valid_until = SiteTime(
        label=_("Until"),
        help_text=_("Your time ({zone}), 30 days after its start at most."),
    )

    def __init__(self, *args: Any, programs: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["program"].choices = [(str(pk), name) for pk, name in programs]  # type: ignore[attr-defined]  # a ChoiceField


class AskForm(forms.Form):
    """What an inspector asks for."""

    text = forms.CharField(label=_("I ask for"), max_length=2000, min_length=10, widget=forms.Textarea)


class AnswerForm(forms.Form):
    """An answer to an inspector: to a request of theirs, or by oneself."""

    request = forms.ChoiceField(label=_("For the request"), required=False)

    def __init__(self, *args: Any, requests: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["request"].choices = [("", _("none, by ourselves")), *requests]  # type: ignore[attr-defined]  # a ChoiceField


class HandRecordForm(AnswerForm):
    """A record handed over by its number."""

    number = forms.CharField(label=_("Number of the record"), max_length=60)


class HandFileForm(AnswerForm):
    """A file handed over."""

    file = forms.ChoiceField(label=_("File"))

    def __init__(self, *args: Any, files: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].choices = [(str(pk), name) for pk, name in files]  # type: ignore[attr-defined]  # a ChoiceField


class ExplainForm(AnswerForm):
    """An answer in words."""

    text = forms.CharField(label=_("Explanation"), max_length=4000, min_length=10, widget=forms.Textarea)


class KeyForm(forms.Form):
    """A new key."""

    service = forms.ChoiceField(label=_("Service account"))
    label = forms.CharField(label=_("What it is for"), max_length=120)
    scopes = forms.MultipleChoiceField(
        label=_("May"), choices=[(each, each) for each in SCOPES], widget=forms.CheckboxSelectMultiple
    )
    programs = forms.MultipleChoiceField(label=_("In"), widget=forms.CheckboxSelectMultiple)
    shows = forms.CharField(
        label=_("Batches a display shows"),
        required=False,
        max_length=500,
        help_text=_("Numbers with commas between them; all that run if left empty."),
    )
    days = forms.IntegerField(label=_("Days until it ends"), min_value=1, max_value=KEY_DAYS_MAX, initial=90)

    def clean_shows(self) -> list[str]:
        """Return the numbers."""
        return [each.strip() for each in self.cleaned_data["shows"].split(",") if each.strip()]

    def __init__(self, *args: Any, services: Any = (), programs: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].choices = [(str(pk), name) for pk, name in services]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["programs"].choices = [(str(pk), name) for pk, name in programs]  # type: ignore[attr-defined]  # a ChoiceField


class SiteForm(forms.Form):
    """A new plant."""

    name = forms.CharField(label=_("Name of the site"), max_length=120)
    city = forms.CharField(label=_("City"), max_length=120)
    zone = forms.CharField(
        label=_("Time zone"),
        max_length=60,
        help_text=_("The IANA name, like Europe/Stockholm; times of the site are shown in it."),
    )


class AttachSiteForm(forms.Form):
    """A plant of the organisation in one of its programs."""

    site = forms.ChoiceField(label=_("Site"))
    program = forms.ChoiceField(
        label=_("Program"),
        help_text=_("Its sponsor reads name, city and time zone of the site from then on."),
    )

    def __init__(self, *args: Any, sites: Any = (), programs: Any = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["site"].choices = [(str(pk), name) for pk, name in sites]  # type: ignore[attr-defined]  # a ChoiceField
        self.fields["program"].choices = [(str(pk), name) for pk, name in programs]  # type: ignore[attr-defined]  # a ChoiceField


class PlaceHoldForm(forms.Form):
    """A legal hold."""

    program = forms.ChoiceField(label=_("Program"))
    number = forms.CharField(
        label=_("Record"),
        max_length=60,
        help_text=_("Number of a batch or deviation, or the program's code to keep everything in it."),
    )
    reason = forms.CharField(
        label=_("Reason"), min_length=10, max_length=4000, widget=forms.Textarea(attrs={"rows": 4})
    )
    audience = forms.ChoiceField(
        label=_("Who knows of it"),
        choices=[("own", _("My own side alone")), ("shared", _("Both sides, with its reason"))],
        widget=forms.RadioSelect,
        initial="own",
    )

    def __init__(self, *args: Any, programs: Any = (), **kwargs: Any) -> None:
        """Take the programs in which the reader places holds."""
        super().__init__(*args, **kwargs)
        self.fields["program"].choices = programs  # type: ignore[attr-defined]  # a ChoiceField


class ReasonForm(forms.Form):
    """Why something ends (21 CFR 11.10(e))."""

    reason = forms.CharField(label=_("Reason"), max_length=500, min_length=3)
