"""What people chose, read for those who are about to be told, and which channels lead to them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from portal.notices.chat import addresses_of
from portal.notices.choices import Choices, QuietHours
from portal.states import Channel

_READ: Final = """
select p.id, p.organisation_id, p.email, p.zone, s.given, s.digest_hour, s.digest_at,
       exists (select from portal_pushdevice d where d.person_id = p.id)
from portal_person p left join portal_noticesetting s on s.person_id = p.id where p.id = any(%s)
"""


@dataclass(frozen=True, slots=True)
class Way:
    """How one person is told: their choices, their zone, and the channels that lead to them."""

    choices: Choices
    zone: str
    open_to: tuple[str, ...]
    digest_at: datetime | None


def default_choices() -> Choices:
    """Return what holds for who chose nothing: the quiet hours of the installation, no morning mail."""
    return Choices(QuietHours.parse(settings.QUIET))


def ways_to(person_ids: Collection[UUID]) -> dict[UUID, Way]:
    """Return how people are told; one query. Who has no account any more is left out."""
    if not person_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_READ, [list(person_ids)])
        rows = cursor.fetchall()
    found = {}
    for person_id, organisation_id, email, zone, given, hour, digest_at, has_device in rows:
        stored = json.loads(given) if isinstance(given, str) else given
        choices = Choices.read(stored, hour) if stored is not None else default_choices()
        leads = {
            Channel.EMAIL: bool(email),
            Channel.PUSH: has_device,
            Channel.CHAT: bool(addresses_of(organisation_id, email)),
        }
        found[person_id] = Way(choices, zone, tuple(each for each in Channel if leads[each]), digest_at)
    return found
