"""Lots: received, made, used, judged (21 CFR 211.80-211.94, 211.188(b)(4); EU GMP 5.27-5.40)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from batches.access import MATERIAL_KEEPERS, get_batch, lock_program
from batches.actions.links import mark_links
from batches.custody.stopping import require_identity
from batches.disposition.states import LOTS
from batches.errors import GovernedByChain
from batches.facts import LotProduced, LotReceived, LotStateChanged, LotUsed, LotUseWithdrawn
from batches.models import Batch, Lot, LotUse
from batches.phases import find_phase, list_phases
from batches.queries.disposition import disposition_of
from batches.queries.lots import left_of, list_lots, walk
from batches.reach import check_happened, check_planned
from batches.states import FREEING, LOT_TRANSITIONS, BatchState, LotState
from portal import ledger
from portal.access import get_visible, lock_record, require_role, require_version
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, NotFound, Refused, refuse_field
from portal.states import CDMO_QA, SYSTEM, PersonKind, SeatSide

QUANTITY_MOST: Final = Decimal(999999999999)
PLACES: Final = 6


@action("lot.receive")
def receive_lot(
    actor: Actor,
    program_id: UUID,
    *,
    number: str,
    material: str,
    title: str,
    unit: str,
    quantity: Decimal,
    supplied_by: str = SeatSide.MANUFACTURER,
    received_at: datetime | None = None,
    expires_on: date | None = None,
    expires_at: datetime | None = None,
    external_id: str = "",
) -> Lot:
    """Enter a lot that came in; it stands in quarantine until the quality unit of who supplied it decides.

    `quantity` in `unit`, above zero, six decimals at most. Raises: NotFound, Refused, Invalid, Conflict.
    Records: lot.received v1. Source: 21 CFR 211.82, 211.84.
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *MATERIAL_KEEPERS, to="receive lots")
    if supplied_by == SeatSide.BOTH:
        refuse_field("supplied_by", "A lot is supplied by one side: manufacturer or sponsor.")
    _require_amount(quantity)
    lot = _enter(
        actor,
        program.pk,
        number=number,
        material=material,
        title=title,
        unit=unit,
        quantity=quantity,
        supplied_by=supplied_by,
        received_at=_stated(received_at),
        expires_on=expires_on,
        expires_at=expires_at,
        external_id=external_id,
    )
    fact = LotReceived(material=material, quantity=_text(quantity), unit=unit, supplied_by=supplied_by)
    ledger.record(lot, fact)
    return lot


@action("lot.produce")
def produce_lot(
    actor: Actor,
    batch_id: UUID,
    *,
    number: str,
    material: str,
    title: str,
    unit: str,
    quantity: Decimal,
    produced_at: datetime | None = None,
    expires_on: date | None = None,
    expires_at: datetime | None = None,
) -> Lot:
    """Enter a lot that a batch gave; it stands in quarantine. Raises: NotFound, Refused, Invalid, Conflict.

    Records: lot.produced v1. Source: 21 CFR 211.188(b).
    """
    batch = get_batch(actor, batch_id)
    lock_program(actor, batch.space_id)
    require_role(actor, batch.space_id, *MATERIAL_KEEPERS, to="enter what a batch made")
    _require_begun(batch)
    require_identity(actor, batch)
    _require_amount(quantity)
    lot = _enter(
        actor,
        batch.space_id,
        number=number,
        material=material,
        title=title,
        unit=unit,
        quantity=quantity,
        produced_by=batch,
        received_at=_stated(produced_at),
        expires_on=expires_on,
        expires_at=expires_at,
    )
    fact = LotProduced(batch_id=batch.pk, material=material, quantity=_text(quantity), unit=unit)
    ledger.record(lot, fact)
    return lot


