"""What the exchanges about judging a deviation take and answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rest_framework import serializers

from deviations.api.capa_shapes import RiskInput
from deviations.judging.impact import Found
from deviations.judging.states import (
    WINDOW_DAYS,
    WINDOW_DAYS_MAX,
    CandidateOutcome,
    Modality,
    Verdict,
)
from deviations.texts import LENGTHS
from portal.api.base import Input, Output, Text
from portal.api.signatures import SignatureOut


def _words(field: str, **more: Any) -> Text:
    least, most = LENGTHS[field]
    return Text(least=least, most=most, **more)


def with_findings(given: Any) -> dict[str, Any]:
    """Return the members with each finding as the actions take it."""
    return {**given, "findings": [Found(**each) for each in given.get("findings", ())]}


class FindingInput(serializers.Serializer[Any]):
    """What was found of one topic."""

    topic = serializers.CharField(max_length=24)
    verdict = serializers.ChoiceField(Verdict.choices)
    text = _words("finding")


class ImpactInput(Input):
    """The CDMO's conclusion on the impact: every topic of the kind of product, and what follows."""

    modality = serializers.ChoiceField(Modality.choices)
    findings = serializers.ListField(child=FindingInput(), max_length=20)
    conclusion = _words("conclusion")

    def to_internal_value(self, data: Any) -> Any:
        """Name what was found as the action takes it."""
        return with_findings(super().to_internal_value(data))


class LookInput(Input):
    """How far around what happened other batches are looked for."""

    window_days = serializers.IntegerField(
        required=False, default=WINDOW_DAYS, min_value=1, max_value=WINDOW_DAYS_MAX
    )


class NameBatchInput(Input):
    """Another batch of the program, and why it may be touched."""

    batch = serializers.UUIDField(source="batch_id")
    because = _words("finding")


class DecideBatchInput(Input):
    """Whether a candidate is in scope, and why."""

    candidate = serializers.UUIDField(help_text="The id of the candidate.")
    outcome = serializers.ChoiceField(CandidateOutcome.choices)
    because = _words("finding")


class TieInput(Input):
    """Another deviation of the program, and why the two belong together."""

    other = serializers.UUIDField(source="other_id")
    because = _words("finding")


class DeviationRiskInput(RiskInput):
    """The short risk form (ICH Q9(R1)); 5 is worst in each. It stays with the own side."""


JUDGING_INPUTS: Final[Mapping[str, type[Input]]] = {
    "conclude_impact": ImpactInput,
    "look_around": LookInput,
    "name_batch": NameBatchInput,
    "decide_batch": DecideBatchInput,
    "assess_risk": DeviationRiskInput,
    "link": TieInput,
    "merge": TieInput,
}


class FindingOut(serializers.Serializer[Any]):
    """What was found of one topic."""

    topic = serializers.CharField()
    verdict = serializers.CharField()
    text = serializers.CharField()


class ImpactAssessmentOut(serializers.Serializer[Any]):
    """What a side said of the impact; it holds once it is signed. The newest of a side counts."""

    id = serializers.UUIDField(source="assessment.pk")
    side = serializers.CharField(source="assessment.side")
    audience = serializers.CharField(source="assessment.audience")
    modality = serializers.CharField(source="assessment.modality")
    impact = serializers.CharField(source="assessment.impact")
    conclusion = serializers.CharField(source="assessment.conclusion")
    code = serializers.CharField(source="assessment.given_code")
    given_at = serializers.DateTimeField(source="assessment.given_at")
    findings = FindingOut(many=True)
    signatures = SignatureOut(many=True)


class CandidateOut(serializers.Serializer[Any]):
    """Another batch that it may touch, why, and what was decided."""

    id = serializers.UUIDField(source="pk")
    batch = serializers.UUIDField(source="batch_id")
    number = serializers.CharField(source="batch.number")
    reasons = serializers.ListField(child=serializers.DictField())
    outcome = serializers.CharField(help_text="Empty until it is decided.")
    because = serializers.CharField()
    code = serializers.CharField(source="decided_code")
    decided_at = serializers.DateTimeField(allow_null=True)


class TieOut(serializers.Serializer[Any]):
    """Another deviation that it is tied to."""

    kind = serializers.CharField(source="tie.kind")
    other = serializers.UUIDField(source="other.pk")
    number = serializers.CharField(source="other.number")
    merged_into_other = serializers.BooleanField(source="is_child")
    because = serializers.CharField(source="tie.because")
    code = serializers.CharField(source="tie.code")
    tied_at = serializers.DateTimeField(source="tie.tied_at")


class ClassWordOut(serializers.Serializer[Any]):
    """What one side's head of quality said the class is, where the sides differ."""

    side = serializers.CharField()
    classification = serializers.CharField()
    text = serializers.CharField()
    code = serializers.CharField()
    given_at = serializers.DateTimeField()


class LowerClassOut(serializers.Serializer[Any]):
    """A lower class that was proposed inside the CDMO; it holds once it is signed."""

    id = serializers.UUIDField(source="proposed.pk")
    before = serializers.CharField(source="proposed.before")
    classification = serializers.CharField(source="proposed.classification")
    rationale = serializers.CharField(source="proposed.rationale")
    code = serializers.CharField(source="proposed.given_code")
    given_at = serializers.DateTimeField(source="proposed.given_at")
    signatures = SignatureOut(many=True)


class DeviationRiskOut(serializers.Serializer[Any]):
    """The own side's newest short risk form."""

    hazard = serializers.CharField()
    severity = serializers.IntegerField()
    likelihood = serializers.IntegerField()
    detectability = serializers.IntegerField()
    decision_maker = serializers.CharField()
    formality = serializers.CharField()
    formality_why = serializers.CharField()
    code = serializers.CharField(source="given_code")
    given_at = serializers.DateTimeField()


class PrecedentOut(serializers.Serializer[Any]):
    """How both sides settled a class on which they differed."""

    number = serializers.CharField(source="deviation.number")
    classification = serializers.CharField()
    manufacturer = serializers.CharField(source="manufacturer_class")
    sponsor = serializers.CharField(source="sponsor_class")
    text = serializers.CharField()
    decided_at = serializers.DateTimeField()


class HintOut(serializers.Serializer[Any]):
    """What speaks for a criterion of the class; it gives none."""

    criterion = serializers.CharField()
    because = serializers.CharField()


class GuidanceOut(Output):
    """What stands beside the next steps; hints and precedents where the caller gives a class."""

    precedents = PrecedentOut(many=True)
    hints = HintOut(many=True)
    waits_for = serializers.CharField(help_text="What closing waits for; empty where it waits for nothing.")


class JudgingOut(serializers.Serializer[Any]):
    """How it is judged beside its class."""

    impact_assessments = ImpactAssessmentOut(source="impacts", many=True)
    other_batches = CandidateOut(source="candidates", many=True)
    ties = TieOut(many=True)
    class_words = ClassWordOut(source="words", many=True)
    lower_class_proposals = LowerClassOut(source="lowered", many=True)
    risk = DeviationRiskOut(allow_null=True)
