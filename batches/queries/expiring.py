"""What expires soon and whose it is to see to: patient lots by the hours left, what the sponsor supplied."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Final

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.translation import gettext as _

from batches.custody.states import KEEPERS
from batches.models import CustodyChain, Disposition, Lot
from batches.queries.custody import life_of
from batches.queries.lots import list_lots
from batches.states import BatchState, LotState
from portal.action import instant
from portal.actor import Actor, Side
from portal.models import RecordQuerySet
from portal.slots import InboxItem
from portal.states import CDMO_QA, SPONSOR_CMC, SPONSOR_QA, SeatSide

SOON: Final = timedelta(days=60)
ITEMS_MAX: Final = 50
UNDER_WAY: Final = (BatchState.IN_PROCESS, BatchState.COMPLETE)
CARERS: Final = (*KEEPERS, SPONSOR_QA, SPONSOR_CMC)
SUPPLIERS: Final = (CDMO_QA, SPONSOR_QA, SPONSOR_CMC)


def expiring_waiting(actor: Actor) -> list[InboxItem]:
    """Return patient lots under way and materials of the sponsor that expire soon, for who sees to them."""
    lots = _lots(actor).order_by("expires_on", "id")[:ITEMS_MAX]
    return [*_patient_lots(actor), *(_item(actor, each) for each in lots)]


def count_expiring(actor: Actor) -> int:
    """Return how many of them there are; two queries."""
    return _chains(actor).count() + _lots(actor).count()


def _chains(actor: Actor) -> RecordQuerySet[CustodyChain]:
    """Return the chains of patient lots that live for hours and whose end is not decided."""
    spaces = [space_id for space_id in actor.seats if actor.holds(space_id, *CARERS)]
    rows = CustodyChain.objects.visible_to(actor).filter(space_id__in=spaces).exclude(life_s=None)
    decided = Disposition.objects.visible_to(actor).filter(batch=OuterRef("batch"))
    return rows.filter(batch__state__in=UNDER_WAY).exclude(Exists(decided))


def _patient_lots(actor: Actor) -> Iterator[InboxItem]:
    for chain in _chains(actor).select_related("batch", "life_from").order_by("id")[:ITEMS_MAX]:
        batch, life = chain.batch, life_of(actor, chain.batch, chain)
        why = _("Expires then")
        if life is None or life.makes_it is False:
            why = _("Does not make it by the planned steps")
        elif not life.is_certain:
            why = _("Expected to expire then, by the planned steps")
        yield InboxItem(
            subject_type="batch",
            subject_id=batch.pk,
            number=batch.number,
            title=_("Shelf life of the patient lot"),
            kind="shelf_life",
            why=why,
            clause="",
            side=str(actor.side(batch.space_id) or Side.MANUFACTURER),
            due_at=life.expires_at if life is not None else None,
            url=f"/batches/{batch.pk}/custody/",
            classification=None,
            space_id=batch.space_id,
        )


def _lots(actor: Actor) -> QuerySet[Lot]:
    """Return what the sponsor supplied, is not used up and expires soon."""
    spaces = [space_id for space_id in actor.seats if actor.holds(space_id, *SUPPLIERS)]
    now = instant()
    rows = list_lots(actor).filter(
        space_id__in=spaces,
        supplied_by=SeatSide.SPONSOR,
        produced_by=None,
        expires_on__gte=now.date(),
        expires_on__lte=(now + SOON).date(),
    )
    return rows.annotate(rest=F("quantity") - F("used")).filter(rest__gt=0).exclude(state=LotState.REJECTED)


def _item(actor: Actor, lot: Lot) -> InboxItem:
    return InboxItem(
        subject_type="lot",
        subject_id=lot.pk,
        number=lot.number,
        title=lot.title,
        kind="lot_expires",
        why=_("Supplied by the sponsor; expires then"),
        clause="",
        side=str(actor.side(lot.space_id) or Side.SPONSOR),
        due_at=_end_of(lot),
        url=f"/lots/{lot.pk}/",
        classification=None,
        space_id=lot.space_id,
    )


def _end_of(lot: Lot) -> datetime:
    """Return the instant at which a lot has expired: the end of its day where no hour is said."""
    if lot.expires_at is not None:
        return lot.expires_at
    day = lot.expires_on
    if day is None:
        msg = "a lot without expiry"
        raise ValueError(msg)
    return datetime.combine(day + timedelta(days=1), time(), UTC)
