"""Legal holds: a side says that a record is kept whatever its retention class says, and takes it back."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from portal import ledger
from portal.access import get_visible, lock_record, require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid, NotFound
from portal.facts import HoldPlaced, HoldReleased
from portal.models import LegalHold, Program, Record
from portal.states import HELD_TYPES, HOLDERS, Audience, HoldState, hold_transitions

REASON_MIN: Final = 10
REASON_MAX: Final = 4000


@action("hold.place")
def place_hold(actor: Actor, record_id: UUID, *, reason: str, audience: str = "") -> LegalHold:
    """Keep a program, batch or deviation, with all that belongs to it, until the hold is released.

    Only the actor's own side knows of it, unless `audience` is shared. A side has one standing hold on a
    record. Raises: NotFound, Refused, Invalid, Conflict. Records: hold.placed v1. Source: 21 CFR 11.10(c).
    """
    record = Record.objects.visible_to(actor).with_id(record_id)
    if record is None:
        raise NotFound
    require_role(actor, record.space_id, *HOLDERS, to="place a legal hold")
    side = str(next(each.side for each in HOLDERS if actor.holds(record.space_id, each)))
    if record.type not in HELD_TYPES:
        raise Invalid("A hold is placed on a program, a batch or a deviation.")
    _require_words(reason)
    _require_audience(record, audience or side, side)
    _lock_program(actor, record.space_id)
    standing = LegalHold.objects.visible_to(actor).filter(record_id=record_id, state=HoldState.PLACED)
    if standing.filter(side=side).exists():
        raise Conflict("Your side has a hold on this record already. Release it to state another reason.")
    hold = LegalHold.objects.create(
        space_id=record.space_id,
        audience=audience or side,
        record=record,
        number=record.number,
        side=side,
        reason=reason.strip(),
        placed_by=actor.person_id,
        placed_code=actor.code(record.space_id),
        placed_at=instant(),
    )
    placed = HoldPlaced(record_id=record_id, record_type=record.type, side=side, code=hold.placed_code)
    ledger.record(hold, placed)
    return hold


@action("hold.release")
def release_hold(actor: Actor, hold_id: UUID, *, reason: str, version: int | None) -> LegalHold:
    """End a hold of the actor's own side; what it kept follows its retention class again.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    hold.released v1. Source: 21 CFR 11.10(e).
    """
    side = get_visible(LegalHold, actor, hold_id).side
    hold = lock_record(
        LegalHold, actor, hold_id, to="release", version=version, transitions=hold_transitions(side)
    )
    _require_words(reason)
    hold.release(actor.person_id, actor.code(hold.space_id), instant(), reason.strip())
    hold.save(
        update_fields=["state", "released_by", "released_code", "released_at", "release_reason", "version"]
    )
    ledger.record(hold, HoldReleased(record_id=hold.record_id, side=side, code=hold.released_code))
    return hold


def _require_words(reason: str) -> None:
    if not REASON_MIN <= len(reason.strip()) <= REASON_MAX:
        words = f"Say why, in {REASON_MIN} to {REASON_MAX} characters."
        raise Invalid(words, errors={"reason": [words]})


def _require_audience(record: Record, audience: str, side: str) -> None:
    """Raise Invalid unless the hold is known to its own side or to both, and tells of nothing private."""
    if audience not in (side, Audience.SHARED):
        words = "A hold is known to your own side or to both."
        raise Invalid(words, errors={"audience": [words]})
    if audience == Audience.SHARED != record.audience:
        words = "The other side does not know of this record, so it is not told of a hold on it."
        raise Invalid(words, errors={"audience": [words]})


def _lock_program(actor: Actor, space_id: UUID) -> None:
    """Let two hands of one side come one after the other; nobody else's writes wait for it."""
    found = Program.objects.visible_to(actor).select_for_update(no_key=True).with_id(space_id)
    if found is None:
        raise NotFound
