"""Investigate a result in the laboratory: phases, one retest plan, its retests, the conclusion."""

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from batches.access import lock_program
from batches.models import SampleResult
from batches.states import ResultFlag
from deviations.dockets.desk import link, lock_docket, note_link, put_docket, share, take
from deviations.dockets.facts import LabInvestigationOpened
from deviations.dockets.laboratory.rules import INVESTIGATIONS, is_outside, require_conclusion, retests_of
from deviations.dockets.laboratory.states import (
    ANALYSTS,
    PHASE_CLOCK,
    Averaging,
    LabKind,
    LabOutcome,
    RetestKind,
)
from deviations.errors import NotInProgram
from deviations.models import LabInvestigation, Retest
from deviations.texts import check_texts
from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.clocks import Timing, end_clocks, start_clock, time_out
from portal.errors import Conflict, InvalidTransition, refuse_field
from portal.states import Audience, ClockState
from portal.terms import terms_at

RETESTS_MOST = 20


@action("lab_investigation.open")
def open_investigation(
    actor: Actor, program_id: UUID, *, kind: str = "", title: str, description: str, result_id: UUID
) -> LabInvestigation:
    """Open phase I of the laboratory investigation of a result; CDMO internal until it is shared.

    A result that the specification calls OOS, or earlier batches OOT, is investigated as that; `description`
    is the hypothesis. Its time runs by a clause that times `oos_phase_one`. Raises: NotFound, Refused,
    Invalid, Conflict. Records: lab_investigation.opened v1, on the CDMO's chain. Source: FDA OOS guidance
    (2006, rev. 2022); 21 CFR 211.192.
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *ANALYSTS, to="open a laboratory investigation")
    check_texts({"title": title, "description": description})
    result = SampleResult.objects.visible_to(actor).filter(space_id=program.pk, pk=result_id).first()
    if result is None:
        raise NotInProgram("result")
    if LabInvestigation.objects.visible_to(actor).filter(result=result).exists():
        raise Conflict("This result has its investigation.", code="investigated_already")
    flagged = str(result.flag) if result.flag in (ResultFlag.OOS, ResultFlag.OOT) else ""
    chosen = kind or flagged or LabKind.OOE
    if chosen not in LabKind.values or (flagged == ResultFlag.OOS and chosen != LabKind.OOS):
        refuse_field("kind", "What the specification calls OOS is investigated as OOS.")
    terms, now = terms_at(actor, program.pk, instant()), instant()
    found = terms.timeline(PHASE_CLOCK)
    timing: Timing | None = None
    if found is not None and found.rule.held_by == Side.MANUFACTURER:
        timing = time_out(actor, program.pk, found.rule.within, now, zone=program.zone)
    clause = found.clause.code if found is not None and timing is not None else ""
    fact = LabInvestigationOpened(
        kind=str(chosen),
        result_id=result.pk,
        batch_id=result.batch_id,
        clause=clause,
        due_at=timing.due_at if timing is not None else None,
    )
    made: LabInvestigation = put_docket(
        INVESTIGATIONS,
        actor,
        program,
        side=Side.MANUFACTURER,
        audience=Audience.MANUFACTURER,
        fact=fact,
        kind=chosen,
        title=title.strip(),
        description=description,
        result=result,
        clause=clause,
    )
    if timing is not None:
        start_clock(
            made,
            kind=PHASE_CLOCK,
            clause=clause,
            terms=terms.version,
            side=Side.MANUFACTURER,
            due_at=timing.due_at,
            audience=Audience.MANUFACTURER,
            timing=timing,
        )
    return made


@action("lab_investigation.note")
def note_check(actor: Actor, found_id: UUID, *, text: str, version: int | None) -> LabInvestigation:
    """Note what was checked: sample, standard, instrument, calculation, analyst; it stays as it is.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    lab_investigation.moved v1.
    """
    found: LabInvestigation = lock_docket(INVESTIGATIONS, actor, found_id, to="note", version=version)
    check_texts({"text": text})
    return take(INVESTIGATIONS, actor, found, "note", text=text)  # type: ignore[no-any-return]  # as locked


@action("lab_investigation.widen")
def widen(actor: Actor, found_id: UUID, *, text: str, version: int | None) -> LabInvestigation:
    """Go on to phase II, production and all, since the laboratory found no cause; phase I's clock is met.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    lab_investigation.moved v1.
    """
    found: LabInvestigation = lock_docket(INVESTIGATIONS, actor, found_id, to="widen", version=version)
    check_texts({"text": text})
    _require_all_retested(actor, found)
    take(INVESTIGATIONS, actor, found, "widen", text=text)
    end_clocks(found, kind=PHASE_CLOCK, state=ClockState.MET)
    return found


@action("lab_investigation.plan_retest")
def plan_retest(
    actor: Actor,
    found_id: UUID,
    *,
    retest_kind: str,
    retests: int,
    averaging: str = Averaging.NONE,
    method: str,
    version: int | None,
) -> LabInvestigation:
    """Plan the retests, once: what is tested again, how many times, and whether a mean is reported.

    The number is fixed before the first of them, 1 to 20; QA approves by signature before any is done.
    Raises: NotFound, Refused, InvalidTransition, Conflict, Invalid, VersionMissing, StaleVersion. Records:
    lab_investigation.moved v1.
    """
    found: LabInvestigation = lock_docket(INVESTIGATIONS, actor, found_id, to="plan_retest", version=version)
    if found.retests is not None:
        words = "There is one plan: more retests until one passes would be testing into compliance."
        raise Conflict(words, code="planned_already")
    if retest_kind not in RetestKind.values:
        refuse_field("retest_kind", f"Choose one of: {', '.join(RetestKind.values)}.")
    if averaging not in Averaging.values:
        refuse_field("averaging", f"Choose one of: {', '.join(Averaging.values)}.")
    if not 1 <= retests <= RETESTS_MOST:
        refuse_field("retests", f"From 1 to {RETESTS_MOST}.")
    check_texts({"method": method})
    found.retest_kind, found.retests, found.averaging = retest_kind, retests, averaging
    found.method, found.planned_by = method.strip(), actor.person_id
    return take(INVESTIGATIONS, actor, found, "plan_retest")  # type: ignore[no-any-return]  # as locked


@action("lab_investigation.return_plan")
def return_plan(actor: Actor, found_id: UUID, *, reason: str, version: int | None) -> LabInvestigation:
    """Hand a plan back before it is approved, with a reason; another one takes its place.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    lab_investigation.moved v1.
    """
    found: LabInvestigation = lock_docket(INVESTIGATIONS, actor, found_id, to="return_plan", version=version)
    check_texts({"reason": reason})
    found.retest_kind, found.retests, found.averaging = "", None, ""
    found.method, found.planned_by = "", None
    return take(INVESTIGATIONS, actor, found, "return_plan", text=reason)  # type: ignore[no-any-return]  # as locked


@action("lab_investigation.retest")
def enter_retest(actor: Actor, found_id: UUID, *, value: Decimal, version: int | None) -> LabInvestigation:
    """Enter one retest of the approved plan; one more than planned is refused, none is taken back.

    Raises: NotFound, Refused, InvalidTransition, Conflict, VersionMissing, StaleVersion. Records:
    lab_investigation.moved v1.
    """
    found: LabInvestigation = lock_docket(INVESTIGATIONS, actor, found_id, to="retest", version=version)
    done = retests_of(actor, found)
    if found.retests is None or len(done) >= found.retests:
        words = f"{found.retests} retests were approved, and all are entered."
        raise Conflict(words, code="retests_done")
    result = SampleResult.objects.visible_to(actor).get(pk=found.result_id)
    Retest.objects.create(
        space_id=found.space_id,
        audience=found.audience,
        investigation=found,
        ordinal=len(done) + 1,
        value=value,
        unit=result.unit,
        is_outside=is_outside(result.basis, value),
        read_by=actor.person_id,
        read_code=actor.code(found.space_id),
        read_at=instant(),
    )
    return take(INVESTIGATIONS, actor, found, "retest")  # type: ignore[no-any-return]  # as locked


@action("lab_investigation.conclude")
def conclude_investigation(
    actor: Actor, found_id: UUID, *, outcome: str, cause: str = "", text: str, version: int | None
) -> LabInvestigation:
    """Conclude an investigation; the result itself is declared invalid by its own step, never here.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    lab_investigation.moved v1. Source: FDA OOS guidance (no testing into compliance; averaging).
    """
    found: LabInvestigation = lock_docket(INVESTIGATIONS, actor, found_id, to="conclude", version=version)
    check_texts({"text": text, "cause": cause})
    require_conclusion(found, retests_of(actor, found), outcome, cause)
    found.outcome, found.cause = LabOutcome(outcome), cause.strip()
    take(INVESTIGATIONS, actor, found, "conclude", text=text, outcome=outcome)
    end_clocks(found, kind=PHASE_CLOCK, state=ClockState.MET)
    return found


@action("lab_investigation.share")
def share_investigation(actor: Actor, found_id: UUID, *, version: int | None) -> LabInvestigation:
    """Let the sponsor read the investigation, its plan, each retest and what was noted; no way back.

    Refused while the sponsor does not read the result itself. Raises: NotFound, Refused, InvalidTransition,
    VersionMissing, StaleVersion. Records: lab_investigation.moved v1, shared.
    """
    found: LabInvestigation = lock_docket(INVESTIGATIONS, actor, found_id, to="share", version=version)
    result = SampleResult.objects.visible_to(actor).get(pk=found.result_id)
    if found.audience == Audience.SHARED or result.audience != Audience.SHARED:
        words = "It is shared already, or the sponsor does not read the result it is about."
        raise InvalidTransition(words, state=str(found.state))
    share(actor, found)
    for each in retests_of(actor, found):
        each.audience = Audience.SHARED
        each.bump()
        each.save(update_fields=["audience", "version"])
    ledger.record(found, INVESTIGATIONS.moved("share", "", actor.code(found.space_id)))
    return found


@action("lab_investigation.link")
def link_investigation(
    actor: Actor, found_id: UUID, *, other_id: UUID, version: int | None
) -> LabInvestigation:
    """Link an investigation to its deviation.

    Raises: NotFound, Refused, InvalidTransition, Invalid, Conflict, VersionMissing, StaleVersion. Records:
    lab_investigation.moved v1, on the chain of who reads the link.
    """
    found: LabInvestigation = lock_docket(INVESTIGATIONS, actor, found_id, to="link", version=version)
    note_link(INVESTIGATIONS, actor, found, link(actor, found, other_id))
    return found


def _require_all_retested(actor: Actor, found: LabInvestigation) -> None:
    if found.retests is not None and len(retests_of(actor, found)) < found.retests:
        words = "The retests of the plan are done first; their number was fixed in advance."
        raise InvalidTransition(words, state=str(found.state))
