"""What steps and entries of a record look like in JSON."""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse
from rest_framework import serializers

from batches.api.inputs import REASON_CHARACTERS
from batches.api.shapes import number_text
from batches.executed.hold_clocks import HoldClock
from batches.executed.yields import YieldLine
from batches.models import StepEntry, StepExecution
from batches.queries.record import BatchRecord, StepLine
from batches.states import (
    ENTRY_TRANSITIONS,
    PERFORMERS,
    STEP_TRANSITIONS,
    EntryState,
    ExecutionState,
    Level,
    LimitKind,
    MaterialUse,
)
from portal.actor import Actor
from portal.api.base import Input, Output, Text
from portal.api.fields import Instant
from portal.api.transitions import ActionOffer, offer_actions
from portal.states import Audience

AT: Final = "When it happened, now if left out; more than 30 minutes ago needs a late_reason."


class StartStepInput(Input):
    """A step that begins; one that was done before is repeated with a reason."""

    step = Text(most=60, help_text="The code of a step of the recipe without steps below it.")
    at = Instant(required=False, help_text=AT)
    entered_at = Instant(required=False, help_text="When it was entered on the device.")
    equipment = serializers.ListField(child=Text(most=60), max_length=20, required=False)
    rooms = serializers.ListField(child=Text(most=60), max_length=20, required=False)
    reason = Text(least=10, most=REASON_CHARACTERS, required=False)
    late_reason = Text(most=REASON_CHARACTERS, required=False)


class SkipStepInput(Input):
    """A step that is left out, and why."""

    step = Text(most=60)
    reason = Text(least=10, most=REASON_CHARACTERS)


class FinishStepInput(Input):
    """The end of a step."""

    at = Instant(required=False, help_text=AT)
    entered_at = Instant(required=False)
    late_reason = Text(most=REASON_CHARACTERS, required=False)


class AbortStepInput(Input):
    """Why a step is given up."""

    reason = Text(least=10, most=REASON_CHARACTERS)


class CorrectEntryInput(Input):
    """What the entry should say, and why."""

    value = serializers.DecimalField(max_digits=18, decimal_places=6, required=False)
    unit = Text(most=30, required=False)
    text = Text(most=4_000, required=False)
    reason = Text(least=10, most=REASON_CHARACTERS)


STEP_INPUTS: Final[dict[str, type[Input]]] = {"finish": FinishStepInput, "abort": AbortStepInput}
ENTRY_INPUTS: Final[dict[str, type[Input]]] = {"correct": CorrectEntryInput}


class StatedTimes(Output):
    """When something happened, was entered, and came here."""

    at = serializers.DateTimeField()
    entered_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    by = serializers.CharField()


class SecondCheckShown(Output):
    """Who checked it, and when."""

    at = serializers.DateTimeField()
    by = serializers.CharField()


class ExecutionShown(Output):
    """One attempt at a step."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    batch = serializers.UUIDField()
    step = serializers.CharField()
    number = serializers.CharField()
    title = serializers.CharField()
    attempt = serializers.IntegerField()
    state = serializers.ChoiceField(ExecutionState.choices)
    audience = serializers.ChoiceField(Audience.choices)
    needs_second_check = serializers.BooleanField()
    is_over = serializers.BooleanField()
    equipment = serializers.ListField(child=serializers.CharField())
    rooms = serializers.ListField(child=serializers.CharField())
    started = StatedTimes()
    ended = StatedTimes(allow_null=True)
    verified = SecondCheckShown(allow_null=True)
    is_late = serializers.BooleanField()
    late_reason = serializers.CharField()
    reason = serializers.CharField()
    version = serializers.IntegerField()
    available_actions = ActionOffer(many=True)


class EntryShown(Output):
    """One line of the record, as read and in the unit of its parameter."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    batch = serializers.UUIDField()
    step = serializers.CharField(allow_null=True)
    execution = serializers.UUIDField(allow_null=True)
    parameter = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    state = serializers.ChoiceField(EntryState.choices)
    audience = serializers.ChoiceField(Audience.choices)
    value = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    given_value = serializers.CharField(allow_null=True)
    given_unit = serializers.CharField()
    text = serializers.CharField()
    outside = serializers.ChoiceField([("", "within"), *LimitKind.choices])
    made = StatedTimes()
    is_late = serializers.BooleanField()
    late_reason = serializers.CharField()
    replaces = serializers.UUIDField(allow_null=True)
    reason = serializers.CharField()
    verified = SecondCheckShown(allow_null=True)
    version = serializers.IntegerField()
    available_actions = ActionOffer(many=True)


