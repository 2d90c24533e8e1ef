"""Links of lots across programs: drawn by the sponsor that owns both, and what travels along them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from batches.facts import LotLinkCarried, LotLinked, LotLinkEnded, LotStateChanged
from batches.models import Lot, LotLink, LotLinkEnd
from batches.queries.links import ends_of, onward_of, standing_links
from batches.queries.lots import walk
from batches.states import LINKERS, REASON_LEAST, LinkWay, LotState
from portal import ledger
from portal.access import get_visible, require_role, require_version
from portal.action import action, current_action, instant
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.errors import Conflict, Invalid, NotFound

# What a lot may no longer be while the lot it comes from is so.
BARRED: Final = (LotState.ON_HOLD, LotState.REJECTED)
HELD_BY_ORIGIN: Final = "lot.origin_barred"
ORIGIN_FREE: Final = "lot.origin_changed"
PROGRAMS_MOST: Final = 50


@action("lot.link")
def link_lots(actor: Actor, lot_id: UUID, *, other_id: UUID) -> LotLink:
    """Say that a lot goes on as another one in another program of the same sponsor; returns this lot's end.

    Each program gets an end of its own: there the other lot's number and status are read, and nothing else.
    A hold travels: a lot that comes from one on hold or rejected is held. Raises: NotFound, Refused, Invalid,
    Conflict. Records: lot.linked v1 in both programs. Source: 21 CFR 211.84, 211.110(c); EU GMP 5.68.
    """
    lot, other = get_visible(Lot, actor, lot_id), get_visible(Lot, actor, other_id)
    for each in (lot, other):
        require_role(actor, each.space_id, *LINKERS, to="link lots across programs")
    if lot.space_id == other.space_id:
        detail = "This lot is of the same program: its genealogy tells where it went."
        raise Invalid(detail, errors={"other": [detail]})
    lots = {each.pk: each for each in _locked(actor, lot.pk, other.pk)}
    lot, other = lots[lot.pk], lots[other.pk]
    if other.pk in onward_of(actor, [lot.pk]):
        raise Conflict(f"{lot.number} is linked with {other.number} already.", code="linked")
    _require_no_circle(actor, lot, other)
    ends = _end(actor, lot, other, LinkWay.ONWARD), _end(actor, other, lot, LinkWay.ORIGIN)
    for mine, its, elsewhere in ((ends[0], ends[1], other), (ends[1], ends[0], lot)):
        LotLinkEnd.objects.create(
            space_id=mine.space_id,
            audience="sponsor",
            link=mine,
            other_space=its.space_id,
            other_link=its.pk,
            other_lot=elsewhere.pk,
        )
    if lot.state in BARRED:
        _hold(ends[1], lot.state)
    return ends[0]


@action("lot.unlink")
def end_link(actor: Actor, link_id: UUID, *, version: int | None, reason: str) -> LotLink:
    """End a link at both its ends; they stay to be read. What was held because of it stays held.

    `reason` is 10 characters at least. Raises: NotFound, Refused, Invalid, Conflict, VersionMissing,
    StaleVersion. Records: lot.link_ended v1 in both programs.
    """
    link = get_visible(LotLink, actor, link_id)
    require_role(actor, link.space_id, *LINKERS, to="end a link of lots")
    end = ends_of(actor, [link]).get(link.pk)
    # Who may not link there any more does not end there either.
    if end is None or not actor.holds(end.other_space, *LINKERS):
        raise NotFound
    rows = LotLink.objects.visible_to(actor).filter(pk__in=[link.pk, end.other_link]).order_by("pk")
    links = {each.pk: each for each in rows.select_related("lot").select_for_update(of=("self",))}
    link = links[link.pk]
    require_version(link, version)
    if link.ended_at is not None:
        raise Conflict("This link has been ended already.", code="ended")
    if len(reason.strip()) < REASON_LEAST:
        raise Invalid("Say why.", errors={"reason": [f"At least {REASON_LEAST} characters."]})
    for each in links.values():
        each.end(actor.code(each.space_id), instant())
        each.save(update_fields=["ended_code", "ended_at", "carry_due", "version"])
        ledger.give_reason(each.lot, reason.strip())
        ledger.record(each.lot, LotLinkEnded(link_id=each.pk, other_number=each.other_number))
    return link


@action("lot.carry")
def carry_link(actor: Actor, link_id: UUID) -> LotLink | None:
    """Tell the other end of a link how the lot at this end stands; None when somebody did so already.

    Called by the worker for both programs in one transaction, twice or late as it happens. The other lot is
    held when it comes from one that is on hold or rejected, and stays so until its own quality unit decides.
    Records: lot.link_carried v1, lot.state_changed v1, alert.raised v1.
    """
    rows = standing_links(actor).select_related("lot").filter(pk=link_id, carry_due=True)
    link = rows.select_for_update(of=("self",), skip_locked=True).first()
    if link is None:
        return None
    end = ends_of(actor, [link])[link.pk]
    other = standing_links(actor).select_related("lot").select_for_update(of=("self",)).get(pk=end.other_link)
    link.carry_due = False
    link.save(update_fields=["carry_due"])
    before, state = other.other_state, LotState(link.lot.state)
    if before == state:
        return other
    other.learn(state, instant())
    other.save(update_fields=["other_state", "other_as_of", "version"])
    fact = LotLinkCarried(
        link_id=other.pk, other_number=other.other_number, before=str(before), after=str(state)
    )
    ledger.record(other.lot, fact)
    if other.way == LinkWay.ORIGIN and state in BARRED:
        _hold(other, state)
    elif other.way == LinkWay.ORIGIN and before in BARRED:
        _tell(other, ORIGIN_FREE, f"{other.other_number}, of which it was made, is now {state.label}")
    return other


def mark_links(actor: Actor, lot: Lot) -> None:
    """Let the other ends of a lot's links learn how it stands; called in the action that changes it."""
    for link in standing_links(actor).filter(lot=lot, carry_due=False):
        link.carry_due = True
        link.save(update_fields=["carry_due"])


