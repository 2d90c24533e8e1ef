"""What the exchanges about CAPA take and give."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.urls import reverse
from rest_framework import serializers

from deviations.actions.capa.planning import WINDOW_BATCHES_MAX, WINDOW_DAYS_MAX
from deviations.capa.states import (
    CAPA_TRANSITIONS,
    MEASURE_TRANSITIONS,
    CapaDecisionKind,
    CapaState,
    EvidenceSource,
    Formality,
    MeasureKind,
    MeasureState,
)
from deviations.models import Capa
from deviations.queries.capa import CapaDetail, CapaLine, MeasureLine, capa_detail, capa_lines
from deviations.texts import LENGTHS
from portal.actor import Actor
from portal.api.base import Input, Output, Text
from portal.api.fields import Instant
from portal.api.transitions import ActionOffer, schema_of
from portal.states import Audience, Transition


def _words(field: str, **more: Any) -> Text:
    least, most = LENGTHS[field]
    given = {"required": False, "allow_blank": True, "default": ""} if least == 0 else {}
    return Text(least=least, most=most, **given | more)


class CapaInput(Input):
    """A CAPA to plan."""

    program = serializers.UUIDField()
    title = _words("title")
    scope = _words("scope", help_text="What it means for this product; the other side will read it.")
    rationale = _words("rationale", help_text="Why; stays with the own side.")
    deviations = serializers.ListField(child=serializers.UUIDField(), max_length=50, default=list)


class CapaMeasureInput(Input):
    """A correction, corrective or preventive action."""

    kind = serializers.ChoiceField(MeasureKind.choices)
    title = _words("title")
    owner = _words("owner", help_text="A role or the code of a seat, as the other side may read it.")
    due_at = Instant()


class CheckInput(Input):
    """By what the CAPA will be judged."""

    criteria = _words("criteria")
    counts = serializers.ChoiceField(EvidenceSource.choices)
    matching = _words("matching", help_text="Code of the parameter, or words of the title.")
    allowed = serializers.IntegerField(min_value=0, max_value=9999, allow_null=True, default=None)
    window_days = serializers.IntegerField(min_value=1, max_value=WINDOW_DAYS_MAX)
    window_batches = serializers.IntegerField(
        min_value=1, max_value=WINDOW_BATCHES_MAX, allow_null=True, default=None
    )
    owner = _words("owner")


class RiskInput(Input):
    """The short risk form (ICH Q9(R1)); 5 is worst in each."""

    hazard = _words("hazard")
    severity = serializers.IntegerField(min_value=1, max_value=5)
    likelihood = serializers.IntegerField(min_value=1, max_value=5)
    detectability = serializers.IntegerField(min_value=1, max_value=5)
    decision_maker = _words("owner")
    formality = serializers.ChoiceField(Formality.choices)
    formality_why = _words("formality_why")


class CapaLinkInput(Input):
    """A deviation of the same program."""

    deviation = serializers.UUIDField()


class CarryInput(Input):
    """The CAPA as it will stand in another program; nothing of this one is named there."""

    program = serializers.UUIDField()
    title = _words("title")
    scope = _words("scope")
    rationale = _words("rationale")


class CapaDecideInput(Input):
    """What is decided, and why."""

    kind = serializers.ChoiceField(CapaDecisionKind.choices)
    because = _words("because")


class MeasureDoneInput(Input):
    """What shows that it is done."""

    evidence = _words("evidence")


class MeasureReasonInput(Input):
    """Why."""

    reason = _words("reason")


class NothingInput(Input):
    """Nothing."""


# What a step offers: the addresses below the record, and the body of each.
OFFERS: Final[Mapping[str, tuple[tuple[str, type[Input]], ...]]] = {
    "plan": (("measures", CapaMeasureInput), ("check", CheckInput), ("risk", RiskInput)),
    "link": (("link", CapaLinkInput),),
    "share": (("share", NothingInput),),
    "carry": (("carry", CarryInput),),
    **dict.fromkeys(CapaDecisionKind.values, (("decide", CapaDecideInput),)),
}
MEASURE_OFFERS: Final[Mapping[str, type[Input]]] = {
    "drop": MeasureReasonInput,
    "do": MeasureDoneInput,
    "verify": NothingInput,
    "give_back": MeasureReasonInput,
}


class MeasureOut(Output):
    """A measure with its evidence and clock."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    kind = serializers.ChoiceField(MeasureKind.choices)
    title = serializers.CharField()
    state = serializers.ChoiceField(MeasureState.choices)
    owner = serializers.CharField()
    due_at = serializers.DateTimeField()
    clock = serializers.UUIDField(allow_null=True)
    clock_state = serializers.CharField(allow_null=True)
    evidence = serializers.CharField(allow_blank=True)
    files = serializers.ListField(child=serializers.DictField())
    done_by = serializers.CharField(allow_blank=True)
    done_at = serializers.DateTimeField(allow_null=True)
    verified_by = serializers.CharField(allow_blank=True)
    verified_at = serializers.DateTimeField(allow_null=True)
    available_actions = ActionOffer(many=True)
    version = serializers.IntegerField()


