"""CAPA as people read them: the list, one whole, what waits for whom, what stands beside a deviation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from deviations.capa.access import (
    check_of,
    deviations_behind,
    get_capa,
    measures_of,
    open_capa_steps,
    open_measure_steps,
)
from deviations.capa.states import (
    APPROVERS,
    CHECK_CLOCK,
    DOERS,
    MEASURE_CLOCK,
    OPEN_CAPA,
    PLANNERS,
    CapaState,
    MeasureState,
)
from deviations.models import (
    Capa,
    CapaDecision,
    CapaKin,
    CapaLink,
    CapaPlan,
    Deviation,
    EffectivenessCheck,
    EffectivenessData,
    Measure,
    RiskForm,
)
from deviations.queries.effectiveness import Counted, count_for
from portal.access import get_program
from portal.action import instant
from portal.actor import Actor, Role
from portal.models import Attachment, Clock, Program, RecordQuerySet, Signature
from portal.queries.clocks import OPEN
from portal.queries.signatures import SignatureLine, signatures_of
from portal.signable import open_meanings, signable_of
from portal.slots import InboxItem
from portal.states import Audience, of_side

ITEMS_MAX: Final = 200
URL: Final = "/capa/{}/"
# How decisions are called where things are signed.
DECISION: Final = "capa_decision"
NEVER: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CapaLine:
    """One row of a list; `clock` is the deadline that comes next, or passed and was not met."""

    capa: Capa
    measures: int
    verified: int
    clock: Clock | None
    is_late: bool


@dataclass(frozen=True, slots=True)
class MeasureLine:
    """A measure with its clock, its evidence, and the steps the reader may take."""

    measure: Measure
    clock: Clock | None
    files: list[Attachment]
    steps: list[str]


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """A decision with its signatures; `may_sign` says that this reader gives the one that is missing."""

    decision: CapaDecision
    signatures: list[SignatureLine]
    may_sign: bool


@dataclass(frozen=True, slots=True)
class Kin:
    """The same CAPA in another program of the own side, as far as this reader is seated there."""

    capa: Capa
    program: Program


@dataclass(frozen=True, slots=True)
class CapaDetail:
    """A CAPA whole, as the reader's side may see it.

    `plan`, `risk` and `kin` are its own side's alone. `so_far` counts what the check asks for while its
    window runs, as far as this reader knows of it. `data` are the counts of the date, those of what both
    know and those of what the own side knows.
    """

    capa: Capa
    program: Program
    plan: CapaPlan | None
    risk: RiskForm | None
    deviations: list[Deviation]
    measures: list[MeasureLine]
    check: EffectivenessCheck | None
    so_far: Counted | None
    data: list[EffectivenessData]
    decisions: list[DecisionLine]
    kin: list[Kin]
    follows: Capa | None
    followed_by: Capa | None
    steps: list[str]
    is_own: bool


def list_capas(
    actor: Actor,
    *,
    program_id: UUID | None = None,
    state: str | None = None,
    side: str | None = None,
    deviation_id: UUID | None = None,
) -> RecordQuerySet[Capa]:
    """Return the CAPA the actor may see, unordered; `state` is one or `open`, `side` its owner."""
    rows = Capa.objects.visible_to(actor)
    if program_id is not None:
        rows = rows.filter(space_id=program_id)
    if side is not None:
        rows = rows.filter(side=side)
    if state == "open":
        rows = rows.filter(state__in=OPEN_CAPA)
    elif state is not None:
        rows = rows.filter(state=state)
    if deviation_id is not None:
        links = CapaLink.objects.visible_to(actor).filter(deviation_id=deviation_id)
        rows = rows.filter(pk__in=links.values("capa_id"))
    return rows


def capa_lines(actor: Actor, capas: Sequence[Capa]) -> list[CapaLine]:
    """Return CAPA with progress and next deadline, in the order given; two queries for all."""
    measures: dict[UUID, list[Measure]] = {}
    for each in measures_of(actor, capas):
        if each.state != MeasureState.DROPPED:
            measures.setdefault(each.capa_id, []).append(each)
    of = {each.pk: capa_id for capa_id, each_of in measures.items() for each in each_of}
    of |= {each.pk: each.pk for each in capas}
    nearest: dict[UUID, Clock] = {}
    rows = Clock.objects.visible_to(actor).filter(
        OPEN, subject_id__in=list(of), kind__in=(MEASURE_CLOCK, CHECK_CLOCK)
    )
    for clock in rows.order_by("due_at", "pk"):
        nearest.setdefault(of[clock.subject_id], clock)
    now = instant()
    lines = []
    for capa in capas:
        own, ahead = measures.get(capa.pk, []), nearest.get(capa.pk)
        verified = sum(one.state == MeasureState.VERIFIED for one in own)
        is_late = ahead is not None and ahead.due_at <= now
        lines.append(CapaLine(capa, len(own), verified, ahead, is_late))
    return lines


def overdue_first(lines: Sequence[CapaLine]) -> list[CapaLine]:
    """Return lines by their next deadline, what is overdue first, what has none last, newest first there."""
    newest = sorted(lines, key=lambda each: each.capa.recorded_at, reverse=True)
    return sorted(newest, key=lambda each: each.clock.due_at if each.clock is not None else NEVER)


def capa_detail(actor: Actor, capa_id: UUID) -> CapaDetail:
    """Return one CAPA whole; raises NotFound."""
    capa = get_capa(actor, capa_id)
    check = check_of(actor, capa)
    follows = Capa.objects.visible_to(actor).filter(pk=capa.follows_id).first() if capa.follows_id else None
    data = EffectivenessData.objects.visible_to(actor).filter(of_check=check) if check is not None else []
    return CapaDetail(
        capa=capa,
        program=get_program(actor, capa.space_id),
        plan=CapaPlan.objects.visible_to(actor).filter(capa=capa).first(),
        risk=RiskForm.objects.visible_to(actor).filter(about_id=capa.pk).order_by("-given_at", "-pk").first(),
        deviations=deviations_behind(actor, capa),
        measures=_measures(actor, capa),
        check=check,
        so_far=_so_far(actor, capa, check),
        data=sorted(data, key=lambda each: each.audience != Audience.SHARED),
        decisions=_decisions(actor, capa),
        kin=_kin(actor, capa),
        follows=follows,
        followed_by=Capa.objects.visible_to(actor).filter(follows=capa).order_by("recorded_at", "pk").first(),
        steps=open_capa_steps(actor, capa, check),
        is_own=actor.side(capa.space_id) in (capa.side, "both"),
    )


def _so_far(actor: Actor, capa: Capa, check: EffectivenessCheck | None) -> Counted | None:
    if check is None or capa.state != CapaState.MONITORED or check.collected_at is not None:
        return None
    return count_for(actor, capa, check, until=instant(), readers=(Audience.SHARED, Audience(capa.side)))


def _measures(actor: Actor, capa: Capa) -> list[MeasureLine]:
    rows = measures_of(actor, [capa])
    ids = [each.pk for each in rows]
    clocks = Clock.objects.visible_to(actor).filter(subject_id__in=ids, kind=MEASURE_CLOCK)
    by_id = {each.subject_id: each for each in clocks.order_by("started_at", "pk")}
    files: dict[UUID, list[Attachment]] = {}
    attached = Attachment.objects.visible_to(actor).filter(subject_id__in=ids)
    for file in attached.order_by("attached_at", "pk"):
        files.setdefault(file.subject_id, []).append(file)
    return [
        MeasureLine(each, by_id.get(each.pk), files.get(each.pk, []), open_measure_steps(actor, capa, each))
        for each in rows
    ]


def _decisions(actor: Actor, capa: Capa) -> list[DecisionLine]:
    """Return the decisions newest first; only the newest may still be signed."""
    rows = CapaDecision.objects.visible_to(actor).filter(capa=capa).order_by("-decided_at", "-pk")
    lines: list[DecisionLine] = []
    for each in rows:
        signatures = signatures_of(actor, each.pk, each.version)
        is_waiting = not lines and not signatures and capa.state in OPEN_CAPA
        may_sign = is_waiting and bool(open_meanings(actor, each, signable_of(DECISION)))
        lines.append(DecisionLine(each, signatures, may_sign))
    return lines


def _kin(actor: Actor, capa: Capa) -> list[Kin]:
    own = CapaKin.objects.visible_to(actor).filter(capa=capa).first()
    if own is None:
        return []
    rows = CapaKin.objects.visible_to(actor).filter(family=own.family).exclude(capa=capa)
    capas = Capa.objects.visible_to(actor).filter(pk__in=rows.values("capa_id")).order_by("recorded_at", "pk")
    found = list(capas)
    programs = Program.objects.visible_to(actor).in_bulk([each.space_id for each in found])
    return [Kin(each, programs[each.space_id]) for each in found if each.space_id in programs]


def capas_waiting(actor: Actor) -> list[InboxItem]:
    """Return what waits for the actor: measures to do and to verify, decisions to sign; three queries."""
    measures = list(_measures_waiting(actor).select_related("capa").order_by("due_at", "pk")[:ITEMS_MAX])
    capas = list(_capas_waiting(actor).order_by("recorded_at", "pk")[:ITEMS_MAX])
    if not measures and not capas:
        return []
    ids = [each.pk for each in (*measures, *capas)]
    rows = Clock.objects.visible_to(actor).filter(
        OPEN, subject_id__in=ids, kind__in=(MEASURE_CLOCK, CHECK_CLOCK)
    )
    clocks = {each.subject_id: each for each in rows.order_by("due_at", "pk")}
    return [
        *(_item(each.capa, each, clocks.get(each.pk)) for each in measures),
        *(_item(each, None, clocks.get(each.pk)) for each in capas),
    ]


def count_capas(actor: Actor) -> int:
    """Return how many things of CAPA wait for the actor."""
    return min(_measures_waiting(actor).count(), ITEMS_MAX) + min(_capas_waiting(actor).count(), ITEMS_MAX)


def _measures_waiting(actor: Actor) -> RecordQuerySet[Measure]:
    """Return measures to be done by the actor's side, and those that others did and the actor verifies."""
    doing, verifying = _of_roles(actor, DOERS), _of_roles(actor, APPROVERS)
    rows = Measure.objects.visible_to(actor).filter(capa__state__in=(CapaState.PLANNED, CapaState.APPROVED))
    to_do = doing & Q(state=MeasureState.OPEN, capa__state=CapaState.APPROVED)
    to_verify = verifying & Q(state=MeasureState.DONE) & ~Q(done_by=actor.person_id)
    return rows.filter(to_do | to_verify)


