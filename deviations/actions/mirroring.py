"""Copy the CDMO's own quality system: its state is taken, what is mastered here is compared and kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from batches.access import lock_program
from batches.copies import check_copy
from batches.models import Batch
from deviations.access import class_of, find_mirrored, lock_conflict
from deviations.actions.report import NOWHERE, Stated, check_elsewhere, log_stated
from deviations.clauses.naming import names_of
from deviations.facts import DeviationMirrored
from deviations.mirroring.facts import ClassCopied, ConflictAgreed, ConflictFound, ConflictSettled
from deviations.mirroring.states import ConflictState, SettledBy
from deviations.models import STATED_THERE, Deviation, Elsewhere, MirrorClass, MirrorConflict
from deviations.states import MIRRORERS
from deviations.texts import check_texts
from portal import ledger
from portal.access import require_role
from portal.action import action, answer_as_new, instant
from portal.actor import Actor
from portal.errors import Invalid
from portal.models import Program
from portal.states import Audience, Classification
from portal.terms import terms_at

COMPARED: Final = ("title", "description", "occurred_at", "detected_at", "aware_at", "batch")


@action("deviation.mirror")
def mirror_deviation(
    actor: Actor,
    program_id: UUID,
    *,
    external_id: str,
    external_status: str | None = None,
    external_class: str = "",
    external_as_of: datetime | None = None,
    elsewhere: Elsewhere = NOWHERE,
    version: int | None = None,
    title: str = "",
    description: str = "",
    occurred_at: datetime | None = None,
    detected_at: datetime | None = None,
    aware_at: datetime | None = None,
    batch_id: UUID | None = None,
    phase_id: UUID | None = None,
    excursion_id: UUID | None = None,
    suggested_class: Classification | None = None,
    immediate_action: str = "",
    late_reason: str = "",
    triggers: Sequence[str] = (),
) -> Deviation:
    """Bring the copy of the CDMO's own record up to date, logging it here first when it is new.

    Taken from there, as of `external_as_of` (now if not given): state, class (a copy without effect), times
    `elsewhere`; no older copy replaces a newer one. What is mastered here is compared: a difference is a
    conflict, nothing is overwritten. A new one needs title, description, occurred, detected. Raises:
    NotFound, Refused, Invalid, Conflict, StaleVersion, NothingToMatch. Records: deviation.mirrored v1.
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *MIRRORERS, to="copy from the quality system")
    _check_words(external_id, external_status, external_class)
    found = find_mirrored(actor, program.pk, external_id)
    as_of = check_copy(found, as_of=external_as_of, field="external_as_of", version=version)
    if found is None:
        occurred, detected = _both(occurred_at, detected_at)
        stated = Stated(
            title=title,
            description=description,
            occurred_at=occurred,
            detected_at=detected,
            aware_at=aware_at or detected,
            batch_id=batch_id,
            phase_id=phase_id,
            excursion_id=excursion_id,
            suggested_class=suggested_class,
            immediate_action=immediate_action,
            late_reason=late_reason,
            external_id=external_id,
            external_status=external_status or "",
            external_as_of=as_of,
            triggers=triggers,
            elsewhere=elsewhere,
        )
        return _enter(actor, program, stated, external_class)
    said = {"title": title, "description": description, "aware_at": aware_at, "batch": batch_id}
    said |= {"occurred_at": occurred_at, "detected_at": detected_at}
    _take(actor, found, said, external_class, as_of)
    return _mirror(found, external_status, as_of, elsewhere)


def _enter(actor: Actor, program: Program, stated: Stated, own_class: str) -> Deviation:
    deviation = log_stated(actor, program, stated).deviation
    _copy_class(actor, deviation, own_class, stated.external_as_of or deviation.recorded_at)
    answer_as_new(deviation)
    return deviation


def _take(actor: Actor, found: Deviation, said: Mapping[str, Any], own_class: str, as_of: datetime) -> None:
    check_texts({name: str(said[name]) for name in ("title", "description") if said[name]})
    _copy_class(actor, found, own_class, as_of)
    compare(actor, found, _theirs(actor, found, said, own_class), as_of)


@action("mirror.settle")
def settle_conflict(
    actor: Actor, conflict_id: UUID, *, outcome: SettledBy, reason: str, version: int | None
) -> MirrorConflict:
    """Say what is right where record and copy differ; the record stays as it is.

    `reason` is 10..4,000 characters. The same difference is not opened again; another one is. Raises:
    NotFound, Refused, InvalidTransition, StaleVersion, Invalid. Records: mirror.conflict_settled v1.
    """
    conflict = lock_conflict(actor, conflict_id, to="settle", version=version)
    check_texts({"reason": reason})
    conflict.settle(outcome, reason, actor.code(conflict.space_id), instant())
    conflict.save()
    ledger.record(
        conflict, ConflictSettled(deviation_id=conflict.deviation_id, field=conflict.field, outcome=outcome)
    )
    return conflict


