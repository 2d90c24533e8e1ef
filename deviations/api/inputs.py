"""What the exchanges about deviations take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rest_framework import serializers

from deviations.api.judging_shapes import JUDGING_INPUTS, FindingInput, with_findings
from deviations.clauses.triggers import STATED
from deviations.states import CommentOutcome, SettlementOutcome
from deviations.texts import LENGTHS
from portal.api.base import Input, Text
from portal.api.fields import Instant
from portal.states import Classification


def words_field(field: str, **more: Any) -> Text:
    least, most = LENGTHS[field]
    given = {"required": False, "allow_blank": True, "default": ""} if least == 0 else {}
    return Text(least=least, most=most, **given | more)


def _optional_id(words: str) -> serializers.UUIDField:
    return serializers.UUIDField(required=False, allow_null=True, default=None, help_text=words)


def _class(**more: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=Classification.choices, **more)


def _own_class() -> serializers.CharField:
    words = "Its name in the side's own system, where a clause maps names; found where one reads so."
    return serializers.CharField(required=False, allow_blank=True, default="", max_length=60, help_text=words)


def _triggers() -> serializers.ListField:
    words = "What it is, where clauses let something happen at once; patient lot and range are known."
    each = serializers.ChoiceField(choices=STATED)
    return serializers.ListField(child=each, required=False, default=list, help_text=words)


def _stated_there(words: str) -> Instant:
    """Return the field of a time that the other system states."""
    return Instant(required=False, allow_null=True, default=None, help_text=words)


class StatedInput(Input):
    """What happened, as the plant states it."""

    title = words_field("title", help_text="What happened, in one line.")
    description = words_field("description", help_text="Facts only, kept verbatim.")
    occurred_at = Instant(help_text="Date of occurrence.")
    detected_at = Instant(help_text="Date of discovery.")
    aware_at = Instant(
        required=False, allow_null=True, default=None, help_text="Date of awareness; discovery if left out."
    )
    batch = _optional_id("A batch of the program.")
    phase = _optional_id("A step of the batch's recipe.")
    excursion = _optional_id("The excursion it was opened from; it brings its batch.")
    suggested_class = _class(
        required=False, allow_null=True, default=None, help_text="A suggestion without effect."
    )
    immediate_action = words_field("immediate_action", help_text="Correction and containment so far.")
    late_reason = words_field("late_reason", help_text="Why it is recorded later than its clause says.")
    triggers = _triggers()
    asset = words_field("asset", help_text="The code on the label of the equipment or room.")
    entered_at = Instant(
        required=False,
        allow_null=True,
        default=None,
        help_text="When a device without connection took it, as it states.",
    )
    planned = serializers.BooleanField(
        required=False, default=False, help_text="Planned before it was done: refused, since it is a change."
    )


class DeviationInput(StatedInput):
    """A deviation to log."""

    program = serializers.UUIDField()
    external_id = words_field("external_id", help_text="Its record in the CDMO's own quality system.")
    external_status = words_field("external_status", help_text="Its state there.")


class MirrorDeviationInput(Input):
    """A record of the CDMO's own system: the facts are needed when it is new here, and never overwrite."""

    title = words_field("title", required=False, default="")
    description = words_field("description", required=False, default="")
    occurred_at = Instant(required=False, allow_null=True, default=None)
    detected_at = Instant(required=False, allow_null=True, default=None)
    aware_at = Instant(required=False, allow_null=True, default=None)
    batch = _optional_id("A batch of the program.")
    phase = _optional_id("A step of the batch's recipe.")
    excursion = _optional_id("The excursion it was opened from.")
    suggested_class = _class(required=False, allow_null=True, default=None)
    immediate_action = words_field("immediate_action")
    late_reason = words_field("late_reason")
    triggers = _triggers()
    external_status = words_field("external_status", allow_null=True, default=None)
    external_class = _own_class()
    external_as_of = Instant(
        required=False, allow_null=True, default=None, help_text="When the copy was true; now if left out."
    )
    external_opened_at = _stated_there("When it was opened there.")
    external_told_at = _stated_there("When the sponsor was told from there, before it was copied.")
    external_closed_at = _stated_there("When it was closed there.")


class TriageInput(Input):
    """The provisional class and why."""

    classification = _class()
    rationale = words_field("rationale")
    own_class = _own_class()
    triggers = _triggers()


class ReclassifyInput(Input):
    """Another provisional class and why; a lower one holds once a second person has signed it."""

    classification = _class()
    rationale = words_field("rationale")
    own_class = _own_class()


class ConfirmInput(Input):
    """The own side's confirmed class and why; the other side reads it when its own is in."""

    classification = _class()
    rationale = words_field("rationale")


class DecideClassInput(Input):
    """What the class is where the sides differ, and why."""

    classification = _class()
    text = words_field("text")


class AssessInput(Input):
    """The sponsor's product-impact assessment and why."""

    classification = _class()
    rationale = words_field("rationale")
    own_class = _own_class()
    findings = serializers.ListField(child=FindingInput(), max_length=8, required=False, default=list)

    def to_internal_value(self, data: Any) -> Any:
        """Name what was found as the action takes it."""
        return with_findings(super().to_internal_value(data))


class ReleaseInput(Input):
    """Nothing: what leaves is what the preview of this version shows."""


class InvestigateInput(Input):
    """Who leads; the caller when nobody is named."""

    lead_code = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=60,
        help_text="The code of a QA or MSAT seat of the CDMO.",
    )


class SummariseInput(Input):
    """The preliminary summary."""

    summary = words_field("summary")


class ReportTextInput(Input):
    """The text of the report."""

    report = words_field("report")


class ReportCommentInput(Input):
    """A comment on the report."""

    text = words_field("text")


class FinishInput(Input):
    """Nothing: the comments there are stand."""


class ReportAnswerInput(Input):
    """What became of a comment."""

    comment = serializers.UUIDField(help_text="The id of the comment.")
    outcome = serializers.ChoiceField(choices=CommentOutcome.choices)
    answer = words_field("answer")


class BecauseInput(Input):
    """Why."""

    reason = words_field("reason")


class SettleInput(Input):
    """What becomes of the report, and why."""

    outcome = serializers.ChoiceField(choices=SettlementOutcome.choices)
    text = words_field("text")


class CloseInput(Input):
    """The conclusion."""

    summary = words_field("summary")


class CancelInput(Input):
    """Why it is no deviation or not this one."""

    reason = words_field("reason")


TRANSITION_INPUTS: Final[Mapping[str, type[Input]]] = {
    "triage": TriageInput,
    "release_notice": ReleaseInput,
    "investigate": InvestigateInput,
    "assess_impact": AssessInput,
    "summarise": SummariseInput,
    "dismiss": BecauseInput,
    **JUDGING_INPUTS,
    "reclassify": ReclassifyInput,
    "confirm_class": ConfirmInput,
    "decide_class": DecideClassInput,
    "share_draft": ReportTextInput,
    "comment": ReportCommentInput,
    "finish_comments": FinishInput,
    "answer_comment": ReportAnswerInput,
    "submit_report": ReportTextInput,
    "return_report": BecauseInput,
    "object_report": BecauseInput,
    "settle": SettleInput,
    "close": CloseInput,
    "cancel": CancelInput,
}
_IDS: Final = ("batch", "phase", "excursion")


def named(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members as the actions name them: ids end in `_id`."""
    return {f"{name}_id" if name in _IDS else name: value for name, value in given.items()}
