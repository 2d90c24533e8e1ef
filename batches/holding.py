"""Holds that a clause places because of another record, and that end with it. Shared steps of actions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final
from uuid import UUID

from batches.facts import BatchHeld, BatchHoldLifted
from batches.models import Batch, BatchHold
from batches.states import HoldKind, StandState
from portal import ledger
from portal.action import current_action, instant
from portal.actor import Actor
from portal.agreements.rules import Hold
from portal.agreements.terms import Applied
from portal.models import RecordQuerySet, SpaceRecord

# What a rule blocks -> the hold it places.
KINDS: Final = {"disposition": HoldKind.STATUS, "processing": HoldKind.PROCESSING, "use": HoldKind.USE}


def hold_by_clauses(
    actor: Actor,
    batch: Batch,
    cause: SpaceRecord,
    *,
    number: str,
    found: Iterable[Applied[Hold] | None],
    version: int | None,
) -> None:
    """Let a batch be held because of a record, as clauses say, for the readers of that record.

    One hold of a kind on a batch, by the first clause that asks for it. A hold of the same cause on it that
    none of them asks for any more ends, one that stands already stays.
    Records: batch.held v1, batch.hold_lifted v1.
    """
    current_action()
    wanted: dict[str, Applied[Hold]] = {}
    for each in found:
        if each is not None:
            wanted.setdefault(KINDS[each.rule.blocks], each)
    standing = {each.kind: each for each in holds_because_of(actor, cause.pk) if each.batch_id == batch.pk}
    for kind, hold in standing.items():
        if kind not in wanted:
            _lift(actor, hold)
    for kind, by in wanted.items():
        if kind not in standing:
            placed = BatchHold.objects.create(
                space_id=batch.space_id,
                audience=cause.audience,
                batch=batch,
                kind=kind,
                cause_id=cause.pk,
                cause_number=number,
                clause=by.clause.code,
                terms=version,
                until=by.rule.until,
                placed_code=actor.code(batch.space_id),
                placed_at=instant(),
            )
            record_held(batch, placed)


def hold_because_of_stop(actor: Actor, batch: Batch, stop_id: UUID, *, number: str) -> None:
    """Hold a batch because its identity does not agree: disposition and every next step; both sides read it.

    Records: batch.held v1 twice.
    """
    current_action()
    for kind in (HoldKind.STATUS, HoldKind.PROCESSING):
        placed = BatchHold.objects.create(
            space_id=batch.space_id,
            batch=batch,
            kind=kind,
            cause_id=stop_id,
            cause_number=number,
            placed_code=actor.code(batch.space_id),
            placed_at=instant(),
        )
        record_held(batch, placed)


def record_held(batch: Batch, hold: BatchHold) -> None:
    """Write down that a batch is held, where the hold itself may be read."""
    fact = BatchHeld(hold_id=hold.pk, kind=hold.kind, cause_id=hold.cause_id, clause=hold.clause)
    ledger.record(batch, fact, audience=hold.audience)


def record_lifted(batch: Batch, hold: BatchHold) -> None:
    """Write down that a batch is held no longer by this hold."""
    fact = BatchHoldLifted(hold_id=hold.pk, kind=hold.kind, cause_id=hold.cause_id)
    ledger.record(batch, fact, audience=hold.audience)


def lift_holds_because_of(actor: Actor, cause_id: UUID) -> None:
    """End the holds of a record that is over. Records: batch.hold_lifted v1."""
    current_action()
    for each in holds_because_of(actor, cause_id):
        _lift(actor, each)


def lift_holds_until(actor: Actor, cause_id: UUID, *, until: str) -> None:
    """End the holds of a record that stand until something that has come. Records: batch.hold_lifted v1."""
    current_action()
    for each in holds_because_of(actor, cause_id).filter(until=until):
        _lift(actor, each)


def disclose_holds_because_of(actor: Actor, cause_id: UUID) -> None:
    """Let the other side read the standing holds of a record that it reads from now on."""
    current_action()
    for each in holds_because_of(actor, cause_id):
        each.disclose()
        each.save(update_fields=["audience", "version", "reason", "lift_reason"])


def holds_because_of(actor: Actor, cause_id: UUID) -> RecordQuerySet[BatchHold]:
    """Return the standing holds of a record, locked."""
    rows = BatchHold.objects.visible_to(actor).filter(cause_id=cause_id, state=StandState.STANDING)
    return rows.select_related("batch").select_for_update(of=("self",), no_key=True).order_by("pk")


def _lift(actor: Actor, hold: BatchHold) -> None:
    hold.lift(actor.code(hold.space_id), instant(), "")
    hold.save(update_fields=["state", "lifted_code", "lifted_at", "lift_reason", "version"])
    record_lifted(hold.batch, hold)
