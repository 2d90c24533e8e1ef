"""What the exchanges about deviations answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from rest_framework import serializers

from deviations.access import open_steps
from deviations.actions.report import Logged
from deviations.api.inputs import TRANSITION_INPUTS
from deviations.api.judging_shapes import GuidanceOut, JudgingOut
from deviations.mirroring.states import MASTERED, Master
from deviations.models import Deviation
from deviations.queries import (
    DeviationDetail,
    DeviationLine,
    HistoryLine,
    NoticePreview,
    Proposal,
    deviation_detail,
    deviation_then,
    lines_of,
    times_of,
)
from deviations.states import TRANSITIONS
from portal.actor import Actor
from portal.api.attachments import AttachmentDetail
from portal.api.base import Output
from portal.api.past import AsOf, represent_past
from portal.api.signatures import SignatureOut
from portal.api.transitions import ActionOffer, offer_actions


class BatchRef(serializers.Serializer[Any]):
    """The batch it concerns."""

    id = serializers.UUIDField()
    number = serializers.CharField()


class PhaseRef(serializers.Serializer[Any]):
    """The step of the procedure."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    title = serializers.CharField()


class ExcursionRef(serializers.Serializer[Any]):
    """The excursion it was opened from."""

    id = serializers.UUIDField()
    title = serializers.CharField()
    limit_kind = serializers.CharField()
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class DeviationSummaryOut(serializers.Serializer[Any]):
    """A deviation in a list; `classification` is the newest provisional class the caller may see."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    number = serializers.CharField()
    title = serializers.CharField()
    state = serializers.CharField()
    audience = serializers.CharField()
    classification = serializers.CharField(allow_null=True)
    batch = BatchRef(allow_null=True)
    occurred_at = serializers.DateTimeField()
    detected_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    external_id = serializers.CharField()
    external_status = serializers.CharField()
    external_as_of = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class TimesOut(serializers.Serializer[Any]):
    """The seven times, kept apart."""

    occurred_at = serializers.DateTimeField()
    detected_at = serializers.DateTimeField()
    aware_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    disclosed_at = serializers.DateTimeField(allow_null=True)
    delivered_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)


class JudgementOut(serializers.Serializer[Any]):
    """A word on the class; a suggested one has no effect."""

    kind = serializers.CharField()
    side = serializers.CharField()
    audience = serializers.CharField()
    classification = serializers.CharField()
    own_class = serializers.CharField(help_text="The side's own name of it, where the agreement maps names.")
    rationale = serializers.CharField()
    code = serializers.CharField()
    given_at = serializers.DateTimeField()


class NoticeOut(serializers.Serializer[Any]):
    """The notice as it left."""

    id = serializers.UUIDField()
    alert = serializers.UUIDField(source="alert_id")
    classification = serializers.CharField(
        allow_null=True, help_text="Null: it left before a class was given."
    )
    clause = serializers.CharField()
    content = serializers.DictField()
    released_at = serializers.DateTimeField()
    released_by = serializers.CharField(help_text="A seat's code, or the clause that released it at once.")
    trigger = serializers.CharField(help_text="What let the clause release it; empty where a person did.")


class ClockOut(serializers.Serializer[Any]):
    """A deadline that runs or ran; `side` holds the ball."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    clause = serializers.CharField()
    terms = serializers.IntegerField(allow_null=True, help_text="Null: a default rule.")
    side = serializers.CharField()
    state = serializers.CharField()
    started_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)


class SummaryOut(serializers.Serializer[Any]):
    """What was known before the investigation had ended."""

    text = serializers.CharField()
    code = serializers.CharField()
    given_at = serializers.DateTimeField()


class ReportCommentOut(serializers.Serializer[Any]):
    """A comment of the sponsor, and what the CDMO made of it."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    text = serializers.CharField()
    code = serializers.CharField()
    given_at = serializers.DateTimeField()
    outcome = serializers.CharField(help_text="Empty until it is answered.")
    answer = serializers.CharField()
    answered_code = serializers.CharField()
    answered_at = serializers.DateTimeField(allow_null=True)


class SettlementOut(serializers.Serializer[Any]):
    """What one side's head of quality said to an objection."""

    side = serializers.CharField()
    outcome = serializers.CharField()
    text = serializers.CharField()
    code = serializers.CharField()
    given_at = serializers.DateTimeField()


class ReportRoundOut(serializers.Serializer[Any]):
    """One text of the report: a draft for comments, or the report for review."""

    id = serializers.UUIDField(source="round.pk")
    number = serializers.IntegerField(source="round.number")
    kind = serializers.CharField(source="round.kind")
    audience = serializers.CharField(source="round.audience")
    text = serializers.CharField(source="round.text")
    code = serializers.CharField(source="round.code")
    given_at = serializers.DateTimeField(source="round.given_at")
    commented_at = serializers.DateTimeField(source="round.commented_at", allow_null=True)
    approved_at = serializers.DateTimeField(source="round.approved_at", allow_null=True)
    returned_at = serializers.DateTimeField(source="round.returned_at", allow_null=True)
    outcome = serializers.CharField(source="round.outcome", help_text="What the sponsor's review came to.")
    outcome_at = serializers.DateTimeField(source="round.outcome_at", allow_null=True)
    outcome_text = serializers.CharField(source="round.outcome_text")
    comments = ReportCommentOut(many=True)
    settlements = SettlementOut(many=True)


