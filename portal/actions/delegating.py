"""Delegation: a person lends roles of the own seat to a seated colleague for a time."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from portal import ledger
from portal.action import action, current_action, instant
from portal.actor import Actor, Seat, Side, seats_of
from portal.errors import Conflict, Invalid, NotFound, Refused
from portal.facts import DelegationEnded, DelegationGiven
from portal.models import Delegation, Member
from portal.renewing import renew_rights
from portal.states import ADMINISTRATORS, NOT_LENT, PersonKind

STARTS_WITHIN: Final = timedelta(days=90)
LASTS_AT_MOST: Final = timedelta(weeks=6)
REASON_MIN: Final = 10


@action("delegation.give")
def delegate_roles(
    actor: Actor,
    program_id: UUID,
    *,
    delegate_id: UUID,
    roles: Collection[str],
    reason: str,
    valid_from: datetime | None = None,
    valid_until: datetime,
) -> Delegation:
    """Lend roles of one's own seat in a program to a colleague who sits there on the same side.

    It begins now or within 90 days and lasts six weeks at most. Lent is what the lender holds in each moment:
    with the lender's seat it ends as well. Nobody lends what was lent to them, and a delegate signs as
    themself, never for the lender, nor what is the lender's own work (21 CFR 11.200(a)(2)). Raises: NotFound,
    Refused, Invalid. Records: delegation.given v1. Source: 21 CFR 11.10(d), (g).
    """
    seat = _own_seat(actor, program_id)
    if actor.organisation_id is None:
        raise NotFound
    _require_held(seat, roles)
    colleague = _colleague(actor, delegate_id, seat)
    starts_at = valid_from or instant()
    _require_dates(starts_at, valid_until)
    if len(reason.strip()) < REASON_MIN:
        detail = f"Say why, in at least {REASON_MIN} characters."
        raise Invalid(detail, errors={"reason": [detail]})
    delegation = Delegation.objects.create(
        space_id=actor.organisation_id,
        person_id=actor.person_id,
        delegate_id=delegate_id,
        target_id=program_id,
        side=seat.side,
        roles=sorted(roles),
        reason=reason.strip(),
        valid_from=starts_at,
        valid_until=valid_until,
    )
    renew_rights(actor.person_id)
    given = DelegationGiven(
        target_id=program_id,
        roles=tuple(sorted(roles)),
        code=seat.code,
        delegate_code=colleague.code,
        valid_from=starts_at,
        valid_until=valid_until,
    )
    ledger.record(delegation, given)
    return delegation


def _own_seat(actor: Actor, program_id: UUID) -> Seat:
    """Return the seat to lend from; whoever has none there learns nothing of the place."""
    if actor.kind != PersonKind.HUMAN or actor.scopes is not None:
        raise Refused("People lend their roles to people; a key does not.")
    seat = next((each for each in actor.seats.get(program_id, ()) if each.side != Side.BOTH), None)
    if seat is None:
        raise NotFound
    return seat


def _require_held(seat: Seat, roles: Collection[str]) -> None:
    missing = sorted(set(roles) - (seat.own_roles - NOT_LENT))
    if missing or not roles:
        words = ", ".join(each.replace("_", " ") for each in sorted(seat.own_roles - NOT_LENT)) or "none"
        detail = f"You lend roles of your own seat here: {words}. What was lent to you is not passed on."
        raise Refused(detail, code="not_held")


def _colleague(actor: Actor, delegate_id: UUID, seat: Seat) -> Seat:
    """Return the delegate's own seat in the same place. Raises: Invalid."""
    own = Member.objects.visible_to(actor).filter(person_id=delegate_id, is_active=True)
    member = own.select_related("person").first()
    if member is not None and member.person.kind == PersonKind.HUMAN and delegate_id != actor.person_id:
        for each in seats_of(delegate_id).get(seat.space_id, ()):
            if each.side == seat.side and each.own_roles - NOT_LENT:
                return each
    detail = "A delegate is a colleague of your organisation who has a seat on your side here."
    raise Invalid(detail, errors={"delegate": [detail]})


def _require_dates(starts_at: datetime, ends_at: datetime) -> None:
    now = instant()
    if not now <= starts_at <= now + STARTS_WITHIN:
        detail = f"A delegation begins now or within {STARTS_WITHIN.days} days."
        raise Invalid(detail, errors={"valid_from": [detail]})
    if not starts_at < ends_at <= starts_at + LASTS_AT_MOST:
        detail = f"A delegation ends after it began and lasts {LASTS_AT_MOST.days // 7} weeks at most."
        raise Invalid(detail, errors={"valid_until": [detail]})


@action("delegation.end")
def end_delegation(actor: Actor, delegation_id: UUID, *, reason: str) -> Delegation:
    """End a delegation at once: by the lender, the delegate or an administrator of theirs.

    Open sockets lose what was lent within 2 s. Raises: NotFound, Refused, Conflict. Records: delegation.ended
    v1.
    """
    delegation = Delegation.objects.visible_to(actor).select_for_update().with_id(delegation_id)
    if delegation is None:
        raise NotFound
    concerned = actor.person_id in (delegation.person_id, delegation.delegate_id)
    if not concerned and not actor.holds(delegation.space_id, *ADMINISTRATORS):
        raise Refused("A delegation is ended by who gave it, who has it, or your administrator.")
    return end_lending(delegation, reason)


def end_lending(delegation: Delegation, reason: str) -> Delegation:
    """End a locked delegation; a shared step. Raises: Conflict."""
    current_action()
    now = instant()
    if delegation.valid_until <= now:
        raise Conflict("This delegation has ended already.")
    ledger.give_reason(delegation, reason)
    # Rights first: what has ended is no longer found among those to be asked anew.
    renew_rights(delegation.person_id)
    delegation.valid_from = min(now, delegation.valid_from)
    delegation.valid_until = max(now, delegation.valid_from + timedelta(microseconds=1))
    delegation.bump()
    delegation.save(update_fields=["valid_from", "valid_until", "version"])
    ledger.record(delegation, DelegationEnded(target_id=delegation.target_id))
    return delegation
