"""Reviews of access: opened over everything of one moment, decided line by line, then signed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from portal import ledger
from portal.access import get_visible, require_role, require_version
from portal.access_list import list_access
from portal.action import action, instant
from portal.actions.delegating import end_lending
from portal.actions.people import end_account, end_key, end_seat
from portal.actions.signing import end_signer
from portal.actor import Actor
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused
from portal.facts import AccessDecided, AccessReviewDecided, AccessReviewOpened
from portal.models import (
    AccessLine,
    AccessReview,
    ApiKey,
    Assignment,
    Delegation,
    Member,
    Organisation,
    Signer,
    SpaceRecord,
)
from portal.states import ACCESS_REVIEWERS, Decision, ReviewState

NOTE_MIN: Final = 5


@action("access_review.open")
def open_review(actor: Actor, organisation_id: UUID) -> AccessReview:
    """Begin a review of everything that people and systems of the organisation may do now.

    Raises: Refused, Conflict. Records: access_review.opened v1. Source: 21 CFR 11.10(d); EU GMP Annex 11, 12.
    """
    require_role(actor, organisation_id, *ACCESS_REVIEWERS, to="review access")
    # Of two who press at once the second waits here and then reads the first one's review.
    Organisation.objects.visible_to(actor).select_for_update().get(pk=organisation_id)
    own = AccessReview.objects.visible_to(actor).filter(space_id=organisation_id)
    if own.filter(state=ReviewState.OPEN).exists():
        raise Conflict("A review of your organisation's access is open already; decide that one first.")
    now = instant()
    review = AccessReview.objects.create(
        space_id=organisation_id,
        number=f"AR-{now:%Y}-{own.filter(opened_at__year=now.year).count() + 1:02d}",
        opened_by=actor.person_id,
        opened_at=now,
    )
    lines = AccessLine.objects.bulk_create(
        AccessLine(
            space_id=organisation_id,
            review=review,
            at=at,
            kind=each.kind,
            subject_id=each.subject_id,
            person_id=each.person_id,
            who=each.who,
            what=each.what[:300],
            place=each.place[:200],
            valid_from=each.valid_from,
            valid_until=each.valid_until,
            signed_in_at=each.signed_in_at,
            marks=list(each.marks),
        )
        for at, each in enumerate(list_access(actor, organisation_id), 1)
    )
    ledger.record(review, AccessReviewOpened(number=review.number, lines=len(lines)))
    return review


@action("access_review.decide_line")
def decide_line(actor: Actor, line_id: UUID, *, decision: Decision, note: str = "") -> AccessLine:
    """Keep what a line allows, or end it now, with a note of why; nobody decides on the own access.

    Ended is at once and for good; until the review is decided a line that was kept may still be ended. What
    has ended by itself meanwhile counts as ended. Raises: NotFound, Refused, Invalid, InvalidTransition.
    Records: access_review.line_decided v1 and the fact of what ended.
    """
    line = get_visible(AccessLine, actor, line_id)
    review = _lock(actor, line.review_id)
    line = AccessLine.objects.visible_to(actor).select_for_update(of=("self",)).get(pk=line_id)
    if line.person_id == actor.person_id:
        raise Refused("Nobody reviews the own access: another reviewer decides on this line.")
    if line.decision == Decision.END:
        raise InvalidTransition("This has ended; give it anew if it is needed.", state=str(line.decision))
    if decision == Decision.END:
        if len(note.strip()) < NOTE_MIN:
            detail = f"Say why it ends, in at least {NOTE_MIN} characters."
            raise Invalid(detail, errors={"note": [detail]})
        END[line.kind](actor, line.subject_id, f"{review.number}: {note.strip()}")
    line.decision, line.note = decision, note.strip()
    line.decided_by, line.decided_at = actor.person_id, instant()
    line.bump()
    line.save(update_fields=["decision", "note", "decided_by", "decided_at", "version"])
    decided = AccessDecided(
        number=review.number, kind=line.kind, subject_id=line.subject_id, decision=str(decision)
    )
    ledger.record(line, decided)
    return line


@action("access_review.finish")
def finish_review(actor: Actor, review_id: UUID, *, version: int) -> AccessReview:
    """Close the decisions once every line has one; from then on the review is signed and never changed.

    Raises: NotFound, Refused, InvalidTransition, StaleVersion. Records: access_review.decided v1.
    """
    review = _lock(actor, review_id)
    require_version(review, version)
    decisions = list(
        AccessLine.objects.visible_to(actor).filter(review=review).values_list("decision", flat=True)
    )
    missing = decisions.count("")
    if missing:
        raise InvalidTransition(f"{missing} lines have no decision yet.", state=str(review.state))
    review.state, review.decided_at = ReviewState.DECIDED, instant()
    review.bump()
    review.save(update_fields=["state", "decided_at", "version"])
    kept, ended = decisions.count(Decision.KEEP), decisions.count(Decision.END)
    ledger.record(review, AccessReviewDecided(number=review.number, kept=kept, ended=ended))
    return review


def _lock(actor: Actor, review_id: UUID) -> AccessReview:
    review = AccessReview.objects.visible_to(actor).select_for_update().with_id(review_id)
    if review is None:
        raise NotFound
    require_role(actor, review.space_id, *ACCESS_REVIEWERS, to="review access")
    if review.state != ReviewState.OPEN:
        raise InvalidTransition("This review is decided; open a new one.", state=str(review.state))
    return review


def _ender(
    model: type[SpaceRecord], end: Callable[[Any, str], Any], has_ended: Callable[[Any], bool]
) -> Callable[[Actor, UUID, str], None]:
    def run(actor: Actor, subject_id: UUID, reason: str) -> None:
        found: Any = model.objects.visible_to(actor).select_for_update(of=("self",)).with_id(subject_id)
        if found is None:
            raise NotFound
        if not has_ended(found):
            end(found, reason)

    return run


def _is_over(found: Assignment | Delegation) -> bool:
    return found.valid_until is not None and found.valid_until <= instant()


END: Final[Mapping[str, Callable[[Actor, UUID, str], None]]] = {
    "account": _ender(Member, end_account, lambda found: not found.is_active),
    "seat": _ender(Assignment, end_seat, _is_over),
    "delegation": _ender(Delegation, end_lending, _is_over),
    "signer": _ender(Signer, end_signer, lambda found: found.withdrawn_at is not None),
    "key": _ender(ApiKey, end_key, lambda found: found.revoked_at is not None),
}
