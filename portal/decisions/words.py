"""What happened to a decision request, in words, from the payloads of its facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.utils.translation import gettext as _

from portal.decisions.wording import NONE_OF_THESE

Payload = Mapping[str, Any]


def _side(fact: Payload) -> str:
    return _("Sponsor") if fact.get("side") == "sponsor" else _("CDMO")


def _answered(fact: Payload) -> str:
    option = fact.get("option", "")
    return _("Answered: none of these") if option == NONE_OF_THESE else _("Answered: option %s") % option


WORDS: Final[Mapping[str, Callable[[Payload], str]]] = {
    "decision.drafted": lambda _fact: _("Decision request drafted"),
    "decision.revised": lambda _fact: _("Draft of a decision request changed"),
    "decision.asked": lambda fact: _("%s asks for a decision") % _side(fact),
    "decision.messaged": lambda fact: _("%s wrote about a decision request") % _side(fact),
    "decision.answered": _answered,
    "decision.lost": lambda _fact: _("No reply: the choice was lost"),
    "decision.withdrawn": lambda _fact: _("Decision request withdrawn"),
}
