"""Log a deviation, or copy one from the CDMO's own quality system: facts only, CDMO internal (domain 2b)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import connection

from batches.access import lock_program
from batches.models import Batch, Excursion, ProcedureStep
from batches.reach import AHEAD, OLDEST
from deviations.access import find_mirrored, zone_of
from deviations.clauses.disclosing import disclose_by_clause
from deviations.clauses.governing import run_notice_clock, strictest
from deviations.clauses.opening import opening_until
from deviations.clauses.sending import hold_because_of, send_at_once
from deviations.clauses.triggers import PATIENT_LOT, is_of_patient_lot
from deviations.clauses.triggers import stated as stated_triggers
from deviations.errors import NotInProgram, PlannedDeparture
from deviations.facts import DeviationReported
from deviations.models import Deviation, Elsewhere, Judgement
from deviations.states import REPORTERS, JudgementKind
from deviations.texts import check_texts
from deviations.timelines import note_opened
from portal import ledger
from portal.access import get_program, require_role
from portal.action import action, answer_with, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid
from portal.models import Program
from portal.states import Audience, Classification
from portal.terms import terms_at

NOWHERE: Final = Elsewhere()
WORDS: Final = (
    *("title", "description", "immediate_action", "late_reason", "asset"),
    *("external_id", "external_status"),
)
PLANNED: Final = (
    "A departure that is planned before it is done is no deviation. Plan it as a change, or as a temporary"
    " change, and have it approved first."
)
# One statement: whoever draws beside us waits for the row, and none is given twice.
DRAW: Final = """
    insert into deviations_numbering as n (id, space_id, audience, version, year, last)
    values (%s, %s, 'manufacturer', 1, %s, 1)
    on conflict (space_id, year) do update set last = n.last + 1, version = n.version + 1
    returning last
