"""What the courier does with a message: claim it for one attempt, note that it went, or put it off."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef

from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.models import Alert, Courier, Delivery, Person, PushDevice, Receipt
from portal.notices.chat import addresses_of
from portal.notices.choices import sort_of
from portal.rosters.drills import DRILL
from portal.states import SYSTEM, Channel, DeliveryState, PersonKind

# With the rests below: three days, so that a server that is down over a weekend loses nothing.
ATTEMPTS_MAX: Final = 150
REST_FIRST: Final = timedelta(seconds=30)
REST_MOST: Final = timedelta(minutes=30)
# A message whose couriers died with it three times in a row is left alone.
LOST_MAX: Final = 3
# A courier shows itself every three seconds; what a dead one held is taken up after this.
LEASE: Final = timedelta(seconds=10)
CLAIMED: Final = ("state", "attempts", "lost", "courier_id", "next_at", "error", "version")
NOWHERE: Final[Mapping[str, str]] = {
    Channel.EMAIL: "no_address",
    Channel.PUSH: "no_device",
    Channel.CHAT: "no_chat",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed message: to whom, about which alert, in which attempt. It holds nothing of the product.

    `addresses` is the e-mail's one, or those of the chat; a push finds its browsers itself. Whom it only
    concerns, like the person whose signing is locked, is asked for no receipt.
    """

    delivery_id: UUID
    space_id: UUID
    alert_id: UUID
    attempt: int
    channel: str
    person_id: UUID
    addresses: tuple[str, ...]
    is_urgent: bool = False
    is_drill: bool = False
    asks_receipt: bool = True

    @property
    def address(self) -> str:
        """Return the one address of a mail."""
        return self.addresses[0]


@action("delivery.claim")
def claim_deliveries(
    actor: Actor, space_id: UUID, *, delivery_ids: Sequence[UUID], courier_id: UUID
) -> list[Letter]:
    """Take due messages of one space for one attempt each; what another courier holds is left out.

    The attempt is counted before it is made: a message that kills its courier ends as well. Raises: Refused.
    """
    require_role(actor, space_id, SYSTEM, to="deliver messages")
    now = instant()
    alive = Courier.objects.filter(pk=OuterRef("courier_id"), seen_at__gt=now - LEASE)
    due = Delivery.objects.visible_to(actor).filter(
        ~Exists(alive), space_id=space_id, pk__in=delivery_ids, state=DeliveryState.WAITING, next_at__lte=now
    )
    claimed = list(due.select_for_update(skip_locked=True, of=("self",)).order_by("next_at", "pk"))
    ways = _addresses({each.person_id for each in claimed})
    alerts = Alert.objects.visible_to(actor).in_bulk([each.alert_id for each in claimed])
    asked = _asked(actor, alerts)
    letters = []
    for delivery in claimed:
        addresses = ways.get((delivery.person_id, delivery.channel), ())
        if not addresses or delivery.attempts >= ATTEMPTS_MAX or delivery.lost >= LOST_MAX:
            delivery.give_up(delivery.error or ("courier_lost" if addresses else NOWHERE[delivery.channel]))
        else:
            delivery.claim(courier_id, now + LEASE)
            letter = _letter(delivery, alerts[delivery.alert_id], addresses)
            asks = (delivery.alert_id, delivery.person_id) in asked
            letters.append(replace(letter, asks_receipt=asks))
        delivery.save(
            update_fields=["state", "attempts", "lost", "courier_id", "next_at", "error", "version"]
        )
    return letters


def _letter(delivery: Delivery, alert: Alert, addresses: tuple[str, ...]) -> Letter:
    return Letter(
        delivery.pk,
        delivery.space_id,
        delivery.alert_id,
        delivery.attempts,
        delivery.channel,
        delivery.person_id,
        addresses,
        is_urgent=sort_of(alert.kind, alert.classification, alert.clause).must_wake,
        is_drill=alert.kind == DRILL,
    )


def _asked(actor: Actor, alert_ids: Collection[UUID]) -> set[tuple[UUID, UUID]]:
    """Return who is asked for receipt of which alert."""
    asked = Receipt.objects.visible_to(actor).filter(alert_id__in=list(alert_ids))
    return set(asked.values_list("alert_id", "person_id"))


def _addresses(people: Collection[UUID]) -> Mapping[tuple[UUID, str], tuple[str, ...]]:
    """Return where those who still have an account are reached, by person and channel."""
    humans = Person.objects.filter(pk__in=people, is_active=True, kind=PersonKind.HUMAN)
    devices = PushDevice.objects.filter(person_id__in=people)
    with_device = set(devices.values_list("person_id", flat=True).order_by("person_id").distinct())
    found: dict[tuple[UUID, str], tuple[str, ...]] = {}
    for each in humans:
        found[each.pk, Channel.EMAIL] = (each.email,) if each.email else ()
        found[each.pk, Channel.CHAT] = tuple(addresses_of(each.organisation_id, each.email))
        found[each.pk, Channel.PUSH] = ("browsers",) if each.pk in with_device else ()
    return found


def _lock_claimed(actor: Actor, delivery_id: UUID, attempt: int) -> Delivery | None:
    """Return the message while this attempt is its last: a courier whose lease ran out changes nothing."""
    waiting = Delivery.objects.visible_to(actor).select_for_update()
    found = waiting.filter(pk=delivery_id, state=DeliveryState.WAITING, attempts=attempt).first()
    if found is not None:
        require_role(actor, found.space_id, SYSTEM, to="deliver messages")
    return found


@action("delivery.sent")
def note_sent(actor: Actor, delivery_id: UUID, *, attempt: int) -> Delivery | None:
    """Note that the server of the channel took the message; None when the claim was lost. Raises: Refused."""
    delivery = _lock_claimed(actor, delivery_id, attempt)
    if delivery is not None:
        delivery.note_sent(instant())
        delivery.save(update_fields=["state", "sent_at", "error", "lost", "courier_id", "version"])
    return delivery


@action("delivery.put_off")
def put_off_delivery(actor: Actor, delivery_id: UUID, *, attempt: int, error: str) -> Delivery | None:
    """Note why an attempt failed and try again later, each time later, over three days in all.

    `error` is a code, never the server's words: those hold addresses. None when the claim was lost.
    Raises: Refused.
    """
    delivery = _lock_claimed(actor, delivery_id, attempt)
    if delivery is None:
        return None
    if attempt >= ATTEMPTS_MAX:
        delivery.give_up(error)
    else:
        # Doubling a rest 150 times over is no number of seconds any more.
        doubled = REST_FIRST * 2 ** min(attempt - 1, 10)
        delivery.put_off(instant() + min(doubled, REST_MOST), error)
    delivery.save(update_fields=["state", "next_at", "error", "lost", "courier_id", "version"])
    return delivery
