"""How a decision on a report to an authority is signed: by the sponsor's regulatory affairs, as approved."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from deviations.access import get_deviation
from deviations.actions.regulatory import end_reporting_clock
from deviations.models import ReportingDecision
from deviations.reporting import rule_of
from portal.access import get_program, get_visible
from portal.actor import Actor
from portal.signable import Rule, Shown, Signable
from portal.states import SPONSOR_REGULATORY, Meaning

RULES: Final = {Meaning.APPROVED: Rule((SPONSOR_REGULATORY,), (ReportingDecision.state,))}


def find_decision(actor: Actor, decision_id: UUID) -> ReportingDecision:
    """Return a decision; raises NotFound."""
    return get_visible(ReportingDecision, actor, decision_id)


def show_decision(actor: Actor, decided: ReportingDecision) -> Shown:
    """Return what a signer reads: the duty with its source, the decision, and why."""
    deviation = get_deviation(actor, decided.deviation_id)
    rule = rule_of(decided.rule)
    fields = {
        "Deviation": f"{deviation.number} {deviation.title}",
        "Duty": rule.title if rule is not None else decided.rule,
        "Source": rule.source if rule is not None else "",
        "Decision": str(decided.get_decision_display()),
        "Because": decided.because,
        "Decided": f"{decided.decided_at:%Y-%m-%d %H:%M:%S} UTC, {decided.decided_code}",
    }
    zone = get_program(actor, decided.space_id).zone
    return Shown(deviation.number, f"Report of {deviation.number} to the authority", zone, fields)


def _is_author(actor: Actor, decided: Any) -> bool:
    return bool(decided.decided_by == actor.person_id)


def _address(decided: Any) -> str:
    return f"{reverse('deviation', args=[decided.deviation_id])}#reporting"


REPORTING_DECISION: Final = Signable(
    type="reporting_decision",
    rules=RULES,
    find=find_decision,
    # It never changes, so there is nothing to hold still.
    lock=find_decision,
    show=show_decision,
    is_author=_is_author,
    address=_address,
    signed=lambda actor, assessment, _signature: end_reporting_clock(actor, assessment),
)
