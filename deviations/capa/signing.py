"""How a decision on a CAPA is signed: by QA of its own side, never by whose work it judges."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from deviations.actions.capa.deciding import capa_of, follow_decision
from deviations.capa.access import check_of, deviations_behind, measures_of
from deviations.capa.sharing import is_expected
from deviations.capa.states import APPROVERS, CapaDecisionKind, MeasureState
from deviations.models import Capa, CapaDecision, EffectivenessCheck, EffectivenessData, Measure, RiskForm
from portal.access import get_program, get_visible
from portal.actor import Actor
from portal.models import SpaceRecord
from portal.signable import Rule, Shown, Signable
from portal.states import Audience, Meaning, of_side

RULES: Final = {Meaning.APPROVED: Rule(APPROVERS, (CapaDecision.state,), may_be_author=False)}


def find_decision(actor: Actor, decision_id: UUID) -> CapaDecision:
    """Return a decision; raises NotFound."""
    return get_visible(CapaDecision, actor, decision_id)


def show_decision(actor: Actor, decision: CapaDecision) -> Shown:
    """Return what a signer reads: the decision with its reason, and all of the plan that it rests on.

    The signature carries it word for word, so a decision that both sides read names only what both know.
    """
    capa = capa_of(actor, decision)
    is_shared = decision.audience == Audience.SHARED
    behind = [each for each in deviations_behind(actor, capa) if not is_shared or _is_shared(each)]
    zone = get_program(actor, capa.space_id).zone
    fields = {
        "CAPA": f"{capa.number} {capa.title}",
        "Decision": str(decision.get_kind_display()),
        "Because": str(decision.because),
        "Decided": f"{_at(decision.decided_at, zone)}, {decision.decided_code}",
        "Scope for this product": str(capa.scope),
        "Comes from": ", ".join(each.number for each in behind) or "no deviation",
    }
    for each in measures_of(actor, [capa]):
        if each.state != MeasureState.DROPPED:
            fields[f"{each.get_kind_display()} {each.number}"] = _measure(each, zone)
    check = check_of(actor, capa)
    if check is not None:
        fields |= _check(actor, check, zone, is_shared=is_shared)
    risk = None if is_shared else _risk(actor, capa)
    if risk is not None:
        marks = f"severity {risk.severity}, likelihood {risk.likelihood}, detectability {risk.detectability}"
        fields["Risk (ICH Q9)"] = f"{risk.hazard}: {marks}, of 5 each; {risk.decision_maker}"
    if decision.kind == CapaDecisionKind.APPROVE:
        fields["What leaves at approval"] = (
            "The other side knows a deviation it comes from: number, scope, measures and check are shared."
            if is_expected(actor, capa)
            else "Nothing."
        )
    return Shown(capa.number, f"{decision.get_kind_display()}: {capa.number}", zone, fields)


def _is_shared(row: SpaceRecord) -> bool:
    return row.audience == Audience.SHARED


def _risk(actor: Actor, capa: Capa) -> RiskForm | None:
    return RiskForm.objects.visible_to(actor).filter(about_id=capa.pk).order_by("-given_at").first()


def _measure(measure: Measure, zone: str) -> str:
    done = f"; done {_at(measure.done_at, zone)}, {measure.done_code}" if measure.done_at else ""
    seen = (
        f"; verified {_at(measure.verified_at, zone)}, {measure.verified_code}" if measure.verified_at else ""
    )
    return f"{measure.title}; {measure.owner_code}, due {_at(measure.due_at, zone)}{done}{seen}"


def _check(actor: Actor, check: EffectivenessCheck, zone: str, *, is_shared: bool) -> dict[str, str]:
    batches = f" or {check.window_batches} batches" if check.window_batches else ""
    allowed = f", at most {check.allowed}" if check.allowed is not None else ""
    fields = {
        "Effective when": str(check.criteria),
        "Counted": f"{check.get_source_display()} {check.matching}{allowed}",
        "Window": f"{check.window_days} days{batches} from completion; {check.owner_code}",
    }
    rows = EffectivenessData.objects.visible_to(actor).filter(of_check=check)
    for each in rows.order_by("audience"):
        if is_shared and not _is_shared(each):
            continue
        found = f"{each.found} found" if each.found is not None else "nothing is counted"
        who = "both sides know" if each.audience == Audience.SHARED else "the own side knows"
        words = f"{found} in {each.batches} batches: {', '.join(each.numbers) or 'none'}"
        fields[f"Collected {_at(each.collected_at, zone)}, of what {who}"] = words
    return fields


def _at(at: datetime | None, zone: str) -> str:
    if at is None:
        return ""
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} {zone}, {at.astimezone(UTC):%H:%M:%S} UTC"


def _is_author(actor: Actor, decision: Any) -> bool:
    """Say whether the actor would approve the own plan, or judge the own work."""
    capa: Capa = capa_of(actor, decision)
    space_id = capa.space_id
    if decision.kind == CapaDecisionKind.APPROVE:
        return actor.is_one_of(space_id, person_id=capa.planned_by)
    if decision.kind == CapaDecisionKind.CANCEL:
        return False
    done = (each.done_by for each in measures_of(actor, [capa]) if each.done_by is not None)
    return any(actor.is_one_of(space_id, person_id=each) for each in done)


def _of_side(actor: Actor, decision: Any, _meaning: Meaning, rule: Rule) -> Rule:
    return replace(rule, roles=of_side(rule.roles, capa_of(actor, decision).side))


CAPA_DECISION: Final = Signable(
    type="capa_decision",
    rules=RULES,
    find=find_decision,
    # It never changes, so there is nothing to hold still; the CAPA is held where it moves.
    lock=find_decision,
    show=show_decision,
    is_author=_is_author,
    address=lambda decision: reverse("capa", args=[decision.capa_id]),
    by_clause=_of_side,
    signed=lambda actor, decision, _signature: follow_decision(actor, decision),
)
