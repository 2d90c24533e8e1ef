"""Where a deviation can be logged: the programs, batches and steps that a person of the CDMO works on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from batches.models import Batch, ProcedureStep
from batches.states import BatchState, Level
from deviations.access import zone_of
from deviations.states import REPORTERS
from portal.access import get_program
from portal.actor import Actor
from portal.errors import Refused
from portal.models import Program

BATCHES_MAX: Final = 500
# A lot that has ended is still looked at: review and inspection find what nobody saw on the floor.
SHOWN: Final = (BatchState.IN_PROCESS, BatchState.COMPLETE)


@dataclass(frozen=True, slots=True)
class Ground:
    """One program with the batches a deviation may be about, running ones first."""

    program: Program
    batches: list[Batch]


@dataclass(frozen=True, slots=True)
class Place:
    """Where one stands: the program, the batch if any, its steps, and the zone of its clock."""

    program: Program
    batch: Batch | None
    phases: list[ProcedureStep]
    zone: str


def list_grounds(actor: Actor) -> list[Ground]:
    """Return the programs in which the actor may log a deviation, by code; two queries.

    Raises: Refused when there is none.
    """
    spaces = [space_id for space_id in actor.seats if actor.holds(space_id, *REPORTERS)]
    programs = list(Program.objects.visible_to(actor).filter(pk__in=spaces).order_by("code", "pk"))
    if not programs:
        detail = "Deviations are logged by the people of the CDMO. Your role here does not include it."
        raise Refused(detail)
    rows = Batch.objects.visible_to(actor).filter(space_id__in=spaces, state__in=SHOWN)
    batches: dict[UUID, list[Batch]] = defaultdict(list)
    # "in_process" sorts behind "complete", so descending.
    running_first = rows.select_related("phase", "site").order_by("-state", "-planned_start", "pk")
    for each in running_first[:BATCHES_MAX]:
        batches[each.space_id].append(each)
    return [Ground(program, batches[program.pk]) for program in programs]


def find_place(actor: Actor, grounds: list[Ground], where: str) -> Place:
    """Return the place that a batch's or a program's id names, else the first one that a person has.

    An id that is not among them leads to the same place as none: what is logged is checked by the action.
    """
    for ground, batch in _all(grounds):
        if where == str(batch.pk if batch is not None else ground.program.pk):
            return _place(actor, ground.program, batch)
    first = grounds[0]
    return _place(actor, first.program, first.batches[0] if len(first.batches) == 1 else None)


def place_of_batch(actor: Actor, batch_id: UUID) -> Place | None:
    """Return a batch as a place, None when it is not to be seen."""
    rows = Batch.objects.visible_to(actor).select_related("phase", "site")
    batch = rows.with_id(batch_id)
    return _place(actor, get_program(actor, batch.space_id), batch) if batch is not None else None


def _all(grounds: list[Ground]) -> Iterator[tuple[Ground, Batch | None]]:
    for ground in grounds:
        yield ground, None
        for batch in ground.batches:
            yield ground, batch


def _place(actor: Actor, program: Program, batch: Batch | None) -> Place:
    phases: list[ProcedureStep] = []
    if batch is not None:
        steps = ProcedureStep.objects.visible_to(actor).filter(
            recipe_version_id=batch.recipe_version_id, level=Level.PHASE
        )
        phases = list(steps.order_by("ordinal", "pk"))
    return Place(program, batch, phases, zone_of(program, batch))
