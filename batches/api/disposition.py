"""Where the disposition of a batch stands, and the review of its record."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.access import get_batch
from batches.actions.reviewing import (
    answer_question,
    ask_about_record,
    comment_on_record,
    look_at,
    review_sections,
    settle_question,
)
from batches.disposition.states import Decision, ReleaseStepCode
from batches.models import ReviewNote
from batches.queries.countdown import countdown_of
from batches.queries.disposition import disposition_of
from batches.queries.reviewing import review_of
from batches.reviewing.states import ExceptionKind, NoteKind, NoteState, ReviewMode
from portal.access import get_visible
from portal.action import instant
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, Output, Text, seen_version
from portal.states import Audience, SeatSide

WORDS: Final = {"least": 3, "most": 4000}
SIDES: Final = [each for each in SeatSide.choices if each[0] != SeatSide.BOTH]


class DispositionStepShown(Output):
    """A step of the chain: who signs it by which clause, how it stands, and what was decided."""

    step = serializers.ChoiceField(ReleaseStepCode.choices)
    market = serializers.CharField()
    by = serializers.ListField(child=serializers.CharField())
    clause = serializers.CharField()
    stand = serializers.ChoiceField(["done", "open", "waits", "off"])
    decision = serializers.ChoiceField(Decision.choices, allow_null=True)
    markets = serializers.ListField(child=serializers.CharField())
    decided_by = serializers.CharField()
    decided_at = serializers.DateTimeField(allow_null=True)
    may_say = serializers.ListField(child=serializers.ChoiceField(Decision.choices))


class DispositionBlockShown(Output):
    """One thing in the way, and which side holds the ball."""

    kind = serializers.CharField()
    words = serializers.CharField()
    side = serializers.ChoiceField(SIDES)
    clause = serializers.CharField()


class CountdownLineShown(Output):
    """One thing that is missing, when it is expected, and whether it decides the date."""

    words = serializers.CharField()
    side = serializers.ChoiceField(SIDES)
    begins_at = serializers.DateTimeField()
    expected_at = serializers.DateTimeField()
    is_critical = serializers.BooleanField()
    why = serializers.CharField()


class DispositionShown(Output):
    """The disposition of a batch; `expected_at` is the one date, null when nothing is missing."""

    batch = serializers.UUIDField()
    outcome = serializers.ChoiceField(Decision.choices, allow_null=True)
    terms = serializers.IntegerField(allow_null=True)
    steps = DispositionStepShown(many=True)
    blocks = DispositionBlockShown(many=True)
    expected_at = serializers.DateTimeField(allow_null=True)
    countdown = CountdownLineShown(many=True)


class ReviewExceptionShown(Output):
    """One exception; `looked_at` and `looked_by` are of the caller's own side."""

    key = serializers.CharField()
    kind = serializers.ChoiceField(ExceptionKind.choices)
    section = serializers.CharField()
    at = serializers.DateTimeField()
    words = serializers.CharField()
    details = serializers.CharField()
    looked_by = serializers.CharField()
    looked_at = serializers.DateTimeField(allow_null=True)


class ReviewSectionShown(Output):
    """A section of the record and where it stands."""

    code = serializers.CharField()
    title = serializers.CharField()
    stand = serializers.ChoiceField(["not_reviewed", "cdmo_reviewed", "sponsor_reviewed"])
    exceptions = serializers.IntegerField()


class ReviewNoteShown(Output):
    """A comment or a question with its answer."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    batch = serializers.UUIDField()
    key = serializers.CharField()
    kind = serializers.ChoiceField(NoteKind.choices)
    state = serializers.ChoiceField(NoteState.choices)
    audience = serializers.ChoiceField(Audience.choices)
    side = serializers.ChoiceField(SIDES)
    text = serializers.CharField()
    said_by = serializers.CharField()
    said_at = serializers.DateTimeField()
    answer = serializers.CharField()
    answered_by = serializers.CharField()
    answered_at = serializers.DateTimeField(allow_null=True)
    resolution = serializers.CharField()
    settled_by = serializers.CharField()
    settled_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class BatchReviewShown(Output):
    """The review of a record, as far as the caller's side may see it."""

    batch = serializers.UUIDField()
    is_enforced = serializers.BooleanField()
    sections = ReviewSectionShown(many=True)
    exceptions = ReviewExceptionShown(many=True)
    notes = ReviewNoteShown(many=True)


