"""Functions that hand out batches to an actor, locked or not, or raise (house-style 5)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db import connection

from batches.errors import BatchNotRunning
from batches.models import Batch, Excursion, RecipeVersion, StepExecution
from batches.states import PERFORMERS, TRANSITIONS, BatchState
from portal.access import get_visible, lock_record, require_role
from portal.actor import Actor
from portal.errors import Conflict, NotFound
from portal.models import Program
from portal.states import CDMO_OPERATOR, CDMO_QA, CDMO_SHIFT_LEAD, GATEWAY, SYSTEM

MATERIAL_KEEPERS: Final = (CDMO_OPERATOR, CDMO_SHIFT_LEAD, CDMO_QA, SYSTEM)
PLANNERS: Final = (CDMO_SHIFT_LEAD, CDMO_QA, SYSTEM)
SENDERS: Final = (GATEWAY, CDMO_SHIFT_LEAD, CDMO_QA, SYSTEM)

# `visible_to` written out, with the columns that judging needs: every frame begins here, and building the
# query would take longer than running it.
LOCKED: Final = (
    "id",
    "space_id",
    "audience",
    "version",
    "number",
    "recipe_version_id",
    "state",
    "started_at",
    "ended_at",
)
RUNNING: Final = f"""
select {", ".join(LOCKED)} from batches_batch
where id = %s and ((audience <> 'manufacturer' and space_id = any (%s))
                   or (audience <> 'sponsor' and space_id = any (%s)))
for no key update
"""  # noqa: S608 - a fixed list of columns


def get_batch(actor: Actor, batch_id: UUID) -> Batch:
    """Return a batch the actor may see, with its recipe version and phase; raises NotFound."""
    rows = Batch.objects.visible_to(actor).select_related("recipe_version", "phase", "site")
    found = rows.with_id(batch_id)
    if found is None:
        raise NotFound
    return found


def get_excursion(actor: Actor, excursion_id: UUID) -> Excursion:
    """Return the row of an excursion the actor may see; raises NotFound.

    While the excursion lasts the row may be a minute old; `batches.queries.get_excursion` gives what is
    to be shown.
    """
    return get_visible(Excursion, actor, excursion_id)


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
    with connection.cursor() as cursor:
        cursor.execute(RUNNING, [batch_id, actor.as_sponsor, actor.as_manufacturer])
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    found = Batch.from_db(str(connection.alias), LOCKED, row)
    require_role(actor, found.space_id, *SENDERS, to="send readings")
    if found.state != BatchState.IN_PROCESS:
        shown = found.get_state_display()
        detail = f"Readings are taken while a batch is in process; {found.number} is {shown}."
        raise BatchNotRunning(detail, state=str(found.state))
    return found


def lock_batch_of(actor: Actor, batch_id: UUID) -> Batch:
    """Hand out a batch in whatever state, locked, for a change of what belongs to it; raises NotFound."""
    rows = Batch.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    found = rows.with_id(batch_id)
    if found is None:
        raise NotFound
    return found


def lock_program(actor: Actor, program_id: UUID) -> Program:
    """Hand out a locked program, so that numbers in it are given once; raises NotFound."""
    rows = Program.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    found = rows.with_id(program_id)
    if found is None:
        raise NotFound
    return found


def find_recipe(actor: Actor, program_id: UUID, recipe_version_id: UUID) -> RecipeVersion | None:
    """Return a recipe version of the program, None when there is no such one to be seen."""
    rows = RecipeVersion.objects.visible_to(actor)
    return rows.filter(space_id=program_id, pk=recipe_version_id).first()


def find_batch(actor: Actor, program_id: UUID, batch_id: UUID) -> Batch | None:
    """Return a batch of the program, None when there is no such one to be seen."""
    return Batch.objects.visible_to(actor).filter(space_id=program_id, pk=batch_id).first()


def lock_batch_record(actor: Actor, batch_id: UUID) -> Batch:
    """Hand out a locked batch for its executed record, so that steps follow one another.

    Raises: NotFound, Conflict before it began.
    """
    rows = Batch.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    found = rows.with_id(batch_id)
    if found is None:
        raise NotFound
    if found.state == BatchState.PLANNED:
        raise Conflict(f"{found.number} has not begun.", code="not_begun")
    return found


def lock_step_for_file(actor: Actor, execution_id: UUID) -> StepExecution:
    """Hand out a locked step of the record for one more file: a photo, a print, a scanned page.

    Raises: NotFound, Refused.
    """
    found = StepExecution.objects.visible_to(actor).select_for_update(of=("self",)).with_id(execution_id)
    if found is None:
        raise NotFound
    require_role(actor, found.space_id, *PERFORMERS, to="add files")
    return found
