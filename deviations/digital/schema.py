"""The JSON Schema of a digital deviation; fields and codes name the terms of the IOF biopharma ontology."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from batches.states import LimitKind
from deviations.states import DeviationState
from portal.states import Classification

FORMAT: Final = "covalent-digital-deviation/1"
SCHEMA_ID: Final = "urn:covalent:schema:digital-deviation:1"
IOF: Final = "https://spec.industrialontologies.org/ontology/construct/"
# Field or code -> the class of the ontology that it stands for.
FIELD_TERMS: Final[Mapping[str, str]] = {
    "deviation": "DeviationEvent",
    "description": "DeviationDescription",
    "classification": "DeviationEventClassifier",
    "excursion": "ProcessExcursion",
    "immediate_action": "DeviationContainmentProcess",
    "product_impact": "DeviationImpactAssessment",
    "conclusion": "DeviationInvestigationReport",
}
CLASS_TERMS: Final[Mapping[str, str]] = {
    "minor": "MinorDeviationEventClassifier",
    "major": "MajorDeviationEventClassifier",
    "critical": "CriticalDeviationEventClassifier",
}
LIMIT_TERMS: Final[Mapping[str, str]] = {
    "nor": "NormalOperatingRangeValueExpression",
    "alert": "AlertLimitValueExpression",
    "action": "ActionLimitValueExpression",
    "par": "ProvenAcceptableRangeValueExpression",
    "spec": "SpecificationLimitValueExpression",
}
INSTANT: Final = {"type": "string", "format": "date-time", "description": "RFC 3339, with its offset."}


def _words(least: int, most: int, what: str) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most, "description": what}


EXTERNAL: Final = {
    "type": "object",
    "description": "The record in the CDMO's own quality system, which masters these fields.",
    "properties": {
        "id": _words(1, 120, "Its number there."),
        "status": _words(0, 120, "Its state there."),
        "class": _words(0, 60, "Its class there, by that system's own name."),
        "as_of": {"anyOf": [INSTANT, {"type": "null"}]},
    },
    "required": ["id"],
}
ATTACHMENT: Final = {
    "type": "object",
    "properties": {
        "name": _words(1, 255, "File name."),
        "media_type": _words(1, 120, "What the bytes are."),
        "size": {"type": "integer", "minimum": 0},
        "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    },
    "required": ["name", "sha256"],
}


def _codes(codes: Mapping[str, str], terms: Mapping[str, str]) -> dict[str, Any]:
    each = [
        {"const": code, "title": title, **({"x-iof": IOF + terms[code]} if code in terms else {})}
        for code, title in codes.items()
    ]
    return {"oneOf": each}


def _optional(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {"anyOf": [dict(schema), {"type": "null"}]}


def digital_schema() -> dict[str, Any]:
    """Return the schema, JSON Schema 2020-12; `x-iof` is the IRI of a term."""
    classes = _codes({each.value: str(each.label) for each in Classification}, CLASS_TERMS)
    limits = _codes({each.value: str(each.label) for each in LimitKind}, LIMIT_TERMS)
    properties: dict[str, Any] = {
        "format": {"const": FORMAT},
        "id": {"type": "string", "format": "uuid", "description": "Of the sender."},
        "number": _words(1, 40, "The sender's number."),
        "title": _words(3, 200, "What happened, in one line."),
        "description": _words(10, 20_000, "Facts only, word for word."),
        "immediate_action": _words(0, 20_000, "Correction and containment so far."),
        "state": _codes({each.value: str(each.label) for each in DeviationState}, {}),
        "classification": _optional(classes),
        "product_impact": _optional(classes),
        "occurred_at": INSTANT,
        "detected_at": INSTANT,
        "aware_at": INSTANT,
        "recorded_at": INSTANT,
        "ended_at": _optional(INSTANT),
        "batch": _optional(_words(1, 60, "The number of the batch.")),
        "step": _optional(_words(1, 200, "The step of its recipe.")),
        "asset": _words(0, 60, "Equipment or room, by its label."),
        "excursion": _optional(
            {
                "type": "object",
                "properties": {
                    "title": _words(1, 400, "What left its limit."),
                    "limit": limits,
                    "started_at": INSTANT,
                    "ended_at": _optional(INSTANT),
                },
                "required": ["title", "limit", "started_at"],
            }
        ),
        "conclusion": _words(0, 20_000, "How it ended."),
        "external": EXTERNAL,
        "attachments": {"type": "array", "items": ATTACHMENT},
    }
    for name, term in FIELD_TERMS.items():
        if name in properties:
            properties[name] = properties[name] | {"x-iof": IOF + term}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "Digital deviation",
        "x-iof": IOF + FIELD_TERMS["deviation"],
        "type": "object",
        "properties": properties,
        "required": ["format", "title", "description", "occurred_at", "detected_at"],
        "additionalProperties": False,
    }
