"""How a person is told: what they choose, their browsers, and the morning mail claimed for one attempt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from portal import ledger, outgoing
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid, NotFound, Refused
from portal.facts import NoticesChosen, PushDeviceAdded, PushDeviceRemoved
from portal.models import Member, NoticeSetting, Person, PushDevice
from portal.notices.choices import SORTS, Choices, Sort, next_morning
from portal.notices.devices import DEVICES_MOST, digest_of, hidden
from portal.notices.push import check_keys, decode
from portal.states import Channel

# Longer than one attempt may take; a courier that died is followed by another after this.
LEASE: Final = timedelta(minutes=2)
LABEL_CHARACTERS: Final = 80


@dataclass(frozen=True, slots=True)
class MorningMail:
    """A person whose morning mail was claimed: which one, what it counts from, and where to."""

    person_id: UUID
    address: str
    zone: str
    due_at: datetime
    since: datetime


def _own_member(actor: Actor) -> Member:
    found: Member | None = (
        Member.objects.visible_to(actor).select_for_update().filter(person_id=actor.person_id).first()
    )
    if found is None:
        raise Refused(_("Guests are told of nothing by mail; there is nothing to choose."))
    return found


@action("notices.choose")
def choose_notices(actor: Actor, *, choices: Choices) -> Member:
    """Keep how one wants to be told; what a clause demands stands whatever is chosen.

    Raises: Refused. Records: notices.chosen v1 in the own organisation.
    """
    member, now = _own_member(actor), instant()
    hour = choices.digest_hour
    zone = Person.objects.get(pk=actor.person_id).zone
    NoticeSetting.objects.update_or_create(
        person_id=actor.person_id,
        defaults={
            "given": choices.plain(),
            "digest_hour": hour,
            "digest_at": None if hour is None else next_morning(now, zone, hour),
            "digest_since": None if hour is None else now,
            "leased_until": None,
        },
    )
    ledger.record(
        member,
        NoticesChosen(
            email=_sorts(lambda each: Channel.EMAIL in choices.over(each)),
            push=_sorts(lambda each: Channel.PUSH in choices.over(each)),
            chat=_sorts(lambda each: Channel.CHAT in choices.over(each)),
            wakes=_sorts(choices.wakes_for),
            quiet=choices.quiet.words if choices.quiet is not None else "",
            digest_hour=hour,
        ),
    )
    return member


def _sorts(holds: Callable[[Sort], bool]) -> tuple[str, ...]:
    return tuple(each.code for each in SORTS if holds(each))


@action("push_device.add")
def add_device(actor: Actor, *, endpoint: str, p256dh: str, auth: str, label: str) -> PushDevice:
    """Let a browser take notifications for oneself; one that took them for somebody else no longer does.

    `label` names it for its owner, at most 80 characters. The address is checked as one that we would call.
    Raises: Refused, Invalid, Conflict. Records: push_device.added v1 in the own organisation.
    """
    member = _own_member(actor)
    try:
        outgoing.resolve(endpoint)
        check_keys(decode(p256dh), decode(auth))
    except (outgoing.OutgoingRefused, ValueError) as error:
        raise Invalid(_("This browser's push service cannot be used from here.")) from error
    mine = PushDevice.objects.filter(person_id=actor.person_id)
    digest = digest_of(endpoint)
    if mine.exclude(endpoint_hash=digest).count() >= DEVICES_MOST:
        raise Conflict(_("You have %s browsers already; remove one first.") % DEVICES_MOST)
    device, _is_new = PushDevice.objects.update_or_create(
        endpoint_hash=digest,
        defaults={
            "person_id": actor.person_id,
            "hidden": hidden(endpoint, p256dh, auth),
            "label": label[:LABEL_CHARACTERS],
            "added_at": instant(),
        },
    )
    ledger.record(member, PushDeviceAdded(device_id=device.pk))
    return device


@action("push_device.remove")
def remove_device(actor: Actor, device_id: UUID) -> Member:
    """Take notifications from one of one's own browsers.

    Raises: Refused, NotFound. Records: push_device.removed v1 in the own organisation.
    """
    member = _own_member(actor)
    removed, _by_table = PushDevice.objects.filter(person_id=actor.person_id, pk=device_id).delete()
    if not removed:
        raise NotFound
    ledger.record(member, PushDeviceRemoved(device_id=device_id))
    return member


@action("digest.claim")
def claim_digest(_actor: Actor) -> MorningMail | None:
    """Take one person whose morning mail is due, for one attempt; None when nobody's is.

    One that was claimed and not noted is due again after the lease.
    """
    now = instant()
    with connection.cursor() as cursor:
        cursor.execute(
            "update portal_noticesetting set leased_until = %s where person_id = ("
            " select s.person_id from portal_noticesetting s join portal_person p on p.id = s.person_id"
            " where s.digest_at <= %s and (s.leased_until is null or s.leased_until <= %s)"
            " and p.is_active and p.kind = 'human' and p.email <> ''"
            " order by s.digest_at, s.person_id limit 1 for update of s skip locked)"
            " returning person_id, digest_at, coalesce(digest_since, digest_at)",
            [now + LEASE, now, now],
        )
        row = cursor.fetchone()
    if row is None:
        return None
    person = Person.objects.get(pk=row[0])
    return MorningMail(person.pk, person.email, person.zone, row[1], row[2])


@action("digest.sent")
def note_digest(_actor: Actor, mail: MorningMail) -> None:
    """Note that the mail server took this morning's mail; the next is due on the next morning."""
    now = instant()
    claimed = NoticeSetting.objects.filter(person_id=mail.person_id, digest_at=mail.due_at)
    for setting in claimed.select_for_update():
        setting.digest_at = next_morning(now, mail.zone, setting.digest_hour or 0)
        setting.digest_since, setting.leased_until = mail.due_at, None
        setting.save(update_fields=["digest_at", "digest_since", "leased_until"])
