"""Reviews that wait for a person: lines to decide, and what is looked through but not signed."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from portal.actor import Actor
from portal.models import AccessLine, AccessReview, Signature, TrailReview
from portal.states import ACCESS_REVIEWERS, TRAIL_REVIEWERS, ReviewState


@dataclass(frozen=True, slots=True)
class WaitingReview:
    """One review that waits for this reader's decisions or signature."""

    type: str
    id: UUID
    number: str
    title: str
    url: str
    is_to_sign: bool
    space_id: UUID | None = None


def reviews_waiting(actor: Actor) -> list[WaitingReview]:
    """Return the reviews that wait for the actor; a query for each kind of which they may have any."""
    return [*_of_access(actor), *_of_trail(actor)]


def _of_access(actor: Actor) -> list[WaitingReview]:
    organisation_id = actor.organisation_id
    if organisation_id is None or not actor.holds(organisation_id, *ACCESS_REVIEWERS):
        return []
    # Nobody decides a line about oneself.
    lines = AccessLine.objects.visible_to(actor).filter(review_id=OuterRef("pk"), decision="")
    rows = AccessReview.objects.visible_to(actor).filter(space_id=organisation_id)
    found = rows.annotate(
        is_mine=Exists(lines.exclude(person_id=actor.person_id)), is_signed=Exists(_signatures(actor))
    ).order_by("opened_at", "pk")
    return [
        WaitingReview(
            "access_review",
            each.pk,
            each.number,
            _("Review of access"),
            f"/administration/reviews/{each.pk}/",
            is_to_sign=each.state == ReviewState.DECIDED,
        )
        for each in found
        if (each.is_mine if each.state == ReviewState.OPEN else not each.is_signed)
    ]


def _of_trail(actor: Actor) -> list[WaitingReview]:
    if not any(actor.holds(space_id, *TRAIL_REVIEWERS) for space_id in actor.seats):
        return []
    rows = TrailReview.objects.visible_to(actor).filter(reviewer_id=actor.person_id)
    unsigned = rows.filter(~Exists(_signatures(actor))).order_by("reviewed_at", "pk")
    return [
        WaitingReview(
            "trail_review",
            each.pk,
            each.number,
            _("Review of the audit trail"),
            f"/ledger/reviews/{each.pk}/",
            is_to_sign=True,
            space_id=each.space_id,
        )
        for each in unsigned
    ]


def _signatures(actor: Actor) -> QuerySet[Signature]:
    return Signature.objects.visible_to(actor).filter(subject_id=OuterRef("pk"))
