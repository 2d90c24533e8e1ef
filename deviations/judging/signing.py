"""How an assessment of the impact and a lower class are signed: never by whose work it is (domain 1b, 2b)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.urls import reverse

from deviations.access import class_of, get_deviation, lock_for_signature, zone_of
from deviations.actions.judging.classes import lower_class
from deviations.clauses.authority import signed_by_clause
from deviations.judging.impact import assessments_of, conclude, deviation_scope
from deviations.judging.states import Modality, topic_name, topic_order
from deviations.models import Deviation, ImpactAssessment, ImpactFinding, Reclassification
from deviations.states import JUDGED
from portal.access import get_program, get_visible
from portal.actor import Actor, Side
from portal.errors import InvalidTransition
from portal.models import Signature
from portal.signable import Rule, Shown, Signable
from portal.states import (
    CDMO_QA,
    CDMO_QUALITY_HEAD,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    Meaning,
)

RULES: Final = {
    Meaning.APPROVED: Rule((CDMO_QA, CDMO_QUALITY_HEAD), (ImpactAssessment.state,), may_be_author=False),
    Meaning.IMPACT_APPROVED: Rule((SPONSOR_QA, SPONSOR_QUALITY_HEAD), (ImpactAssessment.state,)),
}
OF_SIDE: Final = {Side.MANUFACTURER: Meaning.APPROVED, Side.SPONSOR: Meaning.IMPACT_APPROVED}


def find_assessment(actor: Actor, assessment_id: UUID) -> ImpactAssessment:
    """Return an assessment; raises NotFound."""
    return get_visible(ImpactAssessment, actor, assessment_id)


def show_assessment(actor: Actor, assessment: ImpactAssessment) -> Shown:
    """Return what a signer reads: each topic with its verdict and words, the scope, and the conclusion."""
    deviation = get_deviation(actor, assessment.deviation_id)
    zone = _zone(actor, deviation)
    fields = {"Deviation": f"{deviation.number} {deviation.title}"}
    if assessment.modality:
        fields["Product"] = str(Modality(assessment.modality).label)
    if assessment.impact:
        fields["Product impact"] = str(assessment.get_impact_display())
    rows = ImpactFinding.objects.visible_to(actor).filter(assessment=assessment)
    for each in sorted(rows, key=lambda each: topic_order(each.topic)):
        fields[topic_name(each.topic)] = f"{each.get_verdict_display()}: {each.text}"
    if assessment.side == Side.MANUFACTURER:
        for one in deviation_scope(actor, deviation):
            decided = f"{one.get_outcome_display()}: {one.because}" if one.outcome else "not decided"
            fields[f"Other batch {one.batch.number}"] = decided
    fields["Conclusion"] = str(assessment.conclusion)
    fields["Given"] = f"{_at(assessment.given_at, zone)}, {assessment.given_code}"
    title = f"Impact of {deviation.number}"
    return Shown(deviation.number, title, zone, fields)


def _sign_assessment(actor: Actor, assessment: Any, signature: Signature) -> None:
    deviation = lock_for_signature(actor, assessment.deviation_id)
    if deviation.state not in JUDGED:
        detail = f"{deviation.number} is {deviation.state}; its impact is judged no more."
        raise InvalidTransition(detail, state=str(deviation.state))
    newest = assessments_of(actor, deviation).filter(side=assessment.side).first()
    if newest is not None and newest.pk != assessment.pk:
        raise InvalidTransition("A newer assessment has taken its place.", state=str(deviation.state))
    conclude(actor, deviation, assessment, signature, class_of(actor, deviation))


def _by_clause(actor: Actor, assessment: Any, meaning: Meaning, rule: Rule) -> Rule:
    """Let each side sign its own assessment alone, where a clause names who by that one."""
    if OF_SIDE[Side(assessment.side)] != meaning:
        return replace(rule, roles=())
    if meaning != Meaning.IMPACT_APPROVED:
        return rule
    return signed_by_clause(actor, get_deviation(actor, assessment.deviation_id), meaning, rule)


def find_reclassification(actor: Actor, proposed_id: UUID) -> Reclassification:
    """Return a proposal of a lower class; raises NotFound."""
    return get_visible(Reclassification, actor, proposed_id)


def show_reclassification(actor: Actor, proposed: Reclassification) -> Shown:
    """Return what a signer reads: from which class to which, and why."""
    deviation = get_deviation(actor, proposed.deviation_id)
    zone = _zone(actor, deviation)
    fields = {
        "Deviation": f"{deviation.number} {deviation.title}",
        "Class now": str(proposed.get_before_display()),
        "Class proposed": str(proposed.get_classification_display()),
        "Because": str(proposed.rationale),
        "Proposed": f"{_at(proposed.given_at, zone)}, {proposed.given_code}",
    }
    return Shown(deviation.number, f"Lower class of {deviation.number}", zone, fields)


def _zone(actor: Actor, deviation: Deviation) -> str:
    return zone_of(get_program(actor, deviation.space_id), deviation.batch)


def _is_author(actor: Actor, given: Any) -> bool:
    return actor.is_one_of(given.space_id, person_id=given.given_by)


def _address(given: Any) -> str:
    return f"{reverse('deviation', args=[given.deviation_id])}#judging"


def _at(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} {zone}, {at.astimezone(UTC):%H:%M:%S} UTC"


IMPACT_ASSESSMENT: Final = Signable(
    type="impact_assessment",
    rules=RULES,
    find=find_assessment,
    # It never changes, so there is nothing to hold still; the deviation is held where it moves.
    lock=find_assessment,
    show=show_assessment,
    is_author=_is_author,
    address=_address,
    by_clause=_by_clause,
    signed=_sign_assessment,
)
RECLASSIFICATION: Final = Signable(
    type="reclassification",
    rules={
        Meaning.APPROVED: Rule((CDMO_QA, CDMO_QUALITY_HEAD), (Reclassification.state,), may_be_author=False)
    },
    find=find_reclassification,
    lock=find_reclassification,
    show=show_reclassification,
    is_author=_is_author,
    address=_address,
    signed=lower_class,
)