def _locked(actor: Actor, *lot_ids: UUID) -> list[Lot]:
    rows = Lot.objects.visible_to(actor).filter(pk__in=lot_ids)
    return list(rows.select_for_update(of=("self",), no_key=True).order_by("pk"))


def _end(actor: Actor, lot: Lot, other: Lot, way: LinkWay) -> LotLink:
    made = LotLink.objects.create(
        space_id=lot.space_id,
        lot=lot,
        way=way,
        other_number=other.number,
        other_state=other.state,
        other_as_of=instant(),
        linked_code=actor.code(lot.space_id),
        linked_at=instant(),
    )
    ledger.record(lot, LotLinked(link_id=made.pk, way=str(way), other_number=other.number))
    return made


def _hold(link: LotLink, state: LotState | str) -> None:
    """Hold the lot at this end, because of what it was made of, and tell the quality units of both sides."""
    lot = link.lot
    why = f"{link.other_number}, of which it was made, is {LotState(state).label}"
    if lot.state not in BARRED:
        before = str(lot.state)
        lot.move(LotState.ON_HOLD)
        lot.save(update_fields=["state", "version"])
        ledger.give_reason(lot, why)
        ledger.record(lot, LotStateChanged(before=before, after=str(LotState.ON_HOLD)))
        mark_links(current_action().actor, lot)
    _tell(link, HELD_BY_ORIGIN, why)


def _tell(link: LotLink, kind: str, words: str) -> None:
    for side in (Side.MANUFACTURER, Side.SPONSOR):
        raise_alert(link.lot, kind=kind, side=side, title=f"{link.lot.number}: {words}", first=("qa",))


def _require_no_circle(actor: Actor, lot: Lot, other: Lot) -> None:
    """Raise Conflict when this lot came of the other one, through as many programs as the actor sees."""
    waiting, seen = [other], set[UUID]()
    for _ in range(PROGRAMS_MOST):
        if not waiting:
            return
        made = {each for one in waiting for each in walk(actor, one.space_id, [one.pk], "down")} - seen
        seen |= made
        if lot.pk in seen:
            detail = f"{lot.number} came of {other.number}; no lot is its own ancestor."
            raise Conflict(detail, code="lot_circle", errors={"other": [detail]})
        ids = set(onward_of(actor, list(made))) - seen
        waiting = list(Lot.objects.visible_to(actor).filter(pk__in=ids))