class DeviationWhole(Output):
    """A deviation as the caller may see it."""

    id = serializers.UUIDField(source="deviation.pk")
    program = serializers.UUIDField(source="deviation.space_id")
    number = serializers.CharField(source="deviation.number")
    title = serializers.CharField(source="deviation.title")
    description = serializers.CharField(source="deviation.description")
    immediate_action = serializers.CharField(source="deviation.immediate_action")
    state = serializers.CharField(source="deviation.state")
    audience = serializers.CharField(source="deviation.audience")
    classification = serializers.CharField(allow_null=True)
    batch = BatchRef(source="deviation.batch", allow_null=True)
    phase = PhaseRef(source="deviation.phase", allow_null=True)
    excursion = ExcursionRef(source="deviation.excursion", allow_null=True)
    occurred_at = serializers.DateTimeField(source="deviation.occurred_at")
    detected_at = serializers.DateTimeField(source="deviation.detected_at")
    aware_at = serializers.DateTimeField(source="deviation.aware_at")
    recorded_at = serializers.DateTimeField(source="deviation.recorded_at")
    times = TimesOut()
    late_reason = serializers.CharField(source="deviation.late_reason")
    entered_at = serializers.DateTimeField(
        source="deviation.entered_at",
        allow_null=True,
        help_text="When a device without connection took it, as it states.",
    )
    asset = serializers.CharField(source="deviation.asset", help_text="Equipment or room, by its label.")
    reported_by = serializers.CharField(source="deviation.reporter_code")
    triaged_at = serializers.DateTimeField(source="deviation.triaged_at", allow_null=True)
    investigated_at = serializers.DateTimeField(source="deviation.investigated_at", allow_null=True)
    lead = serializers.CharField(source="deviation.lead_code")
    submitted_at = serializers.DateTimeField(source="deviation.submitted_at", allow_null=True)
    approved_at = serializers.DateTimeField(source="deviation.approved_at", allow_null=True)
    review = serializers.CharField(
        source="deviation.review", help_text="What the sponsor's review of the report came to, or empty."
    )
    dismissal = serializers.CharField(
        source="deviation.dismissal", help_text="Why it is no deviation, as long as that is proposed."
    )
    ended_at = serializers.DateTimeField(source="deviation.ended_at", allow_null=True)
    end_text = serializers.CharField(source="deviation.end_text")
    triggers = serializers.ListField(child=serializers.CharField(), source="deviation.triggers")
    external_id = serializers.CharField(source="deviation.external_id")
    external_status = serializers.CharField(source="deviation.external_status")
    external_as_of = serializers.DateTimeField(source="deviation.external_as_of", allow_null=True)
    external_opened_at = serializers.DateTimeField(source="deviation.external_opened_at", allow_null=True)
    external_told_at = serializers.DateTimeField(source="deviation.external_told_at", allow_null=True)
    external_closed_at = serializers.DateTimeField(source="deviation.external_closed_at", allow_null=True)
    mastered_elsewhere = serializers.SerializerMethodField()
    site_zone = serializers.CharField(source="zone")
    judgements = JudgementOut(many=True)
    notice = NoticeOut(allow_null=True)
    preliminary_summary = SummaryOut(source="summary", allow_null=True)
    scoped_at = serializers.DateTimeField(source="deviation.scoped_at", allow_null=True)
    impact_concluded_at = serializers.DateTimeField(source="deviation.impact_concluded_at", allow_null=True)
    class_standing = serializers.CharField(
        source="deviation.class_standing", help_text="What became of the confirmed class, or empty."
    )
    judging = JudgingOut()
    report = ReportRoundOut(source="rounds", many=True, help_text="The texts of the report, newest first.")
    attachments = AttachmentDetail(source="files", many=True)
    clocks = ClockOut(many=True)
    signatures = SignatureOut(many=True)
    version = serializers.IntegerField(source="deviation.version")

    def get_mastered_elsewhere(self, detail: DeviationDetail) -> list[str]:
        """Return the fields whose master is the CDMO's own quality system; all others are mastered here."""
        if not detail.deviation.external_id:
            return []
        return [name for name, (master, _words) in MASTERED.items() if master == Master.THERE]


class DeviationOut(DeviationWhole):
    """A deviation whole, with what the caller may do next."""

    available_actions = ActionOffer(many=True)
    guidance = GuidanceOut(required=False)
    as_of = AsOf(required=False)


class HistoryLineOut(Output):
    """One fact of the history."""

    seq = serializers.IntegerField()
    audience = serializers.CharField()
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    words = serializers.CharField()
    code = serializers.CharField()
    subject = serializers.UUIDField(source="subject_id")