def compare(actor: Actor, deviation: Deviation, theirs: Mapping[str, str], as_of: datetime) -> None:
    """Keep each difference as a conflict, and end those that a later copy agrees on; a shared step."""
    rows = MirrorConflict.objects.visible_to(actor).filter(deviation=deviation)
    newest = {each.field: each for each in rows.order_by("found_at", "pk")}
    ours = _ours(actor, deviation)
    for field, there in theirs.items():
        here, known = ours[field], newest.get(field)
        is_open = known is not None and known.state == ConflictState.OPEN
        if there == here:
            if known is not None and is_open:
                known.agree(as_of, instant())
                known.save()
                ledger.record(known, ConflictAgreed(deviation_id=deviation.pk, field=field))
        elif known is not None and is_open:
            if known.there != there:
                known.repeat(there, as_of)
                known.save()
                ledger.record(known, ConflictFound(deviation_id=deviation.pk, field=field, as_of=as_of))
        elif known is None or (known.here, known.there) != (here, there):
            _open(deviation, field, here, there, as_of)


def _open(deviation: Deviation, field: str, here: str, there: str, as_of: datetime) -> None:
    conflict = MirrorConflict.objects.create(
        space_id=deviation.space_id,
        audience=Audience.MANUFACTURER,
        deviation=deviation,
        field=field,
        here=here,
        there=there,
        as_of=as_of,
        found_at=instant(),
    )
    ledger.record(conflict, ConflictFound(deviation_id=deviation.pk, field=field, as_of=as_of))


def _ours(actor: Actor, deviation: Deviation) -> dict[str, str]:
    """Return what the record says of each compared field, as text."""
    given = class_of(actor, deviation)
    said = {name: getattr(deviation, name) for name in COMPARED if name != "batch"}
    return {name: _text(value) for name, value in said.items()} | {
        "batch": str(deviation.batch.number) if deviation.batch is not None else "",
        "classification": str(given) if given is not None else "",
    }


def _theirs(actor: Actor, deviation: Deviation, said: Mapping[str, Any], own_class: str) -> dict[str, str]:
    """Return what the copy says of each field that it gives; a class only once there is one here."""
    found = {name: _text(value) for name, value in said.items() if value and name != "batch"}
    if said["batch"]:
        batch = Batch.objects.visible_to(actor).filter(space_id=deviation.space_id, pk=said["batch"]).first()
        found["batch"] = str(batch.number) if batch is not None else str(said["batch"])
    if own_class and class_of(actor, deviation) is not None:
        names = names_of(terms_at(actor, deviation.space_id, deviation.recorded_at), Audience.MANUFACTURER)
        read = names.get(own_class) or own_class.strip().lower()
        found["classification"] = str(read)
    return found


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _check_words(external_id: str, external_status: str | None, external_class: str) -> None:
    check_texts({"external_id": external_id, "external_status": external_status or ""})
    check_texts({"owner": external_class} if external_class else {})
    if not external_id.strip():
        raise Invalid("Say which record is copied.", errors={"external_id": ["At least 1 character."]})


def _both(occurred_at: datetime | None, detected_at: datetime | None) -> tuple[datetime, datetime]:
    if occurred_at is None or detected_at is None:
        given = {"occurred_at": occurred_at, "detected_at": detected_at}
        errors = {name: ["Needed for a new record."] for name, at in given.items() if at is None}
        raise Invalid("This record is new here; say what happened.", errors=errors)
    return occurred_at, detected_at


def _mirror(found: Deviation, status: str | None, as_of: datetime, elsewhere: Elsewhere) -> Deviation:
    check_elsewhere(elsewhere, found.aware_at)
    found.mirror(found.external_status if status is None else status, as_of, elsewhere)
    found.save(update_fields=["external_status", "external_as_of", *STATED_THERE, "version"])
    ledger.record(found, DeviationMirrored(as_of=as_of))
    return found


def _copy_class(actor: Actor, deviation: Deviation, own_class: str, as_of: datetime) -> None:
    """Keep the class that the other system gives; no class here follows from it."""
    if not own_class:
        return
    row = MirrorClass.objects.visible_to(actor).filter(deviation=deviation).first()
    if row is not None and row.classification == own_class:
        return
    if row is None:
        row = MirrorClass(space_id=deviation.space_id, audience=Audience.MANUFACTURER, deviation=deviation)
        row.classification, row.as_of = own_class, as_of
    else:
        row.copy(own_class, as_of)
    row.save()
    ledger.record(row, ClassCopied(deviation_id=deviation.pk, as_of=as_of))
