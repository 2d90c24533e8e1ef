"""Words that blame a person, and what says the same of the work. Advice alone: nothing is refused. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What to look for (whole words, any ending where * stands), and what to ask or write instead.
BLAMING: Final[Sequence[tuple[str, str | Promise]]] = (
    ("human error", _("say what made the step easy to get wrong: instruction, layout, workload, check")),
    ("operator error", _("say what the operator saw and did, and what the procedure asked for")),
    ("operator mistake", _("say what the operator saw and did, and what the procedure asked for")),
    ("careless*", _("say which check would have caught it, and why it did not")),
    ("negligen*", _("say which control was missing or did not hold")),
    ("inattenti*", _("say what else had to be watched at that moment")),
    ("lack of attention", _("say what else had to be watched at that moment")),
    ("forgot*", _("say what should have reminded, and why it did not")),
    ("failed to follow", _("say what was done instead, and why that seemed right at the time")),
    ("did not follow the", _("say what was done instead, and why that seemed right at the time")),
    ("failed to", _("say what was not done, and what would have shown it")),
    ("should have known", _("say how it could have been known, and where that was written")),
    ("fault of", _("say which step or control did not hold")),
    ("to blame", _("say which step or control did not hold")),
    ("incompeten*", _("say which training or guidance the task needs, and which there was")),
    ("retrain*", _("training alone seldom prevents it again: say what changes in the work itself")),
    ("be more careful", _("name the control that will hold when nobody is careful")),
    ("laz*", _("say what made the short way the easy one")),
    ("sloppy", _("say which standard was not met, and how it is checked")),
)


@dataclass(frozen=True, slots=True)
class Advice:
    """A wording that was found, and what may be written instead."""

    found: str
    instead: str


def advice_on(text: str) -> list[Advice]:
    """Return where a text blames a person, in the order of the table, each once."""
    given = []
    for words, instead in BLAMING:
        if hit := _pattern(words).search(text):
            given.append(Advice(hit[0], str(instead)))
    covered = [each.found.casefold() for each in given]
    return [
        each
        for each in given
        if not any(each.found.casefold() in other and each.found.casefold() != other for other in covered)
    ]


def _pattern(words: str) -> re.Pattern[str]:
    stem = re.escape(words.rstrip("*")).replace("\\ ", r"\s+")
    ending = r"\w*" if words.endswith("*") else ""
    return re.compile(rf"\b{stem}{ending}\b", re.IGNORECASE)
