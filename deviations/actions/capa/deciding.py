"""Decide on a CAPA as a whole: approve its plan, judge whether it worked, cancel it; each by signature."""

from __future__ import annotations

from uuid import UUID

from deviations.actions.capa.planning import put_capa, put_link
from deviations.actions.capa.working import complete_when_done
from deviations.capa.access import check_of, deviations_behind, hold_capa, lock_capa, measures_of
from deviations.capa.clocks import end_all, start_measure_clocks
from deviations.capa.facts import CapaApproved, CapaDecided, CapaEnded
from deviations.capa.sharing import disclose_capa, is_expected
from deviations.capa.states import (
    CHECK_CLOCK,
    CapaDecisionKind,
    CapaState,
    MeasureKind,
    MeasureState,
    capa_transitions,
)
from deviations.models import Capa, CapaDecision, CapaPlan, RiskForm
from deviations.texts import check_texts
from portal import ledger
from portal.access import get_program, get_visible, require_state
from portal.action import action, current_action, instant
from portal.actor import Actor, Side
from portal.clocks import end_clocks
from portal.errors import Invalid, InvalidTransition
from portal.states import ClockState

_STATES = {
    CapaDecisionKind.EFFECTIVE: CapaState.EFFECTIVE,
    CapaDecisionKind.NOT_EFFECTIVE: CapaState.NOT_EFFECTIVE,
    CapaDecisionKind.CANCEL: CapaState.CANCELLED,
}


@action("capa.decide")
def decide_capa(actor: Actor, capa_id: UUID, *, kind: str, because: str, version: int | None) -> CapaDecision:
    """Decide on a CAPA of the own side; nothing moves before the decision is signed.

    `because` is 20..4000 characters, kept verbatim. A newer decision takes the place of one that nobody has
    signed. Effectiveness is judged once its data are collected. Raises: NotFound, Refused,
    InvalidTransition, Invalid, VersionMissing, StaleVersion. Records: capa.decided v1.
    """
    if kind not in CapaDecisionKind.values:
        words = f"Choose one of: {', '.join(CapaDecisionKind.values)}."
        raise Invalid("The decision is not complete.", errors={"kind": [words]})
    capa = lock_capa(actor, capa_id, to=kind, version=version)
    check_texts({"because": because})
    _require_ready(actor, capa, CapaDecisionKind(kind))
    decision = CapaDecision.objects.create(
        space_id=capa.space_id,
        audience=capa.audience,
        capa=capa,
        kind=kind,
        because=because.strip(),
        decided_by=actor.person_id,
        decided_code=actor.code(capa.space_id),
        decided_at=instant(),
    )
    ledger.record(capa, CapaDecided(kind=kind))
    return decision


def follow_decision(actor: Actor, decision: CapaDecision) -> None:
    """Do what a decision that is being signed says; a shared step of the ceremony.

    Raises: InvalidTransition, Invalid. Records: capa.approved v1, capa.shared v1, capa.ended v1,
    capa.planned v1 of the CAPA that follows one that was not effective.
    """
    current_action()
    capa = hold_capa(actor, decision.capa_id)
    kind = CapaDecisionKind(decision.kind)
    newer = CapaDecision.objects.visible_to(actor).filter(capa=capa, decided_at__gt=decision.decided_at)
    if newer.exists():
        raise InvalidTransition("A newer decision has taken its place.", state=str(capa.state))
    require_state(capa, capa_transitions(capa.side)[kind], kind)
    _require_ready(actor, capa, kind)
    if kind == CapaDecisionKind.APPROVE:
        _approve(actor, capa)
    else:
        _end(actor, capa, decision)


def _approve(actor: Actor, capa: Capa) -> None:
    now, measures = instant(), measures_of(actor, [capa])
    capa.approve(now, actor.code(capa.space_id))
    capa.save(update_fields=["state", "approved_at", "approved_code", "version"])
    clause = start_measure_clocks(actor, capa, measures, now)
    planned = [each for each in measures if each.state != MeasureState.DROPPED]
    ledger.record(capa, CapaApproved(clause=clause, measures=len(planned)))
    if is_expected(actor, capa):
        disclose_capa(actor, capa)
    complete_when_done(actor, capa)


def _end(actor: Actor, capa: Capa, decision: CapaDecision) -> None:
    state = _STATES[CapaDecisionKind(decision.kind)]
    capa.end(state, instant(), str(decision.because))
    capa.save(update_fields=["state", "ended_at", "end_text", "version"])
    ledger.record(capa, CapaEnded(state=state))
    if state == CapaState.CANCELLED:
        end_all(capa, measures_of(actor, [capa]))
        return
    end_clocks(capa, kind=CHECK_CLOCK, state=ClockState.MET)
    if state == CapaState.NOT_EFFECTIVE:
        _open_next(actor, capa, str(decision.because))


def _open_next(actor: Actor, capa: Capa, because: str) -> Capa:
    """Open the CAPA that follows one that was not effective: a plan to be worked out, with its deviations."""
    plan = CapaPlan.objects.visible_to(actor).filter(capa=capa).first()
    rationale = (
        f"{capa.number}: {because}"[:4000] if plan is None else f"{because}\n\n{plan.rationale}"[:4000]
    )
    following = put_capa(
        actor,
        get_program(actor, capa.space_id),
        Side(capa.side),
        title=str(capa.title),
        scope=str(capa.scope),
        rationale=rationale,
        follows=capa,
    )
    for deviation in deviations_behind(actor, capa):
        put_link(actor, following, deviation)
    return following


def _require_ready(actor: Actor, capa: Capa, kind: CapaDecisionKind) -> None:
    """Raise where a plan is not whole enough to be approved, or data are wanted before a judgement."""
    check = check_of(actor, capa)
    if kind in (CapaDecisionKind.EFFECTIVE, CapaDecisionKind.NOT_EFFECTIVE):
        if check is None or check.collected_at is None:
            detail = "The window of the effectiveness check is not over: its data are collected on the date."
            raise InvalidTransition(detail, state=str(capa.state))
        return
    if kind != CapaDecisionKind.APPROVE:
        return
    kinds = {each.kind for each in measures_of(actor, [capa]) if each.state != MeasureState.DROPPED}
    errors: dict[str, list[str]] = {}
    if not kinds:
        errors["measures"] = ["Plan at least one measure."]
    # A correction alone mends an instance: there is nothing whose effect could be watched.
    if kinds - {MeasureKind.CORRECTION}:
        if check is None:
            errors["check"] = ["Set the effectiveness check: criteria, data, window and owner."]
        if not RiskForm.objects.visible_to(actor).filter(about_id=capa.pk).exists():
            errors["risk"] = ["Fill the risk form: the priority rests on it."]
    if errors:
        raise Invalid("The plan is not ready to be approved.", errors=errors)


def capa_of(actor: Actor, decision: CapaDecision) -> Capa:
    """Return the CAPA of a decision; raises NotFound."""
    return get_visible(Capa, actor, decision.capa_id)
