"""Shared steps of an impact assessment: writing it down, what its signature brings about, giving it anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from batches.holding import lift_holds_until
from deviations.judging.facts import ImpactConcluded
from deviations.judging.states import Verdict
from deviations.models import Deviation, ImpactAssessment, ImpactFinding, ScopeCandidate
from deviations.texts import fault_of
from portal import ledger
from portal.action import current_action, instant
from portal.actor import Actor, Side
from portal.errors import Invalid
from portal.models import RecordQuerySet, Signature
from portal.states import Audience, Classification

# Until what a hold by clause stands that ends with the conclusion.
CONCLUSION: Final = "impact_conclusion"


@dataclass(frozen=True, slots=True)
class Found:
    """What somebody says of one topic."""

    topic: str
    verdict: str
    text: str


def check_findings(given: Iterable[Found], topics: Iterable[str]) -> list[Found]:
    """Return what was said of each topic, in their order; raises Invalid naming those that lack it."""
    said: Mapping[str, Found] = {each.topic: each for each in given}
    errors: dict[str, list[str]] = {}
    for topic in topics:
        one = said.get(topic)
        if one is None:
            errors[topic] = ["Say what was found."]
        elif one.verdict not in Verdict.values:
            errors[topic] = [f"Choose one of: {', '.join(Verdict.values)}."]
        elif (fault := fault_of("finding", one.text)) is not None:
            errors[topic] = [fault]
    errors |= {each: ["It is not asked here."] for each in set(said) - set(topics)}
    if errors:
        raise Invalid("The assessment is not complete.", errors=errors)
    return [said[topic] for topic in topics]


def put_assessment(
    actor: Actor,
    deviation: Deviation,
    side: Side,
    *,
    findings: Iterable[Found],
    conclusion: str,
    modality: str = "",
    impact: str = "",
) -> ImpactAssessment:
    """Write down what a side says of the impact; a shared step."""
    current_action()
    assessment = ImpactAssessment.objects.create(
        space_id=deviation.space_id,
        audience=deviation.audience,
        deviation=deviation,
        side=side,
        modality=modality,
        impact=impact,
        conclusion=conclusion,
        given_by=actor.person_id,
        given_code=actor.code(deviation.space_id),
        given_at=instant(),
    )
    ImpactFinding.objects.bulk_create(
        ImpactFinding(
            space_id=deviation.space_id,
            audience=deviation.audience,
            assessment=assessment,
            topic=each.topic,
            verdict=each.verdict,
            text=each.text,
        )
        for each in findings
    )
    return assessment


def assessments_of(actor: Actor, deviation: Deviation) -> RecordQuerySet[ImpactAssessment]:
    """Return what the sides said of the impact, as far as the actor may see it, the newest first."""
    rows = ImpactAssessment.objects.visible_to(actor).filter(deviation=deviation)
    return rows.order_by("-given_at", "-id")


def conclude(
    actor: Actor,
    deviation: Deviation,
    assessment: ImpactAssessment,
    signature: Signature,
    classification: Classification | None,
) -> None:
    """Let a signed assessment hold: the CDMO's ends the holds that waited for it; a shared step.

    Records: impact.concluded v1, batch.hold_lifted v1.
    """
    if assessment.side == Side.MANUFACTURER:
        deviation.conclude_impact(signature.signed_at)
        deviation.save(update_fields=["impact_concluded_at", "version"])
    fact = ImpactConcluded(side=assessment.side, code=signature.code)
    ledger.record(deviation, fact, classification=classification)
    if assessment.side == Side.MANUFACTURER:
        lift_holds_until(actor, deviation.pk, until=CONCLUSION)


def ask_anew(deviation: Deviation) -> None:
    """Ask for the conclusion anew: what it rested on has changed. The caller saves."""
    current_action()
    deviation.conclude_impact(None)


def disclose_judging(actor: Actor, deviation: Deviation) -> None:
    """Let the sponsor read what was assessed and looked for by now, along with the record; a shared step."""
    current_action()
    _widen(ImpactAssessment.objects.visible_to(actor).filter(deviation=deviation), "conclusion")
    _widen(ImpactFinding.objects.visible_to(actor).filter(assessment__deviation=deviation), "text")
    _widen(deviation_scope(actor, deviation), "because")


def deviation_scope(actor: Actor, deviation: Deviation) -> RecordQuerySet[ScopeCandidate]:
    """Return the other batches that a deviation may touch, by number."""
    rows = ScopeCandidate.objects.visible_to(actor).filter(deviation=deviation).select_related("batch")
    return rows.order_by("batch__number", "id")


def _widen(rows: RecordQuerySet[Any], words: str) -> None:
    for each in rows.exclude(audience=Audience.SHARED).order_by("pk"):
        each.audience = Audience.SHARED
        each.bump()
        each.save(update_fields=["audience", "version", words])
