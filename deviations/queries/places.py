"""Where a deviation can be logged: the programs, batches and steps that a person of the CDMO works on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from batches.models import Batch, ProcedureStep
from batches.queries.monitoring import list_points
from batches.states import BatchState, Level
from deviations.access import zone_of
from deviations.states import REPORTERS
from portal.access import get_program
from portal.actor import Actor
from portal.errors import NotFound, Refused
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


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a label stands for: the batch, if it names or brings one, and the equipment or room."""

    batch_id: str
    asset: str


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


def find_labelled(actor: Actor, grounds: list[Ground], code: str) -> Labelled:
    """Return what a label's code stands for on the actor's grounds: a batch, equipment or a room.

    Equipment on which exactly one batch runs brings that batch. Raises NotFound for any other code.
    """
    code = code.strip()
    known = batch_by_label(grounds)
    if code in known:
        numbers = {each.number: each.equipment for ground in grounds for each in ground.batches}
        return Labelled(known[code], numbers.get(code, code))
    if code and code in list_rooms(actor):
        return Labelled("", code)
    raise NotFound


def list_rooms(actor: Actor) -> list[str]:
    """Return the codes of the rooms that the actor's own plant keeps, sorted."""
    rows = list_points(actor).order_by("area").values_list("area", flat=True)
    return list(rows.distinct()[:BATCHES_MAX])


def batch_by_label(grounds: list[Ground]) -> dict[str, str]:
    """Return the batch that each label brings; empty for equipment on which none or several run."""
    batches = [each for ground in grounds for each in ground.batches]
    running: dict[str, list[str]] = defaultdict(list)
    for each in batches:
        if each.equipment:
            running[each.equipment] += [str(each.pk)] if each.state == BatchState.IN_PROCESS else []
    of_equipment = {code: ids[0] if len(ids) == 1 else "" for code, ids in running.items()}
    return of_equipment | {str(each.number): str(each.pk) for each in batches}


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