def _capas_waiting(actor: Actor) -> RecordQuerySet[Capa]:
    """Return CAPA that are a plan still, wait for the signature of a decision, or for their judgement."""
    planning, judging = _of_roles(actor, PLANNERS, of=""), _of_roles(actor, APPROVERS, of="")
    decisions = CapaDecision.objects.visible_to(actor)
    newer = decisions.filter(capa_id=OuterRef("capa_id"), decided_at__gt=OuterRef("decided_at"))
    signed = Signature.objects.visible_to(actor).filter(subject_id=OuterRef("pk"))
    asked = Exists(decisions.filter(~Exists(newer), ~Exists(signed), capa_id=OuterRef("pk")))
    collected = Exists(
        EffectivenessCheck.objects.visible_to(actor).filter(
            capa_id=OuterRef("pk"), collected_at__isnull=False
        )
    )
    is_plan, is_watched = Q(state=CapaState.PLANNED), Q(state=CapaState.MONITORED)
    own_plan = is_plan & Q(planned_by=actor.person_id)
    return Capa.objects.visible_to(actor).filter(
        (planning & is_plan & ~asked)
        | (judging & Q(state__in=OPEN_CAPA) & asked & ~own_plan)
        | (judging & is_watched & collected)
    )


def _of_roles(actor: Actor, roles: Sequence[Role], *, of: str = "capa__") -> Q:
    """Return the condition on rows of CAPA that the actor's own side owns and the actor has a role for."""
    mine = Q(pk__in=[])
    for side in (Audience.MANUFACTURER, Audience.SPONSOR):
        on_side = of_side(roles, side)
        spaces = [space for space in actor.seats if actor.holds(space, *on_side)]
        if spaces:
            mine |= Q(**{f"{of}side": side, "space_id__in": spaces})
    return mine


