"""Screens on the wall: a display key opens the wall page and its stream, and nothing else (ground 6)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from portal.action import reading
from portal.actor import Actor
from portal.api.authentication import actor_by_key
from portal.models import ApiKey
from portal.states import DISPLAY

COOKIE: Final = "covalent_display"
# The stream of a wall: a browser sends its session's cookie too, so the address says as what it comes.
AS_DISPLAY: Final = b"as=display"


@dataclass(frozen=True, slots=True)
class Display:
    """What a screen may show: the batches of its key's programs, or of these those numbers alone."""

    actor: Actor
    numbers: frozenset[str]

    def shows(self, number: str) -> bool:
        """Say whether a batch of this number is shown."""
        return not self.numbers or number in self.numbers


def display_by_key(token: str) -> Display | None:
    """Return what a live display key shows; None for any other key or word."""
    actor = actor_by_key(token)
    if actor is None or actor.scopes != frozenset({DISPLAY}) or actor.organisation_id is None:
        return None
    digest = hashlib.sha256(token.encode()).digest()
    with reading(actor):
        rows = ApiKey.objects.visible_to(actor).filter(space_id=actor.organisation_id, token_hash=digest)
        shown = rows.values_list("shows", flat=True).first()
    return None if shown is None else Display(actor, frozenset(shown))
