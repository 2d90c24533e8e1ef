"""How a review of the audit trail is signed: by quality of the side that made it, as reviewed."""

from __future__ import annotations

from datetime import UTC
from typing import Any, Final

from django.urls import reverse

from portal.access import get_program
from portal.actor import Actor
from portal.models import TrailReview
from portal.queries.trail import get_trail_review
from portal.signable import Rule, Shown, Signable
from portal.states import TRAIL_REVIEWERS, Meaning

RULES: Final = {Meaning.REVIEWED: Rule(TRAIL_REVIEWERS, (TrailReview.state,))}


def show_trail_review(actor: Actor, review: TrailReview) -> Shown:
    """Return what a signer reads: scope, filters, counts and finding."""
    program = get_program(actor, review.space_id)
    fields = {
        "Program": program.code,
        "Chain": str(review.get_chain_display()),
        "Entries": f"{review.first_seq} to {review.last_seq}",
        "Kinds": ", ".join(review.kinds) or "all",
        "Looked at": str(review.entries),
        "Written outside the application": str(review.outside),
        "Leaf hash of the last": review.last_leaf,
        "Reviewed": f"{review.reviewed_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC, {review.reviewer_code}",
        "Finding": review.finding,
    }
    return Shown(review.number, f"Audit trail {review.number}", program.zone, fields)


def _is_author(actor: Actor, review: Any) -> bool:
    return bool(review.reviewer_id == actor.person_id)


def _address(review: Any) -> str:
    return reverse("trail_review", args=[review.pk])


TRAIL_REVIEW: Final = Signable(
    type="trail_review",
    rules=RULES,
    find=get_trail_review,
    # It never changes, so there is nothing to hold still.
    lock=get_trail_review,
    show=show_trail_review,
    is_author=_is_author,
    address=_address,
)
