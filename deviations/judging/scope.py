"""Which other batches a deviation may touch: computed from what they have in common (21 CFR 211.192).

Only batches of the same program: what another client's batches have in common with it is the site's matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from batches.models import Batch, BatchMonitoring, Lot, LotUse, StepExecution
from deviations.judging.states import CandidateReason
from deviations.models import Deviation
from portal.actor import Actor
from portal.models import RecordQuerySet

Reasons = Mapping[UUID, list[dict[str, str]]]
COMMON_MAX: Final = 5
# Whoever worked on it that day: a hand makes a batch a candidate for a day, not for a month.
AROUND: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of time around what happened in which other batches are looked at."""

    since: datetime
    until: datetime

    @classmethod
    def around(cls, deviation: Deviation, days: int, now: datetime) -> Window:
        """Return so many days before it occurred and after it was detected, at the latest until now."""
        reach = timedelta(days=days)
        return cls(deviation.occurred_at - reach, min(deviation.detected_at + reach, now))


def find_candidates(actor: Actor, deviation: Deviation, window: Window) -> Reasons:
    """Return the other batches with each thing that they have in common, in eight queries.

    Materials whenever they were used, equipment, area and people as they were at work in the window, and what
    was made at the same site while it happened. Without a batch what ran at that time alone.
    """
    found: dict[UUID, dict[tuple[str, str], None]] = defaultdict(dict)
    for batch_id, kind, common in _all(actor, deviation, window):
        if batch_id != deviation.batch_id:
            found[batch_id][(str(kind), common)] = None
    known = Batch.objects.visible_to(actor).filter(space_id=deviation.space_id, pk__in=list(found))
    return {
        each: [{"kind": kind, "common": common} for kind, common in found[each]]
        for each in known.values_list("pk", flat=True)
    }


def _all(actor: Actor, deviation: Deviation, window: Window) -> Iterator[tuple[UUID, CandidateReason, str]]:
    batch = deviation.batch
    if batch is not None:
        yield from _materials(actor, batch)
        yield from _equipment(actor, batch, window)
        yield from _rooms(actor, batch, window)
        yield from _people(actor, deviation, batch)
    yield from _time(actor, deviation, batch)


def _materials(actor: Actor, batch: Batch) -> Iterator[tuple[UUID, CandidateReason, str]]:
    """Yield what used the same lots, what went into it, and what was made of it."""
    uses = LotUse.objects.visible_to(actor).filter(space_id=batch.space_id, withdrawn_at=None)
    lots = Lot.objects.visible_to(actor).filter(space_id=batch.space_id)
    own = list(uses.filter(batch=batch).values_list("lot_id", flat=True))
    made = list(lots.filter(produced_by=batch).values_list("pk", flat=True))
    names = dict(lots.filter(pk__in=[*own, *made]).values_list("pk", "number"))
    for lot_id, batch_id in uses.filter(lot_id__in=[*own, *made]).values_list("lot_id", "batch_id"):
        yield batch_id, CandidateReason.GENEALOGY, str(names.get(lot_id, ""))
    for maker, number in lots.filter(pk__in=own, produced_by__isnull=False).values_list(
        "produced_by", "number"
    ):
        yield maker, CandidateReason.GENEALOGY, str(number)


def _equipment(actor: Actor, batch: Batch, window: Window) -> Iterator[tuple[UUID, CandidateReason, str]]:
    """Yield what was made on the same unit, or with the same equipment of a step."""
    if batch.equipment:
        rows = _under_way(actor, batch.space_id, window.since, window.until)
        for each in rows.filter(equipment=batch.equipment).values_list("pk", flat=True):
            yield each, CandidateReason.EQUIPMENT, str(batch.equipment)
    yield from _in_common(actor, batch, window, "equipment", CandidateReason.EQUIPMENT)


def _rooms(actor: Actor, batch: Batch, window: Window) -> Iterator[tuple[UUID, CandidateReason, str]]:
    """Yield what went through the same rooms, or was covered by monitoring of the same area."""
    yield from _in_common(actor, batch, window, "rooms", CandidateReason.AREA)
    rows = BatchMonitoring.objects.visible_to(actor).filter(space_id=batch.space_id)
    areas = set(rows.filter(batch=batch).values_list("area", flat=True))
    near = rows.filter(Q(ended_at=None) | Q(ended_at__gte=window.since), began_at__lte=window.until)
    for batch_id, area in near.filter(area__in=areas).values_list("batch_id", "area"):
        yield batch_id, CandidateReason.AREA, str(area)


def _in_common(
    actor: Actor, batch: Batch, window: Window, field: str, kind: CandidateReason
) -> Iterator[tuple[UUID, CandidateReason, str]]:
    """Yield the batches in whose steps of the window something of a list stands that stands in this one's."""
    steps = _steps(actor, batch.space_id)
    own = {str(each) for listed in steps.filter(batch=batch).values_list(field, flat=True) for each in listed}
    if not own:
        return
    near = steps.filter(started_at__range=(window.since, window.until)).exclude(batch=batch)
    for batch_id, listed in near.values_list("batch_id", field):
        for each in sorted(own & {str(one) for one in listed})[:COMMON_MAX]:
            yield batch_id, kind, each


def _people(actor: Actor, deviation: Deviation, batch: Batch) -> Iterator[tuple[UUID, CandidateReason, str]]:
    """Yield what was worked on, on those days, by those who worked on the batch then; by their codes."""
    days = (deviation.occurred_at - AROUND, deviation.detected_at + AROUND)
    near = _steps(actor, batch.space_id).filter(started_at__range=days)
    own = dict(near.filter(batch=batch, started_by__isnull=False).values_list("started_by", "started_code"))
    rows = near.filter(started_by__in=list(own)).exclude(batch=batch)
    for batch_id, person in rows.values_list("batch_id", "started_by"):
        yield batch_id, CandidateReason.PEOPLE, str(own[person])


def _time(
    actor: Actor, deviation: Deviation, batch: Batch | None
) -> Iterator[tuple[UUID, CandidateReason, str]]:
    """Yield what was under way at the same site while it happened, until it was detected."""
    rows = _under_way(actor, deviation.space_id, deviation.occurred_at, deviation.detected_at)
    if batch is not None:
        rows = rows.filter(site_id=batch.site_id)
    for each in rows.values_list("pk", flat=True):
        yield each, CandidateReason.TIME, ""


def _steps(actor: Actor, space_id: UUID) -> RecordQuerySet[StepExecution]:
    return StepExecution.objects.visible_to(actor).filter(space_id=space_id)


def _under_way(actor: Actor, space_id: UUID, since: datetime, until: datetime) -> RecordQuerySet[Batch]:
    rows = Batch.objects.visible_to(actor).filter(space_id=space_id, started_at__lte=until)
    return rows.filter(Q(ended_at=None) | Q(ended_at__gte=since))
