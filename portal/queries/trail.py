"""Stretches of the audit trail, and who looked them through."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from portal.access import get_visible
from portal.actor import Actor
from portal.errors import NotFound
from portal.models import TrailReview
from portal.streams import ChainKey, audiences_of

STRETCH_MAX: Final = 5000
_OF: Final = "space_id = %s and audience = %s and seq between %s and %s"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Part of a chain: how many of its entries are of the kinds that were asked for, by kind."""

    chain: ChainKey
    first: int
    last: int
    by_kind: Mapping[str, int]
    outside: int
    last_leaf: str

    @property
    def entries(self) -> int:
        """Return how many entries there are to look through."""
        return sum(self.by_kind.values())


def find_stretch(
    actor: Actor, chain: ChainKey, first: int, last: int, kinds: Collection[str] = ()
) -> Stretch:
    """Return what lies between two numbers of a chain, both included; `kinds` none means all.

    Raises: NotFound where the actor may not follow the chain or it has no entry `last`.
    """
    if chain.audience not in audiences_of(actor, chain.space_id):
        raise NotFound
    place: list[Any] = [chain.space_id, chain.audience, first, last]
    with connection.cursor() as cursor:
        cursor.execute(
            f"select kind, count(*), count(*) filter (where is_outside) from ledger.entry where {_OF}"  # noqa: S608 - a fixed expression
            " and (%s or kind = any(%s)) group by kind order by kind",
            [*place, not kinds, list(kinds)],
        )
        rows = cursor.fetchall()
        cursor.execute(
            f"select leaf_hash from ledger.entry where {_OF}",  # noqa: S608 - as above
            [chain.space_id, chain.audience, last, last],
        )
        end = cursor.fetchone()
    if end is None:
        raise NotFound
    by_kind = {kind: count for kind, count, _ in rows}
    return Stretch(chain, first, last, by_kind, sum(row[2] for row in rows), bytes(end[0]).hex())


def next_stretch(actor: Actor, chain: ChainKey, head: int) -> tuple[int, int]:
    """Return the first and last number that the reader's side has not looked through yet."""
    reviewed = (
        TrailReview.objects.visible_to(actor)
        .filter(space_id=chain.space_id, chain=chain.audience, kinds=[])
        .order_by("-last_seq")
        .values_list("last_seq", flat=True)
        .first()
    )
    first = min((reviewed or 0) + 1, max(head, 1))
    return first, min(head, first + STRETCH_MAX - 1)


def list_trail_reviews(actor: Actor, space_id: UUID) -> QuerySet[TrailReview]:
    """Return the reviews of a space that the actor may see, newest first."""
    return TrailReview.objects.visible_to(actor).filter(space_id=space_id).order_by("-reviewed_at", "id")


def get_trail_review(actor: Actor, review_id: UUID) -> TrailReview:
    """Return one review; raises NotFound."""
    return get_visible(TrailReview, actor, review_id)
