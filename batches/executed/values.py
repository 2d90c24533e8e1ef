"""What a recorded value belongs to: its parameter, and the phase whose limits it is judged by."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from django.db.models import Q

from batches.models import Batch, Parameter, PhaseRun, StepExecution
from batches.units import MOST
from portal.actor import Actor
from portal.errors import Invalid

PLACES: Final = 6


def find_parameter(actor: Actor, batch: Batch, code: str) -> Parameter:
    """Return a parameter of the batch's recipe version by its code; raises Invalid, naming the known ones."""
    rows = Parameter.objects.visible_to(actor).filter(recipe_version_id=batch.recipe_version_id)
    found = rows.filter(code=code).first()
    if found is None:
        known = ", ".join(rows.order_by("ordinal", "id").values_list("code", flat=True)[:60]) or "none"
        detail = f"The recipe of this batch has no such parameter. Its parameters are: {known}."
        raise Invalid(detail, errors={"parameter": [detail]})
    return found


def phase_at(actor: Actor, batch: Batch, execution: StepExecution | None, at: datetime) -> UUID | None:
    """Return the step whose limits hold at an instant: where it was done, else the batch's phase."""
    if execution is not None:
        return execution.step_id
    runs = PhaseRun.objects.visible_to(actor).filter(batch=batch, started_at__lte=at)
    rows = runs.filter(Q(ended_at=None) | Q(ended_at__gt=at)).order_by("-started_at", "id")
    return rows.values_list("phase_id", flat=True).first()


def require_value(value: Decimal) -> None:
    """Refuse what the record does not hold: at most twelve digits before and six after the point."""
    exponent = value.normalize().as_tuple().exponent if value.is_finite() else 0
    if not value.is_finite() or abs(value) > MOST or -int(exponent) > PLACES:
        detail = "A number with at most twelve digits before the point and six after it."
        raise Invalid(detail, errors={"value": [detail]})
