"""What the exchanges about investigations, causes and similar deviations take and give."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from deviations.access import get_deviation
from deviations.actions.inquiry.concluding import EXCLUDED_MOST
from deviations.inquiry.states import (
    Branch,
    CauseKind,
    CauseOf,
    EvidenceKind,
    ExclusionOf,
    Standing,
    Tool,
)
from deviations.inquiry.wording import advice_on
from deviations.models import Cause, Inquiry, InquiryNode
from deviations.queries.inquiry import cause_lines, inquiry_detail
from deviations.queries.similar import Similar
from deviations.texts import LENGTHS
from portal.actor import Actor
from portal.api.base import Input, Output, Text
from portal.api.fields import Instant
from portal.api.transitions import ActionOffer, schema_of
from portal.states import Audience


def _words(field: str, **more: Any) -> Text:
    least, most = LENGTHS[field]
    return Text(least=least, most=most, **more)


class InquiryInput(Input):
    """A tool and the question that stands over its picture."""

    tool = serializers.ChoiceField(Tool.choices)
    question = _words("title")
    audience = serializers.ChoiceField(
        Audience.choices, help_text="shared, or that of the own side: nothing is shared by accident."
    )


class InquiryNodeInput(Input):
    """One box of the picture."""

    text = _words("text")
    under = serializers.UUIDField(source="parent", allow_null=True, default=None)
    branch = serializers.ChoiceField(Branch.choices, allow_blank=True, default="")
    at = Instant(allow_null=True, default=None, help_text="Of a timeline.")


class InquiryJudgeInput(Input):
    """What became of a node, and why."""

    node = serializers.IntegerField(min_value=1, max_value=32_000)
    standing = serializers.ChoiceField(Standing.choices)
    reason = _words("reason")


class NodeEvidenceInput(Input):
    """A file, entry, result or excursion by its id, or the readings of a parameter between two instants."""

    node = serializers.IntegerField(min_value=1, max_value=32_000)
    kind = serializers.ChoiceField(EvidenceKind.choices)
    about = serializers.UUIDField(allow_null=True, default=None)
    parameter = Text(least=0, most=40, required=False, allow_blank=True, default="")
    since = Instant(allow_null=True, default=None)
    until = Instant(allow_null=True, default=None)


class InquiryShareInput(Input):
    """Nothing beside If-Match."""


class ExcludedInput(Input):
    """What was looked at and is not the cause."""

    lies_in = serializers.ChoiceField(ExclusionOf.choices, source="of")
    what = _words("text")
    reason = _words("reason")


class CauseInput(Input):
    """What brought it about, by which method, on what evidence, and what is not the cause."""

    kind = serializers.ChoiceField(CauseKind.choices)
    lies_in = serializers.ChoiceField(CauseOf.choices, source="of")
    method = serializers.ChoiceField(Tool.choices)
    text = _words("reason")
    evidence = _words("because")
    excluded = serializers.ListField(child=ExcludedInput(), max_length=EXCLUDED_MOST, default=list)
    audience = serializers.ChoiceField(Audience.choices)


class CauseWithdrawInput(Input):
    """Why."""

    reason = _words("reason")


class WordingAdvice(Output):
    """Words that blame a person, and what says the same of the work; advice alone."""

    found = serializers.CharField()
    instead = serializers.CharField()


class NodeEvidenceOut(Output):
    """What a node rests on."""

    kind = serializers.CharField()
    about = serializers.UUIDField(source="about_id", allow_null=True)
    parameter = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    words = serializers.CharField()
    by = serializers.CharField(source="code")
    given_at = serializers.DateTimeField()


class InquiryNodeOut(Output):
    """One box of the picture."""

    id = serializers.UUIDField(source="node.pk")
    number = serializers.IntegerField(source="node.number")
    under = serializers.UUIDField(source="node.parent_id", allow_null=True)
    branch = serializers.CharField(source="node.branch")
    at = serializers.DateTimeField(source="node.at", allow_null=True)
    text = serializers.CharField(source="node.text")
    standing = serializers.CharField(source="node.standing")
    reason = serializers.CharField(source="node.reason")
    judged_by = serializers.CharField(source="node.judged_code")
    by = serializers.CharField(source="node.code")
    given_at = serializers.DateTimeField(source="node.given_at")
    evidence = NodeEvidenceOut(many=True)
    advice = serializers.SerializerMethodField()

    @extend_schema_field(WordingAdvice(many=True))
    def get_advice(self, line: Any) -> list[dict[str, Any]]:
        """Return what may be written in place of words that blame."""
        node: InquiryNode = line.node
        return [WordingAdvice.of(each) for each in advice_on(str(node.text))]


class InquiryOut(Output):
    """One investigation as the caller may see it; nodes each before those under it."""

    id = serializers.UUIDField(source="inquiry.pk")
    deviation = serializers.UUIDField(source="inquiry.deviation_id")
    number = serializers.CharField(source="inquiry.number")
    tool = serializers.CharField(source="inquiry.tool")
    question = serializers.CharField(source="inquiry.title")
    audience = serializers.CharField(source="inquiry.audience")
    side = serializers.CharField(source="inquiry.side")
    by = serializers.CharField(source="inquiry.code")
    begun_at = serializers.DateTimeField(source="inquiry.begun_at")
    shared_at = serializers.DateTimeField(source="inquiry.shared_at", allow_null=True)
    nodes = InquiryNodeOut(source="lines", many=True)
    available_actions = serializers.SerializerMethodField()
    version = serializers.IntegerField(source="inquiry.version")

    @extend_schema_field(ActionOffer(many=True))
    def get_available_actions(self, found: Any) -> list[dict[str, Any]]:
        """Return the steps the caller may take, with the JSON Schema of their bodies."""
        inquiry: Inquiry = found.inquiry
        return _offers(f"/api/v1/inquiries/{inquiry.pk}", found.steps, INQUIRY_INPUTS)


class InquiriesOut(Output):
    """The investigations of a deviation, oldest first."""

    inquiries = InquiryOut(many=True)


class CauseExclusionOut(Output):
    """What was looked at and is not the cause."""

    lies_in = serializers.CharField(source="of")
    what = serializers.CharField()
    reason = serializers.CharField()


class CauseOut(Output):
    """A cause as the CDMO states it."""

    id = serializers.UUIDField(source="cause.pk")
    kind = serializers.CharField(source="cause.kind")
    lies_in = serializers.CharField(source="cause.of")
    method = serializers.CharField(source="cause.method")
    text = serializers.CharField(source="cause.text")
    evidence = serializers.CharField(source="cause.evidence")
    audience = serializers.CharField(source="cause.audience")
    by = serializers.CharField(source="cause.code")
    given_at = serializers.DateTimeField(source="cause.given_at")
    withdrawn_at = serializers.DateTimeField(source="cause.withdrawn_at", allow_null=True)
    withdrawn_why = serializers.CharField(source="cause.withdrawn_why")
    excluded = CauseExclusionOut(source="exclusions", many=True)
    advice = serializers.SerializerMethodField()
    available_actions = serializers.SerializerMethodField()
    version = serializers.IntegerField(source="cause.version")

    @extend_schema_field(WordingAdvice(many=True))
    def get_advice(self, line: Any) -> list[dict[str, Any]]:
        """Return what may be written in place of words that blame."""
        cause: Cause = line.cause
        return [WordingAdvice.of(each) for each in advice_on(str(cause.text))]

    @extend_schema_field(ActionOffer(many=True))
    def get_available_actions(self, line: Any) -> list[dict[str, Any]]:
        """Return the steps the caller may take, with the JSON Schema of their bodies."""
        return _offers(f"/api/v1/causes/{line.cause.pk}", line.steps, CAUSE_INPUTS)


class CausesOut(Output):
    """The causes of a deviation, oldest first."""

    causes = CauseOut(many=True)


class SimilarLine(Output):
    """A deviation like the one asked about: how much, from 0 to 1, and why."""

    id = serializers.UUIDField(source="deviation.pk")
    program = serializers.UUIDField(source="deviation.space_id")
    number = serializers.CharField(source="deviation.number")
    title = serializers.CharField(source="deviation.title")
    state = serializers.CharField(source="deviation.state")
    classification = serializers.CharField(allow_null=True)
    detected_at = serializers.DateTimeField(source="deviation.detected_at")
    score = serializers.FloatField()
    why = serializers.ListField(child=serializers.CharField(), source="reasons")
    recurs = serializers.BooleanField(help_text="Much alike, or the same limit, in the year before.")


class SimilarOut(Output):
    """The deviations most like one, the most alike first."""

    similar = SimilarLine(many=True)


INQUIRY_INPUTS: Final[Mapping[str, type[Input]]] = {
    "nodes": InquiryNodeInput,
    "judge": InquiryJudgeInput,
    "evidence": NodeEvidenceInput,
    "share": InquiryShareInput,
}
CAUSE_INPUTS: Final[Mapping[str, type[Input]]] = {
    "share": InquiryShareInput,
    "withdraw": CauseWithdrawInput,
}

LABELS: Final = {
    "nodes": _("Add a node"),
    "judge": _("Say what became of a node"),
    "evidence": _("Name evidence"),
    "share": _("Share with the other side"),
    "withdraw": _("Take back"),
}


def represent_inquiry(actor: Actor, inquiry_id: UUID) -> dict[str, Any]:
    """Return one investigation as the actor may see it; raises NotFound."""
    return InquiryOut.of(inquiry_detail(actor, inquiry_id))


def represent_causes(actor: Actor, deviation_id: UUID) -> dict[str, Any]:
    """Return the causes of a deviation as the actor may see them; raises NotFound."""
    return CausesOut.of({"causes": cause_lines(actor, get_deviation(actor, deviation_id))})


def represent_similar(found: Sequence[Similar]) -> dict[str, Any]:
    """Return similar deviations with the reasons."""
    return SimilarOut.of({"similar": found})


def _offers(address: str, steps: Sequence[str], inputs: Mapping[str, type[Input]]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "label": str(LABELS[name]),
            "method": "POST",
            "href": f"{address}/{name}/",
            "schema": copy.deepcopy(schema_of(inputs[name])),
        }
        for name in steps
    ]
