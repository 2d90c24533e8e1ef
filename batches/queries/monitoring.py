"""Monitoring, as the site reads its own and as a batch has its part of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from batches.environment.access import of_floor
from batches.environment.limits import SETTLE_MOST
from batches.environment.states import SampleKind, SampleState, Verdict
from batches.models import (
    Batch,
    BatchMonitoring,
    BatchSample,
    Coverage,
    MonitoringPoint,
    MonitoringSample,
    MonitoringSession,
    SuiteSlot,
)
from batches.models.monitoring import Sampled
from batches.queries.schedule import in_area
from portal.action import instant
from portal.actor import Actor
from portal.models import RecordQuerySet

TREND_DAYS: Final = 180
TREND_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Covered:
    """A batch that a session covers, where the reader works for its client."""

    batch: Batch
    part_id: UUID
    event: UUID | None


@dataclass(frozen=True, slots=True)
class Trend:
    """What one kind of sample at one place gave over the last half year, oldest first.

    `bounds` are those that the newest reading was judged by.
    """

    point: MonitoringPoint
    kind: str
    kind_words: str
    unit: str
    values: Sequence[tuple[datetime, Decimal]]
    bounds: Mapping[str, str]
    outside: int

    @property
    def recovery(self) -> Decimal:
        """Return how many of a hundred readings showed anything (contamination recovery rate)."""
        grown = sum(1 for _at, value in self.values if value > 0)
        return Decimal(100 * grown) / len(self.values) if self.values else Decimal(0)


@dataclass(frozen=True, slots=True)
class Part:
    """A session of a batch with its samples, by exposure."""

    monitoring: BatchMonitoring
    samples: Sequence[BatchSample]

    @property
    def outside(self) -> list[BatchSample]:
        """Return the samples outside alert or action limits."""
        return [each for each in self.samples if each.verdict in (Verdict.ALERT, Verdict.ACTION)]

    @property
    def waiting(self) -> int:
        """Return how many plates have not been read twice."""
        open_states = (SampleState.EXPOSED, SampleState.INCUBATING)
        return sum(1 for each in self.samples if each.state in open_states)


def list_sessions(actor: Actor) -> RecordQuerySet[MonitoringSession]:
    """Return the sessions of the reader's own floor, unordered."""
    return of_floor(MonitoringSession.objects.all(), actor)


def list_points(actor: Actor) -> RecordQuerySet[MonitoringPoint]:
    """Return the sampling points of the reader's own floor, unordered."""
    return of_floor(MonitoringPoint.objects.all(), actor)


def list_samples(actor: Actor, *, session_id: UUID | None = None) -> RecordQuerySet[MonitoringSample]:
    """Return samples of the reader's own floor, unordered, each with its place."""
    rows = of_floor(MonitoringSample.objects.select_related("point"), actor)
    return rows if session_id is None else rows.filter(session_id=session_id)


def covered_by(actor: Actor, session_id: UUID) -> list[Covered]:
    """Return the batches that a session covers, of the clients whom the reader works for, and no others."""
    rows = of_floor(Coverage.objects.all(), actor).filter(session_id=session_id)
    known = {each.batch: each for each in rows}
    batches = Batch.objects.visible_to(actor).filter(pk__in=known).order_by("number", "id")
    return [Covered(each, known[each.pk].part, known[each.pk].event) for each in batches]


def stretch_of(actor: Actor, sample: MonitoringSample) -> tuple[datetime, datetime]:
    """Return from the last sample inside limits at the same place to the next: so long it may have been so.

    Without an earlier one it reaches back to where trends begin; without a later one it lasts.
    """
    rows = list_samples(actor).filter(point_id=sample.point_id, kind=sample.kind, verdict=Verdict.WITHIN)
    before = rows.filter(exposed_at__lt=sample.exposed_at).order_by("-exposed_at", "id").first()
    after = rows.filter(exposed_at__gt=sample.exposed_at).order_by("exposed_at", "id").first()
    earliest = sample.exposed_at - timedelta(days=TREND_DAYS)
    since = before.exposed_at if before is not None else earliest
    return since, after.exposed_at if after is not None else max(instant(), sample.exposed_at)


def affected_by(actor: Actor, sample: MonitoringSample) -> list[SuiteSlot]:
    """Return the slots of batches that were where a sample outside limits tells of, while it may have been.

    Only of clients whom the reader works for; by what happened, not by the plan.
    """
    if sample.verdict not in (Verdict.ALERT, Verdict.ACTION):
        return []
    areas = sample.point.serves or [sample.point.area]
    return list(in_area(actor, areas, *stretch_of(actor, sample)).order_by("actual_start", "id"))


def trends_of(actor: Actor, *, area: str = "") -> list[Trend]:
    """Return the course of each kind at each place of the floor, those outside limits first."""
    since = instant() - timedelta(days=TREND_DAYS)
    rows = list_samples(actor).filter(exposed_at__gte=since, value__isnull=False)
    if area:
        rows = rows.filter(point__area=area)
    found: dict[tuple[UUID, str], list[MonitoringSample]] = {}
    for each in rows.order_by("exposed_at", "id"):
        found.setdefault((each.point_id, each.kind), []).append(each)
    trends = [_trend(samples) for samples in found.values()]
    return sorted(trends, key=lambda each: (-each.outside, each.point.code, each.kind))


def _trend(samples: Sequence[MonitoringSample]) -> Trend:
    newest = samples[-1]
    return Trend(
        point=newest.point,
        kind=newest.kind,
        kind_words=str(newest.get_kind_display()),
        unit=newest.unit,
        values=[(each.exposed_at, each.counted or Decimal(0)) for each in samples[-TREND_SHOWN:]],
        bounds=newest.bounds,
        outside=sum(1 for each in samples if each.verdict in (Verdict.ALERT, Verdict.ACTION)),
    )


def monitoring_of(actor: Actor, batch_id: UUID) -> list[Part]:
    """Return what sessions found that cover a batch, by their beginning; two queries."""
    parts = BatchMonitoring.objects.visible_to(actor).filter(batch_id=batch_id)
    rows = BatchSample.objects.visible_to(actor).filter(monitoring__batch_id=batch_id)
    found: dict[UUID, list[BatchSample]] = {}
    for each in rows.order_by("exposed_at", "code", "id"):
        found.setdefault(each.monitoring_id, []).append(each)
    return [Part(each, found.get(each.pk, ())) for each in parts.order_by("began_at", "id")]


def exposure_of(sample: Sampled, now: datetime) -> timedelta | None:
    """Return how long a settle plate lay, or lies by now; None for other kinds."""
    if sample.kind != SampleKind.SETTLE:
        return None
    return (sample.taken_at or now) - sample.exposed_at


def lay_too_long(sample: Sampled, now: datetime) -> bool:
    """Say whether a settle plate lay longer than four hours (EU GMP Annex 1, Table 6)."""
    lay = exposure_of(sample, now)
    return lay is not None and lay > SETTLE_MOST


def bounds_words(bounds: Mapping[str, Any], unit: str) -> str:
    """Return limits in words: "action above 5 CFU/plate"."""
    names = {
        "alert_high": _("alert above %s"),
        "action_high": _("action above %s"),
        "alert_low": _("alert below %s"),
        "action_low": _("action below %s"),
    }
    if bounds.get("action_high") == "0" and unit.startswith("CFU"):
        return _("no growth")
    said = [words % f"{bounds[name]} {unit}".strip() for name, words in names.items() if name in bounds]
    return ", ".join(said)
