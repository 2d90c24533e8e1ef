"""The executed record of a batch: its steps and what was entered at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.access import get_batch
from batches.actions import entries, executing
from batches.api.executed_shapes import (
    ENTRY_INPUTS,
    STEP_INPUTS,
    EntryShown,
    ExecutionShown,
    RecordShown,
    SkipStepInput,
    StartStepInput,
    entry_json,
    execution_json,
    record_json,
)
from batches.api.inputs import REASON_CHARACTERS
from batches.models import StepEntry, StepExecution
from batches.queries.record import batch_record, list_entries, list_executions
from batches.states import EntryState, ExecutionState
from portal.access import get_visible
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, ListView, Text, choice_param, etag, seen_version
from portal.api.fields import Instant
from portal.api.transitions import NoInput
from portal.errors import NotFound
from portal.states import Audience

STEP: Final = OpenApiParameter("step", str, description="Only of this step, by its code.")


class MakeEntryInput(Input):
    """A value of a parameter, a value of its own name, or words."""

    step = Text(most=60, required=False)
    parameter = Text(most=40, required=False)
    title = Text(most=120, required=False)
    value = serializers.DecimalField(max_digits=18, decimal_places=6, required=False)
    unit = Text(most=30, required=False, help_text="The parameter's own if left out; converted if it can be.")
    text = Text(most=4_000, required=False)
    at = Instant(required=False)
    entered_at = Instant(required=False)
    late_reason = Text(most=REASON_CHARACTERS, required=False)
    audience = serializers.ChoiceField([Audience.SHARED, Audience.MANUFACTURER], required=False)


class BatchRecordItem(CovalentView):
    """The executed record as a whole."""

    @extend_schema(operation_id="batches_record", responses=RecordShown)
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return the steps with who did and verified them, hold times, yields; of a foreign batch 404."""
        return Response(record_json(request.actor, batch_record(request.actor, batch_id)))


class ExecutionView(ListView):
    """Anything that answers with an attempt at a step."""

    ordering = ("-started_at", "id")

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the attempt as its own address shows it."""
        found = get_visible(StepExecution, actor, record_id)
        return execution_json(actor, list_executions(actor, found.batch_id).get(pk=record_id))


class BatchSteps(ExecutionView):
    """List attempts at steps, and begin one."""

    made_status = 201

    @extend_schema(
        operation_id="batches_steps",
        parameters=[STEP, OpenApiParameter("state", str, enum=ExecutionState.values)],
        responses=ExecutionShown(many=True),
    )
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return the attempts at steps of a batch, the latest begun first; of a foreign batch 404."""
        rows = list_executions(request.actor, get_batch(request.actor, batch_id).pk)
        state = choice_param(request, "state", ExecutionState.values)
        if state is not None:
            rows = rows.filter(state=state)
        if step := request.query_params.get("step"):
            rows = rows.filter(step__code=step)

        def represent(found: Sequence[StepExecution]) -> list[dict[str, Any]]:
            return [execution_json(request.actor, each) for each in found]

        return self.page(request, rows, represent)

    @extend_schema(operation_id="batches_start_step", request=StartStepInput, responses={201: ExecutionShown})
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Begin a step; those before it must be over."""
        return self.answer(executing.start_step(request.actor, batch_id, **StartStepInput.parse(request)))


class SkipStep(ExecutionView):
    """Leave a step out."""

    made_status = 201

    @extend_schema(operation_id="batches_skip_step", request=SkipStepInput, responses={201: ExecutionShown})
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Let the next step be left out: QA, with a reason."""
        return self.answer(executing.skip_step(request.actor, batch_id, **SkipStepInput.parse(request)))


class ExecutionItem(ExecutionView):
    """Show an attempt at a step."""

    @extend_schema(operation_id="steps_show", responses=ExecutionShown)
    def get(self, request: ActorRequest, execution_id: UUID) -> Response:
        """Return one attempt; 404 when it is not the caller's to see."""
        data = self.represent(request.actor, execution_id)
        return Response(data, headers=etag(data))