@action("lot.use")
def use_lot(
    actor: Actor,
    batch_id: UUID,
    *,
    lot_id: UUID,
    quantity: Decimal,
    used_at: datetime | None = None,
    phase: str = "",
    reason: str = "",
) -> LotUse:
    """Note that so much of a lot went into a batch.

    A lot in quarantine is used by the CDMO's QA alone and with a reason; one on hold, rejected, expired, or
    with less left than is asked for, never, nor one that came of this batch. The program's row is locked, so
    that two uses at once cannot share the same rest. Raises: NotFound, Refused, Invalid, Conflict.
    Records: lot.used v1. Source: 21 CFR 211.101, 211.184.
    """
    batch = get_batch(actor, batch_id)
    lock_program(actor, batch.space_id)
    require_role(actor, batch.space_id, *MATERIAL_KEEPERS, to="note materials")
    _require_begun(batch)
    require_identity(actor, batch)
    lot = list_lots(actor, program_id=batch.space_id).filter(pk=lot_id).first()
    if lot is None:
        raise NotFound
    at = _stated(used_at)
    _require_amount(quantity)
    _require_usable(actor, lot, at, reason)
    _require_rest(lot, quantity)
    _require_no_circle(actor, lot, batch)
    use = LotUse.objects.create(
        space_id=batch.space_id,
        lot=lot,
        batch=batch,
        phase=find_phase(list_phases(actor, batch.recipe_version_id), phase) if phase else batch.phase,
        quantity=quantity,
        used_at=at,
        code=actor.code(batch.space_id),
        under_quarantine=lot.state == LotState.QUARANTINE,
    )
    if reason:
        ledger.give_reason(lot, reason)
    ledger.record(
        lot,
        LotUsed(
            batch_id=batch.pk,
            quantity=_text(quantity),
            unit=lot.unit,
            used_at=at,
            under_quarantine=use.under_quarantine,
        ),
    )
    return use


@action("lot.withdraw_use")
def withdraw_use(actor: Actor, use_id: UUID, *, version: int | None, reason: str) -> LotUse:
    """Take back a use that was entered by mistake; it stays to be read, with the reason.

    Raises: NotFound, Refused, Invalid, Conflict, VersionMissing, StaleVersion. Records: lot.use_withdrawn v1.
    """
    use = get_visible(LotUse, actor, use_id)
    lock_program(actor, use.space_id)
    require_role(actor, use.space_id, CDMO_QA, SYSTEM, to="take back a use")
    use = LotUse.objects.visible_to(actor).select_related("lot").get(pk=use.pk)
    require_version(use, version)
    if use.withdrawn_at is not None:
        raise Conflict("This use has been taken back already.", code="withdrawn")
    if not reason.strip():
        refuse_field("reason", "Say why the entry was wrong.")
    use.withdraw(instant(), actor.code(use.space_id), reason.strip())
    use.save(update_fields=["withdrawn_at", "withdrawn_code", "withdrawn_why", "version"])
    ledger.give_reason(use.lot, reason)
    fact = LotUseWithdrawn(batch_id=use.batch_id, quantity=_text(use.quantity), unit=use.lot.unit)
    ledger.record(use.lot, fact)
    return use


@action("lot.judge")
def judge_lot(actor: Actor, lot_id: UUID, *, to: str, version: int | None, reason: str = "") -> Lot:
    """Release, restrict, hold or reject a lot (`LOT_TRANSITIONS`); a reason is needed except to release.

    The quality unit of the side that supplied the lot decides; what a batch made is the CDMO's, and is
    released or restricted by hand only as the disposition of the batch says. Raises: NotFound, Refused,
    Invalid, InvalidTransition, GovernedByChain, VersionMissing, StaleVersion.
    Records: lot.state_changed v1.
    Source: 21 CFR 211.84(e), 211.110(c).
    """
    if to not in LOT_TRANSITIONS:
        get_visible(Lot, actor, lot_id)
        refuse_field("to", f"One of: {', '.join(LOT_TRANSITIONS)}.")
    lot = lock_record(Lot, actor, lot_id, to=to, version=version, transitions=LOT_TRANSITIONS)
    side = actor.side(lot.space_id)
    if not actor.holds(lot.space_id, SYSTEM) and side != lot.supplied_by:
        raise Refused(f"This lot was supplied by the {lot.supplied_by}; its quality unit decides.")
    _require_past_chain(actor, lot, to)
    if to != "release" and not reason.strip():
        refuse_field("reason", "Say why.")
    before, after = str(lot.state), LotState(str(LOT_TRANSITIONS[to].target))
    lot.move(after)
    lot.save(update_fields=["state", "version"])
    if reason:
        ledger.give_reason(lot, reason)
    ledger.record(lot, LotStateChanged(before=before, after=str(after)))
    mark_links(actor, lot)
    return lot


