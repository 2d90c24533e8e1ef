"""What Home says of deviations since a person last looked: logged to the CDMO, disclosed to the sponsor."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from deviations.access import newest_classes
from deviations.models import Deviation, Notice
from deviations.queries.history import by_clause, words_of
from portal.actor import Actor
from portal.ledger_entries import happenings_since
from portal.slots import News

MOST: Final = 500
# What moved a deviation on; that it was opened stands among the news anyway.
MOVES: Final = (
    "deviation.triaged",
    "deviation.investigation_started",
    "deviation.impact_assessed",
    "deviation.summarised",
    "deviation.closed",
    "deviation.cancelled",
)
NOTICES: Final = ("notice.released", "notice.overdue")


def deviation_news(actor: Actor, since: Mapping[UUID, datetime]) -> list[News]:
    """Return what this reader could know since: logged on the CDMO's side, else disclosed; three queries."""
    earliest = min(since.values())
    notices = Notice.objects.visible_to(actor).filter(
        deviation__batch_id__in=since.keys(), released_at__gt=earliest
    )
    disclosed = dict(notices.values_list("deviation_id", "released_at"))
    rows = list(
        Deviation.objects.visible_to(actor)
        .filter(Q(recorded_at__gt=earliest) | Q(pk__in=disclosed.keys()), batch_id__in=since.keys())
        .order_by("-recorded_at", "-id")[:MOST]
    )
    classes = newest_classes(actor, [each.pk for each in rows])
    own = set(actor.as_manufacturer)
    found = []
    for each in rows:
        at = each.recorded_at if each.space_id in own else disclosed.get(each.pk)
        if each.batch_id is not None and at is not None and at > since[each.batch_id]:
            found.append(_line(each, each.batch_id, at, classes.get(each.pk, "")))
    return found


def _line(deviation: Deviation, batch_id: UUID, at: datetime, classification: str) -> News:
    return News(
        batch_id=batch_id,
        subject_id=deviation.pk,
        kind="deviation",
        words=f"{deviation.number} {deviation.title}",
        url=f"/deviations/{deviation.pk}/",
        at=at,
        classification=classification,
    )


def batch_of_deviations(
    actor: Actor, batch_ids: Collection[UUID], subject_ids: Collection[UUID]
) -> Mapping[UUID, UUID]:
    """Return the batch of each deviation among the records; one query."""
    rows = Deviation.objects.visible_to(actor).filter(pk__in=subject_ids, batch_id__in=batch_ids)
    return dict(rows.values_list("pk", "batch_id"))


def deviation_moves(actor: Actor, since: Mapping[UUID, datetime]) -> list[News]:
    """Return how deviations of the batches went on, and their notices; two queries."""
    rows = Deviation.objects.visible_to(actor).filter(batch_id__in=since.keys())
    known = {each.pk: each for each in rows.order_by("-recorded_at", "-id")[:MOST]}
    kinds = MOVES + NOTICES
    found = happenings_since(actor, known.keys(), min(since.values()), kinds=kinds, most=MOST)
    lines = []
    for each in found:
        deviation = known[each.subject_id]
        if deviation.batch_id is None or each.sealed_at <= since[deviation.batch_id]:
            continue
        lines.append(
            News(
                batch_id=deviation.batch_id,
                subject_id=deviation.pk,
                kind="notice" if each.kind in NOTICES else "milestone",
                words=f"{deviation.number} {words_of(each.kind, each.payload)}",
                url=f"/deviations/{deviation.pk}/",
                at=each.sealed_at,
                detail="" if each.seat.startswith("system ") or by_clause(each.payload) else each.seat,
            )
        )
    return lines