class ExecutionStep(ExecutionView):
    """Finish, verify or give up a step."""

    @extend_schema(operation_id="steps_step", request=STEP_INPUTS["finish"], responses=ExecutionShown)
    def post(self, request: ActorRequest, execution_id: UUID, step: str) -> Response:
        """Take a step that `available_actions` offers. If-Match is needed."""
        known = {
            "finish": executing.finish_step,
            "verify": executing.verify_step,
            "abort": executing.abort_step,
        }
        if step not in known:
            raise NotFound
        given = STEP_INPUTS.get(step, NoInput).parse(request)
        take: Any = known[step]
        return self.answer(take(request.actor, execution_id, version=seen_version(request), **given))


class EntryView(ListView):
    """Anything that answers with an entry."""

    ordering = ("-at", "id")

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the entry as its own address shows it."""
        found = get_visible(StepEntry, actor, record_id)
        return entry_json(actor, list_entries(actor, found.batch_id).get(pk=record_id))


class BatchEntries(EntryView):
    """List entries, and make one."""

    made_status = 201

    @extend_schema(
        operation_id="batches_entries",
        parameters=[STEP, OpenApiParameter("state", str, enum=EntryState.values)],
        responses=EntryShown(many=True),
    )
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return what was entered in a batch, the latest first, corrected entries too."""
        batch = get_batch(request.actor, batch_id)
        rows = list_entries(request.actor, batch.pk, step=request.query_params.get("step", ""))
        state = choice_param(request, "state", EntryState.values)
        if state is not None:
            rows = rows.filter(state=state)

        def represent(found: Sequence[StepEntry]) -> list[dict[str, Any]]:
            return [entry_json(request.actor, each) for each in found]

        return self.page(request, rows, represent)

    @extend_schema(operation_id="batches_make_entry", request=MakeEntryInput, responses={201: EntryShown})
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Enter a value or words; a value in another unit is converted and kept as given."""
        return self.answer(entries.make_entry(request.actor, batch_id, **MakeEntryInput.parse(request)))


class EntryItem(EntryView):
    """Show an entry."""

    @extend_schema(operation_id="step_entries_show", responses=EntryShown)
    def get(self, request: ActorRequest, entry_id: UUID) -> Response:
        """Return one entry; 404 when it is not the caller's to see."""
        data = self.represent(request.actor, entry_id)
        return Response(data, headers=etag(data))


class CorrectEntry(EntryView):
    """Correct an entry."""

    made_status = 201

    @extend_schema(
        operation_id="step_entries_correct", request=ENTRY_INPUTS["correct"], responses={201: EntryShown}
    )
    def post(self, request: ActorRequest, entry_id: UUID) -> Response:
        """Put another entry in its place; this one stays to be read. If-Match is needed."""
        given = ENTRY_INPUTS["correct"].parse(request)
        seen = seen_version(request)
        return self.answer(entries.correct_entry(request.actor, entry_id, version=seen, **given))


class CheckEntry(EntryView):
    """Check an entry."""

    @extend_schema(operation_id="step_entries_check", request=NoInput, responses=EntryShown)
    def post(self, request: ActorRequest, entry_id: UUID) -> Response:
        """Check what somebody else entered. If-Match is needed."""
        NoInput.parse(request)
        return self.answer(entries.check_entry(request.actor, entry_id, version=seen_version(request)))


urlpatterns = [
    path("batches/<uuid:batch_id>/record/", BatchRecordItem.as_view(), name="batch-record"),
    path("batches/<uuid:batch_id>/steps/", BatchSteps.as_view(), name="batch-steps"),
    path("batches/<uuid:batch_id>/steps/skip/", SkipStep.as_view(), name="batch-skip-step"),
    path("batches/<uuid:batch_id>/entries/", BatchEntries.as_view(), name="batch-entries"),
    path("steps/<uuid:execution_id>/", ExecutionItem.as_view(), name="step-execution"),
    path("steps/<uuid:execution_id>/<slug:step>/", ExecutionStep.as_view(), name="step-execution-step"),
    path("step-entries/<uuid:entry_id>/", EntryItem.as_view(), name="step-entry"),
    path("step-entries/<uuid:entry_id>/correct/", CorrectEntry.as_view(), name="step-entry-correct"),
    path("step-entries/<uuid:entry_id>/check/", CheckEntry.as_view(), name="step-entry-check"),
]
