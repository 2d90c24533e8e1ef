"""Who sets up webhooks of a side, and which addresses they may have."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from portal import outgoing
from portal.actor import Actor, Side
from portal.errors import Invalid
from portal.models import Program
from portal.states import PEOPLE_WHO_ADMINISTER, WEBHOOK_KEEPERS

SCOPE: Final = "webhooks"


def side_kept(actor: Actor, program: Program) -> str:
    """Return the side of a program whose webhooks the actor sets up, empty for none.

    Of people its quality unit, and its organisation's administrators who have a seat there; of keys those
    with the scope.
    """
    side = actor.side(program.pk)
    owners: dict[Side | None, UUID] = {
        Side.MANUFACTURER: program.manufacturer_id,
        Side.SPONSOR: program.sponsor_id,
    }
    if side not in owners:
        return ""
    if actor.scopes is not None:
        return str(side) if SCOPE in actor.scopes else ""
    own = actor.organisation_id
    administers = own is not None and own == owners[side] and actor.holds(own, *PEOPLE_WHO_ADMINISTER)
    return str(side) if administers or actor.holds(program.pk, *WEBHOOK_KEEPERS) else ""


def programs_kept(actor: Actor) -> dict[UUID, Program]:
    """Return the programs in which the actor sets up webhooks, by code."""
    programs = Program.objects.visible_to(actor).order_by("code", "pk")
    return {each.pk: each for each in programs if side_kept(actor, each)}


def require_address(url: str) -> None:
    """Refuse an address that is never called. A name that nobody knows yet may come to be known.

    It asks the resolver, so it stands before an action, not in one; each call is checked again.
    Raises: Invalid.
    """
    try:
        outgoing.resolve(url)
    except outgoing.OutgoingRefused as refused:
        if refused.code not in ("no_such_host", "lookup_timed_out"):
            words = _refusals().get(refused.code, _("This is no address that can be called."))
            raise Invalid(words, code=refused.code, errors={"url": [words]}) from refused


def unreachable(url: str) -> str:
    """Say why messages to an address that was taken would wait now, as a code, empty when they would not.

    It goes out, so it is asked after an action, of who may have it called, and binds nothing: each call finds
    out anew.
    """
    return outgoing.knock(url)


def reach_words(code: str) -> str:
    """Return what a code of `unreachable` says to who set the address up."""
    words = {
        "no_such_host": _("nobody knows its name yet"),
        "lookup_timed_out": _("its name was not found in time"),
        "not_reached": _("nobody answers there"),
        "tls_failed": _("its certificate does not hold"),
        "timed_out": _("nobody answered within three seconds"),
    }
    return words.get(code, code)


def _refusals() -> dict[str, str]:
    return {
        "not_https": _("The address begins with https://."),
        "port_not_allowed": _("Calls go to port 443 or 8443."),
        "not_public": _("The address is none of the open internet."),
        "not_a_host": _("The address names no host of the open internet."),
    }
