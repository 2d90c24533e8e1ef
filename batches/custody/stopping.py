"""The stop of a patient lot whose identity does not agree. Shared steps: they run inside an action only."""

from __future__ import annotations

from typing import Final

from batches.custody.facts import IdentityMismatched
from batches.custody.states import StopState
from batches.errors import IdentityStopped
from batches.holding import hold_because_of_stop
from batches.models import Batch, IdentityCheck, IdentityStop
from batches.slots import AutomaticEvent, automatic_events
from portal import ledger
from portal.action import current_action, instant
from portal.actor import Actor, Side
from portal.alerts import PATIENT_LOT, raise_alert

MISMATCH: Final = "identity_mismatch"
TOLD_FIRST: Final = ("qa",)


def find_stop(actor: Actor, batch: Batch) -> IdentityStop | None:
    """Return the stop that stands on a batch, whether its labels were read again or not."""
    if not batch.is_patient_lot:
        return None
    return (
        IdentityStop.objects.visible_to(actor).filter(batch=batch).exclude(state=StopState.RELEASED).first()
    )


def require_identity(actor: Actor, batch: Batch) -> None:
    """Raise IdentityStopped while the identity of a patient lot does not agree: nothing goes on with it."""
    stop = find_stop(actor, batch)
    if stop is not None:
        raise IdentityStopped.of(stop.number)


def stop_because_of(actor: Actor, batch: Batch, check: IdentityCheck) -> IdentityStop:
    """Stop a locked patient lot: hold it, tell both quality units, and log the event in the clause's name.

    Records: identity.mismatched v1, batch.held v1 twice, alert.raised v1 twice, and what follows for the
    deviation. Source: domain 2e (identity mismatch: automatic event, status hold).
    """
    current_action()
    standing = find_stop(actor, batch)
    if standing is not None:
        return standing
    count = IdentityStop.objects.visible_to(actor).filter(batch=batch).count()
    stop = IdentityStop.objects.create(
        space_id=batch.space_id,
        batch=batch,
        check_of=check,
        number=f"{batch.number} stop {count + 1}",
        title=f"Identity does not agree: {check.title}",
        raised_code=actor.code(batch.space_id),
        raised_at=instant(),
    )
    fact = IdentityMismatched(batch_id=batch.pk, check_id=check.pk, disagrees=tuple(check.disagrees))
    ledger.record(stop, fact)
    hold_because_of_stop(actor, batch, stop.pk, number=stop.number)
    for side in (Side.MANUFACTURER, Side.SPONSOR):
        raise_alert(
            stop,
            kind=PATIENT_LOT,
            side=side,
            title=f"{batch.number}: identity does not agree at hand-over, everything stops",
            ladder=PATIENT_LOT,
            first=TOLD_FIRST,
        )
    automatic_events(actor, _event(batch, check))
    return stop


def _event(batch: Batch, check: IdentityCheck) -> AutomaticEvent:
    which = {"coi": "first identifier", "donation": "second identifier"}
    found = " and ".join(which[each] for each in check.disagrees)
    return AutomaticEvent(
        batch.space_id,
        batch.pk,
        title=f"Identity does not agree at hand-over of {batch.number}",
        description=(
            f"At hand-over {check.number} ({check.title}) the {found} read from the label is not that of the"
            f" lot. Everything stopped by itself; both labels are read again by two people, and the quality"
            f" units of both sides sign before anything goes on."
        ),
        occurred_at=check.at,
        trigger=MISMATCH,
    )
