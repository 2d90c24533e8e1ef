"""The forms of an investigation; they only translate, the actions decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from deviations.actions.inquiry.concluding import Excluded
from deviations.forms import StepForm, Words
from deviations.forms_capa import CapaStepForm
from deviations.inquiry.states import (
    BRANCHES,
    NEEDS_BRANCH,
    NESTED,
    Branch,
    CauseKind,
    CauseOf,
    EvidenceKind,
    ExclusionOf,
    Standing,
    Tool,
)
from portal.forms_times import SiteTime
from portal.states import Audience

Choices = Sequence[tuple[str, Any]]
SHARED: Final = (str(Audience.SHARED), _("both sides read it and work on it"))
# One line of exclusions for each that stands before human error, and one for anything else.
EXCLUSIONS: Final = tuple(ExclusionOf)


def audiences_for(own: str) -> Choices:
    """Return who may read what a side begins: nothing is shared by accident, so the own side is first."""
    return [(own, _("only my side, until I share it")), SHARED]


class InquiryStepForm(CapaStepForm):
    """A step of an investigation: `zone` is where times are typed, `given` what it may choose among."""


class BeginForm(InquiryStepForm):
    """A tool and the question over its picture."""

    tool = forms.ChoiceField(label=_("Tool"), choices=Tool.choices)
    question = Words("title", label=_("Question or effect"), help_text=_("It stands over the picture."))
    audience = forms.ChoiceField(label=_("Who reads it"), widget=forms.RadioSelect)


class NodeForm(InquiryStepForm):
    """One box of the picture; what its tool does not have is left out."""

    text = Words("text", rows=2, label=_("What"))
    branch = forms.ChoiceField(label=_("Branch"), required=False)
    parent = forms.ChoiceField(label=_("Under"), required=False)
    at = SiteTime(label=_("When"), required=False, help_text=_("On the clock of the site."))

    def __init__(self, *args: Any, tool: str, nodes: Iterable[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = list(nodes)
        if tool != Tool.TIMELINE:
            del self.fields["at"]
        if tool not in NESTED or not known:
            del self.fields["parent"]
        else:
            nothing = [] if tool == Tool.FIVE_WHYS else [("", _("nothing"))]
            self.fields["parent"].choices = [*nothing, *known]  # type: ignore[attr-defined]  # a ChoiceField
        if not BRANCHES[tool]:
            del self.fields["branch"]
        else:
            names = [(each, Branch(each).label) for each in BRANCHES[tool]]
            nothing = [] if tool in NEEDS_BRANCH else [("", _("none"))]
            self.fields["branch"].choices = [*nothing, *names]  # type: ignore[attr-defined]  # likewise

    def values(self) -> dict[str, Any]:
        """Return what the action takes."""
        found = dict(self.cleaned_data)
        parent = found.pop("parent", "")
        # Under another one the place is that of the parent.
        return {**found, "parent": UUID(parent) if parent else None}


class JudgeForm(InquiryStepForm):
    """What became of a node."""

    node = forms.TypedChoiceField(label=_("Node"), coerce=int)
    standing = forms.ChoiceField(
        label=_("It is"), choices=[each for each in Standing.choices if each[0] != Standing.OPEN]
    )
    reason = Words("reason", rows=2, label=_("Because"))


class EvidenceForm(InquiryStepForm):
    """What a node rests on."""

    node = forms.TypedChoiceField(label=_("Node"), coerce=int)
    thing = forms.ChoiceField(label=_("Rests on"), required=False)
    parameter = forms.ChoiceField(label=_("Or on the readings of"), required=False)
    since = SiteTime(label=_("From"), required=False)
    until = SiteTime(label=_("To"), required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for one of both."""
        found = super().clean() or {}
        if bool(found.get("thing")) == bool(found.get("parameter")):
            raise forms.ValidationError(_("Choose a record or a parameter, one of both."))
        return found

    def values(self) -> dict[str, Any]:
        """Return what the action takes."""
        found = dict(self.cleaned_data)
        kind, _colon, about = found.pop("thing").partition(":")
        if not kind:
            return {**found, "kind": EvidenceKind.WINDOW, "about": None}
        return {
            "node": found["node"],
            "kind": EvidenceKind(kind),
            "about": UUID(about),
        }


class ShareInquiryForm(InquiryStepForm):
    """Nothing beside the press of a button."""


class CauseForm(StepForm):
    """What brought it about, and what is not the cause, line by line."""

    kind = forms.ChoiceField(label=_("It is"), choices=CauseKind.choices)
    lies_in = forms.ChoiceField(label=_("It lies in"), choices=CauseOf.choices)
    method = forms.ChoiceField(label=_("Found with"), choices=Tool.choices)
    text = Words("reason", rows=2, label=_("Cause"))
    evidence = Words("because", rows=2, label=_("Evidence"), help_text=_("What shows it."))
    audience = forms.ChoiceField(
        label=_("Who reads it"), choices=audiences_for(Audience.MANUFACTURER), widget=forms.RadioSelect
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for each in EXCLUSIONS:
            name = ExclusionOf(each).label
            self.fields[f"what_{each}"] = Words(
                "answer", required=False, label=_("Excluded, %s: what") % name
            )
            self.fields[f"reason_{each}"] = Words(
                "reason", required=False, label=_("Excluded, %s: why not") % name
            )

    def values(self) -> dict[str, Any]:
        """Return what the action takes."""
        found: Mapping[str, Any] = self.cleaned_data
        excluded = [
            Excluded(str(each), found[f"what_{each}"], found[f"reason_{each}"])
            for each in EXCLUSIONS
            if found[f"what_{each}"] or found[f"reason_{each}"]
        ]
        names = ("kind", "method", "text", "evidence", "audience")
        given = {name: found[name] for name in names}
        return {**given, "of": found["lies_in"], "excluded": excluded}


class WithdrawCauseForm(InquiryStepForm):
    """Why a cause is taken back."""

    reason = Words("reason", rows=2, label=_("Because"))
