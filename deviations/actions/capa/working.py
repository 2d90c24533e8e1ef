"""Carry out a CAPA: a measure is done by one person and verified by another; the last one completes it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from deviations.capa.access import check_of, lock_capa, lock_measure, measures_of
from deviations.capa.clocks import start_check_clocks
from deviations.capa.facts import CapaCompleted, MeasureDone, MeasureGivenBack, MeasureVerified
from deviations.capa.sharing import disclose_capa
from deviations.capa.states import MEASURE_CLOCK, CapaState, MeasureState
from deviations.models import Capa, Measure
from deviations.texts import check_texts
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor
from portal.clocks import end_clocks
from portal.errors import InvalidTransition, Refused
from portal.states import Audience, ClockState


@action("capa.do_measure")
def do_measure(actor: Actor, measure_id: UUID, *, evidence: str, version: int | None) -> Measure:
    """Say that a measure is carried out, and what shows it, in 10..20,000 characters; files come beside it.

    A correction need not wait for the approval of its CAPA. The clock ends when somebody else has verified
    it. Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    capa.measure_done v1.
    """
    capa, measure = lock_measure(actor, measure_id, to="do", version=version)
    check_texts({"evidence": evidence})
    measure.carry_out(instant(), actor.person_id, actor.code(measure.space_id), evidence)
    measure.save(update_fields=["state", "evidence", "done_by", "done_code", "done_at", "version"])
    _moved(capa)
    ledger.record(capa, MeasureDone(measure_id=measure.pk, kind=measure.kind))
    return measure


@action("capa.verify_measure")
def verify_measure(actor: Actor, measure_id: UUID, *, version: int | None) -> Measure:
    """Confirm that a measure is done as its evidence says; never by who did it, nor by their delegate.

    With the last one the CAPA is complete: the window of its effectiveness check begins, or it ends where it
    has none. Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion. Records:
    capa.measure_verified v1, capa.completed v1. Source: Annex 11 (6) and ICH Q10 (evidence of completion).
    """
    capa, measure = lock_measure(actor, measure_id, to="verify", version=version)
    if measure.done_by is not None and actor.is_one_of(measure.space_id, person_id=measure.done_by):
        raise Refused("Who did it does not verify it: another person does.", code="own_work")
    measure.verify(instant(), actor.person_id, actor.code(measure.space_id))
    measure.save(update_fields=["state", "verified_by", "verified_code", "verified_at", "version"])
    end_clocks(measure, kind=MEASURE_CLOCK, state=ClockState.MET)
    _moved(capa)
    ledger.record(capa, MeasureVerified(measure_id=measure.pk, kind=measure.kind))
    complete_when_done(actor, capa)
    return measure


@action("capa.give_back")
def give_measure_back(actor: Actor, measure_id: UUID, *, reason: str, version: int | None) -> Measure:
    """Open a measure again because its evidence does not show that it is done; its clock runs on.

    Raises: NotFound, Refused, InvalidTransition, Invalid, VersionMissing, StaleVersion. Records:
    capa.measure_given_back v1.
    """
    capa, measure = lock_measure(actor, measure_id, to="give_back", version=version)
    check_texts({"reason": reason})
    ledger.give_reason(measure, reason.strip())
    measure.move(MeasureState.OPEN)
    measure.save(update_fields=["state", "version"])
    _moved(capa)
    ledger.record(capa, MeasureGivenBack(measure_id=measure.pk, kind=measure.kind))
    return measure


@action("capa.share")
def share_capa(actor: Actor, capa_id: UUID, *, version: int | None) -> Capa:
    """Let the other side read the CAPA: number, scope, due dates, evidence and effectiveness; no way back.

    Rationale, risk form and what joins it to other programs stay inside. Raises: NotFound, Refused,
    InvalidTransition, VersionMissing, StaleVersion. Records: capa.shared v1, shared.
    """
    capa = lock_capa(actor, capa_id, to="share", version=version)
    if capa.audience == Audience.SHARED:
        raise InvalidTransition(f"{capa.number} is shared already.", state=str(capa.state))
    disclose_capa(actor, capa)
    return capa


def complete_when_done(actor: Actor, capa: Capa) -> None:
    """Complete an approved CAPA of which every measure is verified; a shared step.

    Records: capa.completed v1.
    """
    measures = [each for each in measures_of(actor, [capa]) if each.state != MeasureState.DROPPED]
    if capa.state != CapaState.APPROVED or any(each.state != MeasureState.VERIFIED for each in measures):
        return
    check, now = check_of(actor, capa), instant()
    capa.complete(now, CapaState.COMPLETED if check is None else CapaState.MONITORED)
    capa.save(update_fields=["state", "completed_at", "ended_at", "version"])
    if check is None:
        ledger.record(capa, CapaCompleted(ends_at=None))
        return
    ends_at = now + timedelta(days=check.window_days)
    check.starts_at, check.ends_at = now, ends_at
    check.bump()
    check.save(update_fields=["starts_at", "ends_at", "version"])
    ledger.record(capa, CapaCompleted(ends_at=ends_at))
    start_check_clocks(actor, capa, check, ends_at)


def _moved(capa: Capa) -> None:
    capa.bump()
    capa.save(update_fields=["version"])
