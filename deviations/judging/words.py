"""Facts of judging in words, as the history of a deviation tells them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from deviations.judging.states import CandidateOutcome, TieKind

Payload = Mapping[str, Any]


def _side(fact: Payload) -> str:
    return _("Sponsor") if fact.get("side") == "sponsor" else _("CDMO")


def _changed(fact: Payload) -> str:
    return _("Class changed from %(before)s to %(after)s") % {
        "before": fact.get("before", ""),
        "after": fact.get("classification", ""),
    }


def _opened(fact: Payload) -> str:
    return _("Confirmed classes opened together: CDMO %(own)s, sponsor %(theirs)s") % {
        "own": fact.get("manufacturer", ""),
        "theirs": fact.get("sponsor", ""),
    }


def _decided(fact: Payload) -> str:
    given = fact.get("outcome", "")
    return _("Another batch: %s") % (
        CandidateOutcome(given).label if given in CandidateOutcome.values else given
    )


def _word(fact: Payload) -> str:
    said = {"side": _side(fact), "given": fact.get("classification", "")}
    if fact.get("is_decided"):
        return _("%(side)s: the class is %(given)s; both heads of quality agree") % said
    return _("%(side)s: the class is %(given)s") % said


def _tied(fact: Payload) -> str:
    return _("Merged into another deviation") if fact.get("kind") == TieKind.MERGED else _("Linked")


WORDS: Final[Mapping[str, Callable[[Payload], str]]] = {
    "impact.given": lambda fact: _("%s: impact assessed, not signed yet") % _side(fact),
    "impact.concluded": lambda fact: _("%s: impact assessment signed") % _side(fact),
    "scope.looked": lambda fact: _("Other batches looked for, %s new") % fact.get("found", ""),
    "scope.decided": _decided,
    "class.lower_proposed": lambda fact: (
        _("Lower class proposed: %s; a second signature gives it") % fact.get("classification", "")
    ),
    "class.changed": _changed,
    "class.given": lambda fact: _("%s: confirmed class given") % _side(fact),
    "class.opened": _opened,
    "class.word": _word,
    "deviation.tied": _tied,
    "deviation.risk_assessed": lambda fact: _("%s: risk form filled") % _side(fact),
}
