"""What a deviation may be opened from in one step, and the evidence that goes along.

An excursion is proposed in `proposal`; here stand the others: a laboratory result, an early signal, a plate
or count of the monitoring. Each brings its batch and times, and a table of what was measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from batches.models import BatchSample, Excursion, SampleResult
from batches.queries import series
from deviations.models import EarlySignal
from deviations.states import REPORTERS
from portal.access import get_visible, require_role
from portal.actor import Actor
from portal.csv_out import ENCODING, rows_to_csv

AROUND: Final = timedelta(hours=1)
POINTS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Opened:
    """How the log page is filled; everything may be changed before it is logged."""

    batch_id: UUID | None
    title: str
    description: str
    occurred_at: datetime
    detected_at: datetime


@dataclass(frozen=True, slots=True)
class Evidence:
    """A table that is attached to what is logged, as CSV."""

    name: str
    data: bytes


def open_from(actor: Actor, kind: str, source_id: UUID) -> Opened:
    """Return what a source says of what happened. Raises: NotFound, Refused, KeyError for another kind."""
    return OPENERS[kind](actor, source_id)


def evidence_from(actor: Actor, kind: str, source_id: UUID) -> Evidence:
    """Return the table of a source as the actor may see it. Raises: NotFound, KeyError."""
    return TABLES[kind](actor, source_id)


def _result(actor: Actor, result_id: UUID) -> SampleResult:
    seen = get_visible(SampleResult, actor, result_id)
    require_role(actor, seen.space_id, *REPORTERS, to="log a deviation")
    return SampleResult.objects.visible_to(actor).select_related("batch", "parameter").get(pk=seen.pk)


def _open_result(actor: Actor, result_id: UUID) -> Opened:
    row = _result(actor, result_id)
    value = f"{row.qualifier}{_plain(row.value)} {row.unit}".strip()
    outside = f", outside its {row.get_outside_display()}" if row.outside else ""
    flag = f" ({row.get_flag_display()})" if row.flag else ""
    title = f"{row.batch.number}: {row.parameter.title} of sample {row.number} {value}{outside}"
    return Opened(
        batch_id=row.batch_id,
        title=title[:200],
        description=(
            f"Sample {row.number} of {row.batch.number}, taken {row.sampled_at:%Y-%m-%d %H:%M} UTC, gave"
            f" {value} for {row.parameter.title}{outside}{flag}. Read {row.resulted_at:%Y-%m-%d %H:%M} UTC."
        ),
        occurred_at=row.sampled_at,
        detected_at=max(row.sampled_at, row.resulted_at),
    )


def _result_table(actor: Actor, result_id: UUID) -> Evidence:
    row = _result(actor, result_id)
    said = {
        "batch": row.batch.number,
        "sample": row.number,
        "parameter": row.parameter.code,
        "title": row.parameter.title,
        "value": f"{row.qualifier}{_plain(row.value)}",
        "unit": row.unit,
        "as_read": f"{row.qualifier}{_plain(row.given_value)} {row.given_unit}".strip(),
        "outside": row.outside,
        "flag": row.flag,
        "sampled_at": row.sampled_at.isoformat(),
        "resulted_at": row.resulted_at.isoformat(),
        "reader": row.reader_code,
        "second_reader": row.second_reader_code,
        "method": row.method,
        "instrument": row.instrument,
    }
    return _sheet(f"result-{row.number}", said)


def _signal(actor: Actor, signal_id: UUID) -> EarlySignal:
    seen = get_visible(EarlySignal, actor, signal_id)
    require_role(actor, seen.space_id, *REPORTERS, to="log a deviation")
    return seen


def _open_signal(actor: Actor, signal_id: UUID) -> Opened:
    row = _signal(actor, signal_id)
    return Opened(
        batch_id=row.batch_id,
        title=str(row.title)[:200],
        description=f"Opened from early signal {row.number}. {row.description}",
        occurred_at=row.noticed_at,
        detected_at=row.noticed_at,
    )


def _signal_table(actor: Actor, signal_id: UUID) -> Evidence:
    row = _signal(actor, signal_id)
    said = {
        "signal": row.number,
        "title": str(row.title),
        "description": str(row.description),
        "noticed_at": row.noticed_at.isoformat(),
        "raised_at": row.raised_at.isoformat(),
        "raised_by": row.raised_code,
        "answer": str(row.answer),
        "answered_at": row.answered_at.isoformat() if row.answered_at is not None else "",
    }
    return _sheet(f"signal-{row.number}", said)


def _sample(actor: Actor, sample_id: UUID) -> BatchSample:
    seen = get_visible(BatchSample, actor, sample_id)
    require_role(actor, seen.space_id, *REPORTERS, to="log a deviation")
    return BatchSample.objects.visible_to(actor).select_related("monitoring__batch").get(pk=seen.pk)


def _open_sample(actor: Actor, sample_id: UUID) -> Opened:
    row = _sample(actor, sample_id)
    batch = row.monitoring.batch
    count = _plain(row.value) if row.value is not None else "no count yet"
    taken = row.taken_at or row.exposed_at
    return Opened(
        batch_id=batch.pk,
        title=f"{batch.number}: {row.get_kind_display()} {row.code} at {row.point_code}: {count}"[:200],
        description=(
            f"{row.get_kind_display()} {row.code} at {row.point_code}, {row.point_title} (grade"
            f" {row.grade or '-'}), read {count}. Exposed from {row.exposed_at:%Y-%m-%d %H:%M} UTC to"
            f" {taken:%Y-%m-%d %H:%M} UTC during {batch.number}."
        ),
        occurred_at=row.exposed_at,
        detected_at=max(row.exposed_at, row.read_at or taken),
    )


def _sample_table(actor: Actor, sample_id: UUID) -> Evidence:
    row = _sample(actor, sample_id)
    times = {name: getattr(row, name) for name in ("exposed_at", "taken_at", "read_at", "second_at")}
    said = {
        "batch": row.monitoring.batch.number,
        "sample": row.code,
        "kind": row.kind,
        "point": row.point_code,
        "place": row.point_title,
        "grade": row.grade,
        "count": _plain(row.value) if row.value is not None else "",
        "organism": row.organism,
        **{name: at.isoformat() if at is not None else "" for name, at in times.items()},
    }
    return _sheet(f"sample-{row.code}", said)


def _excursion_table(actor: Actor, excursion_id: UUID) -> Evidence:
    seen = get_visible(Excursion, actor, excursion_id)
    row = Excursion.objects.visible_to(actor).select_related("parameter").get(pk=seen.pk)
    until = (row.ended_at or row.last_outside_at) + AROUND
    line = series(actor, row.batch_id, row.parameter.code, row.started_at - AROUND, until, points=POINTS)
    readings: list[Sequence[object]] = [
        (datetime.fromtimestamp(ms / 1000, UTC).isoformat(), value) for ms, value in line.points
    ]
    header = ("at", f"{row.parameter.code} ({row.parameter.unit})")
    return Evidence(f"readings-{row.parameter.code}.csv", rows_to_csv(header, readings).encode(ENCODING))


# What may be opened from here; an excursion fills the page by `proposal`.
OPENERS: Final[Mapping[str, Callable[[Actor, UUID], Opened]]] = {
    "result": _open_result,
    "signal": _open_signal,
    "sample": _open_sample,
}
TABLES: Final[Mapping[str, Callable[[Actor, UUID], Evidence]]] = {
    "excursion": _excursion_table,
    "result": _result_table,
    "signal": _signal_table,
    "sample": _sample_table,
}


def _sheet(name: str, said: Mapping[str, object]) -> Evidence:
    safe = "".join(each if each.isalnum() or each in "-_." else "_" for each in name)
    return Evidence(f"{safe[:80]}.csv", rows_to_csv(("field", "value"), said.items()).encode(ENCODING))


def _plain(value: Any) -> str:
    return f"{value.normalize():f}" if hasattr(value, "normalize") else str(value)
