"""What a person was told, and how it left; how they are told, and what hinders it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from portal.action import instant
from portal.actor import Actor
from portal.models import Alert, Delivery, NoticeSetting, Person, PushDevice, Receipt
from portal.notices import chat
from portal.notices.choices import Choices
from portal.notices.demands import ProgramDemands, demands_on
from portal.notices.reading import ways_to
from portal.states import Channel, DeliveryState

LINES_A_PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Told:
    """One notice that came to the reader: the alert, their receipt, the messages about it."""

    alert: Alert
    receipt: Receipt
    messages: tuple[Delivery, ...]

    @property
    def is_in_digest(self) -> bool:
        """Say whether it was left to the morning mail."""
        return any(each.state == DeliveryState.DIGEST for each in self.messages)


@dataclass(frozen=True, slots=True)
class OwnSettings:
    """What the reader chose, in which zone it holds, and what is there to choose from."""

    choices: Choices
    is_chosen: bool
    zone: str
    email: str
    next_digest_at: datetime | None
    devices: Sequence[PushDevice]
    has_chat: bool
    is_chat_installed: bool
    demands: Sequence[ProgramDemands]


def list_told(actor: Actor, *, after: tuple[datetime, UUID] | None = None) -> tuple[list[Told], bool]:
    """Return a page of the notices that came to the actor, newest first, and whether older ones follow.

    `after` is when the last one of the page before was told, and its receipt. Three queries.
    """
    mine = Receipt.objects.visible_to(actor).filter(person_id=actor.person_id)
    if after is not None:
        at, last = after
        mine = mine.filter(Q(told_at__lt=at) | Q(told_at=at, pk__lt=last))
    found = list(mine.order_by("-told_at", "-pk")[: LINES_A_PAGE + 1])
    receipts = found[:LINES_A_PAGE]
    ids = [each.alert_id for each in receipts]
    alerts = Alert.objects.visible_to(actor).in_bulk(ids)
    rows = Delivery.objects.visible_to(actor).filter(alert_id__in=ids, person_id=actor.person_id)
    messages: dict[UUID, list[Delivery]] = {}
    for each in rows.order_by("step", "channel", "pk"):
        messages.setdefault(each.alert_id, []).append(each)
    told = [
        Told(alerts[each.alert_id], each, tuple(messages.get(each.alert_id, ())))
        for each in receipts
        if each.alert_id in alerts
    ]
    return told, len(found) > LINES_A_PAGE


def read_own_settings(actor: Actor) -> OwnSettings:
    """Return how the actor is told."""
    way = ways_to([actor.person_id])[actor.person_id]
    return OwnSettings(
        choices=way.choices,
        is_chosen=NoticeSetting.objects.filter(pk=actor.person_id).exists(),
        zone=way.zone,
        email=Person.objects.get(pk=actor.person_id).email,
        next_digest_at=way.digest_at,
        devices=list(PushDevice.objects.filter(person_id=actor.person_id).order_by("added_at", "id")),
        has_chat=Channel.CHAT in way.open_to,
        is_chat_installed=chat.is_installed(),
        demands=demands_on(actor, instant()),
    )


def last_digest_at(actor: Actor) -> datetime | None:
    """Return since when the next morning mail counts, None for who gets none."""
    found = NoticeSetting.objects.filter(pk=actor.person_id).first()
    return found.digest_since if found is not None else None


def stuck_since(actor: Actor) -> datetime | None:
    """Return since when a message to the actor waits that was tried in vain, None when none does."""
    rows = Delivery.objects.visible_to(actor).filter(
        person_id=actor.person_id, state=DeliveryState.WAITING, attempts__gt=1
    )
    alert_ids = rows.exclude(error="").values("alert_id")
    oldest = Alert.objects.visible_to(actor).filter(pk__in=alert_ids).order_by("raised_at", "pk").first()
    return oldest.raised_at if oldest is not None else None
