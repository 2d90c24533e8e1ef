"""Functions that hand out decision requests to an actor, locked or not, or raise."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from portal.access import get_visible, require_role, require_state, require_version
from portal.action import instant
from portal.actor import Actor
from portal.decisions.wording import NONE_OF_THESE, answerers_of
from portal.errors import InvalidTransition, NotFound
from portal.models import DecisionRequest, Program
from portal.papers import read_words
from portal.states import DecisionState, Transitions, decision_transitions


def get_request(actor: Actor, request_id: UUID) -> DecisionRequest:
    """Return a request the actor may see; raises NotFound."""
    return read_words(actor, get_visible(DecisionRequest, actor, request_id))


def transitions_of(request: DecisionRequest) -> Transitions:
    """Return the life cycle of a request: who of which side may take which step of this one."""
    return decision_transitions(request.side, answerers_of(request.other_side, request.roles))


def lock_request(actor: Actor, request_id: UUID, *, to: str, version: int | None) -> DecisionRequest:
    """Hand out a locked request for one step, in fixed order: visible, role, state, version.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    """
    request = lock_visible(actor, request_id)
    step = transitions_of(request)[to]
    require_role(actor, request.space_id, *step.roles, to=f"{to} a decision request")
    if to == "answer":
        require_choice(request, instant())
    require_state(request, step, to)
    require_version(request, version)
    return request


def lock_visible(actor: Actor, request_id: UUID) -> DecisionRequest:
    """Hand out a locked request; messages, which point to it, need not wait. Raises: NotFound."""
    rows = DecisionRequest.objects.visible_to(actor).select_for_update(no_key=True)
    found = rows.with_id(request_id)
    if found is None:
        raise NotFound
    return read_words(actor, found)


def require_choice(request: DecisionRequest, now: datetime) -> None:
    """Raise InvalidTransition, saying what became of it, unless there is still something to choose.

    The time alone decides: a choice is lost when it is over, also before the sweep has noted it.
    """
    words, code = "", ""
    at = f"{request.ended_at:%Y-%m-%d %H:%M} UTC" if request.ended_at else ""
    if request.state == DecisionState.ANSWERED:
        answer = "none of these" if request.option == NONE_OF_THESE else request.option
        words = f"{request.ended_code} answered {answer} at {at}. The first answer stands."
        code = "answered_already"
    elif request.state == DecisionState.WITHDRAWN:
        words, code = f"{request.ended_code} withdrew the question at {at}.", "question_withdrawn"
    elif request.state == DecisionState.LOST or request.lost_at <= now:
        words = (
            f"The choice was lost at {request.lost_at:%Y-%m-%d %H:%M} UTC. An answer is not taken any more;"
            " the record says that there was no reply, never that you agreed."
        )
        code = "choice_lost"
    if words:
        raise InvalidTransition(words, code=code, state=str(request.state))


def lock_program(actor: Actor, space_id: UUID) -> Program:
    """Hand out the locked program, so that numbers are drawn one after the other. Raises: NotFound."""
    found = Program.objects.visible_to(actor).select_for_update(no_key=True).with_id(space_id)
    if found is None:
        raise NotFound
    return found
