"""Plan a CAPA: what it is for, its measures, by what it is judged, how urgent it is; before its approval."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Max

from deviations.access import get_deviation
from deviations.capa.access import check_of, lock_capa, lock_measure, measures_of
from deviations.capa.clocks import latest_check
from deviations.capa.facts import CapaChanged, CapaLinked, CapaPlanned
from deviations.capa.risk import put_risk
from deviations.capa.states import (
    EvidenceSource,
    MeasureKind,
    MeasureState,
    capa_transitions,
)
from deviations.errors import NotInProgram
from deviations.models import (
    Capa,
    CapaKin,
    CapaLink,
    CapaPlan,
    Deviation,
    EffectivenessCheck,
    Measure,
    RiskForm,
)
from deviations.texts import check_texts
from portal import ledger
from portal.access import get_program, require_role
from portal.action import action, current_action, instant
from portal.actor import Actor, Side
from portal.errors import Conflict, Invalid, NotFound, Refused
from portal.models import Program
from portal.states import Audience

WINDOW_DAYS_MAX: Final = 1825
WINDOW_BATCHES_MAX: Final = 1000
# A sponsor's numbers are drawn apart: neither side reads from its own how many the other has.
PREFIX: Final = {Side.MANUFACTURER: "", Side.SPONSOR: "S"}
DRAW: Final = """
    insert into deviations_capanumbering as n (id, space_id, audience, version, year, last)
    values (%s, %s, %s, 1, %s, 1)
    on conflict (space_id, audience, year) do update set last = n.last + 1, version = n.version + 1
    returning last
