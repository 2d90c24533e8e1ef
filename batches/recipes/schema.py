"""The published JSON Schema of a recipe, format 1: the form in which drafts are kept and recipes travel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from batches.states import DataKind, Level, LimitKind, LimitMeasure, MaterialUse, ParameterKind

FORMAT: Final = "covalent.recipe/1"
# The end of the text and not of its last line, in every dialect of patterns.
END: Final = r"$(?![\s\S])"
CODE: Final = r"^[^\s\x00-\x1f](?:[^\x00-\x1f\x7f]{0,58}[^\s\x00-\x1f])?" + END
# What XML holds too: tabs and line ends, no other control characters.
WRITABLE: Final = r"^[^\u0000-\u0008\u000b-\u001f\ud800-\udfff\ufffe\uffff]*" + END
# Exact: a JSON number is read as it is written, a text may hold the same.
NUMBER: Final = {"type": ["string", "number"], "pattern": r"^-?\d{1,12}(\.\d{1,6})?" + END}
SECONDS: Final = {"type": "integer", "minimum": 0, "maximum": 2_000_000_000}
LONG: Final = {"type": "string", "maxLength": 20_000, "pattern": WRITABLE}


def _text(most: int, least: int = 0) -> dict[str, Any]:
    return {"type": "string", "maxLength": most, "minLength": least, "pattern": WRITABLE}


def _object(properties: Mapping[str, Any], *required: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(required),
        "additionalProperties": False,
    }


STEP: Final = _object(
    {
        "code": {"type": "string", "pattern": CODE},
        "title": _text(200, 1),
        "level": {"enum": Level.values, "description": "A level of ISA-88; phases are the leaves."},
        "planned_s": SECONDS,
        "equipment_class": _text(120),
        "instruction": LONG,
        "needs_second_check": {"type": "boolean", "description": "A second person checks it."},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}},
    },
    "code",
    "title",
    "level",
)
KNOT: Final = _object({"at_s": SECONDS, "low": NUMBER, "high": NUMBER}, "at_s")
LIMIT: Final = _object(
    {
        "kind": {"enum": LimitKind.values},
        "low": NUMBER,
        "high": NUMBER,
        "phase": {
            "type": "string",
            "description": "A phase's code; without it the limit holds where no phase has its own.",
        },
        "delay_s": SECONDS,
        "min_duration_s": SECONDS,
        "measure": {
            "enum": LimitMeasure.values,
            "description": "What is compared: each value; over window_s the change per hour, the sum, how"
            " often values lay above `above`, or highest less lowest; or that nothing came for window_s.",
        },
        "window_s": SECONDS,
        "above": NUMBER,
        "knots": {
            "type": "array",
            "items": KNOT,
            "maxItems": 200,
            "description": "The ends over the time in the phase, straight between; in place of low and high.",
        },
        "every_s": {**SECONDS, "description": "The course of knots begins again so often, as a day does."},
        "settle_s": {**SECONDS, "description": "So long after a phase began the limit says nothing."},
        "rationale": LONG,
    },
    "kind",
)
PARAMETER: Final = _object(
    {
        "code": {"type": "string", "pattern": CODE, "maxLength": 40},
        "title": _text(120, 1),
        "unit": _text(30),
        "kind": {"enum": ParameterKind.values},
        "data_kind": {"enum": DataKind.values},
        "expected_interval_s": {**SECONDS, "minimum": 1},
        "decimals": {"type": "integer", "minimum": 0, "maximum": 12},
        "audience": {"enum": ["shared", "manufacturer"], "description": "Whether the sponsor reads it."},
        "target": NUMBER,
        "rationale": LONG,
        "limits": {"type": "array", "items": LIMIT},
    },
    "code",
    "title",
)
MATERIAL: Final = _object(
    {
        "code": {"type": "string", "pattern": CODE},
        "title": _text(200, 1),
        "use": {"enum": MaterialUse.values},
        "quantity": NUMBER,
        "unit": _text(30),
        "step": {"type": "string", "description": "The code of the step that takes or makes it."},
        "supplied_by": {"enum": ["manufacturer", "sponsor"]},
        "specification": _text(300),
    },
    "code",
    "title",
)
HOLD_TIME: Final = _object(
    {
        "code": {"type": "string", "pattern": CODE},
        "title": _text(200, 1),
        "after": {"type": "string", "description": "The code of the step from whose end the time counts."},
        "before": {"type": "string", "description": "The code of the step that must have begun by then."},
        "longest_s": {**SECONDS, "minimum": 1},
        "condition": _text(200),
        "rationale": LONG,
    },
    "code",
    "title",
    "after",
    "longest_s",
)
UNREAD: Final = _object({"where": _text(1000), "what": _text(20_000)}, "where", "what")

SCHEMA: Final[Mapping[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Covalent recipe, format 1",
    "description": "A master record: an ISA-88 procedure with parameters, limits, materials and hold times.",
    **_object(
        {
            "format": {"const": FORMAT},
            "number": {"type": "string", "pattern": CODE},
            "title": _text(200, 1),
            "product": _text(200),
            "procedure": {"type": "array", "items": {"$ref": "#/$defs/step"}},
            "parameters": {"type": "array", "items": PARAMETER},
            "materials": {"type": "array", "items": MATERIAL},
            "hold_times": {"type": "array", "items": HOLD_TIME},
            "not_understood": {
                "type": "array",
                "items": UNREAD,
                "description": "What an imported file said beyond this format; kept to be read.",
            },
        },
        "format",
        "number",
        "title",
    ),
    "$defs": {"step": STEP},
}