"""


@dataclass(frozen=True, slots=True)
class Stated:
    """What a person or a system says happened."""

    title: str
    description: str
    occurred_at: datetime
    detected_at: datetime
    aware_at: datetime
    batch_id: UUID | None
    phase_id: UUID | None = None
    excursion_id: UUID | None = None
    suggested_class: Classification | None = None
    immediate_action: str = ""
    late_reason: str = ""
    external_id: str = ""
    external_status: str = ""
    external_as_of: datetime | None = None
    elsewhere: Elsewhere = NOWHERE
    triggers: Sequence[str] = ()
    asset: str = ""
    entered_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Logged:
    """What was logged, with the rows beside it: nobody needs to read them again to show the record.

    `zone` is the IANA zone of site time; `judgements` holds the suggested class, when one was given.
    """

    deviation: Deviation
    program: Program
    zone: str
    judgements: list[Judgement]


@action("deviation.report")
def report_deviation(
    actor: Actor,
    program_id: UUID,
    *,
    title: str,
    description: str,
    occurred_at: datetime,
    detected_at: datetime,
    aware_at: datetime | None = None,
    batch_id: UUID | None = None,
    phase_id: UUID | None = None,
    excursion_id: UUID | None = None,
    suggested_class: Classification | None = None,
    immediate_action: str = "",
    late_reason: str = "",
    external_id: str = "",
    external_status: str = "",
    triggers: Sequence[str] = (),
    elsewhere: Elsewhere = NOWHERE,
    asset: str = "",
    entered_at: datetime | None = None,
    planned: bool = False,
) -> Logged:
    """Log what happened, inside the CDMO: the sponsor sees nothing before its notice is released.

    `title` is 3..200 characters, `description` 10..20,000, kept verbatim. Occurred, detected and aware
    (detected when not given) follow each other and end now. `late_reason` is asked for after the time that
    the clause on opening gives, 24 h after awareness without one. `suggested_class` has no effect. Batch,
    phase and excursion are of this program; an excursion brings its batch, a phase needs one. `triggers` say
    what it is, where clauses let something happen at once: a hold, or the notice in a clause's name.
    `elsewhere`: what the external record states of its own times; `asset`: the code on a label; `entered_at`:
    when a device without connection took it. What was `planned` is refused: it is a change. Raises: NotFound,
    Refused, Invalid, PlannedDeparture, Conflict. Records: deviation.reported v1, batch.held v1,
    notice.released v2. Locks the program where an external record is copied, so that it is copied once.
    Source: 21 CFR 211.100(b) (recorded at the time of performance); domain 2c.
    """
    program = (lock_program if external_id else get_program)(actor, program_id)
    require_role(actor, program.pk, *REPORTERS, to="log a deviation")
    _refuse_planned(planned=planned)
    stated = Stated(
        title=title,
        description=description,
        occurred_at=occurred_at,
        detected_at=detected_at,
        aware_at=aware_at or detected_at,
        batch_id=batch_id,
        phase_id=phase_id,
        excursion_id=excursion_id,
        suggested_class=suggested_class,
        immediate_action=immediate_action,
        late_reason=late_reason,
        external_id=external_id,
        external_status=external_status,
        external_as_of=instant() if external_id else None,
        triggers=triggers,
        elsewhere=elsewhere,
        asset=asset.strip(),
        entered_at=entered_at,
    )
    return _answered(log_stated(actor, program, stated))


def _answered(logged: Logged) -> Logged:
    answer_with(logged.deviation)
    return logged


def _refuse_planned(*, planned: bool) -> None:
    if planned:
        raise PlannedDeparture(PLANNED, errors={"planned": [PLANNED]})


def log_stated(actor: Actor, program: Program, stated: Stated) -> Logged:
    """Log what is stated, and do what clauses ask for at once; a shared step of actions."""
    now = instant()
    _check(stated)
    batch, phase, excursion = _references(actor, program.pk, stated)
    opening = opening_until(actor, program, batch, _instants_of(stated))
    is_late = now > opening.due_at
    if is_late and not stated.late_reason.strip():
        words = f"Recorded more than {opening.words}: say why it was not recorded earlier."
        raise Invalid(words, errors={"late_reason": [words]})
    if stated.external_id and find_mirrored(actor, program.pk, stated.external_id) is not None:
        detail = "Another deviation of this program copies that external record; update it by PUT."
        raise Conflict(detail, errors={"external_id": [detail]})
    zone = zone_of(program, batch)
    deviation = Deviation.objects.create(
        space_id=program.pk,
        audience=Audience.MANUFACTURER,
        number=_draw_number(program.pk, now.astimezone(ZoneInfo(zone)).year),
        title=stated.title,
        description=stated.description,
        immediate_action=stated.immediate_action,
        batch=batch,
        phase=phase,
        excursion=excursion,
        occurred_at=stated.occurred_at,
        detected_at=stated.detected_at,
        aware_at=stated.aware_at,
        recorded_at=now,
        late_reason=stated.late_reason,
        reporter_id=actor.person_id,
        reporter_code=actor.code(program.pk),
        external_id=stated.external_id,
        external_status=stated.external_status,
        external_as_of=stated.external_as_of,
        triggers=stated_triggers(stated.triggers),
        external_opened_at=stated.elsewhere.opened_at,
        external_told_at=stated.elsewhere.told_at,
        external_closed_at=stated.elsewhere.closed_at,
        asset=stated.asset,
        entered_at=stated.entered_at,
    )
    judgements = _suggest(deviation, stated.suggested_class)
    fact = DeviationReported(
        batch_id=deviation.batch_id,
        phase_id=deviation.phase_id,
        excursion_id=deviation.excursion_id,
        occurred_at=stated.occurred_at,
        detected_at=stated.detected_at,
        aware_at=stated.aware_at,
        recorded_at=now,
        is_late=is_late,
    )
    ledger.record(deviation, fact)
    note_opened(actor, deviation)
    _follow_clauses(actor, deviation)
    return Logged(deviation, program, zone, judgements)


def _follow_clauses(actor: Actor, deviation: Deviation) -> None:
    """Do what clauses ask for before anybody has given a class."""
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    hold_because_of(actor, deviation, terms, None)
    if send_at_once(actor, deviation, terms, None):
        return
    disclose_by_clause(actor, deviation, terms)
    if not is_of_patient_lot(deviation):
        return
    rule = terms.notice(None, of=PATIENT_LOT)
    governing = strictest(actor, deviation, terms, [rule] if rule is not None else [])
    run_notice_clock(actor, deviation, governing, None)


def _suggest(deviation: Deviation, suggested: Classification | None) -> list[Judgement]:
    if suggested is None:
        return []
    judgement = Judgement.objects.create(
        space_id=deviation.space_id,
        audience=Audience.MANUFACTURER,
        deviation=deviation,
        kind=JudgementKind.SUGGESTED,
        side=Audience.MANUFACTURER,
        classification=suggested,
        code=deviation.reporter_code,
        given_at=deviation.recorded_at,
    )
    return [judgement]


def _instants_of(stated: Stated) -> dict[str, datetime]:
    """Return what a clause may count the time of opening from."""
    return {"occurred": stated.occurred_at, "detected": stated.detected_at, "aware": stated.aware_at}


def _check(stated: Stated) -> None:
    check_texts({name: getattr(stated, name) for name in WORDS})
    times = {"occurred_at": stated.occurred_at, "detected_at": stated.detected_at}
    if stated.aware_at != stated.detected_at:
        times["aware_at"] = stated.aware_at
    if stated.entered_at is not None:
        times["entered_at"] = stated.entered_at
    _check_order(times)
    check_elsewhere(stated.elsewhere, stated.aware_at)


def check_elsewhere(elsewhere: Elsewhere, aware_at: datetime) -> None:
    """Raise Invalid unless what another system states happened after awareness and is past."""
    latest = instant() + AHEAD
    errors = {
        f"external_{name}": ["After awareness, and not in the future."]
        for name, at in asdict(elsewhere).items()
        if at is not None and not aware_at <= at <= latest
    }
    if errors:
        raise Invalid("What the other system states cannot be so.", errors=errors)


def _check_order(times: dict[str, datetime]) -> None:
    """Raise Invalid unless the instants follow each other, none before 2000 and none after now."""
    latest, previous, errors = instant() + AHEAD, ("", OLDEST), {}
    for name, at in times.items():
        if at < previous[1]:
            words = previous[0].replace("_at", "") or "1 January 2000"
            errors[name] = [f"Not before {words}."]
        elif at > latest:
            errors[name] = ["Not in the future."]
        previous = (name, max(at, previous[1]))
    if errors:
        detail = "Date of occurrence, discovery and awareness follow each other and end now."
        raise Invalid(detail, errors=errors)


def _references(
    actor: Actor, program_id: UUID, stated: Stated
) -> tuple[Batch | None, ProcedureStep | None, Excursion | None]:
    """Return the batch, phase and excursion of the program that the report names.

    They are not locked: the composite keys hold them in place, and a batch is locked by every frame of
    readings.
    """
    excursion = batch = phase = None
    if stated.excursion_id is not None:
        rows = Excursion.objects.visible_to(actor).filter(space_id=program_id, pk=stated.excursion_id)
        excursion = rows.exclude(state="withdrawn").first()
        if excursion is None or stated.batch_id not in (None, excursion.batch_id):
            raise NotInProgram("excursion")
    batch_id = stated.batch_id or (excursion.batch_id if excursion is not None else None)
    if batch_id is not None:
        batch = Batch.objects.visible_to(actor).filter(space_id=program_id, pk=batch_id).first()
        if batch is None:
            raise NotInProgram("batch")
    if stated.phase_id is not None:
        steps = ProcedureStep.objects.visible_to(actor).filter(space_id=program_id, pk=stated.phase_id)
        phase = steps.first()
        if phase is None or batch is None or phase.recipe_version_id != batch.recipe_version_id:
            raise NotInProgram("phase")
    return batch, phase, excursion


def _draw_number(program_id: UUID, year: int) -> str:
    """Return the next number of the site's year, like DEV-2026-0113."""
    with connection.cursor() as cursor:
        cursor.execute(DRAW, [uuid4(), program_id, year])
        last = cursor.fetchone()[0]
    return f"DEV-{year}-{last:04}"
