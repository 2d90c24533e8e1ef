"""Lists of deviations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from deviations.access import hide_unseen, newest_classes
from deviations.models import Deviation, Judgement
from deviations.queries.searching import matching
from deviations.states import IN_FORCE, OPEN_STATES
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
    words: str = "",
) -> QuerySet[Deviation]:
    """Return deviations the actor may see, with their batches.

    The caller orders them (newest first: `-recorded_at, -id`). `state` is a state or `open`;
    `classification` the newest provisional class as the actor may see it; `words` as in `searching.matching`.
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
    if words:
        rows = rows.filter(matching(actor, words))
    if classification is not None:
        rows = rows.filter(pk__in=_classified(actor, classification))
    return rows


def _classified(actor: Actor, classification: str) -> QuerySet[Judgement, Any]:
    """Return the ids of deviations whose class in force this is.

    Asked from the side of the judgements: few are critical, and each deviation would be asked otherwise.
    """
    given = Judgement.objects.visible_to(actor).filter(kind__in=IN_FORCE)
    later = Q(given_at__gt=OuterRef("given_at")) | Q(given_at=OuterRef("given_at"), pk__gt=OuterRef("pk"))
    newer = given.filter(later, space_id=OuterRef("space_id"), deviation_id=OuterRef("deviation_id"))
    return given.filter(~Exists(newer), classification=classification).values("deviation_id")


def lines_of(actor: Actor, deviations: Sequence[Deviation]) -> list[DeviationLine]:
    """Return the rows of a page with their classes: one query, however many rows."""
    classes = newest_classes(actor, [each.pk for each in deviations]) if deviations else {}
    return [DeviationLine(hide_unseen(actor, each), classes.get(each.pk)) for each in deviations]
