"""Place and lift holds on a batch by hand."""

from __future__ import annotations

from uuid import UUID

from batches.access import get_batch
from batches.errors import HeldByClause
from batches.holding import record_held, record_lifted
from batches.models import BatchHold
from batches.states import HOLD_TRANSITIONS, HOLDERS, REASON_LEAST, BatchState, HoldKind
from portal.access import lock_record, require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid


@action("batch.hold")
def place_batch_hold(
    actor: Actor, batch_id: UUID, *, kind: str, reason: str, scope: str = "", audience: str = "shared"
) -> BatchHold:
    """Hold a batch: its status (disposition blocked, the process goes on), at a hold point, or a thing's use.

    `scope` names the hold point or what is out of use, and is needed for these two; `reason` is 10 to 4,000
    characters; `audience` is shared or manufacturer. Raises: NotFound, Refused, Invalid, Conflict.
    Records: batch.held v1. Source: domain 2b; 21 CFR 211.110(c), 211.192.
    """
    batch = get_batch(actor, batch_id)
    require_role(actor, batch.space_id, *HOLDERS, to="hold a batch")
    _check(kind, scope, reason, audience)
    if batch.state == BatchState.DISCONTINUED:
        raise Conflict(f"{batch.number} was discontinued; there is nothing to hold.", code="discontinued")
    hold = BatchHold.objects.create(
        space_id=batch.space_id,
        audience=audience,
        batch=batch,
        kind=kind,
        scope=scope.strip(),
        reason=reason.strip(),
        placed_code=actor.code(batch.space_id),
        placed_at=instant(),
    )
    record_held(batch, hold)
    return hold


@action("batch.lift_hold")
def lift_batch_hold(actor: Actor, hold_id: UUID, *, version: int | None, reason: str) -> BatchHold:
    """Lift a hold that a person placed, with a reason of 10 to 4,000 characters.

    One that a clause placed ends with its cause. Raises: NotFound, Refused, InvalidTransition, HeldByClause,
    Invalid, VersionMissing, StaleVersion. Records: batch.hold_lifted v1. Source: domain 2b.
    """
    found = lock_record(BatchHold, actor, hold_id, to="lift", version=version, transitions=HOLD_TRANSITIONS)
    if found.cause_id is not None:
        raise HeldByClause.of(found.cause_number, found.clause)
    _check_reason(reason)
    found.lift(actor.code(found.space_id), instant(), reason.strip())
    found.save(update_fields=["state", "lifted_code", "lifted_at", "lift_reason", "version"])
    record_lifted(found.batch, found)
    return found


def _check(kind: str, scope: str, reason: str, audience: str) -> None:
    if kind not in HoldKind.values:
        raise Invalid("Unknown kind.", errors={"kind": [f"One of: {', '.join(HoldKind.values)}."]})
    if audience not in ("shared", "manufacturer"):
        raise Invalid("Unknown audience.", errors={"audience": ["One of: shared, manufacturer."]})
    if kind != HoldKind.STATUS and not scope.strip():
        raise Invalid("Say what is held.", errors={"scope": ["Name the hold point, or what is out of use."]})
    _check_reason(reason)


def _check_reason(reason: str) -> None:
    if len(reason.strip()) < REASON_LEAST:
        raise Invalid("Say why.", errors={"reason": [f"At least {REASON_LEAST} characters."]})
