"""Say topic by topic what a deviation means; it holds once a second person has signed it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from deviations.access import class_of, lock_deviation
from deviations.judging.facts import ImpactGiven
from deviations.judging.impact import Found, check_findings, put_assessment
from deviations.judging.states import Modality, topics_of
from deviations.models import Deviation
from deviations.texts import check_texts
from portal import ledger
from portal.action import action
from portal.actor import Actor, Side
from portal.errors import Invalid


@action("impact.conclude")
def conclude_impact(
    actor: Actor,
    deviation_id: UUID,
    *,
    modality: str,
    findings: Sequence[Found],
    conclusion: str,
    version: int | None,
) -> Deviation:
    """Give the CDMO's conclusion on the impact, topic by topic, for the kind of product it is.

    Every topic of the kind has a verdict and words of 3..4000 characters; `conclusion` is 20..20,000. It
    holds once CDMO QA or its head, not who gave it, signs it as approved; then what waits for it ends. The
    newest one holds. Whoever knows of the record reads it. Raises: NotFound, Refused, InvalidTransition,
    StaleVersion, Invalid. Records: impact.given v1. Source: 21 CFR 211.192; EU GMP 1.8(vii); domain 2b.
    """
    deviation = lock_deviation(actor, deviation_id, to="conclude_impact", version=version)
    check_texts({"conclusion": conclusion})
    if modality not in Modality.values:
        words = f"Choose one of: {', '.join(Modality.values)}."
        raise Invalid("Say what kind of product it is.", errors={"modality": [words]})
    said = check_findings(findings, topics_of(modality))
    deviation.bump()
    deviation.save(update_fields=["version"])
    put_assessment(
        actor,
        deviation,
        Side.MANUFACTURER,
        findings=said,
        conclusion=conclusion,
        modality=modality,
    )
    fact = ImpactGiven(side=Side.MANUFACTURER)
    ledger.record(deviation, fact, classification=class_of(actor, deviation))
    return deviation
