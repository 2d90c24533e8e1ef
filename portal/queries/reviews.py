"""Reviews of access as reviewers read them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from portal.access import require_role
from portal.access_list import KINDS, MARKS, list_access
from portal.actor import Actor
from portal.csv_out import rows_to_csv
from portal.errors import Refused
from portal.models import AccessLine, AccessReview, Member
from portal.queries.signatures import SignatureLine, signatures_of
from portal.review_signing import get_review, lines_of
from portal.states import ACCESS_REVIEWERS, ReviewState

COLUMNS = (
    "line",
    "name",
    "kind",
    "what",
    "where",
    "from",
    "until",
    "last sign-in",
    "stands out",
    "decision",
    "note",
    "decided by",
    "decided at",
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class ReviewLine:
    """One line with its words; `is_own` when the reader is whom it is about."""

    line: AccessLine
    kind: StrOrPromise
    marks: list[StrOrPromise]
    decided_by: str
    is_own: bool


@dataclass(frozen=True, slots=True)
class ReviewDetail:
    """A review whole."""

    review: AccessReview
    opened_by: str
    lines: list[ReviewLine]
    signatures: list[SignatureLine]

    @property
    def undecided(self) -> int:
        """Return how many lines wait for a decision."""
        return sum(not each.line.decision for each in self.lines)

    @property
    def is_open(self) -> bool:
        """Say whether decisions are still taken."""
        return self.review.state == ReviewState.OPEN


def require_reviewer(actor: Actor) -> UUID:
    """Return the organisation whose access the actor reviews. Raises: Refused."""
    if actor.organisation_id is None:
        raise Refused("Access is reviewed by an organisation's own people.")
    require_role(actor, actor.organisation_id, *ACCESS_REVIEWERS, to="review access")
    return actor.organisation_id


def list_reviews(actor: Actor) -> list[AccessReview]:
    """Return the organisation's reviews, newest first. Raises: Refused."""
    own = AccessReview.objects.visible_to(actor).filter(space_id=require_reviewer(actor))
    return list(own.order_by("-opened_at", "pk"))


def count_standing_out(actor: Actor) -> tuple[int, int]:
    """Return how much access there is now, and how much of it stands out. Raises: Refused."""
    found = list_access(actor, require_reviewer(actor))
    return len(found), sum(bool(each.marks) for each in found)


def read_review(actor: Actor, review_id: UUID) -> ReviewDetail:
    """Return a review with its lines and signatures. Raises: NotFound, Refused."""
    review = get_review(actor, review_id)
    names = dict(Member.objects.visible_to(actor).values_list("person_id", "name"))
    return ReviewDetail(
        review=review,
        opened_by=names.get(review.opened_by, "-"),
        lines=[
            ReviewLine(
                line=each,
                kind=KINDS[each.kind],
                marks=[MARKS[mark] for mark in each.marks],
                decided_by=names.get(each.decided_by, "-") if each.decided_by else "",
                is_own=each.person_id == actor.person_id,
            )
            for each in lines_of(actor, review)
        ],
        signatures=signatures_of(actor, review.pk, review.version),
    )


def review_as_csv(actor: Actor, review_id: UUID) -> tuple[str, str]:
    """Return number and CSV of a review, its signatures below the lines. Raises: NotFound, Refused."""
    found = read_review(actor, review_id)
    return found.review.number, rows_to_csv(COLUMNS, _rows(found))


def _rows(found: ReviewDetail) -> Iterator[tuple[object, ...]]:
    for each in found.lines:
        line = each.line
        yield (
            line.at,
            line.who,
            each.kind,
            line.what,
            line.place,
            *(at.isoformat() if at else "" for at in (line.valid_from, line.valid_until, line.signed_in_at)),
            "; ".join(str(mark) for mark in each.marks),
            line.decision,
            line.note,
            each.decided_by,
            line.decided_at.isoformat() if line.decided_at else "",
        )
    for signed in found.signatures:
        signature = signed.signature
        yield (
            "signature",
            signature.printed_name,
            signature.get_meaning_display(),
            signature.organisation,
            signature.code,
            signature.signed_at.isoformat(),
            signature.zone,
            signature.digest,
        )
