"""Functions that hand out rows to an actor, locked or not, or raise (house-style 5)."""

from __future__ import annotations

from typing import Any, TypeVar, cast
from uuid import UUID

from portal.actor import Actor, Role, Side
from portal.errors import InvalidTransition, NotFound, Refused, StaleVersion, VersionMissing
from portal.models import Alert, Program, Receipt, SpaceRecord
from portal.states import PEOPLE_WHO_ADMINISTER, SYSTEM, Transition, Transitions

M = TypeVar("M", bound=SpaceRecord)


def get_visible(model: type[M], actor: Actor, record_id: UUID) -> M:
    """Return one row the actor may see; raises NotFound."""
    found: Any = model.objects.visible_to(actor).with_id(record_id)
    if found is None:
        raise NotFound
    return cast("M", found)


def require_role(actor: Actor, space_id: UUID, *roles: Role, to: str) -> None:
    """Raise Refused unless one of the roles is held in the space; names who may."""
    if not actor.holds(space_id, *roles):
        who = " or ".join(sorted({_in_words(role) for role in roles if role != SYSTEM}))
        who = who or "the system itself"
        detail = f"To {to.replace('_', ' ')} is for: {who}. Your role here does not include it."
        raise Refused(detail)


def administers(actor: Actor, space_id: UUID) -> bool:
    """Say whether the actor sits in the space and administers the own organisation."""
    own = actor.organisation_id
    return own is not None and actor.side(space_id) is not None and actor.holds(own, *PEOPLE_WHO_ADMINISTER)


def _in_words(role: Role) -> str:
    code = role.code.replace("_", " ")
    return f"{code} of the organisation" if role.side == Side.BOTH else f"{role.side} {code}"


def lock_record(
    model: type[M], actor: Actor, record_id: UUID, *, to: str, version: int | None, transitions: Transitions
) -> M:
    """Hand out a locked row for one transition, in fixed order: visible, role, state, version.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    """
    found: Any = model.objects.visible_to(actor).select_for_update(of=("self",)).with_id(record_id)
    if found is None:
        raise NotFound
    step = transitions[to]
    require_role(actor, found.space_id, *step.roles, to=to)
    require_state(found, step, to)
    require_version(found, version)
    return cast("M", found)


def require_state(found: Any, step: Transition, to: str) -> None:
    """Raise InvalidTransition unless the step starts from the row's state."""
    if found.state not in step.sources:
        names = ", ".join(str(source) for source in step.sources)
        detail = f"To {to.replace('_', ' ')} starts from {names}; this record is {found.state}."
        raise InvalidTransition(detail, state=str(found.state))


def require_version(found: SpaceRecord, version: int | None) -> None:
    """Raise VersionMissing or StaleVersion unless the reader saw the present version."""
    if version is None:
        detail = 'Say which version you saw: send If-Match: "<version>" as in the ETag you read.'
        raise VersionMissing(detail)
    if version != found.version:
        detail = f"The record is at version {found.version}, you saw {version}. Read it again, then decide."
        raise StaleVersion(detail, version=found.version)


def available(actor: Actor, found: Any, transitions: Transitions) -> list[str]:
    """Return the transitions the actor may take from the row's present state, in table order."""
    return [
        name
        for name, step in transitions.items()
        if found.state in step.sources and actor.holds(found.space_id, *step.roles)
    ]


def lock_alert(actor: Actor, alert_id: UUID) -> Alert:
    """Hand out a locked alert that the actor may see; raises NotFound."""
    found = Alert.objects.visible_to(actor).select_for_update().with_id(alert_id)
    if found is None:
        raise NotFound
    return found


def was_told_at_home(actor: Actor, alert: Alert) -> bool:
    """Say whether the alert is of the actor's own organisation and they were told; then they give receipt."""
    if alert.side != Side.BOTH or alert.space_id != actor.organisation_id:
        return False
    return Receipt.objects.visible_to(actor).filter(alert=alert, person_id=actor.person_id).exists()


def get_program(actor: Actor, program_id: UUID) -> Program:
    """Return a program the actor is in; raises NotFound."""
    return get_visible(Program, actor, program_id)
