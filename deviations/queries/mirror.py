"""Where records and their copies from the CDMO's own system say different things."""

from __future__ import annotations

from uuid import UUID

from deviations.access import get_deviation
from deviations.mirroring.states import SETTLERS, ConflictState
from deviations.models import MirrorClass, MirrorConflict
from portal.actor import Actor
from portal.errors import Refused
from portal.models import RecordQuerySet


def list_conflicts(
    actor: Actor,
    *,
    program_id: UUID | None = None,
    state: str | None = None,
    deviation_id: UUID | None = None,
) -> RecordQuerySet[MirrorConflict]:
    """Return the conflicts the actor may see, with their deviations, unordered: CDMO internal."""
    rows = MirrorConflict.objects.visible_to(actor).select_related("deviation")
    if program_id is not None:
        rows = rows.filter(space_id=program_id)
    if state is not None:
        rows = rows.filter(state=state)
    if deviation_id is not None:
        rows = rows.filter(deviation_id=deviation_id)
    return rows


def require_mirrors(actor: Actor) -> list[UUID]:
    """Return the programs whose copies the actor looks after. Raises: Refused when there is none."""
    spaces = [space_id for space_id in actor.seats if actor.holds(space_id, *SETTLERS)]
    if not spaces:
        raise Refused("Copies from a quality system are looked after by CDMO QA.")
    return spaces


def class_there(actor: Actor, deviation_id: UUID) -> MirrorClass | None:
    """Return the copied class of a deviation, None where there is none or it is not the reader's."""
    deviation = get_deviation(actor, deviation_id)
    return MirrorClass.objects.visible_to(actor).filter(deviation=deviation).first()


def count_conflicts(actor: Actor, deviation_id: UUID) -> int:
    """Return how many open conflicts a deviation has, as far as the reader may know."""
    return list_conflicts(actor, state=ConflictState.OPEN, deviation_id=deviation_id).count()