class CapaSummaryOut(Output):
    """A CAPA in a list."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    number = serializers.CharField()
    title = serializers.CharField()
    side = serializers.CharField()
    state = serializers.ChoiceField(CapaState.choices)
    audience = serializers.ChoiceField(Audience.choices)
    recorded_at = serializers.DateTimeField()
    measures = serializers.IntegerField()
    verified = serializers.IntegerField()
    due_at = serializers.DateTimeField(allow_null=True)
    is_late = serializers.BooleanField()
    version = serializers.IntegerField()


class CapaOut(CapaSummaryOut):
    """A CAPA whole; `rationale`, `risk` and `kin` are empty for the side that does not own it."""

    scope = serializers.CharField()
    rationale = serializers.CharField(allow_null=True)
    risk = serializers.DictField(allow_null=True)
    deviations = serializers.ListField(child=serializers.DictField())
    measure_list = MeasureOut(many=True)
    check = serializers.DictField(allow_null=True)
    collected = serializers.ListField(child=serializers.DictField())
    decisions = serializers.ListField(child=serializers.DictField())
    kin = serializers.ListField(child=serializers.DictField())
    follows = serializers.UUIDField(allow_null=True)
    followed_by = serializers.UUIDField(allow_null=True)
    approved_at = serializers.DateTimeField(allow_null=True)
    completed_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    end_text = serializers.CharField(allow_blank=True)
    available_actions = ActionOffer(many=True)


def represent_capas(actor: Actor, capas: Sequence[Capa]) -> list[dict[str, Any]]:
    """Return CAPA as a list shows them; two queries for all."""
    return [CapaSummaryOut.of(_summary(each)) for each in capa_lines(actor, capas)]


def represent_capa(actor: Actor, capa_id: UUID) -> dict[str, Any]:
    """Return one CAPA whole; raises NotFound."""
    found = capa_detail(actor, capa_id)
    capa = found.capa
    (line,) = capa_lines(actor, [capa])
    data = _summary(line) | {
        "scope": str(capa.scope),
        "rationale": str(found.plan.rationale) if found.plan is not None else None,
        "risk": _risk(found),
        "deviations": [{"id": str(each.pk), "number": each.number} for each in found.deviations],
        "measure_list": [_measure(each) for each in found.measures],
        "check": _check(found),
        "collected": [_collected(each) for each in found.data],
        "decisions": [_decision(each) for each in found.decisions],
        "kin": [
            {"id": str(each.capa.pk), "number": each.capa.number, "program": str(each.program.pk)}
            for each in found.kin
        ],
        "follows": capa.follows_id if found.follows is not None else None,
        "followed_by": found.followed_by.pk if found.followed_by is not None else None,
        "approved_at": capa.approved_at,
        "completed_at": capa.completed_at,
        "ended_at": capa.ended_at,
        "end_text": str(capa.end_text),
        "available_actions": _offers(found),
    }
    return CapaOut.of(data)


def _offers(found: CapaDetail) -> list[dict[str, Any]]:
    href = reverse("capa-api", args=[found.capa.pk])
    return [
        _offer(name, CAPA_TRANSITIONS[name], href, given, under=under)
        for name in found.steps
        for under, given in OFFERS[name]
    ]


def _offer(name: str, step: Transition, href: str, given: type[Input], *, under: str = "") -> dict[str, Any]:
    is_part = under not in ("", "decide")
    return {
        "name": under if is_part else name,
        "label": str(step.label or name),
        "method": "POST",
        "href": f"{href}{under or name}/",
        "schema": copy.deepcopy(schema_of(given)),
    }


def _summary(line: CapaLine) -> dict[str, Any]:
    capa = line.capa
    return {
        "id": capa.pk,
        "program": capa.space_id,
        "number": capa.number,
        "title": str(capa.title),
        "side": capa.side,
        "state": capa.state,
        "audience": capa.audience,
        "recorded_at": capa.recorded_at,
        "measures": line.measures,
        "verified": line.verified,
        "due_at": line.clock.due_at if line.clock is not None else None,
        "is_late": line.is_late,
        "version": capa.version,
    }


def _measure(line: MeasureLine) -> dict[str, Any]:
    measure, clock = line.measure, line.clock
    href = reverse("measure-do-api", args=[measure.pk]).removesuffix("do/")
    return {
        "id": measure.pk,
        "number": measure.number,
        "kind": measure.kind,
        "title": str(measure.title),
        "state": measure.state,
        "owner": measure.owner_code,
        "due_at": clock.due_at if clock is not None else measure.due_at,
        "clock": clock.pk if clock is not None else None,
        "clock_state": str(clock.state) if clock is not None else None,
        "evidence": str(measure.evidence),
        "files": [{"id": str(e.pk), "name": str(e.name), "sha256": e.sha256} for e in line.files],
        "done_by": measure.done_code,
        "done_at": measure.done_at,
        "verified_by": measure.verified_code,
        "verified_at": measure.verified_at,
        "available_actions": [
            _offer(name, MEASURE_TRANSITIONS[name], href, MEASURE_OFFERS[name]) for name in line.steps
        ],
        "version": measure.version,
    }


def _risk(found: CapaDetail) -> dict[str, Any] | None:
    risk = found.risk
    if risk is None:
        return None
    return {
        "hazard": str(risk.hazard),
        "severity": risk.severity,
        "likelihood": risk.likelihood,
        "detectability": risk.detectability,
        "priority": risk.priority,
        "decision_maker": risk.decision_maker,
        "formality": risk.formality,
        "formality_why": str(risk.formality_why),
    }


def _check(found: CapaDetail) -> dict[str, Any] | None:
    check = found.check
    if check is None:
        return None
    return {
        "criteria": str(check.criteria),
        "counts": check.source,
        "matching": str(check.matching),
        "allowed": check.allowed,
        "window_days": check.window_days,
        "window_batches": check.window_batches,
        "owner": check.owner_code,
        "starts_at": check.starts_at,
        "ends_at": check.ends_at,
        "collected_at": check.collected_at,
    }


def _collected(each: Any) -> dict[str, Any]:
    return {
        "audience": each.audience,
        "batches": each.batches,
        "found": each.found,
        "numbers": each.numbers,
        "collected_at": each.collected_at,
    }


def _decision(line: Any) -> dict[str, Any]:
    decision = line.decision
    return {
        "id": str(decision.pk),
        "kind": decision.kind,
        "because": str(decision.because),
        "decided_by": decision.decided_code,
        "decided_at": decision.decided_at,
        "signed_at": line.signatures[0].signature.signed_at if line.signatures else None,
        "may_sign": line.may_sign,
    }
