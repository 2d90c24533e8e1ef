"""The daily mail of checkpoints: who is due, claimed for one attempt, and noted when it went."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import Final, cast
from uuid import UUID

from django.db import connection

from portal.action import action, instant
from portal.actor import Actor
from portal.models import CheckpointMail, Person

# Longer than one attempt may take; a courier that died is followed by another after this.
LEASE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Recipient:
    """A person whose mail of a day was claimed: where to, and for which organisation they keep it."""

    person_id: UUID
    organisation_id: UUID
    address: str
    day: date


@action("checkpoint_mail.claim")
def claim_checkpoint_mail(_actor: Actor, *, hour: int) -> Recipient | None:
    """Take one person whose mail of this day waits, for one attempt; None when nobody's does.

    `hour` is that of the day (UTC) from which it is due. Who is due is asked through a door: administrators
    and heads of quality, each in their own organisation. What was claimed and not noted is due again after
    the lease, until the day is over.
    """
    now = instant().astimezone(UTC)
    if now.hour < hour:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into portal_checkpointmail as mail (person_id, day, next_at)"
            " select person_id, %s, %s from door.unmailed(%s, 1)"
            " on conflict (person_id, day) do update set next_at = excluded.next_at"
            " where mail.sent_at is null and mail.next_at <= %s returning person_id",
            [now.date(), now + LEASE, now.date(), now],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    person = Person.objects.get(pk=row[0])
    return Recipient(person.pk, cast("UUID", person.organisation_id), person.email, now.date())


@action("checkpoint_mail.sent")
def note_checkpoint_mail(_actor: Actor, recipient: Recipient) -> None:
    """Note that the mail server took the mail of this day."""
    waiting = CheckpointMail.objects.filter(person_id=recipient.person_id, day=recipient.day, sent_at=None)
    waiting.update(sent_at=instant())
