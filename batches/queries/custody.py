"""Identity and custody of a patient lot, as pages and REST show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from batches.custody.legs import Leg, Point, legs_of
from batches.custody.shelf_life import Done, Planned, ShelfLife, shelf_life
from batches.custody.states import CheckState, HandOverKind, StopState
from batches.epcis.telling import Warmth, holder_of, place_of, warmths_of
from batches.epcis.writing import hand_over_event, plain_name
from batches.executed.order import is_over, latest_of, leaves_of
from batches.models import (
    Batch,
    CustodyChain,
    CustodyEvent,
    IdentityCheck,
    IdentityReading,
    IdentityStop,
    PhaseRun,
    ProcedureStep,
    StepExecution,
)
from portal.action import instant
from portal.actor import Actor

# A hand-over in the words of CBV 2.0: the step, and how the lot stands after it.
AS_EPCIS: Final[Mapping[str, tuple[str, str]]] = {
    HandOverKind.COLLECTED: ("collecting", "in_progress"),
    HandOverKind.RECEIVED: ("receiving", "in_progress"),
    HandOverKind.MOVED: ("storing", "in_progress"),
    HandOverKind.SHIPPED: ("shipping", "in_transit"),
    HandOverKind.GIVEN: ("dispensing", "dispensed"),
}
EVENTS_MOST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Custody:
    """What is known of one patient lot; `chain` is None before it has its identifiers."""

    batch: Batch
    chain: CustodyChain | None
    checks: Sequence[IdentityCheck]
    readings: Sequence[IdentityReading]
    stops: Sequence[IdentityStop]
    events: Sequence[CustodyEvent]
    legs: Sequence[Leg]
    life: ShelfLife | None

    @property
    def stop(self) -> IdentityStop | None:
        """Return the stop that stands."""
        return next((each for each in self.stops if each.state != StopState.RELEASED), None)

    @property
    def waiting(self) -> IdentityCheck | None:
        """Return the hand-over that waits for its second person."""
        return next((each for each in self.checks if each.state == CheckState.OPEN), None)


def custody_of(actor: Actor, batch: Batch) -> Custody:
    """Return identity, custody and remaining life of a patient lot, as far as the actor may see."""
    chain = CustodyChain.objects.visible_to(actor).select_related("life_from").filter(batch=batch).first()
    checks = list(IdentityCheck.objects.visible_to(actor).filter(batch=batch).order_by("at", "number"))
    events = list(events_of(actor, batch.pk)[:EVENTS_MOST])
    stops = IdentityStop.objects.visible_to(actor).filter(batch=batch).select_related("check_of", "recheck")
    readings = IdentityReading.objects.visible_to(actor).filter(check_of__in=[each.pk for each in checks])
    points = [*map(_of_check, checks), *map(_of_event, events)]
    cold = (chain.cold_low, chain.cold_high) if chain is not None else (None, None)
    return Custody(
        batch=batch,
        chain=chain,
        checks=checks,
        readings=list(readings.order_by("id")),
        stops=list(stops.order_by("-raised_at", "id")),
        events=events,
        legs=legs_of(points, *cold),
        life=life_of(actor, batch, chain),
    )


def events_of(actor: Actor, batch_id: UUID) -> Sequence[CustodyEvent]:
    """Return what others told of the custody of a batch, by the time it happened."""
    return CustodyEvent.objects.visible_to(actor).filter(batch=batch_id).order_by("at", "event_id")  # type: ignore[return-value]  # a QuerySet slices like one


def life_of(actor: Actor, batch: Batch, chain: CustodyChain | None) -> ShelfLife | None:
    """Return how long the lot lives at each step; None where nobody said so."""
    if chain is None or chain.life_s is None:
        return None
    steps = list(ProcedureStep.objects.visible_to(actor).filter(recipe_version_id=batch.recipe_version_id))
    leaves = leaves_of(steps)
    counts_from = _last_leaf(steps, leaves, chain.life_from_id)
    return shelf_life(
        [Planned(each.pk, each.title, each.planned_s) for each in leaves],
        _done(actor, batch),
        batch.ended_at or instant(),
        life=timedelta(seconds=chain.life_s),
        counts_from=counts_from,
        needed_at=chain.needed_at,
    )


def _last_leaf(
    steps: Sequence[ProcedureStep], leaves: Sequence[ProcedureStep], step_id: UUID | None
) -> UUID | None:
    """Return the last leaf below a step: where the step ends."""
    parents = {each.pk: each.parent_id for each in steps}
    below = [each.pk for each in leaves if _is_below(each.pk, step_id, parents)]
    return below[-1] if below else None


def _is_below(leaf: UUID, step_id: UUID | None, parents: Mapping[UUID, UUID | None]) -> bool:
    at: UUID | None = leaf
    while at is not None:
        if at == step_id:
            return True
        at = parents.get(at)
    return False


def _done(actor: Actor, batch: Batch) -> Done:
    """Return when steps began and ended: by the executed record, where it has none by the phases."""
    runs = PhaseRun.objects.visible_to(actor).filter(batch=batch).order_by("started_at")
    found: dict[UUID, tuple[datetime, datetime | None]] = {
        each.phase_id: (each.started_at, each.ended_at) for each in runs
    }
    executions = StepExecution.objects.visible_to(actor).filter(batch=batch).select_related("step")
    for step_id, each in latest_of(list(executions.order_by("started_at", "id"))).items():
        found[step_id] = each.started_at, each.ended_at if is_over(each) else None
    return found


def hand_over_events(custody: Custody, zone: str) -> list[dict[str, object]]:
    """Return the hand-overs on which two people agreed as events of EPCIS, by their time."""
    lot = custody.chain.epc if custody.chain is not None and custody.chain.epc else custody.batch.pk.urn
    found = []
    for each in custody.checks:
        if each.state != CheckState.AGREED:
            continue
        step, disposition = AS_EPCIS[each.kind]
        local = each.at.astimezone(ZoneInfo(zone))
        offset = local.strftime("%z")
        found.append(
            hand_over_event(
                at=local,
                offset=f"{offset[:3]}:{offset[3:5]}",
                lot=lot,
                step=step,
                disposition=disposition,
                place=each.place,
                gives=each.gives,
                takes=each.takes,
                warmth=float(each.warmth) if each.warmth is not None else None,
            )
        )
    return found


def _of_check(check: IdentityCheck) -> Point:
    warmths = [Warmth(check.at, check.at, check.warmth, check.warmth)] if check.warmth is not None else []
    is_wrong = check.state == CheckState.MISMATCHED
    return Point(
        key=str(check.pk),
        at=check.at,
        step=AS_EPCIS[check.kind][0],
        holder=check.takes,
        place=check.place,
        is_ours=True,
        condition=check.condition,
        warmths=warmths,
        is_wrong=is_wrong,
    )


def _of_event(event: CustodyEvent) -> Point:
    told = event.told
    return Point(
        key=event.event_id,
        at=event.at,
        step=event.step,
        holder=plain_name(holder_of(told)),
        place=plain_name(place_of(told)),
        is_ours=False,
        condition=event.disposition.replace("_", " "),
        warmths=warmths_of(told),
        is_wrong=event.declared_at is not None,
    )