class HistoryOut(serializers.Serializer[Any]):
    """What happened, oldest first."""

    results = HistoryLineOut(many=True)


class LeavingOut(serializers.Serializer[Any]):
    """One field of a notice."""

    field = serializers.CharField()
    # A serializer has a `label` of its own, which nobody reads here.
    label = serializers.CharField()  # type: ignore[assignment]  # see above
    value = serializers.CharField(allow_null=True)


class PreviewOut(Output):
    """Exactly what leaves with the notice, and what stays."""

    deviation = serializers.UUIDField(source="deviation.pk")
    recipient = serializers.CharField(source="program.sponsor_name")
    classification = serializers.CharField(allow_null=True)
    own_class = serializers.CharField()
    rationale = serializers.CharField()
    clause = serializers.CharField()
    fields_leaving = LeavingOut(source="leaves", many=True)
    attachments = AttachmentDetail(source="files", many=True)
    withheld = serializers.ListField(child=serializers.CharField())
    detected_at = serializers.DateTimeField(source="deviation.detected_at")
    site_zone = serializers.CharField(source="zone")
    version = serializers.IntegerField(source="deviation.version")


class ProposalOut(Output):
    """A deviation filled from an excursion, ready to be looked through and logged."""

    program = serializers.UUIDField(source="program_id")
    batch = serializers.UUIDField(source="batch_id")
    phase = serializers.UUIDField(source="phase_id", allow_null=True)
    excursion = serializers.UUIDField(source="excursion_id")
    title = serializers.CharField()
    description = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    detected_at = serializers.DateTimeField()


def represent_line(line: DeviationLine) -> dict[str, Any]:
    """Return the JSON members of a row of a list; plain, because a page has many."""
    each = line.deviation
    return {
        "id": each.pk,
        "program": each.space_id,
        "number": each.number,
        "title": each.title,
        "state": each.state,
        "audience": each.audience,
        "classification": line.classification,
        "batch": {"id": each.batch.pk, "number": each.batch.number} if each.batch is not None else None,
        "occurred_at": each.occurred_at,
        "detected_at": each.detected_at,
        "recorded_at": each.recorded_at,
        "external_id": each.external_id,
        "external_status": each.external_status,
        "external_as_of": each.external_as_of,
        "version": each.version,
    }


def represent_list(actor: Actor, deviations: Sequence[Deviation]) -> list[dict[str, Any]]:
    """Return the JSON members of a page of deviations."""
    return [represent_line(line) for line in lines_of(actor, deviations)]


def represent_deviation(actor: Actor, deviation_id: UUID) -> dict[str, Any]:
    """Return the JSON members of one deviation; raises NotFound."""
    return _represent(actor, deviation_detail(actor, deviation_id))


def represent_then(actor: Actor, deviation_id: UUID, at: datetime) -> dict[str, Any]:
    """Return the JSON members of one deviation as it could be seen at an instant; raises NotFound."""
    detail = deviation_then(actor, deviation_id, at)
    return DeviationWhole.of(detail) | {"available_actions": [], "as_of": represent_past(at, detail.rests_on)}


def represent_logged(actor: Actor, logged: Logged) -> dict[str, Any]:
    """Return the JSON members of a deviation that was logged this moment."""
    # Whatever else a detail has begins later, so nothing is read again.
    detail = DeviationDetail(
        deviation=logged.deviation,
        program=logged.program,
        zone=logged.zone,
        classification=None,
        judgements=logged.judgements,
        times=times_of(actor, logged.deviation, None),
        notice=None,
        files=[],
        clocks=[],
        signatures=[],
        steps=open_steps(actor, logged.deviation),
    )
    return _represent(actor, detail)


def _represent(actor: Actor, detail: DeviationDetail) -> dict[str, Any]:
    steps = {name: TRANSITIONS[name] for name in detail.steps}
    href = reverse("deviation-api", args=[detail.deviation.pk])
    offered = offer_actions(actor, detail.deviation, steps, href=href, inputs=TRANSITION_INPUTS)
    guidance = GuidanceOut.of(detail.judging)
    return DeviationWhole.of(detail) | {"available_actions": offered, "guidance": guidance}


def represent_preview(preview: NoticePreview) -> dict[str, Any]:
    """Return the JSON members of a notice's preview."""
    found = PreviewOut.of(preview)
    found["fields_leaving"] = [
        {"field": each.field, "label": each.label, "value": _written(each.value)} for each in preview.leaves
    ]
    return found


def _written(value: str | datetime | None) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    return None if value is None else str(value)


def represent_history(lines: Sequence[HistoryLine]) -> dict[str, Any]:
    """Return the JSON members of a history."""
    return {"results": [HistoryLineOut.of(each) for each in lines]}


def represent_proposal(proposal: Proposal) -> dict[str, Any]:
    """Return the JSON members of a proposal, by the names a report takes."""
    return ProposalOut.of(proposal)
