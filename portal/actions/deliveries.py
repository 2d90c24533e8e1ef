"""What the courier does with a message: claim it for one attempt, note that it went, or put it off."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.models import Alert, Delivery, Person
from portal.rosters.drills import DRILL
from portal.states import SYSTEM, DeliveryState, PersonKind

ATTEMPTS_MAX: Final = 10
# Longer than one run of the courier may take; a courier that died is followed by another after this.
LEASE: Final = timedelta(seconds=90)
REST_FIRST: Final = timedelta(seconds=30)
REST_MOST: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Letter:
    """A claimed message: where to, about which alert, in which attempt. It holds nothing of the product."""

    delivery_id: UUID
    space_id: UUID
    alert_id: UUID
    attempt: int
    address: str
    is_drill: bool = False


@action("delivery.claim")
def claim_deliveries(actor: Actor, space_id: UUID, *, delivery_ids: Sequence[UUID]) -> list[Letter]:
    """Take due messages of one space for one attempt each; what another courier holds is left out.

    The attempt is counted before it is made: a message that kills its courier ends as well. Raises: Refused.
    """
    require_role(actor, space_id, SYSTEM, to="deliver messages")
    now = instant()
    due = Delivery.objects.visible_to(actor).filter(
        space_id=space_id, pk__in=delivery_ids, state=DeliveryState.WAITING, next_at__lte=now
    )
    claimed = list(due.select_for_update(skip_locked=True).order_by("next_at", "pk"))
    addresses = _addresses({each.person_id for each in claimed})
    alerts = Alert.objects.visible_to(actor).filter(pk__in={each.alert_id for each in claimed}, kind=DRILL)
    drills = set(alerts.values_list("pk", flat=True))
    letters = []
    for delivery in claimed:
        address = addresses.get(delivery.person_id, "")
        if not address or delivery.attempts >= ATTEMPTS_MAX:
            delivery.give_up(delivery.error or ("courier_lost" if address else "no_address"))
        else:
            delivery.claim(now + LEASE)
            letters.append(
                Letter(
                    delivery.pk,
                    space_id,
                    delivery.alert_id,
                    delivery.attempts,
                    address,
                    is_drill=delivery.alert_id in drills,
                ),
            )
        delivery.save(update_fields=["state", "attempts", "next_at", "error", "version"])
    return letters


def _addresses(people: Iterable[UUID]) -> Mapping[UUID, str]:
    """Return the addresses of those who still have an account."""
    humans = Person.objects.filter(pk__in=list(people), is_active=True, kind=PersonKind.HUMAN)
    return dict(humans.values_list("pk", "email"))


def _lock_claimed(actor: Actor, delivery_id: UUID, attempt: int) -> Delivery | None:
    """Return the message while this attempt is its last: a courier whose lease ran out changes nothing."""
    waiting = Delivery.objects.visible_to(actor).select_for_update()
    found = waiting.filter(pk=delivery_id, state=DeliveryState.WAITING, attempts=attempt).first()
    if found is not None:
        require_role(actor, found.space_id, SYSTEM, to="deliver messages")
    return found


@action("delivery.sent")
def note_sent(actor: Actor, delivery_id: UUID, *, attempt: int) -> Delivery | None:
    """Note that the mail server took the message; None when the claim was lost. Raises: Refused."""
    delivery = _lock_claimed(actor, delivery_id, attempt)
    if delivery is not None:
        delivery.note_sent(instant())
        delivery.save(update_fields=["state", "sent_at", "error", "version"])
    return delivery


@action("delivery.put_off")
def put_off_delivery(actor: Actor, delivery_id: UUID, *, attempt: int, error: str) -> Delivery | None:
    """Note why an attempt failed and try again later, each time later, ten times in all.

    `error` is a code, never the server's words: those hold addresses. None when the claim was lost.
    Raises: Refused.
    """
    delivery = _lock_claimed(actor, delivery_id, attempt)
    if delivery is None:
        return None
    if attempt >= ATTEMPTS_MAX:
        delivery.give_up(error)
    else:
        delivery.put_off(instant() + min(REST_FIRST * 2 ** (attempt - 1), REST_MOST), error)
    delivery.save(update_fields=["state", "next_at", "error", "version"])
    return delivery
