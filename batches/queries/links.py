"""Links of lots with lots of other programs, as pages and REST show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from batches.models import Lot, LotLink, LotLinkEnd
from batches.states import LinkWay
from portal.actor import Actor
from portal.models import RecordQuerySet


@dataclass(frozen=True, slots=True)
class Link:
    """A link as one reader sees it; `other_lot` only for who reads the other program too."""

    row: LotLink
    other_lot: UUID | None


def links_of(actor: Actor, lot_id: UUID) -> list[Link]:
    """Return the links of a lot, the standing ones first, the newest first among them."""
    rows = list(LotLink.objects.visible_to(actor).filter(lot=lot_id).order_by("-linked_at", "id"))
    rows.sort(key=lambda each: each.ended_at is not None)
    ends = ends_of(actor, rows)
    seen = set(
        Lot.objects.visible_to(actor)
        .filter(pk__in=[each.other_lot for each in ends.values()])
        .values_list("pk", flat=True)
    )
    return [
        Link(each, ends[each.pk].other_lot if each.pk in ends and ends[each.pk].other_lot in seen else None)
        for each in rows
    ]


def ends_of(actor: Actor, links: Sequence[LotLink]) -> dict[UUID, LotLinkEnd]:
    """Return where links lead, by link: nothing for the manufacturer."""
    rows = LotLinkEnd.objects.visible_to(actor).filter(link__in=[each.pk for each in links])
    return {each.link_id: each for each in rows}


def standing_links(actor: Actor) -> RecordQuerySet[LotLink]:
    """Return the links that the actor may see and nobody ended."""
    return LotLink.objects.visible_to(actor).filter(ended_at=None)


def onward_of(actor: Actor, lot_ids: Sequence[UUID]) -> list[UUID]:
    """Return the lots of other programs that these go on as, as far as the actor may see them."""
    onward = standing_links(actor).filter(lot__in=lot_ids, way=LinkWay.ONWARD).values("pk")
    rows = LotLinkEnd.objects.visible_to(actor).filter(link__in=onward)
    return list(rows.values_list("other_lot", flat=True))
