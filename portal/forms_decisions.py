"""The forms of decision requests; they only translate, the actions decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.decisions.wording import LENGTHS, Evidence, Option, Wording
from portal.forms_times import SiteTime
from portal.models import DecisionRequest

LETTERS: Final = ("A", "B", "C", "D", "E", "F")
Choices = Sequence[tuple[str, Any]]


def _words(name: str, *, rows: int = 0, **kwargs: Any) -> forms.CharField:
    least, most = LENGTHS[name]
    widget = forms.Textarea(attrs={"rows": rows}) if rows else forms.TextInput()
    return forms.CharField(
        required=least > 0, min_length=least or None, max_length=most, widget=widget, **kwargs
    )


class DecisionForm(forms.Form):
    """A question to the other side, with everything clause 9.1 asks for."""

    title = _words("title", label=_("The question, in one line"))
    details = _words("details", rows=4, label=_("What one must know to choose"))
    recommended = forms.ChoiceField(label=_("Your side recommends"), required=False)
    recommendation = _words("recommendation", rows=2, label=_("Because"))
    lost_at = SiteTime(label=_("The choice is lost at"))
    meanwhile = _words("meanwhile", rows=2, label=_("What happens until then"))
    if_lost = _words("if_lost", rows=2, label=_("What happens if nobody answers"))
    roles = forms.MultipleChoiceField(
        label=_("Who may answer"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("The head of quality always may."),
    )
    evidence = forms.MultipleChoiceField(
        label=_("What it rests on"), widget=forms.CheckboxSelectMultiple, required=False
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,
        zone: str,
        roles: Choices,
        evidence: Choices,
        advises: bool,
        codes: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        """Take the site's zone, who could answer, what there is to show, the codes that the draft has.

        `advises` asks for an opinion.
        """
        super().__init__(*args, **kwargs)
        self.codes = [*codes, *(each for each in LETTERS if each not in codes)][
            : max(len(LETTERS), len(codes))
        ]
        for place, code in enumerate(self.codes):
            label = _("Option %s") % code
            self.fields[f"option_{code}"] = forms.CharField(label=label, max_length=500, required=place == 0)
        lost_at: Any = self.fields["lost_at"]
        lost_at.zone = ZoneInfo(zone)
        lost_at.help_text = _("Site time (%(zone)s). The other side reads its own beside it.") % {
            "zone": zone
        }
        none = [] if advises else [("", _("nothing"))]
        self._choose("recommended", [*none, *((each, _("Option %s") % each) for each in self.codes)])
        self.fields["recommended"].required = advises
        self._choose("roles", roles)
        self._choose("evidence", evidence)
        if not evidence:
            del self.fields["evidence"]

    def _choose(self, name: str, choices: Choices) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]  # a choice field

    @property
    def options(self) -> list[forms.BoundField]:
        """Return the fields of the options."""
        return [self[f"option_{each}"] for each in self.codes]

    @property
    def wording(self) -> Wording:
        """Return what was written, as the action takes it."""
        given = self.cleaned_data
        options = [(each, given[f"option_{each}"].strip()) for each in self.codes]
        evidence = (each.partition(":") for each in given.get("evidence", ()))
        return Wording(
            title=given["title"],
            details=given["details"],
            options=tuple(Option(code, words) for code, words in options if words),
            recommended=given["recommended"],
            recommendation=given["recommendation"],
            lost_at=given["lost_at"],
            meanwhile=given["meanwhile"],
            if_lost=given["if_lost"],
            roles=tuple(given["roles"]),
            evidence=tuple(Evidence(kind, UUID(found)) for kind, _colon, found in evidence),
        )


def initial_of(request: DecisionRequest) -> dict[str, Any]:
    """Return a draft as its form shows it."""
    plain = ("title", "details", "recommended", "recommendation", "lost_at", "meanwhile", "if_lost", "roles")
    return {
        **{name: getattr(request, name) for name in (*plain, "version")},
        **{f"option_{each.code}": each.words for each in request.choices},
        "evidence": [f"{each['type']}:{each['id']}" for each in request.evidence],
    }


class AnswerForm(forms.Form):
    """The choice, and why."""

    option = forms.ChoiceField(label=_("My answer"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=_("Because"), min_length=3, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, options: Choices, **kwargs: Any) -> None:
        """Take the options, and that it is none of them."""
        super().__init__(*args, **kwargs)
        self.fields["option"].choices = options  # type: ignore[attr-defined]  # a ChoiceField
