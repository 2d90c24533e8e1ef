"""Monitoring of rooms and utilities on the site's floor: points, sessions, samples, batches covered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from uuid import UUID, uuid4

from batches.access import get_batch
from batches.environment.access import lock_of_floor, require_floor
from batches.environment.facts import BatchCovered, PointKept, SampleMoved, SessionClosed, SessionOpened
from batches.environment.limits import UNITS, Bounds, bounds_of
from batches.environment.states import (
    KEEPERS,
    SAMPLE_TRANSITIONS,
    SAMPLERS,
    SESSION_TRANSITIONS,
    VIABLE,
    Grade,
    Occupancy,
    SampleKind,
    SampleState,
    SessionState,
    System,
)
from batches.errors import SamePerson
from batches.models import (
    BatchMonitoring,
    Coverage,
    MonitoringPoint,
    MonitoringSample,
    MonitoringSession,
)
from batches.reach import check_happened
from portal import ledger
from portal.access import require_role, require_version
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid, NotFound, refuse_field
from portal.models import Organisation
from portal.states import SYSTEM

ENDS: Final = ("alert_high", "action_high", "alert_low", "action_low")


@action("monitoring.keep_point")
def keep_point(
    actor: Actor,
    organisation_id: UUID,
    *,
    code: str,
    title: str,
    area: str,
    system: System = System.ROOM,
    grade: Grade = Grade.NONE,
    limits: Mapping[str, Mapping[str, str]] | None = None,
    serves: Sequence[str] = (),
    strategy: str = "",
    strategy_version: str = "",
    version: int | None = None,
) -> MonitoringPoint:
    """Set up a sampling point of the site, or state it anew; readings keep the limits they were judged by.

    `limits` are the plant's own by kind of sample: `alert_high`, `action_high`, `alert_low`, `action_low` as
    decimals and `source`; the guidance holds where it is tighter. A utility `serves` areas. Raises: NotFound,
    Refused, Invalid, VersionMissing, StaleVersion. Records: monitoring.point_kept v1.
    Source: EU GMP Annex 1 (2022) 9.4, 9.8 (locations by risk assessment); 2.5 (CCS).
    """
    require_floor(actor, organisation_id, *KEEPERS, to="keep sampling points")
    stated = {
        "title": title,
        "area": area,
        "system": system,
        "grade": grade,
        "limits": _limits(limits or {}),
        "serves": sorted(set(serves)),
        "strategy": strategy,
        "strategy_version": strategy_version,
    }
    _check_point(system, grade)
    rows = MonitoringPoint.objects.visible_to(actor).filter(space_id=organisation_id, code=code)
    point = rows.select_for_update(of=("self",)).first()
    if point is None:
        point = MonitoringPoint.objects.create(space_id=organisation_id, code=code, **stated)
    else:
        require_version(point, version)
        for name, value in stated.items():
            setattr(point, name, value)
        point.bump()
        point.save(update_fields=[*stated, "version"])
    ledger.record(point, PointKept(code=code, grade=str(grade), system=str(system)))
    return point


@action("monitoring.open_session")
def open_session(
    actor: Actor,
    organisation_id: UUID,
    *,
    area: str,
    occupancy: Occupancy = Occupancy.IN_OPERATION,
    began_at: datetime | None = None,
    strategy: str = "",
    strategy_version: str = "",
) -> MonitoringSession:
    """Begin a session of monitoring in an area; its number is the site's, like EMS-2026-0031.

    Raises: NotFound, Refused, Invalid. Records: monitoring.session_opened v1.
    """
    role = require_floor(actor, organisation_id, *SAMPLERS, to="open a session of monitoring")
    now = instant()
    at = began_at or now
    check_happened("began_at", at, now)
    session = MonitoringSession.objects.create(
        space_id=organisation_id,
        number=_next_number(actor, organisation_id, at.year),
        area=area,
        occupancy=occupancy,
        began_at=at,
        strategy=strategy,
        strategy_version=strategy_version,
        opened_by=actor.person_id,
        opened_role=role,
    )
    ledger.record(session, SessionOpened(number=session.number, area=area, began_at=at))
    return session


@action("monitoring.close_session")
def close_session(
    actor: Actor, session_id: UUID, *, version: int | None, ended_at: datetime | None = None
) -> MonitoringSession:
    """Take no more samples in a session; plates that grow are read all the same.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion.
    Records: monitoring.session_closed v1.
    """
    session, _role = lock_of_floor(
        MonitoringSession,
        actor,
        session_id,
        to="close_session",
        version=version,
        transitions=SESSION_TRANSITIONS,
    )
    now = instant()
    at = ended_at or now
    check_happened("ended_at", at, now)
    if at < session.began_at:
        refuse_field("ended_at", "A session ends after it began.")
    session.close(at)
    session.save(update_fields=["state", "ended_at", "version"])
    _mark(actor, session.pk)
    ledger.record(session, SessionClosed(number=session.number, ended_at=at))
    return session


@action("monitoring.cover")
def cover_batch(actor: Actor, session_id: UUID, *, batch_id: UUID, note: str = "") -> BatchMonitoring:
    """Let a session cover a batch: its client reads the session's samples from now on, and no other client's.

    `note` says why and is read by both sides. Raises: NotFound, Refused, Conflict.
    Records: monitoring.batch_covered v1 in the program.
    """
    rows = MonitoringSession.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    session = rows.with_id(session_id)
    if session is None:
        raise NotFound
    require_floor(actor, session.space_id, *KEEPERS, to="say which batches a session covers")
    batch = get_batch(actor, batch_id)
    require_role(actor, batch.space_id, *KEEPERS, to="say which batches a session covers")
    if Coverage.objects.visible_to(actor).filter(session=session, batch=batch.pk).exists():
        raise Conflict(f"{session.number} covers {batch.number} already.", code="covered")
    part = BatchMonitoring.objects.create(
        space_id=batch.space_id,
        batch=batch,
        session=session.pk,
        number=session.number,
        area=session.area,
        occupancy=session.occupancy,
        state=session.state,
        began_at=session.began_at,
        ended_at=session.ended_at,
        strategy=session.strategy,
        strategy_version=session.strategy_version,
        note=note.strip(),
        as_of=instant(),
    )
    Coverage.objects.create(
        space_id=session.space_id, session=session, program=batch.space_id, batch=batch.pk, part=part.pk
    )
    ledger.record(part, BatchCovered(batch_id=batch.pk, number=session.number))
    return part


@action("monitoring.expose")
def expose_sample(
    actor: Actor,
    session_id: UUID,
    *,
    point: str,
    kind: SampleKind,
    code: str,
    exposed_at: datetime | None = None,
    id: UUID | None = None,  # noqa: A002 - the name of the record's own member
) -> MonitoringSample:
    """Put out a plate, or note when a sample is drawn; `point` is the code of the place.

    Raises: NotFound, Refused, Conflict, Invalid. Records: monitoring.sample_moved v1.
    """
    session, place = _open(actor, session_id, point)
    if MonitoringSample.objects.visible_to(actor).filter(session=session, code=code).exists():
        raise Conflict(f"{session.number} has a sample {code}.", code="sample_known")
    now = instant()
    at = exposed_at or now
    check_happened("exposed_at", at, now)
    sample = MonitoringSample.objects.create(
        id=id or uuid4(),
        space_id=session.space_id,
        session=session,
        point=place,
        code=code,
        kind=kind,
        unit=UNITS[kind],
        exposed_at=at,
    )
    _moved(actor, sample, "expose")
    return sample


@action("monitoring.measure")
def measure_point(
    actor: Actor,
    session_id: UUID,
    *,
    point: str,
    kind: SampleKind,
    value: Decimal,
    at: datetime | None = None,
) -> MonitoringSample:
    """Note what an instrument shows at a place: particles, pressure, conductivity; nothing has to grow.

    Raises: NotFound, Refused, Conflict, Invalid. Records: monitoring.sample_moved v1.
    """
    if kind in VIABLE:
        refuse_field("kind", "A viable count is exposed or drawn, incubated and read.")
    session, place = _open(actor, session_id, point)
    role = require_floor(actor, session.space_id, *SAMPLERS, to="measure")
    now = instant()
    taken_at = at or now
    check_happened("at", taken_at, now)
    bounds = _bounds(session, place, kind)
    count = MonitoringSample.objects.visible_to(actor).filter(session=session, point=place, kind=kind).count()
    sample = MonitoringSample.objects.create(
        space_id=session.space_id,
        session=session,
        point=place,
        code=f"{place.code}-{kind}-{count + 1}",
        kind=kind,
        state=SampleState.READ,
        unit=UNITS[kind],
        exposed_at=taken_at,
        taken_at=taken_at,
        value=value,
        bounds=_stated(bounds),
        verdict=bounds.judge(value),
        read_at=taken_at,
        read_by=actor.person_id,
        read_role=role,
    )
    _moved(actor, sample, "measure")
    return sample


@action("monitoring.collect")
def collect_sample(
    actor: Actor, sample_id: UUID, *, version: int | None, at: datetime | None = None
) -> MonitoringSample:
    """Take a plate up; one that lay longer than four hours says so in every list.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion.
    Records: monitoring.sample_moved v1. Source: EU GMP Annex 1 (2022) Table 6.
    """
    sample, _role = _lock(actor, sample_id, "collect", version)
    taken_at = _after("at", at, sample.exposed_at)
    sample.state, sample.taken_at = SampleState.INCUBATING, taken_at
    return _keep(actor, sample, "collect", "state", "taken_at")


@action("monitoring.incubate")
def incubate_sample(
    actor: Actor,
    sample_id: UUID,
    *,
    version: int | None,
    low: Decimal,
    high: Decimal,
    begins_at: datetime,
    ends_at: datetime | None = None,
) -> MonitoringSample:
    """Add a step of incubation, with its range in degrees Celsius; steps follow one another.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion.
    Records: monitoring.sample_moved v1.
    """
    sample, _role = _lock(actor, sample_id, "incubate", version)
    if not low <= high:
        refuse_field("high", "Not below the lower end.")
    last = sample.incubation[-1] if sample.incubation else None
    earliest = datetime.fromisoformat(last["until"] or last["from"]) if last else sample.taken_at
    begins_at = _after("begins_at", begins_at, earliest or sample.exposed_at)
    step = {"low": f"{low:f}", "high": f"{high:f}", "from": begins_at.isoformat(), "until": ""}
    if ends_at is not None:
        step["until"] = _after("ends_at", ends_at, begins_at).isoformat()
    sample.incubation = [*sample.incubation, step]
    return _keep(actor, sample, "incubate", "incubation")


@action("monitoring.read")
def read_sample(
    actor: Actor, sample_id: UUID, *, version: int | None, value: Decimal, read_at: datetime | None = None
) -> MonitoringSample:
    """Read a plate a first time; it is judged by the limits of its place as they are now.

    What grew in Grade A is an event at once, in every batch that the session covers; the other side reads
    the count once a second person has read the plate. Raises: NotFound, Refused, InvalidTransition, Invalid,
    VersionMissing, StaleVersion. Records: monitoring.sample_moved v1.
    Source: EU GMP Annex 1 (2022) 9.30, 9.31.
    """
    sample, role = _lock(actor, sample_id, "read", version)
    _check_count(sample.kind, value)
    at = _after("read_at", read_at, sample.taken_at or sample.exposed_at)
    bounds = _bounds(sample.session, sample.point, SampleKind(sample.kind))
    sample.state, sample.value, sample.read_at = SampleState.READ, value, at
    sample.read_by, sample.read_role = actor.person_id, role
    sample.bounds, sample.verdict = _stated(bounds), bounds.judge(value)
    names = ("state", "value", "read_at", "read_by", "read_role", "bounds", "verdict")
    return _keep(actor, sample, "read", *names)


@action("monitoring.confirm")
def confirm_sample(
    actor: Actor, sample_id: UUID, *, version: int | None, value: Decimal, read_at: datetime | None = None
) -> MonitoringSample:
    """Read a plate a second time, by another person; the higher of both counts is judged.

    Raises: NotFound, Refused, InvalidTransition, Conflict, Invalid, VersionMissing, StaleVersion.
    Records: monitoring.sample_moved v1. Source: EU GMP 6.17(vii); Annex 11.
    """
    sample, role = _lock(actor, sample_id, "confirm", version)
    if sample.kind not in VIABLE:
        raise Conflict("What an instrument showed is not read a second time.", code="not_read_twice")
    if role != SYSTEM.code and sample.read_by in _people(actor):
        raise SamePerson(
            "Another person reads the plate a second time, and nobody who stands in for the first."
        )
    _check_count(sample.kind, value)
    at = _after("read_at", read_at, sample.read_at or sample.exposed_at)
    sample.state, sample.second_value, sample.second_at = SampleState.CONFIRMED, value, at
    sample.second_by = None if role == SYSTEM.code else actor.person_id
    sample.second_role = role
    sample.verdict = _read_back(sample.bounds).judge(sample.counted or value)
    names = ("state", "second_value", "second_at", "second_by", "second_role", "verdict")
    return _keep(actor, sample, "confirm", *names)


@action("monitoring.identify")
def identify_growth(actor: Actor, sample_id: UUID, *, version: int | None, organism: str) -> MonitoringSample:
    """Name what grew on a plate, to the species where the clause asks for it.

    Raises: NotFound, Refused, InvalidTransition, Conflict, Invalid, VersionMissing, StaleVersion.
    Records: monitoring.sample_moved v1. Source: EU GMP Annex 1 (2022) 9.31.
    """
    sample, _role = _lock(actor, sample_id, "identify", version)
    if not sample.counted:
        raise Conflict("Nothing grew there.", code="nothing_grew")
    if not organism.strip():
        refuse_field("organism", "Name it.")
    sample.organism = organism.strip()
    return _keep(actor, sample, "identify", "organism")


def _open(actor: Actor, session_id: UUID, code: str) -> tuple[MonitoringSession, MonitoringPoint]:
    """Return a session that takes samples, locked, and a place of the same site."""
    rows = MonitoringSession.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    session = rows.with_id(session_id)
    if session is None:
        raise NotFound
    require_floor(actor, session.space_id, *SAMPLERS, to="take samples")
    if session.state != SessionState.OPEN:
        raise Conflict(f"{session.number} is closed.", code="session_closed")
    points = MonitoringPoint.objects.visible_to(actor).filter(space_id=session.space_id, code=code)
    point = points.first()
    if point is None:
        refuse_field("point", "The site has no such sampling point.")
    return session, point


def _lock(actor: Actor, sample_id: UUID, to: str, version: int | None) -> tuple[MonitoringSample, str]:
    sample, role = lock_of_floor(
        MonitoringSample, actor, sample_id, to=to, version=version, transitions=SAMPLE_TRANSITIONS
    )
    return sample, role


def _keep(actor: Actor, sample: MonitoringSample, step: str, *names: str) -> MonitoringSample:
    sample.bump()
    sample.save(update_fields=[*names, "version"])
    _moved(actor, sample, step)
    return sample


def _moved(actor: Actor, sample: MonitoringSample, step: str) -> None:
    _mark(actor, sample.session_id)
    fact = SampleMoved(
        session_id=sample.session_id,
        step=step,
        code=sample.code,
        value=sample.counted,
        verdict=str(sample.verdict),
    )
    ledger.record(sample, fact)


def _mark(actor: Actor, session_id: UUID) -> None:
    """Let the batches that a session covers learn what is new; whoever carries waits, or carries again."""
    rows = Coverage.objects.visible_to(actor).filter(session_id=session_id)
    for each in rows.select_for_update(of=("self",), no_key=True).order_by("pk"):
        if not each.carry_due:
            each.carry_due = True
            each.save(update_fields=["carry_due"])


def _people(actor: Actor) -> set[UUID]:
    """Return who speaks: the actor, and everybody whose delegate the actor is somewhere."""
    return {actor.person_id, *(each.person_id for space in actor.seats for each in actor.lenders(space))}


def _bounds(session: MonitoringSession, point: MonitoringPoint, kind: SampleKind) -> Bounds:
    return bounds_of(point.system, kind, point.grade, session.occupancy, point.limits)


def _stated(bounds: Bounds) -> dict[str, str]:
    ends = {name: getattr(bounds, name) for name in ENDS}
    return {name: f"{value:f}" for name, value in ends.items() if value is not None} | {
        "source": bounds.source
    }


def _read_back(stated: Mapping[str, str]) -> Bounds:
    ends = {name: Decimal(value) for name, value in stated.items() if name != "source"}
    return Bounds(**ends, source=stated.get("source", ""))


def _limits(given: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return the plant's own limits as they are kept; raises Invalid for what is none."""
    kept: dict[str, Any] = {}
    for kind, stated in given.items():
        unknown = set(stated) - {*ENDS, "source"}
        if kind not in SampleKind.values or unknown:
            raise Invalid("Unknown limit.", errors={"limits": [f"Kinds: {', '.join(SampleKind.values)}."]})
        try:
            ends = {name: f"{Decimal(stated[name]):f}" for name in ENDS if stated.get(name)}
        except InvalidOperation:
            refuse_field("limits", "Limits are decimal numbers.")
        kept[kind] = ends | {"source": str(stated.get("source", ""))[:200]}
    return kept


def _check_point(system: System, grade: Grade) -> None:
    if system == System.ROOM and grade == Grade.NONE:
        refuse_field("grade", "A room or isolator has a grade, A to D.")


def _check_count(kind: str, value: Decimal) -> None:
    if kind in VIABLE and (value < 0 or value != value.to_integral_value()):
        refuse_field("value", "Colonies are counted: 0 or more, whole.")


def _after(field: str, at: datetime | None, earliest: datetime) -> datetime:
    """Return the instant stated, or now; raises Invalid before the one it follows and in the future."""
    now = instant()
    found = at or max(now, earliest)
    check_happened(field, found, now)
    if found < earliest:
        refuse_field(field, "Not before what comes before it.")
    return found


def _next_number(actor: Actor, organisation_id: UUID, year: int) -> str:
    """Return the site's next number of a year; whoever draws beside us waits for the organisation's row."""
    rows = Organisation.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    if rows.with_id(organisation_id) is None:
        raise NotFound
    known = MonitoringSession.objects.visible_to(actor).filter(space_id=organisation_id)
    return f"EMS-{year}-{known.filter(number__startswith=f'EMS-{year}-').count() + 1:04}"