def _require_past_chain(actor: Actor, lot: Lot, to: str) -> None:
    """Raise GovernedByChain when a lot would be freed past the signed disposition of the batch that made it.

    Set-up enters lots that were decided before the program came here.
    """
    if lot.produced_by is None or to not in FREEING or actor.kind == PersonKind.SYSTEM:
        return
    said = disposition_of(actor, lot.produced_by).outcome
    if said is None or LOTS[said] != to:
        stands = "It is not decided yet." if said is None else "It says otherwise."
        raise GovernedByChain(
            f"{lot.number} was made by {lot.produced_by.number}, whose signed disposition decides. {stands}"
        )


def _text(quantity: Decimal) -> str:
    return f"{quantity.normalize():f}"


def _stated(at: datetime | None) -> datetime:
    if at is not None:
        check_happened("at", at, instant())
    return at or instant()


def _require_amount(quantity: Decimal) -> None:
    if not quantity.is_finite() or quantity <= 0 or quantity > QUANTITY_MOST:
        refuse_field("quantity", "A quantity lies above 0 and at most 999,999,999,999.")
    if -int(quantity.normalize().as_tuple().exponent) > PLACES:
        refuse_field("quantity", "A quantity has six decimals at most.")


def _require_begun(batch: Batch) -> None:
    if batch.state == BatchState.PLANNED:
        raise Conflict(f"{batch.number} has not begun.", code="not_begun")


def _enter(actor: Actor, space_id: UUID, **given: object) -> Lot:
    if Lot.objects.visible_to(actor).filter(space_id=space_id, number=given["number"]).exists():
        detail = f"The lot {given['number']} exists already in this program."
        raise Conflict(detail, code="lot_exists", errors={"number": [detail]})
    at = given.get("expires_at")
    if isinstance(at, datetime):
        check_planned("expires_at", at, instant())
        if given.get("expires_on") is None:
            given["expires_on"] = at.date()
    return Lot.objects.create(space_id=space_id, **given)


def _require_usable(actor: Actor, lot: Lot, at: datetime, reason: str) -> None:
    if lot.expires_at is not None and at > lot.expires_at:
        detail = f"{lot.number} expired on {lot.expires_at:%-d %b %Y, %H:%M} UTC."
        raise Conflict(detail, code="lot_expired")
    if lot.expires_at is None and lot.expires_on is not None and at.date() > lot.expires_on:
        raise Conflict(f"{lot.number} expired on {lot.expires_on:%-d %b %Y}.", code="lot_expired")
    if lot.state in {LotState.ON_HOLD, LotState.REJECTED}:
        raise Conflict(f"{lot.number} is {lot.get_state_display()} and may not be used.", code="lot_barred")
    if lot.state == LotState.QUARANTINE:
        if not actor.holds(lot.space_id, CDMO_QA, SYSTEM):
            raise Refused(f"{lot.number} is in quarantine. To use it so is for: manufacturer qa.")
        if not reason.strip():
            refuse_field(
                "reason", f"{lot.number} is in quarantine. Say why it is used so, or release it first."
            )


def _require_rest(lot: Lot, quantity: Decimal) -> None:
    left = left_of(lot)
    if quantity > left:
        detail = f"Of {lot.number} {_text(left)} {lot.unit} are left."
        raise Conflict(detail, code="lot_used_up", errors={"quantity": [detail]})


def _require_no_circle(actor: Actor, lot: Lot, batch: Batch) -> None:
    made = list(Lot.objects.visible_to(actor).filter(produced_by=batch).values_list("pk", flat=True))
    if made and lot.pk in walk(actor, lot.space_id, made, "down"):
        detail = f"{lot.number} came of {batch.number}; no lot is its own ancestor."
        raise Conflict(detail, code="lot_circle", errors={"lot": [detail]})
