"""The short risk form of a record, one side's (ICH Q9(R1)). A shared step of actions."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from deviations.capa.states import Formality
from deviations.models import RiskForm
from deviations.texts import check_texts
from portal.action import current_action, instant
from portal.actor import Actor
from portal.errors import Invalid

SCALE: Final = range(1, 6)


def put_risk(
    actor: Actor,
    space_id: UUID,
    record_id: UUID,
    side: str,
    *,
    hazard: str,
    severity: int,
    likelihood: int,
    detectability: int,
    decision_maker: str,
    formality: str,
    formality_why: str,
) -> RiskForm:
    """Keep a risk form of a record for a side: 1 to 5 each, 5 is worst. Raises: Invalid."""
    current_action()
    check_texts({"hazard": hazard, "formality_why": formality_why, "owner": decision_maker})
    marks = {"severity": severity, "likelihood": likelihood, "detectability": detectability}
    errors = {name: ["From 1 to 5."] for name, mark in marks.items() if mark not in SCALE}
    if formality not in Formality.values:
        errors["formality"] = [f"Choose one of: {', '.join(Formality.values)}."]
    if errors:
        raise Invalid("The risk form is not complete.", errors=errors)
    return RiskForm.objects.create(
        space_id=space_id,
        audience=side,
        about_id=record_id,
        hazard=hazard,
        **marks,
        decision_maker=decision_maker,
        formality=formality,
        formality_why=formality_why,
        given_code=actor.code(space_id),
        given_at=instant(),
    )