class EntryCountsShown(Output):
    """Entries of a step."""

    entries = serializers.IntegerField()
    outside = serializers.IntegerField()
    late = serializers.IntegerField()
    corrected = serializers.IntegerField()


class StepOfRecord(Output):
    """A step of the recipe with the attempts at it, the latest last."""

    code = serializers.CharField()
    title = serializers.CharField()
    level = serializers.ChoiceField(Level.choices)
    depth = serializers.IntegerField()
    is_executed = serializers.BooleanField(help_text="False for a step that has steps below it.")
    needs_second_check = serializers.BooleanField()
    may_begin = serializers.BooleanField()
    attempts = ExecutionShown(many=True)
    counts = EntryCountsShown()


class HoldClockShown(Output):
    """A hold time as it runs."""

    code = serializers.CharField()
    title = serializers.CharField()
    after = serializers.UUIDField()
    before = serializers.UUIDField(allow_null=True)
    condition = serializers.CharField()
    longest_s = serializers.IntegerField()
    stand = serializers.ChoiceField([(each, each) for each in ("ahead", "running", "over", "kept", "broken")])
    started_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    expected_at = serializers.DateTimeField(allow_null=True, help_text="By the planned lengths of steps.")
    is_threatened = serializers.BooleanField()


class YieldShown(Output):
    """What the recipe expects of a material against what the lots say."""

    material = serializers.CharField()
    title = serializers.CharField()
    use = serializers.ChoiceField(MaterialUse.choices)
    unit = serializers.CharField()
    expected = serializers.CharField(allow_null=True)
    actual = serializers.CharField()
    difference = serializers.CharField(allow_null=True)
    percent = serializers.CharField(allow_null=True)
    low = serializers.CharField(allow_null=True)
    high = serializers.CharField(allow_null=True)
    outside = serializers.ChoiceField([("", "within"), *LimitKind.choices])
    uncounted = serializers.ListField(child=serializers.CharField())


class RecordShown(Output):
    """The executed record of a batch."""

    batch = serializers.UUIDField()
    number = serializers.CharField()
    done = serializers.IntegerField()
    steps_to_do = serializers.IntegerField()
    steps = StepOfRecord(many=True)
    whole = EntryCountsShown()
    hold_times = HoldClockShown(many=True)
    yields = YieldShown(many=True)
    results = serializers.IntegerField()
    results_flagged = serializers.IntegerField()


def execution_json(actor: Actor, row: StepExecution) -> dict[str, Any]:
    """Return an attempt at a step and what the reader may do with it."""
    return {
        "id": row.pk,
        "program": row.space_id,
        "batch": row.batch_id,
        "step": row.step.code,
        "number": row.number,
        "title": row.title,
        "attempt": row.attempt,
        "state": row.state,
        "audience": row.audience,
        "needs_second_check": row.step.needs_second_check,
        "is_over": row.is_over,
        "equipment": row.equipment,
        "rooms": row.rooms,
        "started": _times(row.started_at, row.started_entered_at, row.started_recorded_at, row.started_code),
        "ended": row.ended_at
        and _times(row.ended_at, row.ended_entered_at, row.ended_recorded_at, row.performed_code),
        "verified": row.verified_at and {"at": row.verified_at, "by": row.verified_code},
        "is_late": row.is_late,
        "late_reason": str(row.late_reason),
        "reason": str(row.reason),
        "version": row.version,
        "available_actions": offer_actions(
            actor, row, STEP_TRANSITIONS, href=reverse("step-execution", args=[row.pk]), inputs=STEP_INPUTS
        ),
    }


