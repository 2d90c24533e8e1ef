"""Who works on a site's floor: people of the manufacturer with a seat in one of its programs.

A site's own space has no seats by trade; who samples and reads there is known by the seats in programs.
"""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

from batches.models import MonitoringSample, MonitoringSession
from portal.access import get_visible, require_state, require_version
from portal.actor import Actor, Role, Side
from portal.errors import NotFound, Refused
from portal.models import RecordQuerySet, SpaceRecord
from portal.states import SYSTEM, Transitions

M = TypeVar("M", bound=SpaceRecord)


def role_at(actor: Actor, organisation_id: UUID, *roles: Role) -> str:
    """Return the role in which the actor may act on the organisation's floor, or nothing."""
    if actor.holds(organisation_id, SYSTEM):
        return SYSTEM.code
    if actor.organisation_id != organisation_id:
        return ""
    return next((each.code for each in roles if any(actor.holds(space, each) for space in actor.seats)), "")


def require_floor(actor: Actor, organisation_id: UUID, *roles: Role, to: str) -> str:
    """Return the role in which the actor acts; raises NotFound off the floor, Refused without the role."""
    if not is_on_floor(actor, organisation_id):
        raise NotFound
    found = role_at(actor, organisation_id, *roles)
    if not found:
        who = ", ".join(sorted(each.code.replace("_", " ") for each in roles if each != SYSTEM))
        detail = f"To {to.replace('_', ' ')} is for the manufacturer's {who}."
        raise Refused(detail)
    return found


def is_on_floor(actor: Actor, organisation_id: UUID | None) -> bool:
    """Say whether the site's own records are the actor's business: administrators of accounts read none."""
    if organisation_id is None:
        return False
    if actor.holds(organisation_id, SYSTEM):
        return True
    seated = any(seat.side == Side.MANUFACTURER for held in actor.seats.values() for seat in held)
    return actor.organisation_id == organisation_id and seated


def of_floor(rows: RecordQuerySet[M], actor: Actor) -> RecordQuerySet[M]:
    """Return the rows of the actor's own floor; none for who is not on one."""
    if not is_on_floor(actor, actor.organisation_id):
        return rows.none()
    return rows.visible_to(actor).filter(space_id=actor.organisation_id)


def lock_of_floor(
    model: type[M], actor: Actor, record_id: UUID, *, to: str, version: int | None, transitions: Transitions
) -> tuple[M, str]:
    """Hand out a locked row of the floor for one transition, and the role in which the actor takes it.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    """
    found: Any = model.objects.visible_to(actor).select_for_update(of=("self",)).with_id(record_id)
    if found is None:
        raise NotFound
    step = transitions[to]
    role = require_floor(actor, found.space_id, *step.roles, to=to)
    require_state(found, step, to)
    require_version(found, version)
    return found, role


def get_session(actor: Actor, session_id: UUID) -> MonitoringSession:
    """Return a session of the actor's floor; raises NotFound."""
    found = get_visible(MonitoringSession, actor, session_id)
    if not is_on_floor(actor, found.space_id):
        raise NotFound
    return found


def get_sample(actor: Actor, sample_id: UUID) -> MonitoringSample:
    """Return a sample of the actor's floor; raises NotFound."""
    found = MonitoringSample.objects.visible_to(actor).select_related("point", "session").with_id(sample_id)
    if found is None or not is_on_floor(actor, found.space_id):
        raise NotFound
    return found
