"""What a person wrote before they went to sign in elsewhere, kept for their return.

It stands in the session alone, sealed under the key of their own organisation: no address, mail or log has
it, and who reads the database does not either.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from django.http import HttpRequest

from portal.actor import Actor
from portal.errors import KeyUnavailable
from portal.sealing import seal, unseal

_KEPT: Final = "kept"
# Fields that a form of proof carries along; what proves who it is is never kept.
CARRIED: Final = ("option", "reason", "step", "decision", "market", "markets", "condition", "answer")


def keep(request: HttpRequest, actor: Actor, place: str) -> None:
    """Keep what the form carries for the page at `place`, unless that is nothing or cannot be sealed."""
    request.session.pop(_KEPT, None)
    given = {name: request.POST[name] for name in CARRIED if name in request.POST}
    own = actor.organisation_id
    if not given or own is None:
        return
    try:
        sealed = seal(json.dumps(given), organisation_id=own, space_id=own, audience="")
    except KeyUnavailable:
        return
    request.session[_KEPT] = {"place": place, "sealed": sealed}


def kept_for(request: HttpRequest) -> Mapping[str, str]:
    """Return what was written for this page, empty if nothing was or if it cannot be opened now."""
    kept = request.session.get(_KEPT)
    if not kept or kept["place"] != request.path:
        return {}
    try:
        given: Mapping[str, str] = json.loads(unseal(kept["sealed"]))
    except KeyUnavailable:
        return {}
    return given


def forget_kept(request: HttpRequest) -> None:
    """Take it out of the session: it was sent."""
    request.session.pop(_KEPT, None)