def entry_json(actor: Actor, row: StepEntry) -> dict[str, Any]:
    """Return an entry and what the reader may do with it."""
    return {
        "id": row.pk,
        "program": row.space_id,
        "batch": row.batch_id,
        "step": row.execution and row.execution.step.code,
        "execution": row.execution_id,
        "parameter": row.parameter and row.parameter.code,
        "title": row.title,
        "state": row.state,
        "audience": row.audience,
        "value": number_text(row.value),
        "unit": row.unit,
        "given_value": number_text(row.given_value),
        "given_unit": row.given_unit,
        "text": str(row.text),
        "outside": row.outside,
        "made": _times(row.at, row.entered_at, row.recorded_at, row.code),
        "is_late": row.is_late,
        "late_reason": str(row.late_reason),
        "replaces": row.replaces_id,
        "reason": str(row.reason),
        "verified": row.verified_at and {"at": row.verified_at, "by": row.verified_code},
        "version": row.version,
        "available_actions": offer_actions(
            actor,
            row,
            ENTRY_TRANSITIONS if row.verified_at is None else {"correct": ENTRY_TRANSITIONS["correct"]},
            href=reverse("step-entry", args=[row.pk]),
            inputs=ENTRY_INPUTS,
        ),
    }


def record_json(actor: Actor, record: BatchRecord) -> dict[str, Any]:
    """Return the executed record of a batch."""
    may = actor.holds(record.batch.space_id, *PERFORMERS)
    return {
        "batch": record.batch.pk,
        "number": record.batch.number,
        "done": record.done,
        "steps_to_do": record.leaves,
        "steps": [_line(actor, record, each, may=may) for each in record.lines],
        "whole": _counts(record.whole),
        "hold_times": [_clock(each) for each in record.clocks],
        "yields": [_yield(each) for each in record.yields],
        "results": len(record.results),
        "results_flagged": record.flagged,
    }


def _times(at: Any, entered_at: Any, recorded_at: Any, code: str) -> dict[str, Any]:
    return {"at": at, "entered_at": entered_at, "recorded_at": recorded_at, "by": code}


def _counts(counts: Any) -> dict[str, int]:
    return {name: getattr(counts, name) for name in ("entries", "outside", "late", "corrected")}


def _line(actor: Actor, record: BatchRecord, line: StepLine, *, may: bool) -> dict[str, Any]:
    step = line.step
    return {
        "code": step.code,
        "title": step.title,
        "level": step.level,
        "depth": line.depth,
        "is_executed": line.is_leaf,
        "needs_second_check": step.needs_second_check,
        "may_begin": may and line.is_leaf and record.is_next(step),
        "attempts": [execution_json(actor, each) for each in line.attempts],
        "counts": _counts(line.counts),
    }


def _clock(clock: HoldClock) -> dict[str, Any]:
    hold = clock.hold
    return {
        "code": hold.code,
        "title": hold.title,
        "after": hold.after_id,
        "before": hold.before_id,
        "condition": hold.condition,
        "longest_s": hold.longest_s,
        "stand": clock.state,
        "started_at": clock.started_at,
        "due_at": clock.due_at,
        "ended_at": clock.ended_at,
        "expected_at": clock.expected_at,
        "is_threatened": clock.is_threatened,
    }


def _yield(line: YieldLine) -> dict[str, Any]:
    return {
        "material": line.code,
        "title": line.title,
        "use": line.use,
        "unit": line.unit,
        "expected": number_text(line.expected),
        "actual": number_text(line.actual),
        "difference": number_text(line.difference),
        "percent": number_text(line.share),
        "low": number_text(line.low),
        "high": number_text(line.high),
        "outside": line.outside,
        "uncounted": list(line.uncounted),
    }
