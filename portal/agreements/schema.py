"""The published JSON Schema of an agreement, format 1: prose clause by clause, with its rules beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from portal.agreements.durations import CALENDARS, UNITS
from portal.agreements.headings import ACTIVITIES, HEADINGS, TIMED
from portal.states import ROLES, Audience, Classification, Meaning

FORMAT: Final = "covalent.agreement/1"
SCHEMA_ID: Final = "https://covalent.example/schema/agreement/1"
TEXT_MAX: Final = 20_000
CLAUSES_MAX: Final = 400
RULES_MAX: Final = 40
AMOUNT_MAX: Final = 100_000

# What rules may be about.
RECORDS: Final = ("deviation", "excursion", "watch", "batch", "parameter", "result", "attachment", "capa")
SIGNALS: Final = (
    "deviation",
    "patient_lot",
    "excursion.par",
    "notice.unreleased",
    "watch",
    "decision",
    "change",
    "inspection",
    "data_integrity",
)
ALERTS: Final = (
    "deviation.notice",
    "notice.unreleased",
    "excursion.par",
    "patient_lot",
    "watch",
    "decision",
    "clock",
    "roster_gap",
    "drill",
)
TRIGGERS: Final = (
    "cpp_outside_par",
    "patient_lot",
    "grade_a_growth",
    "identity_mismatch",
    "data_integrity",
)
CHANNELS: Final = ("in_app", "email", "web_push", "webhook", "chat", "sms", "telephone")
SIDES: Final = ("manufacturer", "sponsor")
# The steps of a disposition in their order; the last four are those of a lot that is out of specification.
RELEASE_STEPS: Final = (
    *("cdmo", "sponsor", "qp_confirmation", "qp_certification", "green_light"),
    *("physician_request", "risk_evaluation", "physician_acceptance", "supply"),
)
SINCE: Final = (
    *("occurred", "detected", "aware", "recorded", "notice", "triaged", "due"),
    *("draft", "report", "completed", "approved"),
)
ROLE_NAMES: Final = tuple(
    f"{side}.{code}"
    for side, codes in ROLES.items()
    if side != "both"
    for code in codes
    if code not in ("gateway", "inspector")
)


def _one(values: Sequence[str]) -> dict[str, Any]:
    return {"enum": list(values)}


def _some(values: Mapping[str, Any] | Sequence[str] | str, *, least: int = 0) -> dict[str, Any]:
    items = {"$ref": values} if isinstance(values, str) else _one(list(values))
    return {"type": "array", "items": items, "minItems": least, "uniqueItems": True}


def _rule(kind: str, needed: Sequence[str], members: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {"kind": {"const": kind}, **members},
        "required": ["kind", *needed],
        "additionalProperties": False,
    }


_DURATION: Final = {"$ref": "#/$defs/duration"}
_ROLE: Final = "#/$defs/role"
_CLASSES: Final = _some(Classification.values)
_RULES: Final[Mapping[str, dict[str, Any]]] = {
    each["properties"]["kind"]["const"]: each
    for each in (
        _rule(
            "disclosure",
            ("of", "to"),
            {
                "of": _some(RECORDS, least=1),
                "to": _one(Audience.values),
                "parameter": {"type": "array", "items": {"type": "string", "maxLength": 60}},
                "state": {"type": "array", "items": {"type": "string", "maxLength": 60}},
                "delay": _DURATION,
            },
        ),
        _rule(
            "notification",
            ("of", "to"),
            {
                "of": _some(SIGNALS, least=1),
                "to": _some(_ROLE, least=1),
                "classification": _CLASSES,
                "within": _DURATION,
                "since": _one(SINCE),
                "in_list": _one(("monthly_list", "batch_package", "both")),
                "channels": _some(CHANNELS, least=1),
                "released_by": _some(_ROLE),
                "chase_at": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
                "at_once": _some(TRIGGERS),
            },
        ),
        _rule(
            "class_map",
            ("side", "names"),
            {
                "side": _one(SIDES),
                "names": {"type": "object", "additionalProperties": _one(Classification.values)},
            },
        ),
        _rule(
            "judgement",
            ("judgement", "by"),
            {
                "judgement": _one(("classification", "product_impact", "confirmed_class")),
                "by": _some(_ROLE, least=1),
                "classification": _CLASSES,
                "within": _DURATION,
                "since": _one(SINCE),
                "is_blind": {"type": "boolean"},
            },
        ),
        _rule(
            "responsibility",
            ("activity", "accountable"),
            {
                "activity": _some(list(ACTIVITIES), least=1),
                "accountable": _one(SIDES),
                "responsible": _some(_ROLE),
                "approves": _some(_ROLE),
                "signs": {"type": "object", "additionalProperties": _one(Meaning.values)},
                "consulted": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"role": {"$ref": _ROLE}, "within": _DURATION},
                        "required": ["role", "within"],
                        "additionalProperties": False,
                    },
                },
                "informed": _some(_ROLE),
            },
        ),
        _rule(
            "ladder",
            ("of", "side", "steps"),
            {
                "of": _some(ALERTS, least=1),
                "side": _one(SIDES),
                "classification": _CLASSES,
                "steps": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 20,
                    "items": {
                        "type": "object",
                        "properties": {
                            "roles": _some(sorted({name.split(".")[1] for name in ROLE_NAMES}), least=1),
                            "wait": {"$ref": "#/$defs/wait"},
                            "channels": _some(CHANNELS, least=1),
                        },
                        "required": ["roles", "wait"],
                        "additionalProperties": False,
                    },
                },
                "wakes": {"type": "boolean"},
            },
        ),
        _rule(
            "timeline",
            ("activity", "within", "held_by"),
            {
                "activity": _some(list(TIMED), least=1),
                "within": _DURATION,
                "held_by": _one(SIDES),
                "classification": _CLASSES,
                "since": _one(SINCE),
                "rounds": {"type": "integer", "minimum": 1, "maximum": 9},
            },
        ),
        _rule(
            "hold",
            ("blocks",),
            {
                "blocks": _one(("disposition", "processing", "use")),
                "classification": _CLASSES,
                "trigger": _some(TRIGGERS),
                "until": _one(("impact_conclusion", "closing", "release_by_qa")),
            },
        ),
        _rule(
            "disposition",
            ("step", "by"),
            {
                "step": _one(RELEASE_STEPS),
                "by": _some(_ROLE, least=1),
                "markets": {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 20}},
            },
        ),
        _rule("early_signal", ("by", "within"), {"by": _some(_ROLE, least=1), "within": _DURATION}),
        _rule(
            "no_reply",
            ("activity", "outcome"),
            {
                "activity": _some(list(TIMED), least=1),
                "outcome": _one(("go_on", "wait", "climb")),
                "not_for": _some((*Classification.values, "disposition")),
            },
        ),
        _rule(
            "retention",
            ("of", "years", "after"),
            {
                "of": _some(RECORDS, least=1),
                "years": {"type": "integer", "minimum": 1, "maximum": 100},
                "after": _one(("expiry", "disposition", "closing", "end_of_agreement")),
            },
        ),
    )
}


def _duration(units: Sequence[str]) -> dict[str, Any]:
    amount = {"type": "integer", "minimum": 1, "maximum": AMOUNT_MAX}
    business = [unit for unit in units if unit.startswith("business")]
    exact = [unit for unit in units if unit not in business]
    forms = [
        {"type": "object", "properties": {unit: amount}, "required": [unit], "additionalProperties": False}
        for unit in exact
    ] + [
        {
            "type": "object",
            "properties": {unit: amount, "calendar": _one(CALENDARS)},
            "required": [unit],
            "additionalProperties": False,
        }
        for unit in business
    ]
    return {"oneOf": forms}


SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "$id": SCHEMA_ID,
    "title": "Quality agreement, prose and rules",
    "type": "object",
    "properties": {
        "format": {"const": FORMAT},
        "title": {"type": "string", "minLength": 1, "maxLength": 200},
        "phase": _one(("clinical", "commercial", "cell_therapy")),
        "clauses": {
            "type": "array",
            "minItems": 1,
            "maxItems": CLAUSES_MAX,
            "items": {
                "type": "object",
                "properties": {
                    "code": {"type": "string", "pattern": r"^[0-9]{1,3}(\.[0-9]{1,3}){0,3}$"},
                    "heading": _one(list(HEADINGS)),
                    "title": {"type": "string", "minLength": 1, "maxLength": 200},
                    "text": {"type": "string", "minLength": 1, "maxLength": TEXT_MAX},
                    "is_default": {"type": "boolean"},
                    "rules": {
                        "type": "array",
                        "maxItems": RULES_MAX,
                        "items": {"$ref": "#/$defs/rule"},
                    },
                },
                "required": ["code", "heading", "title", "text"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["format", "title", "phase", "clauses"],
    "additionalProperties": False,
    "$defs": {
        "role": _one(ROLE_NAMES),
        "duration": _duration(UNITS),
        "wait": _duration(("minutes", "hours")),
        "rule": {
            "type": "object",
            "properties": {"kind": _one(list(_RULES))},
            "required": ["kind"],
            "allOf": [
                {
                    "if": {"properties": {"kind": {"const": kind}}, "required": ["kind"]},
                    "then": {"$ref": f"#/$defs/{kind}"},
                }
                for kind in _RULES
            ],
        },
        **_RULES,
    },
}
