"""Carry what a session of monitoring found to the batches it covers; called by the worker."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from batches.environment.facts import MonitoringCarried
from batches.environment.limits import is_grown_in_a
from batches.environment.states import VIABLE, SampleState, Verdict
from batches.models import BatchMonitoring, BatchSample, Coverage, MonitoringSample
from batches.slots import Growth, grown
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.states import Audience

COPIED: Final = (
    "code",
    "kind",
    "state",
    "exposed_at",
    "taken_at",
    "incubation",
    "value",
    "second_value",
    "unit",
    "bounds",
    "verdict",
    "read_at",
    "read_role",
    "second_at",
    "second_role",
    "organism",
)
# What a plate does not say before a second person has read it.
UNREAD: Final[dict[str, Any]] = {
    "state": SampleState.INCUBATING,
    "value": None,
    "second_value": None,
    "bounds": {},
    "verdict": "",
    "read_at": None,
    "read_role": "",
    "organism": "",
}
OF_SESSION: Final = ("state", "ended_at", "strategy", "strategy_version")
OUTSIDE: Final = "monitoring.outside"
GROWTH: Final = "monitoring.growth"


@action("monitoring.carry")
def carry_monitoring(actor: Actor, coverage_id: UUID) -> Coverage | None:
    """Tell a batch what a session that covers it has found; None when somebody did so already.

    Called by the worker for the site and the program in one transaction, twice or late as it happens. Growth
    in Grade A opens its event at the first reading, once a session and batch; what a second person has read
    is of both sides. Records: monitoring.carried v1, alert.raised v1, deviation.reported v1.
    """
    rows = Coverage.objects.visible_to(actor).select_related("session").filter(pk=coverage_id, carry_due=True)
    coverage = rows.select_for_update(of=("self",), skip_locked=True).first()
    if coverage is None:
        return None
    samples = MonitoringSample.objects.visible_to(actor).filter(session=coverage.session)
    found = list(samples.select_related("point").order_by("exposed_at", "id"))
    part = BatchMonitoring.objects.visible_to(actor).select_related("batch").get(pk=coverage.part)
    _copy_session(coverage, part)
    changed = _copy_samples(actor, part, found)
    coverage.carry_due = False
    if coverage.event is None:
        coverage.event = _open_event(actor, part, found)
    coverage.save(update_fields=["carry_due", "event"])
    for each in changed:
        if each.verdict == Verdict.ACTION:
            _tell(part, OUTSIDE, f"{each.code} of {part.number} lies outside its action limit")
    if changed:
        outside = sum(1 for each in changed if each.verdict in (Verdict.ALERT, Verdict.ACTION))
        fact = MonitoringCarried(
            batch_id=part.batch_id, number=part.number, samples=len(changed), outside=outside
        )
        ledger.record(part, fact)
    return coverage


def _copy_session(coverage: Coverage, part: BatchMonitoring) -> None:
    stated = {name: getattr(coverage.session, name) for name in OF_SESSION}
    for name, value in stated.items():
        setattr(part, name, value)
    part.as_of = instant()
    part.bump()
    part.save(update_fields=[*stated, "as_of", "version"])


def _copy_samples(actor: Actor, part: BatchMonitoring, samples: list[MonitoringSample]) -> list[BatchSample]:
    """Bring the batch's samples up to date; return those that are new or say something else."""
    known = {each.sample: each for each in BatchSample.objects.visible_to(actor).filter(monitoring=part)}
    changed = []
    for each in samples:
        stated = _shown(each)
        copy = known.get(each.pk)
        if copy is None:
            copy = BatchSample.objects.create(
                space_id=part.space_id,
                monitoring=part,
                sample=each.pk,
                point_code=each.point.code,
                point_title=each.point.title,
                system=each.point.system,
                grade=each.point.grade,
                **stated,
            )
        elif all(getattr(copy, name) == value for name, value in stated.items()):
            continue
        else:
            for name, value in stated.items():
                setattr(copy, name, value)
            copy.bump()
            copy.save(update_fields=[*stated, "version"])
        changed.append(copy)
    return changed


def _shown(sample: MonitoringSample) -> dict[str, Any]:
    """Return what both sides may read of a sample by now."""
    stated = {name: getattr(sample, name) for name in COPIED}
    waits = sample.kind in VIABLE and sample.state == SampleState.READ
    return stated | UNREAD if waits else stated


def _open_event(actor: Actor, part: BatchMonitoring, samples: list[MonitoringSample]) -> UUID | None:
    """Open the event of the first plate of Grade A on which anything grew; None where nothing did."""
    for each in samples:
        count = each.counted
        if count is None or not is_grown_in_a(each.point.grade, each.kind, count):
            continue
        growth = Growth(
            program_id=part.space_id,
            batch_id=part.batch_id,
            session=part.number,
            sample=each.code,
            place=f"{each.point.code}, {each.point.title}",
            kind=str(each.get_kind_display()),
            count=count,
            unit=each.unit,
            exposed_at=each.exposed_at,
            taken_at=each.taken_at,
            read_at=each.read_at or instant(),
        )
        _tell(part, GROWTH, f"growth in Grade A, {each.code} of {part.number}")
        return next(iter(grown(actor, growth)), None)
    return None


def _tell(part: BatchMonitoring, kind: str, words: str) -> None:
    """Ask the manufacturer's quality unit for receipt; the other side is told by notice, as clauses say."""
    raise_alert(
        part.batch,
        kind=kind,
        side=Side.MANUFACTURER,
        audience=Audience.MANUFACTURER,
        title=f"{part.batch.number}: {words}",
        first=("qa",),
    )