class ReviewLooksInput(Input):
    """The exceptions that were looked at, by key."""

    keys = serializers.ListField(child=serializers.CharField(max_length=80), max_length=2000)


class ReviewNoteInput(Input):
    """A comment, or a question to the other side; without a key it is on the record as a whole."""

    kind = serializers.ChoiceField(NoteKind.choices)
    text = Text(**WORDS)
    key = Text(most=80, required=False, allow_blank=True)
    audience = serializers.ChoiceField(Audience.choices, required=False)


class ReviewWordsInput(Input):
    """An answer, or how a question ended."""

    text = Text(**WORDS)


class ReviewSectionsInput(Input):
    """The sections that were reviewed, and how."""

    sections = serializers.ListField(child=serializers.CharField(max_length=80), max_length=500)
    mode = serializers.ChoiceField(ReviewMode.choices, required=False)


def disposition_json(actor: Actor, batch_id: UUID) -> dict[str, Any]:
    """Return the disposition of a batch as the actor may see it."""
    standing = disposition_of(actor, get_batch(actor, batch_id))
    counted = countdown_of(actor, standing, instant())
    return {
        "batch": batch_id,
        "outcome": standing.outcome,
        "terms": standing.terms,
        "steps": [
            {
                "step": each.planned.step,
                "market": each.planned.market,
                "by": each.planned.by,
                "clause": each.planned.clause,
                "stand": each.stand,
                "decision": each.given.decision if each.given is not None else None,
                "markets": each.given.markets if each.given is not None else [],
                "decided_by": each.given.code if each.given is not None else "",
                "decided_at": each.given.at if each.given is not None else None,
                "may_say": each.may_say,
            }
            for each in standing.links
        ],
        "blocks": [
            {"kind": each.kind, "words": each.words, "side": each.side, "clause": each.clause}
            for each in standing.blocks
        ],
        "expected_at": counted.at,
        "countdown": [
            {
                "words": each.item.words,
                "side": each.item.side,
                "begins_at": each.begins,
                "expected_at": each.ends,
                "is_critical": each.is_critical,
                "why": each.item.why,
            }
            for each in counted.lines
        ],
    }


def review_json(actor: Actor, batch_id: UUID) -> dict[str, Any]:
    """Return the review of a batch record as the actor may see it."""
    review = review_of(actor, get_batch(actor, batch_id))
    left = {each.key for each in review.unseen}
    looks = {key: each for key, each in review.looks.items() if key not in left}
    return {
        "batch": batch_id,
        "is_enforced": review.is_enforced,
        "sections": [
            {
                "code": each.section.code,
                "title": each.section.title,
                "stand": each.stand,
                "exceptions": len(each.findings),
            }
            for each in review.sections
        ],
        "exceptions": [
            {
                "key": each.key,
                "kind": each.kind,
                "section": each.section,
                "at": each.at,
                "words": each.words,
                "details": each.context,
                "looked_by": looks[each.key].code if each.key in looks else "",
                "looked_at": looks[each.key].looked_at if each.key in looks else None,
            }
            for each in review.findings
        ],
        "notes": [note_json(each) for each in review.notes],
    }


def note_json(note: ReviewNote) -> dict[str, Any]:
    """Return a note."""
    return {
        "id": note.pk,
        "program": note.space_id,
        "batch": note.batch_id,
        "key": note.key,
        "kind": note.kind,
        "state": note.state,
        "audience": note.audience,
        "side": note.side,
        "text": str(note.text),
        "said_by": note.code,
        "said_at": note.said_at,
        "answer": str(note.answer),
        "answered_by": note.answered_code,
        "answered_at": note.answered_at,
        "resolution": str(note.resolution),
        "settled_by": note.settled_code,
        "settled_at": note.settled_at,
        "version": note.version,
    }


