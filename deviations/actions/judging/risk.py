"""Fill the short risk form of a deviation: what its class and its impact rest on (ICH Q9(R1))."""

from __future__ import annotations

from uuid import UUID

from deviations.access import class_of, lock_deviation
from deviations.capa.risk import put_risk
from deviations.judging.facts import RiskAssessed
from deviations.models import Deviation
from deviations.states import LEADERS
from portal import ledger
from portal.action import action
from portal.actor import Actor
from portal.states import CDMO_QUALITY_HEAD, Audience


@action("deviation.assess_risk")
def assess_deviation_risk(
    actor: Actor,
    deviation_id: UUID,
    *,
    hazard: str,
    severity: int,
    likelihood: int,
    detectability: int,
    decision_maker: str,
    formality: str,
    formality_why: str,
    version: int | None,
) -> Deviation:
    """Fill the own side's short risk form of a deviation, 1 to 5 each; the newest holds, older ones stay.

    It stays with its side: nothing that the other one reads changes, not even the version. Raises: NotFound,
    Refused, InvalidTransition, Invalid, StaleVersion. Records: deviation.risk_assessed v1, on the own chain.
    Source: ICH Q9(R1) 5.1, 5.2.
    """
    deviation = lock_deviation(actor, deviation_id, to="assess_risk", version=version)
    is_cdmo = actor.holds(deviation.space_id, *LEADERS, CDMO_QUALITY_HEAD)
    side = Audience.MANUFACTURER if is_cdmo else Audience.SPONSOR
    put_risk(
        actor,
        deviation.space_id,
        deviation.pk,
        side,
        hazard=hazard,
        severity=severity,
        likelihood=likelihood,
        detectability=detectability,
        decision_maker=decision_maker,
        formality=formality,
        formality_why=formality_why,
    )
    fact = RiskAssessed(side=side)
    ledger.record(deviation, fact, audience=side, classification=class_of(actor, deviation))
    return deviation