"""


@action("capa.plan")
def plan_capa(
    actor: Actor,
    program_id: UUID,
    *,
    title: str,
    scope: str,
    rationale: str,
    deviation_ids: Sequence[UUID] = (),
) -> Capa:
    """Plan a CAPA of the own side in a program, for deviations of it or for none.

    `scope` says in 10..4000 characters what it means for this product, and is what the other side will
    read; `rationale` stays inside. Raises: NotFound, Refused, Invalid. Records: capa.planned v1,
    capa.linked v1, on the own side's chain. Source: ICH Q10 3.2.2; EU GMP 1.4(xiv).
    """
    program = get_program(actor, program_id)
    side = _own_side(actor, program_id)
    check_texts({"title": title, "scope": scope, "rationale": rationale})
    capa = put_capa(actor, program, side, title=title, scope=scope, rationale=rationale)
    for each in deviation_ids:
        _link(actor, capa, each)
    return capa


@action("capa.link")
def link_deviation(actor: Actor, capa_id: UUID, *, deviation_id: UUID, version: int | None) -> Capa:
    """Say that a CAPA also comes from a deviation of its program.

    Where both sides know both, both read the link. Raises: NotFound, Refused, InvalidTransition, Conflict,
    VersionMissing, StaleVersion. Records: capa.linked v1.
    """
    capa = lock_capa(actor, capa_id, to="link", version=version)
    _link(actor, capa, deviation_id)
    return _bumped(capa)


@action("capa.add_measure")
def add_measure(
    actor: Actor,
    capa_id: UUID,
    *,
    kind: str,
    title: str,
    owner_code: str,
    due_at: datetime,
    version: int | None,
) -> Measure:
    """Add a correction, a corrective or a preventive action to a plan, with its owner and due time.

    `owner_code` names a role or a seat, as the other side may read it. Raises: NotFound, Refused,
    InvalidTransition, Invalid, VersionMissing, StaleVersion. Records: capa.changed v1.
    """
    capa = lock_capa(actor, capa_id, to="plan", version=version)
    check_texts({"title": title, "owner": owner_code})
    errors: dict[str, list[str]] = {}
    if kind not in MeasureKind.values:
        errors["kind"] = [f"Choose one of: {', '.join(MeasureKind.values)}."]
    if due_at <= instant():
        errors["due_at"] = ["A time to come."]
    if errors:
        raise Invalid("The measure is not complete.", errors=errors)
    measure = _put_measure(actor, capa, kind=kind, title=title, owner_code=owner_code, due_at=due_at)
    _changed(capa, "measure")
    return measure


@action("capa.drop_measure")
def drop_measure(actor: Actor, measure_id: UUID, *, reason: str, version: int | None) -> Measure:
    """Take a measure out of a plan that is not approved yet; it stays to be read.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    capa.changed v1.
    """
    capa, measure = lock_measure(actor, measure_id, to="drop", version=version)
    check_texts({"reason": reason})
    ledger.give_reason(measure, reason.strip())
    measure.move(MeasureState.DROPPED)
    measure.save(update_fields=["state", "version"])
    _changed(capa, "measure")
    return measure


@action("capa.set_check")
def set_check(
    actor: Actor,
    capa_id: UUID,
    *,
    criteria: str,
    source: str,
    matching: str = "",
    allowed: int | None = None,
    window_days: int,
    window_batches: int | None = None,
    owner_code: str,
    version: int | None,
) -> EffectivenessCheck:
    """Say by what the CAPA will be judged effective, from what data, for how long and by whom.

    What is counted is set before approval, so that nobody fits the measure to the result. The window ends
    after its days, or earlier when so many batches have ended, and within the time that the clause gives
    the check. Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    capa.changed v1. Source: domain 2a (criteria, window and owner are set at approval).
    """
    capa = lock_capa(actor, capa_id, to="plan", version=version)
    check_texts({"criteria": criteria, "matching": matching, "owner": owner_code})
    check = check_of(actor, capa)
    if check is None:
        check = EffectivenessCheck(space_id=capa.space_id, audience=capa.audience, capa=capa)
    else:
        check.bump()
    check.criteria, check.source, check.matching = criteria, source, matching.strip()
    check.allowed = allowed if source != EvidenceSource.STATED else None
    check.window_days, check.window_batches, check.owner_code = window_days, window_batches, owner_code
    _require_window(actor, capa, check)
    check.save()
    _changed(capa, "check")
    return check


@action("capa.assess_risk")
def assess_risk(
    actor: Actor,
    capa_id: UUID,
    *,
    hazard: str,
    severity: int,
    likelihood: int,
    detectability: int,
    decision_maker: str,
    formality: str,
    formality_why: str,
    version: int | None,
) -> RiskForm:
    """Fill the short risk form of a CAPA: what its priority rests on, 1 to 5 each, and who decided how.

    5 is worst in each: most severe, most likely, hardest to find. The newest form holds, older ones stay.
    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    capa.changed v1. Source: ICH Q9(R1) 5.1, 5.2 (formality, risk-based decision-making).
    """
    capa = lock_capa(actor, capa_id, to="plan", version=version)
    form = put_risk(
        actor,
        capa.space_id,
        capa.pk,
        capa.side,
        hazard=hazard,
        severity=severity,
        likelihood=likelihood,
        detectability=detectability,
        decision_maker=decision_maker,
        formality=formality,
        formality_why=formality_why,
    )
    _changed(capa, "risk")
    return form


@action("capa.carry")
def carry_capa(
    actor: Actor,
    capa_id: UUID,
    *,
    program_id: UUID,
    title: str,
    scope: str,
    rationale: str,
    version: int | None,
) -> Capa:
    """Carry a CAPA to another program of the own side: a plan of its own there, with its own number.

    Kinds, owners and due times of the measures go along as a plan to be looked at; evidence, files and
    deviations do not. Only the own side knows that the two belong together. Raises: NotFound, Refused,
    InvalidTransition, Conflict, Invalid, VersionMissing, StaleVersion. Records: capa.planned v1 there.
    Source: domain 2b (the CDMO's CAPA is site-wide); clause 10.1 (nothing of other clients).
    """
    capa = lock_capa(actor, capa_id, to="carry", version=version)
    check_texts({"title": title, "scope": scope, "rationale": rationale})
    program = get_program(actor, program_id)
    if _own_side(actor, program_id) != capa.side:
        raise Refused("A CAPA stays with its side: you sit on the other one there.")
    own = CapaKin.objects.visible_to(actor).filter(capa=capa).first()
    family = own.family if own is not None else uuid4()
    others = CapaKin.objects.visible_to(actor).filter(family=family)
    if program_id == capa.space_id or others.filter(space_id=program_id).exists():
        raise Conflict("It is in that program already.", code="carried_already")
    carried = put_capa(actor, program, Side(capa.side), title=title, scope=scope, rationale=rationale)
    for each in (capa, carried):
        if each is carried or own is None:
            CapaKin.objects.create(space_id=each.space_id, audience=each.side, capa=each, family=family)
    for one in measures_of(actor, [capa]):
        if one.state != MeasureState.DROPPED:
            _put_measure(
                actor,
                carried,
                kind=one.kind,
                title=str(one.title),
                owner_code=one.owner_code,
                due_at=one.due_at,
            )
    return carried


def put_capa(
    actor: Actor,
    program: Program,
    side: Side,
    *,
    title: str,
    scope: str,
    rationale: str,
    follows: Capa | None = None,
) -> Capa:
    """Write a planned CAPA with its number; a shared step. Records: capa.planned v1."""
    current_action()
    now, audience = instant(), Audience(side)
    year = now.astimezone(ZoneInfo(program.zone)).year
    capa = Capa.objects.create(
        space_id=program.pk,
        audience=audience,
        number=_draw_number(program.pk, side, year),
        title=title,
        scope=scope,
        side=audience,
        follows=follows,
        planned_by=actor.person_id,
        planned_code=actor.code(program.pk),
        recorded_at=now,
    )
    CapaPlan.objects.create(space_id=program.pk, audience=audience, capa=capa, rationale=rationale)
    ledger.record(capa, CapaPlanned(side=str(side), follows=follows.pk if follows is not None else None))
    return capa


def put_link(actor: Actor, capa: Capa, deviation: Deviation) -> CapaLink:
    """Write that a CAPA comes from a deviation; a shared step. Records: capa.linked v1."""
    is_known = Audience.SHARED == capa.audience == deviation.audience
    link = CapaLink.objects.create(
        space_id=capa.space_id,
        audience=Audience.SHARED if is_known else capa.side,
        capa=capa,
        deviation=deviation,
        linked_code=actor.code(capa.space_id),
        linked_at=instant(),
    )
    ledger.record(capa, CapaLinked(deviation_id=deviation.pk), audience=link.audience)
    return link


def _own_side(actor: Actor, program_id: UUID) -> Side:
    """Return the side whose CAPA the actor plans in a program; raises NotFound, Refused."""
    side = actor.side(program_id)
    if side is None:
        raise NotFound
    own = Side.SPONSOR if side == Side.SPONSOR else Side.MANUFACTURER
    require_role(actor, program_id, *capa_transitions(own)["plan"].roles, to="plan a CAPA")
    return own


def _link(actor: Actor, capa: Capa, deviation_id: UUID) -> None:
    try:
        deviation = get_deviation(actor, deviation_id)
    except NotFound as error:
        raise NotInProgram("deviation") from error
    if deviation.space_id != capa.space_id:
        raise NotInProgram("deviation")
    if CapaLink.objects.visible_to(actor).filter(capa=capa, deviation=deviation).exists():
        raise Conflict(f"{capa.number} comes from {deviation.number} already.", code="linked")
    put_link(actor, capa, deviation)


def _put_measure(
    actor: Actor, capa: Capa, *, kind: str, title: str, owner_code: str, due_at: datetime
) -> Measure:
    rows = Measure.objects.visible_to(actor).filter(capa=capa)
    ordinal = (rows.aggregate(last=Max("ordinal"))["last"] or 0) + 1
    return Measure.objects.create(
        space_id=capa.space_id,
        audience=capa.audience,
        capa=capa,
        ordinal=ordinal,
        number=f"{capa.number}/{ordinal}",
        kind=kind,
        title=title,
        owner_code=owner_code,
        due_at=due_at,
    )


def _require_window(actor: Actor, capa: Capa, check: EffectivenessCheck) -> None:
    """Raise Invalid unless it says what is counted and for how long, within the time of the clause."""
    errors: dict[str, list[str]] = {}
    if check.source not in EvidenceSource.values:
        errors["source"] = [f"Choose one of: {', '.join(EvidenceSource.values)}."]
    elif check.source != EvidenceSource.STATED:
        if check.allowed is None or check.allowed < 0:
            errors["allowed"] = ["Say how many are allowed, 0 or more."]
        if not check.matching:
            errors["matching"] = ["Say which: the code of the parameter, or words of the title."]
    if not 1 <= check.window_days <= WINDOW_DAYS_MAX:
        errors["window_days"] = [f"From 1 to {WINDOW_DAYS_MAX} days."]
    elif (most := latest_check(actor, capa)) is not None and check.window_days > most[0]:
        errors["window_days"] = [f"Clause {most[1]} wants the check within {most[0]} days of completion."]
    if check.window_batches is not None and not 1 <= check.window_batches <= WINDOW_BATCHES_MAX:
        errors["window_batches"] = [f"From 1 to {WINDOW_BATCHES_MAX} batches."]
    if errors:
        raise Invalid("The effectiveness check is not complete.", errors=errors)


def _changed(capa: Capa, what: str) -> None:
    _bumped(capa)
    ledger.record(capa, CapaChanged(what=what))


def _bumped(capa: Capa) -> Capa:
    capa.bump()
    capa.save(update_fields=["version"])
    return capa


def _draw_number(program_id: UUID, side: Side, year: int) -> str:
    """Return the next number of the side's year there, like CAPA-2026-0007, or CAPA-2026-S0007."""
    with connection.cursor() as cursor:
        cursor.execute(DRAW, [uuid4(), program_id, str(side), year])
        last = cursor.fetchone()[0]
    return f"CAPA-{year}-{PREFIX[side]}{last:04}"
