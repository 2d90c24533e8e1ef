"""Functions that hand out the parts of an investigation to an actor, locked or not, or raise."""

from __future__ import annotations

from uuid import UUID

from deviations.access import get_deviation, hide_unseen
from deviations.inquiry.states import CAUSERS, INQUIRERS
from deviations.models import Cause, CauseExclusion, Deviation, Inquiry, InquiryNode, NodeEvidence
from deviations.states import OPEN_STATES, DeviationState
from portal.access import get_visible, require_role, require_version
from portal.actor import Actor
from portal.errors import InvalidTransition, NotFound
from portal.models import RecordQuerySet
from portal.states import Audience


def get_inquiry(actor: Actor, inquiry_id: UUID) -> Inquiry:
    """Return an investigation with its deviation; raises NotFound, also where the deviation is not seen."""
    found = get_visible(Inquiry, actor, inquiry_id)
    found.deviation = get_deviation(actor, found.deviation_id)
    return found


def nodes_of(actor: Actor, inquiry: Inquiry) -> RecordQuerySet[InquiryNode]:
    """Return the nodes of an investigation, in the order in which they were added."""
    return InquiryNode.objects.visible_to(actor).filter(inquiry=inquiry).order_by("number", "id")


def evidence_of(actor: Actor, inquiry: Inquiry) -> RecordQuerySet[NodeEvidence]:
    """Return what the nodes of an investigation rest on, oldest first."""
    rows = NodeEvidence.objects.visible_to(actor).filter(node__inquiry=inquiry)
    return rows.order_by("given_at", "id")


def causes_of(actor: Actor, deviation_id: UUID) -> RecordQuerySet[Cause]:
    """Return the causes of a deviation that the actor may see, oldest first."""
    return Cause.objects.visible_to(actor).filter(deviation_id=deviation_id).order_by("given_at", "id")


def exclusions_of(actor: Actor, cause: Cause) -> RecordQuerySet[CauseExclusion]:
    """Return what was excluded beside a cause, in a fixed order."""
    return CauseExclusion.objects.visible_to(actor).filter(cause=cause).order_by("of", "id")


def lock_deviation_for(actor: Actor, deviation_id: UUID, *, to: str) -> Deviation:
    """Hand out a locked deviation that is investigated; raises NotFound, Refused, InvalidTransition.

    Its version stays: what one side looks into is nothing that the other could count.
    """
    found = _locked_deviation(actor, deviation_id)
    require_role(actor, found.space_id, *INQUIRERS, to=to)
    _require_open(found)
    return found


def lock_inquiry(actor: Actor, inquiry_id: UUID, *, to: str, version: int | None) -> Inquiry:
    """Hand out a locked investigation of a deviation that is open: visible, role, state, version.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    """
    deviation = _locked_deviation(actor, get_visible(Inquiry, actor, inquiry_id).deviation_id)
    found = Inquiry.objects.visible_to(actor).select_for_update(no_key=True).with_id(inquiry_id)
    if found is None:
        raise NotFound
    require_role(actor, found.space_id, *INQUIRERS, to=to)
    _require_open(deviation)
    require_version(found, version)
    found.deviation = deviation
    return found


def lock_for_cause(actor: Actor, deviation_id: UUID, *, to: str) -> Deviation:
    """Hand out a locked deviation under investigation; raises NotFound, Refused, InvalidTransition."""
    found = _locked_deviation(actor, deviation_id)
    require_role(actor, found.space_id, *CAUSERS, to=to)
    if found.state != DeviationState.UNDER_INVESTIGATION:
        state = found.get_state_display().lower()
        detail = f"{found.number} is {state}; causes are stated while it is investigated."
        raise InvalidTransition(detail, state=str(found.state))
    return found


def lock_cause(actor: Actor, cause_id: UUID, *, to: str, version: int | None) -> Cause:
    """Hand out a locked cause of a deviation under investigation.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    """
    deviation = lock_for_cause(actor, get_visible(Cause, actor, cause_id).deviation_id, to=to)
    found = Cause.objects.visible_to(actor).select_for_update(no_key=True).with_id(cause_id)
    if found is None:
        raise NotFound
    if found.withdrawn_at is not None:
        raise InvalidTransition("This cause was taken back.", state=str(deviation.state))
    require_version(found, version)
    found.deviation = deviation
    return found


def own_audience(actor: Actor, space_id: UUID) -> Audience:
    """Return the audience of what the actor's side keeps to itself."""
    side = actor.side(space_id)
    return Audience(str(side)) if side is not None and str(side) in Audience.values else Audience.MANUFACTURER


def _locked_deviation(actor: Actor, deviation_id: UUID) -> Deviation:
    rows = Deviation.objects.visible_to(actor).select_related("batch")
    found = rows.select_for_update(of=("self",), no_key=True).with_id(deviation_id)
    if found is None:
        raise NotFound
    return hide_unseen(actor, found)


def _require_open(deviation: Deviation) -> None:
    if deviation.state not in OPEN_STATES:
        raise InvalidTransition(f"{deviation.number} has ended.", state=str(deviation.state))
