"""How a review of access is signed: what the signer reads, line by line, and as what (21 CFR 11.10(d))."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from portal.access import get_visible, require_role
from portal.access_list import KINDS, MARKS
from portal.actor import Actor
from portal.errors import NotFound
from portal.models import AccessLine, AccessReview, Organisation
from portal.signable import Rule, Shown, Signable
from portal.states import ACCESS_REVIEWERS, Meaning, ReviewState


def get_review(actor: Actor, review_id: UUID) -> AccessReview:
    """Return a review of the actor's organisation. Raises: NotFound, Refused."""
    review = get_visible(AccessReview, actor, review_id)
    require_role(actor, review.space_id, *ACCESS_REVIEWERS, to="read reviews of access")
    return review


def lock_review(actor: Actor, review_id: UUID) -> AccessReview:
    """Hand out the locked review for a signature. Raises: NotFound."""
    found = AccessReview.objects.visible_to(actor).select_for_update().with_id(review_id)
    if found is None:
        raise NotFound
    return found


def lines_of(actor: Actor, review: AccessReview) -> list[AccessLine]:
    """Return the lines of a review in order."""
    return list(AccessLine.objects.visible_to(actor).filter(review=review).order_by("at"))


def show_review(actor: Actor, review: AccessReview) -> Shown:
    """Return what a signer reads: every line with what stood out and what was decided."""
    organisation = Organisation.objects.visible_to(actor).get(pk=review.space_id)
    lines = lines_of(actor, review)
    fields = {
        "Number": review.number,
        "Organisation": organisation.name,
        "Access as of": _at(review.opened_at),
        "Decided": _at(review.decided_at),
        "Lines": str(len(lines)),
    }
    for each in lines:
        fields[f"{each.at}. {each.who}"] = in_words(each)
    return Shown(review.number, "Review of access", organisation.zone, fields)


def in_words(line: AccessLine) -> str:
    """Return a line as one text: what it allows, until when, what stood out, what was decided."""
    parts = [str(KINDS[line.kind]), line.what, line.place]
    parts.append(f"until {line.valid_until:%Y-%m-%d}" if line.valid_until else "")
    parts.append("; ".join(str(MARKS[mark]) for mark in line.marks))
    said = ", ".join(part for part in parts if part)
    return f"{said}. Decision: {line.decision or 'none'}{f' ({line.note})' if line.note else ''}"


def _at(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else ""


def _address(review: Any) -> str:
    return reverse("access_review", args=[review.pk])


ACCESS_REVIEW: Final = Signable(
    type="access_review",
    rules={Meaning.REVIEWED: Rule(ACCESS_REVIEWERS, (ReviewState.DECIDED,))},
    find=get_review,
    lock=lock_review,
    show=show_review,
    is_author=lambda actor, review: review.opened_by == actor.person_id,
    address=_address,
)
