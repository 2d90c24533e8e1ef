"""When a person last looked at Home or a batch, so that Home can say what is new since."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connection

from portal.actor import Actor
from portal.models import Look

HOME: Final = UUID(int=0)
# Who was never here before is told of a day.
FIRST_LOOK_BACK: Final = timedelta(days=1)
# A look within the time that a session may idle belongs to the same sitting.
NOTE: Final = """
insert into portal_look as l (person_id, place_id, seen_at) values (%s, %s, portal.instant())
on conflict (person_id, place_id) do update set
    before_at = case when excluded.seen_at - l.seen_at > make_interval(secs => %s)
                     then l.seen_at else l.before_at end,
    seen_at = excluded.seen_at
"""


@dataclass(frozen=True, slots=True)
class LastLook:
    """Since when there is news: at Home, and of each batch; `is_first` where no sitting came before."""

    home: datetime
    batches: Mapping[UUID, datetime]
    is_first: bool


def note_look(actor: Actor, place_id: UUID) -> None:
    """Note that this person looks at Home or a batch now; a poll of a page is no look.

    Not an action: it changes no record, and a look is nobody else's business.
    """
    with connection.cursor() as cursor:
        cursor.execute(NOTE, [actor.person_id, place_id, settings.SESSION_IDLE.total_seconds()])


def last_look(actor: Actor, batch_ids: Collection[UUID], now: datetime) -> LastLook:
    """Return since when Home and each batch hold news for this person; one query.

    News of a batch end with the last look at its page; else they begin where the sitting before ended.
    """
    rows = Look.objects.filter(person_id=actor.person_id, place_id__in=[HOME, *batch_ids])
    seen, before = {}, None
    for place_id, seen_at, before_at in rows.values_list("place_id", "seen_at", "before_at"):
        seen[place_id] = seen_at
        before = before_at if place_id == HOME else before
    home = before or now - FIRST_LOOK_BACK
    batches = {batch_id: max(home, seen.get(batch_id, home)) for batch_id in batch_ids}
    return LastLook(home, batches, is_first=before is None)
