"""Lists of deviations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.lookups import Exact

from deviations.access import hide_unseen, newest_classes
from deviations.models import Deviation, Judgement
from deviations.states import OPEN_STATES, JudgementKind
from portal.actor import Actor
from portal.states import Classification


@dataclass(frozen=True, slots=True)
class DeviationLine:
    """One row of a list: the deviation with what stands in rows of their own."""

    deviation: Deviation
    classification: Classification | None


def list_deviations(
    actor: Actor,
    *,
    program_id: UUID | None = None,
    state: str | None = None,
    classification: str | None = None,
    batch_id: UUID | None = None,
    number: str = "",
) -> QuerySet[Deviation]:
    """Return deviations the actor may see, with their batches.

    The caller orders them (newest first: `-recorded_at, -id`). `state` is a state or `open`;
    `classification` the newest provisional class as the actor may see it; `number` a part of the number.
    `lines_of` adds the classes of a page.
    """
    rows = Deviation.objects.visible_to(actor).select_related("batch")
    if program_id is not None:
        rows = rows.filter(space_id=program_id)
    if state == "open":
        rows = rows.filter(state__in=OPEN_STATES)
    elif state is not None:
        rows = rows.filter(state=state)
    if batch_id is not None:
        rows = rows.filter(batch_id=batch_id)
    if number:
        rows = rows.filter(number__icontains=number)
    if classification is not None:
        given = Judgement.objects.visible_to(actor).filter(
            space_id=OuterRef("space_id"), deviation_id=OuterRef("pk"), kind=JudgementKind.PROVISIONAL
        )
        newest = given.order_by("-given_at", "-id").values("classification")[:1]
        rows = rows.filter(Exact(Subquery(newest), classification))
    return rows


def lines_of(actor: Actor, deviations: Sequence[Deviation]) -> list[DeviationLine]:
    """Return the rows of a page with their classes: one query, however many rows."""
    classes = newest_classes(actor, [each.pk for each in deviations]) if deviations else {}
    return [DeviationLine(hide_unseen(actor, each), classes.get(each.pk)) for each in deviations]
