"""The sponsor's word on what a deviation means for its product (clause 5.5 of the default rules)."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from deviations.access import class_of, lock_deviation
from deviations.clauses.authority import require_by_clause
from deviations.clauses.governing import impacts_for, strictest
from deviations.clauses.naming import own_name
from deviations.clauses.triggers import triggers_of
from deviations.facts import ImpactAssessed
from deviations.judging.impact import Found, check_findings, put_assessment
from deviations.judging.states import SPONSOR_AREAS
from deviations.models import Deviation, Judgement
from deviations.states import IMPACT_CLOCK, JudgementKind
from deviations.texts import check_texts
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.clocks import end_clocks
from portal.states import Audience, Classification, ClockState
from portal.terms import terms_at


@action("deviation.assess_impact")
def assess_impact(
    actor: Actor,
    deviation_id: UUID,
    *,
    classification: Classification,
    rationale: str,
    version: int | None,
    own_class: str = "",
    findings: Sequence[Found] = (),
) -> Deviation:
    """Give the sponsor's product-impact assessment of a deviation it was told of; its clock is met.

    The CDMO classifies the deviation; the sponsor says how far product, clinic, registration and supply are
    touched: `classification` of the impact, `rationale` of 20..4000 characters, both shared; `own_class` is
    its own name of it, where a clause maps names; `findings` say it of each of the four, all or none. It
    holds once it is signed as product impact approved. The clause in force when the record began says who of
    the sponsor gives it; the newest one holds, earlier ones stay.
    Raises: NotFound, Refused, InvalidTransition, StaleVersion, Invalid.
    Records: deviation.impact_assessed v1. Source: quality agreement 5.5; 21 CFR 211.22(a); domain 2b.
    """
    deviation = lock_deviation(actor, deviation_id, to="assess_impact", version=version)
    check_texts({"rationale": rationale})
    provisional = class_of(actor, deviation)
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    require_by_clause(actor, deviation, terms, "assess_impact", provisional)
    own_class = own_name(terms, Side.SPONSOR, classification, own_class)
    said = check_findings(findings, SPONSOR_AREAS) if findings else []
    rules = impacts_for(terms, provisional, triggers_of(actor, deviation))
    governing = strictest(actor, deviation, terms, rules, told_at=instant())
    Judgement.objects.create(
        space_id=deviation.space_id,
        audience=Audience.SHARED,
        deviation=deviation,
        kind=JudgementKind.IMPACT,
        side=Audience.SPONSOR,
        classification=classification,
        rationale=rationale,
        own_class=own_class,
        code=actor.code(deviation.space_id),
        given_at=instant(),
    )
    deviation.bump()
    deviation.save(update_fields=["version"])
    clause = governing.found.clause.code if governing is not None else ""
    fact = ImpactAssessed(impact=classification, clause=clause)
    ledger.record(deviation, fact, classification=provisional)
    put_assessment(
        actor,
        deviation,
        Side.SPONSOR,
        findings=said,
        conclusion=rationale,
        impact=classification,
    )
    end_clocks(deviation, kind=IMPACT_CLOCK, state=ClockState.MET)
    return deviation
