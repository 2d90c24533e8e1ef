"""What the reader of a record may do with it now: steps of its TRANSITIONS table and the body of each."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.fields import empty

from portal.access import available
from portal.actor import Actor
from portal.api.base import Input
from portal.states import Transitions

IF_MATCH: Final = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description='The version seen, as "3".'
)
KINDS: Final[tuple[tuple[type[serializers.Field[Any, Any, Any, Any]], dict[str, Any]], ...]] = (
    (serializers.BooleanField, {"type": "boolean"}),
    (serializers.IntegerField, {"type": "integer"}),
    (serializers.FloatField, {"type": "number"}),
    (serializers.DecimalField, {"type": "string", "format": "decimal"}),
    (serializers.DateTimeField, {"type": "string", "format": "date-time"}),
    (serializers.DateField, {"type": "string", "format": "date"}),
    (serializers.UUIDField, {"type": "string", "format": "uuid"}),
    (serializers.URLField, {"type": "string", "format": "uri"}),
    (serializers.CharField, {"type": "string"}),
    (serializers.ListField, {"type": "array"}),
)
BOUNDS: Final = (
    ("min_length", "minLength"),
    ("max_length", "maxLength"),
    ("min_value", "minimum"),
    ("max_value", "maximum"),
)


class NoInput(Input):
    """A step that takes nothing but the version in If-Match."""


class ActionOffer(serializers.Serializer[Any]):
    """One step the reader may take now, with the JSON Schema of its body; send the ETag as If-Match."""

    name = serializers.CharField()
    # A serializer has a `label` of its own, which nobody reads here.
    label = serializers.CharField()  # type: ignore[assignment]  # see above
    method = serializers.CharField()
    href = serializers.CharField()
    schema = serializers.DictField()


def offer_actions(
    actor: Actor, found: Any, transitions: Transitions, *, href: str, inputs: Mapping[str, type[Input]]
) -> list[dict[str, Any]]:
    """Return the steps the actor may take from the record's present state, in table order.

    `href` is the record's address; a step's is below it. `inputs` names the body of each step that takes one.
    """
    return [
        {
            "name": name,
            "label": str(transitions[name].label or name),
            "method": "POST",
            "href": f"{href}{name}/",
            "schema": copy.deepcopy(schema_of(inputs.get(name, NoInput))),
        }
        for name in available(actor, found, transitions)
    ]


@functools.cache
def schema_of(given: type[serializers.Serializer[Any]]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a body; nothing beside its properties is accepted."""
    fields = {name: field for name, field in given().fields.items() if not field.read_only}
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: _property(field) for name, field in fields.items()},
        "additionalProperties": False,
    }
    required = [name for name, field in fields.items() if field.required]
    return schema | ({"required": required} if required else {})


def _property(field: serializers.Field[Any, Any, Any, Any]) -> dict[str, Any]:
    schema = _shape(field)
    for ours, theirs in BOUNDS:
        value = getattr(field, ours, None)
        if value is not None:
            schema[theirs] = value
    if isinstance(field, serializers.CharField) and not field.allow_blank:
        schema.setdefault("minLength", 1)
    if field.help_text:
        schema["description"] = str(field.help_text)
    if field.allow_null:
        schema["type"] = [schema["type"], "null"]
    if field.default is not empty and not callable(field.default):
        schema["default"] = field.default
    return schema


def _shape(field: serializers.Field[Any, Any, Any, Any]) -> dict[str, Any]:
    if isinstance(field, serializers.ChoiceField):
        return {"type": "string", "enum": [str(choice) for choice in field.choices]}
    if isinstance(field, serializers.Serializer):
        return copy.deepcopy(schema_of(type(field)))
    shape = next((dict(known) for kind, known in KINDS if isinstance(field, kind)), None)
    if shape is None:
        raise TypeError(f"no JSON Schema for {type(field).__name__}")
    if isinstance(field, serializers.ListField):
        shape["items"] = _property(field.child)
    return shape
