"""Looking through the audit trail, as a record (Annex 11 s.9)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from portal import ledger
from portal.access import get_program, require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.errors import Invalid
from portal.facts import TrailReviewed
from portal.models import TrailReview
from portal.queries.trail import STRETCH_MAX, find_stretch
from portal.states import TRAIL_REVIEWERS
from portal.streams import ChainKey

FINDING_MIN, FINDING_MAX = 10, 4000
# Whose a review is when the set-up, which sits on both sides, makes it.
OF_BOTH: Final = "manufacturer"


@action("trail.review")
def review_trail(
    actor: Actor,
    space_id: UUID,
    *,
    audience: str,
    first: int,
    last: int,
    kinds: Sequence[str] = (),
    finding: str,
) -> TrailReview:
    """Keep that a stretch of a program's chain was looked through, with what was found; sign it afterwards.

    The review belongs to the actor's own side. `kinds` names the kinds of entries that were looked at, none
    means all. Raises: NotFound, Refused, Invalid. Records: trail.reviewed v1. Source: Annex 11 s.9.
    """
    require_role(actor, space_id, *TRAIL_REVIEWERS, to="review the audit trail")
    if not FINDING_MIN <= len(finding.strip()) <= FINDING_MAX:
        words = f"Say what was found, also when it is nothing, in {FINDING_MIN} to {FINDING_MAX} characters."
        raise Invalid(words, errors={"finding": [words]})
    if not 1 <= first <= last < first + STRETCH_MAX:
        words = f"From a number to one not before it, at most {STRETCH_MAX} entries."
        raise Invalid(words, errors={"last": [words]})
    get_program(actor, space_id)
    stretch = find_stretch(actor, ChainKey(space_id, audience), first, last, kinds)
    if not stretch.entries:
        raise Invalid("No entry of these kinds lies there.", errors={"kinds": ["Choose kinds that occur."]})
    side = actor.side(space_id)
    review = TrailReview.objects.create(
        space_id=space_id,
        audience=OF_BOTH if side == Side.BOTH else str(side),
        chain=audience,
        first_seq=first,
        last_seq=last,
        kinds=sorted(set(kinds)),
        entries=stretch.entries,
        outside=stretch.outside,
        last_leaf=stretch.last_leaf,
        finding=finding.strip(),
        reviewer_id=actor.person_id,
        reviewer_code=actor.code(space_id),
        reviewed_at=instant(),
    )
    ledger.record(review, TrailReviewed(chain=audience, first=first, last=last, entries=stretch.entries))
    return review
