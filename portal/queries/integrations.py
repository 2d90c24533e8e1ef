"""Whether the link to other systems is healthy: the keys of one's own systems, and what is sent in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Q

from portal.action import instant
from portal.actor import Actor
from portal.directory import list_places
from portal.models import ApiKey, KeyUse
from portal.slots import Feed, GatewayLine, feeds, gateways
from portal.states import PEOPLE_WHO_ADMINISTER, WEBHOOK_KEEPERS

# Of keys that ended those are still shown that somebody may look for.
ENDED_SHOWN: Final = timedelta(days=30)
ENDS_SOON: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key of a system of one's own: what it may do where, when it last spoke, until when.

    `state` is live, ending (within two weeks), ended or revoked.
    """

    label: str
    hint: str
    scopes: tuple[str, ...]
    programs: tuple[str, ...]
    expires_at: datetime
    used_at: datetime | None
    state: str


def looks_after_links(actor: Actor) -> bool:
    """Say whether the reader looks after the link to other systems: quality units and administrators."""
    own = actor.organisation_id
    keeps = any(actor.holds(space_id, *WEBHOOK_KEEPERS) for space_id in actor.seats)
    return keeps or (own is not None and actor.holds(own, *PEOPLE_WHO_ADMINISTER))


def list_keys(actor: Actor) -> list[KeyLine]:
    """Return the keys of the reader's organisation, live ones first; none to who looks after no link."""
    if actor.organisation_id is None or not looks_after_links(actor):
        return []
    since = instant() - ENDED_SHOWN
    keys = ApiKey.objects.visible_to(actor).filter(space_id=actor.organisation_id)
    shown = keys.filter(Q(revoked_at=None) | Q(revoked_at__gt=since), expires_at__gt=since)
    rows = list(shown.order_by("label", "pk"))
    codes = {each.id: each.code for each in list_places(actor.organisation_id)}
    uses = dict(KeyUse.objects.filter(key_id__in=[each.pk for each in rows]).values_list("key_id", "used_at"))
    named = {str(space_id): code for space_id, code in codes.items() if code}
    lines = [
        KeyLine(
            label=each.label,
            hint=each.hint,
            scopes=tuple(each.scopes),
            programs=tuple(named[one] for one in each.program_ids if one in named),
            expires_at=each.expires_at,
            used_at=uses.get(each.pk),
            state=_state_of(each),
        )
        for each in rows
    ]
    return sorted(lines, key=lambda each: each.state not in ("live", "ending"))


def _state_of(key: ApiKey) -> str:
    now = instant()
    if key.revoked_at is not None:
        return "revoked"
    if key.expires_at <= now:
        return "ended"
    return "ending" if key.expires_at <= now + ENDS_SOON else "live"


def list_all_feeds(actor: Actor) -> list[Feed]:
    """Return what is sent into running batches, those with something late first."""
    found = [feed for provided in feeds(actor) for feed in provided]
    return sorted(found, key=lambda each: (not each.late, each.number))


def list_all_gateways(actor: Actor) -> list[tuple[GatewayLine, str]]:
    """Return the gateways that send into running batches with the label of their key, those at fault first.

    The label is known to the organisation whose key it is.
    """
    lines = [line for provided in gateways(actor) for line in provided]
    accounts = {each.person_id for each in lines if each.person_id is not None}
    keys = ApiKey.objects.visible_to(actor).filter(person_id__in=accounts, revoked_at=None)
    labels = dict(keys.order_by("-expires_at", "pk").values_list("person_id", "label"))
    found = [(each, labels.get(each.person_id, "") if each.person_id else "") for each in lines]
    return sorted(found, key=lambda each: (not _is_at_fault(each[0]), each[0].device, each[0].number))


def _is_at_fault(line: GatewayLine) -> bool:
    return line.is_off or line.is_silent or line.is_broken or bool(line.lost)
