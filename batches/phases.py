"""The phases of a recipe in the order of execution, and the stretches of time a batch spent in them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from batches.models import Batch, PhaseRun, ProcedureStep
from batches.states import Level
from portal.actor import Actor
from portal.errors import Invalid


def list_phases(actor: Actor, recipe_version_id: UUID) -> list[ProcedureStep]:
    """Return the phases of a recipe version in the order of execution."""
    rows = ProcedureStep.objects.visible_to(actor).filter(
        recipe_version_id=recipe_version_id, level=Level.PHASE
    )
    return list(rows.order_by("ordinal", "id"))


def find_phase(phases: Sequence[ProcedureStep], code: str) -> ProcedureStep:
    """Return the phase with a code; raises Invalid and names the known ones."""
    found = next((phase for phase in phases if phase.code == code), None)
    if found is None:
        known = ", ".join(phase.code for phase in phases) or "none"
        raise Invalid("The recipe has no such phase.", errors={"phase": [f"The phases are: {known}."]})
    return found


def enter_phase(batch: Batch, phase: ProcedureStep, at: datetime) -> None:
    """End the run of the present phase, if any, and begin the next at the same instant."""
    leave_phase(batch, at)
    PhaseRun.objects.create(
        space_id=batch.space_id, audience=batch.audience, batch=batch, phase=phase, started_at=at
    )


def leave_phase(batch: Batch, at: datetime) -> None:
    """End the run of the present phase."""
    for run in PhaseRun.objects.filter(batch=batch, ended_at=None):
        run.ended_at = at
        run.bump()
        run.save(update_fields=["ended_at", "version"])
