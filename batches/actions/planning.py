"""Enter batches, and copy what the plant's own system says of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from batches.access import PLANNERS, find_recipe, lock_program
from batches.copies import check_copy
from batches.facts import BatchMirrored, BatchPlanned, BatchStarted
from batches.models import Batch
from batches.phases import enter_phase, find_phase, list_phases
from batches.reach import check_happened, check_planned
from portal import ledger
from portal.access import require_role
from portal.action import action, answer_as_new, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid, refuse_field
from portal.models import Program, ProgramSite


@action("batch.plan")
def plan_batch(
    actor: Actor,
    program_id: UUID,
    *,
    recipe_version_id: UUID,
    number: str,
    planned_start: datetime,
    title: str = "",
    equipment: str = "",
    site_id: UUID | None = None,
    started_at: datetime | None = None,
    external_id: str = "",
    phases: Sequence[tuple[str, datetime]] = (),
    is_patient_lot: bool = False,
) -> Batch:
    """Enter a batch that will execute a recipe version, or one that is running already.

    With `started_at`, from 2000 to five minutes from now, the batch is in process, in the recipe's first
    phase, or, with `phases` (code, start) in order, in the last of them; the first starts with the batch.
    `planned_start` reaches twenty years ahead; `is_patient_lot` says that it is for one patient. Raises:
    NotFound, Refused, Invalid, Conflict.
    Records: batch.planned v1, batch.started v1. Source: 21 CFR 211.188 (batch production records).
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *PLANNERS, to="plan batches")
    batch = _enter(
        actor,
        program,
        recipe_version_id=recipe_version_id,
        number=number,
        planned_start=planned_start,
        title=title,
        external_id=external_id,
    )
    batch.equipment, batch.site = equipment, _site(actor, program, site_id)
    batch.is_patient_lot = is_patient_lot
    started_at = started_at or (phases[0][1] if phases else None)
    if started_at is None:
        batch.save(force_insert=True)
    else:
        _begin(actor, batch, started_at, phases)
    ledger.record(batch, BatchPlanned(recipe_version_id=recipe_version_id, planned_start=planned_start))
    if started_at is not None:
        ledger.record(
            batch, BatchStarted(started_at=started_at, phase=batch.phase.code if batch.phase else "")
        )
    return batch


@action("batch.mirror")
def mirror_batch(
    actor: Actor,
    program_id: UUID,
    *,
    external_id: str,
    external_status: str | None = None,
    as_of: datetime | None = None,
    version: int | None = None,
    recipe_version_id: UUID | None = None,
    number: str = "",
    planned_start: datetime | None = None,
    title: str = "",
) -> Batch:
    """Copy the status a batch has in the plant's own system, the master; enter the batch if it is new.

    A status that is not given stays as it is. `as_of` is when the copy was true there, now if not given; an
    older copy never replaces a newer one. A new batch needs recipe version, number and planned start; for a
    known one these are left as they are. `version` is compared where given. Raises: NotFound, Refused,
    Invalid, Conflict, StaleVersion, NothingToMatch. Records: batch.planned v1, batch.mirrored v1.
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *PLANNERS, to="mirror batches")
    if not external_id:
        refuse_field("external_id", "Say which batch of the plant's system is meant.")
    known = Batch.objects.visible_to(actor).filter(space_id=program.pk, external_id=external_id)
    batch = known.select_for_update(of=("self",)).first()
    copied_at = check_copy(batch, as_of=as_of, field="as_of", version=version)
    is_new = batch is None
    if batch is None:
        batch = _enter_mirrored(
            actor,
            program,
            external_id,
            recipe_version_id=recipe_version_id,
            number=number,
            planned_start=planned_start,
            title=title,
        )
    else:
        batch.bump()
    batch.mirror(external_status, copied_at)
    batch.save()
    ledger.record(batch, BatchMirrored(as_of=copied_at))
    if is_new:
        answer_as_new(batch)
    return batch


def _enter(
    actor: Actor,
    program: Program,
    *,
    recipe_version_id: UUID,
    number: str,
    planned_start: datetime,
    title: str,
    external_id: str,
) -> Batch:
    """Return a planned batch, not saved yet; the program is locked, so that its number is given once."""
    check_planned("planned_start", planned_start, instant())
    recipe = find_recipe(actor, program.pk, recipe_version_id)
    if recipe is None or not recipe.is_in_force(instant()):
        refuse_field("recipe_version", "The program has no such recipe version in force.")
    known = Batch.objects.visible_to(actor).filter(space_id=program.pk)
    if known.filter(number=number).exists():
        raise Conflict(f"The program has a batch {number} already.", code="number_taken")
    if external_id and known.filter(external_id=external_id).exists():
        raise Conflict("A batch with this external id is here already.", code="external_id_taken")
    return Batch(
        space_id=program.pk,
        number=number,
        title=title or recipe.title,
        recipe_version=recipe,
        planned_start=planned_start,
        external_id=external_id,
    )


def _site(actor: Actor, program: Program, site_id: UUID | None) -> ProgramSite | None:
    if site_id is None:
        return None
    site = ProgramSite.objects.visible_to(actor).filter(space_id=program.pk, pk=site_id).first()
    if site is None:
        refuse_field("site", "The program has no such site.")
    return site


def _begin(actor: Actor, batch: Batch, started_at: datetime, history: Sequence[tuple[str, datetime]]) -> None:
    """Let a batch be in process since an instant, with the phases it went through."""
    phases = list_phases(actor, batch.recipe_version_id)
    codes = history or [(phase.code, started_at) for phase in phases[:1]]
    runs = [(find_phase(phases, code), at) for code, at in codes]
    starts = [at for _, at in runs]
    check_happened("started_at", started_at, instant())
    for at in starts:
        check_happened("phases", at, instant())
    if starts and (starts[0] != started_at or starts != sorted(starts)):
        refuse_field(
            "phases",
            "The first phase starts with the batch, and each later one not before the one before it.",
        )
    batch.start(started_at, runs[-1][0] if runs else None)
    batch.version = 1
    batch.save(force_insert=True)
    for phase, at in runs:
        enter_phase(batch, phase, at)


def _enter_mirrored(
    actor: Actor,
    program: Program,
    external_id: str,
    *,
    recipe_version_id: UUID | None,
    number: str,
    planned_start: datetime | None,
    title: str,
) -> Batch:
    given = {"recipe_version": recipe_version_id, "number": number, "planned_start": planned_start}
    missing = {
        name: ["Needed to enter a batch that is not known yet."] for name, value in given.items() if not value
    }
    if missing or recipe_version_id is None or planned_start is None:
        raise Invalid("No batch has this external id; to enter it more is needed.", errors=missing)
    batch = _enter(
        actor,
        program,
        recipe_version_id=recipe_version_id,
        number=number,
        planned_start=planned_start,
        title=title,
        external_id=external_id,
    )
    batch.save(force_insert=True)
    ledger.record(batch, BatchPlanned(recipe_version_id=recipe_version_id, planned_start=planned_start))
    return batch