class BatchDisposition(CovalentView):
    """Show the disposition of a batch."""

    @extend_schema(operation_id="batches_disposition", responses=DispositionShown)
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return the chain of signed steps, what is in the way, and the countdown; of a foreign batch 404."""
        return Response(disposition_json(request.actor, batch_id))


class ReviewView(CovalentView):
    """Anything that answers with the review of a batch."""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the review."""
        return review_json(actor, record_id)


class BatchReview(ReviewView):
    """Show the review of a record."""

    @extend_schema(operation_id="batches_review", responses=BatchReviewShown)
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return exceptions, sections and notes; of a foreign batch 404."""
        return Response(review_json(request.actor, batch_id))


class ReviewLooks(ReviewView):
    """Look at exceptions."""

    @extend_schema(operation_id="batches_review_look", request=ReviewLooksInput, responses=BatchReviewShown)
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Note that the caller looked at exceptions as they stand; only the own side knows."""
        return self.answer(look_at(request.actor, batch_id, **ReviewLooksInput.parse(request)))


class ReviewSections(ReviewView):
    """Review sections."""

    @extend_schema(
        operation_id="batches_review_sections", request=ReviewSectionsInput, responses=BatchReviewShown
    )
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Say that the caller's side reviewed sections of the record as they stand."""
        return self.answer(review_sections(request.actor, batch_id, **ReviewSectionsInput.parse(request)))


class NoteView(CovalentView):
    """Anything that answers with a note."""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the note."""
        return note_json(get_visible(ReviewNote, actor, record_id))


class ReviewNotes(NoteView):
    """Comment, or ask the other side."""

    made_status = 201

    @extend_schema(
        operation_id="batches_review_note", request=ReviewNoteInput, responses={201: ReviewNoteShown}
    )
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Say something of the record, or ask the other side about it."""
        given = ReviewNoteInput.parse(request)
        if given.pop("kind") == NoteKind.QUESTION:
            given.pop("audience", None)
            return self.answer(ask_about_record(request.actor, batch_id, **given))
        return self.answer(comment_on_record(request.actor, batch_id, **given))


class AnswerNote(NoteView):
    """Answer a question."""

    @extend_schema(operation_id="review_notes_answer", request=ReviewWordsInput, responses=ReviewNoteShown)
    def post(self, request: ActorRequest, note_id: UUID) -> Response:
        """Answer a question of the other side. If-Match is needed."""
        given = ReviewWordsInput.parse(request)
        return self.answer(answer_question(request.actor, note_id, version=seen_version(request), **given))


class SettleNote(NoteView):
    """Settle a question."""

    @extend_schema(operation_id="review_notes_settle", request=ReviewWordsInput, responses=ReviewNoteShown)
    def post(self, request: ActorRequest, note_id: UUID) -> Response:
        """Say how a question of the own side ended. If-Match is needed."""
        given = ReviewWordsInput.parse(request)
        return self.answer(settle_question(request.actor, note_id, version=seen_version(request), **given))


urlpatterns = [
    path("batches/<uuid:batch_id>/disposition/", BatchDisposition.as_view(), name="batch-disposition"),
    path("batches/<uuid:batch_id>/review/", BatchReview.as_view(), name="batch-review"),
    path("batches/<uuid:batch_id>/review/looks/", ReviewLooks.as_view(), name="batch-review-looks"),
    path("batches/<uuid:batch_id>/review/sections/", ReviewSections.as_view(), name="batch-review-sections"),
    path("batches/<uuid:batch_id>/review/notes/", ReviewNotes.as_view(), name="batch-review-notes"),
    path("review-notes/<uuid:note_id>/answer/", AnswerNote.as_view(), name="review-note-answer"),
    path("review-notes/<uuid:note_id>/settle/", SettleNote.as_view(), name="review-note-settle"),
]
