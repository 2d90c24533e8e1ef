"""The form of a clause: prose, and a form for each of its rules, so that YAML and forms say the same."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.agreements.document import Clause
from portal.agreements.headings import HEADINGS
from portal.agreements.rules import KINDS
from portal.agreements.schema import TEXT_MAX
from portal.forms_agreement.rules import RuleForm, rule_form


class ClauseForm(forms.Form):
    """A clause: number, heading, title and prose; its rules are forms of their own."""

    code = forms.CharField(label=_("Number"), max_length=15)
    heading = forms.ChoiceField(
        label=_("Heading"), choices=[(code, each.title) for code, each in HEADINGS.items()]
    )
    title = forms.CharField(label=_("Title"), max_length=200)
    text = forms.CharField(
        label=_("Prose, Markdown"), max_length=TEXT_MAX, strip=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    is_default = forms.BooleanField(
        label=_("Its values are defaults that the parties have not looked at"), required=False
    )

    def __init__(self, data: Any = None, *, clause: Clause | None = None) -> None:
        """Take what was sent, or the clause as it stands."""
        super().__init__(data, initial=clause.plain() if clause is not None else {})
        if data is not None:
            given = data.getlist("rule")
            self.rules = [RuleForm(kind, at, data) for at, kind in enumerate(given) if kind in KINDS]
        else:
            self.rules = [rule_form(at, each) for at, each in enumerate(clause.rules if clause else ())]

    def add(self, kind: str) -> None:
        """Show an empty rule of a kind below the others."""
        if kind in KINDS:
            self.rules.append(RuleForm(kind, len(self.rules)))

    def is_valid(self) -> bool:
        """Say whether the clause and all its rules can be read; the schema judges what they say."""
        return all([super().is_valid(), *(each.is_valid() for each in self.rules)])

    @property
    def kept(self) -> list[RuleForm]:
        """Return the rules that stay."""
        return [each for each in self.rules if not each.is_removed]

    def as_text(self) -> str:
        """Return the clause as the text that `edit_clause` takes."""
        given = {**self.cleaned_data, "text": self.cleaned_data["text"].replace("\r\n", "\n")}
        rules = [each.plain() for each in self.kept]
        return json.dumps(given | ({"rules": rules} if rules else {}), ensure_ascii=False)

    def explain(self, faults: Sequence[Mapping[str, str]]) -> None:
        """Say what the schema refused beside the field it is about (`clauses/0/rules/1/within`)."""
        kept = self.kept
        for fault in faults:
            match fault["where"].split("/"):
                case ["clauses", "0", "rules", at, *rest] if at.isdecimal() and int(at) < len(kept):
                    rule, name = kept[int(at)], rest[0] if rest else ""
                    label = f"{rule.rows[name].label}: " if name in rule.rows else ""
                    rule.add_error(name if name in rule.fields else None, f"{label}{fault['detail']}")
                case ["clauses", "0", name, *_rest] if name in self.fields:
                    self.add_error(name, fault["detail"])
                case _:
                    self.add_error(None, fault["detail"])
