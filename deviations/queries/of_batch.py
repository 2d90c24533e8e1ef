"""What the page of a batch lists of its deviations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from batches.slots import BatchDeviation
from deviations.access import is_visible, newest_classes
from deviations.models import Deviation
from deviations.states import CLOSING_CLOCK, OPEN_STATES, DeviationState
from portal.actor import Actor
from portal.models import Clock


def deviations_of_batch(actor: Actor, batch_id: UUID) -> Sequence[BatchDeviation]:
    """Return the deviations of a batch that the actor may see, unordered; four queries at most."""
    rows = list(
        Deviation.objects.visible_to(actor)
        .filter(batch_id=batch_id)
        .select_related("excursion__parameter")
        .order_by("recorded_at", "pk")
    )
    classes = newest_classes(actor, [each.pk for each in rows]) if rows else {}
    due, earlier = _closing_dates(actor, rows), _recurring(actor, batch_id, rows)
    return [
        BatchDeviation(
            id=each.pk,
            number=each.number,
            title=each.title,
            state=str(each.get_state_display()),
            is_open=each.state in OPEN_STATES,
            classification=classes.get(each.pk),
            audience=each.audience,
            occurred_at=each.occurred_at,
            excursion_id=each.excursion_id,
            url=f"/deviations/{each.pk}/",
            detected_at=each.detected_at,
            due_at=due.get(each.pk),
            recurs_as=tuple(earlier.get(each.pk, ())),
        )
        for each in rows
    ]


def _closing_dates(actor: Actor, rows: Sequence[Deviation]) -> dict[UUID, datetime]:
    """Return until when the clause on closing gives each of those that are open."""
    open_ones = [each.pk for each in rows if each.state in OPEN_STATES]
    if not open_ones:
        return {}
    clocks = Clock.objects.visible_to(actor).filter(
        subject_id__in=open_ones, kind=CLOSING_CLOCK, done_at=None
    )
    return dict(clocks.order_by("due_at", "id").values_list("subject_id", "due_at"))


def _recurring(actor: Actor, batch_id: UUID, rows: Sequence[Deviation]) -> dict[UUID, list[str]]:
    """Return for each the numbers of earlier ones in other batches, at the same limit of a parameter."""
    at = {
        each.pk: (each.excursion.parameter.code, each.excursion.limit_kind)
        for each in rows
        if each.excursion is not None and is_visible(actor, each.excursion)
    }
    if not at:
        return {}
    others = (
        Deviation.objects.visible_to(actor)
        .filter(
            space_id=rows[0].space_id, excursion__parameter__code__in={code for code, _kind in at.values()}
        )
        .exclude(batch_id=batch_id)
        .exclude(state=DeviationState.CANCELLED)
    )
    known = list(
        others.order_by("detected_at", "pk").values_list(
            "number", "detected_at", "excursion__parameter__code", "excursion__limit_kind"
        )
    )
    return {
        each.pk: [
            number
            for number, detected_at, code, kind in known
            if (code, kind) == at[each.pk] and detected_at < each.detected_at
        ]
        for each in rows
        if each.pk in at
    }