def _item(capa: Capa, measure: Measure | None, clock: Clock | None) -> InboxItem:
    return InboxItem(
        subject_type="measure" if measure is not None else "capa",
        subject_id=measure.pk if measure is not None else capa.pk,
        number=measure.number if measure is not None else capa.number,
        title=str(measure.title if measure is not None else capa.title),
        kind="capa",
        why=_why(capa, measure),
        clause=clock.clause if clock is not None else "",
        terms=clock.terms if clock is not None else None,
        side=str(capa.side),
        due_at=clock.due_at if clock is not None else None,
        url=URL.format(capa.pk),
        classification=None,
        space_id=capa.space_id,
    )


def _why(capa: Capa, measure: Measure | None) -> str:
    if measure is None:
        words = {
            CapaState.PLANNED: _("Planned, waits for its approval"),
            CapaState.MONITORED: _("Effectiveness data are collected; they wait for a judgement"),
        }
        return words.get(CapaState(capa.state)) or _("A decision on the CAPA waits for its signature")
    if measure.state == MeasureState.DONE:
        return _("Done by %s, waits for verification by another person") % measure.done_code
    return _("%(kind)s, owner %(owner)s") % {
        "kind": str(measure.get_kind_display()).capitalize(),
        "owner": measure.owner_code,
    }


def capas_of_deviation(actor: Actor, deviation_id: UUID) -> list[CapaLine]:
    """Return the CAPA that come from a deviation, as far as the actor may see link and record."""
    rows = list_capas(actor, deviation_id=deviation_id).order_by("recorded_at", "pk")
    return capa_lines(actor, list(rows[:ITEMS_MAX]))
