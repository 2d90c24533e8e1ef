"""Functions that hand out batches to an actor, locked or not, or raise (house-style 5)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from batches.errors import BatchNotRunning
from batches.models import Batch, RecipeVersion
from batches.states import TRANSITIONS, BatchState
from portal.access import lock_record, require_role
from portal.actor import Actor
from portal.errors import NotFound
from portal.models import Program
from portal.states import CDMO_MSAT, CDMO_QA, CDMO_SHIFT_LEAD, GATEWAY, SYSTEM

RECIPE_AUTHORS: Final = (CDMO_QA, CDMO_MSAT, SYSTEM)
PLANNERS: Final = (CDMO_SHIFT_LEAD, CDMO_QA, SYSTEM)
SENDERS: Final = (GATEWAY, CDMO_SHIFT_LEAD, CDMO_QA, SYSTEM)


def get_batch(actor: Actor, batch_id: UUID) -> Batch:
    """Return a batch the actor may see, with its recipe version and phase; raises NotFound."""
    rows = Batch.objects.visible_to(actor).select_related("recipe_version", "phase", "site")
    found = rows.filter(pk=batch_id).first()
    if found is None:
        raise NotFound
    return found


def lock_batch(actor: Actor, batch_id: UUID, *, to: str, version: int | None) -> Batch:
    """Hand out a locked batch for one transition.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    """
    return lock_record(Batch, actor, batch_id, to=to, version=version, transitions=TRANSITIONS)


def lock_running_batch(actor: Actor, batch_id: UUID) -> Batch:
    """Hand out a batch that takes readings, locked: frames of one batch are judged one after the other.

    The lock also keeps the batch's phase and end from moving meanwhile; it never waits for another batch.
    Raises: NotFound, Refused, BatchNotRunning.
    """
    rows = Batch.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk=batch_id).first()
    if found is None:
        raise NotFound
    require_role(actor, found.space_id, *SENDERS, to="send readings")
    if found.state != BatchState.IN_PROCESS:
        detail = (
            f"Readings are taken while a batch is in process; {found.number} is {found.get_state_display()}."
        )
        raise BatchNotRunning(detail, state=str(found.state))
    return found


def lock_program(actor: Actor, program_id: UUID) -> Program:
    """Hand out a locked program, so that numbers in it are given once; raises NotFound."""
    rows = Program.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    found = rows.filter(pk=program_id).first()
    if found is None:
        raise NotFound
    return found


def find_recipe(actor: Actor, program_id: UUID, recipe_version_id: UUID) -> RecipeVersion | None:
    """Return a recipe version of the program, None when there is no such one to be seen."""
    rows = RecipeVersion.objects.visible_to(actor)
    return rows.filter(space_id=program_id, pk=recipe_version_id).first()
