from types import SimpleNamespace

from rest_framework import serializers

from portal.actor import Actor, Seat, Side
from portal.api.base import Input, Text
from portal.api.transitions import offer_actions, schema_of
from portal.states import CDMO_OPERATOR, CDMO_QA, Transition
from tests.factories import cast


class Verdict(Input):
    classification = serializers.ChoiceField([("minor", "minor"), ("major", "major")])
    rationale = Text(least=20, most=4000, help_text="Why.")
    at = serializers.DateTimeField(required=False)
    count = serializers.IntegerField(required=False, min_value=1, max_value=9, default=3)
    urgent = serializers.BooleanField(required=False, allow_null=True)
    tags = serializers.ListField(child=serializers.UUIDField(), required=False)
    amount = serializers.DecimalField(max_digits=9, decimal_places=2, required=False)


TABLE = {
    "judge": Transition(("open",), "judged", (CDMO_QA,), "Judge it"),
    "drop": Transition(("open", "judged"), "dropped", (CDMO_QA, CDMO_OPERATOR), "Drop"),
}


def as_role(role):
    seat = Seat(cast.PROGRAM, Side.MANUFACTURER, frozenset({role}), "QA 01")
    return Actor(cast.CDMO, "human", cast.CDMO, {cast.PROGRAM: (seat,)})


def offers(role, state):
    found = SimpleNamespace(state=state, space_id=cast.PROGRAM)
    return offer_actions(as_role(role), found, TABLE, href="/things/7/", inputs={"judge": Verdict})


def test_the_schema_says_what_the_input_accepts():
    assert schema_of(Verdict) == {
        "type": "object",
        "properties": {
            "classification": {"type": "string", "enum": ["minor", "major"]},
            "rationale": {"type": "string", "minLength": 20, "maxLength": 4000, "description": "Why."},
            "at": {"type": "string", "format": "date-time"},
            "count": {"type": "integer", "minimum": 1, "maximum": 9, "default": 3},
            "urgent": {"type": ["boolean", "null"]},
            "tags": {"type": "array", "items": {"type": "string", "format": "uuid"}},
            "amount": {"type": "string", "format": "decimal"},
        },
        "additionalProperties": False,
        "required": ["classification", "rationale"],
    }


def test_a_step_is_offered_to_its_roles_from_its_states_in_table_order():
    assert [offer["name"] for offer in offers("qa", "open")] == ["judge", "drop"]
    assert [offer["name"] for offer in offers("qa", "judged")] == ["drop"]
    assert [offer["name"] for offer in offers("operator", "open")] == ["drop"]
    assert offers("viewer", "open") == []


def test_an_offer_says_where_and_how():
    offer = offers("operator", "open")[0]
    assert offer == {
        "name": "drop",
        "label": "Drop",
        "method": "POST",
        "href": "/things/7/drop/",
        "schema": {"type": "object", "properties": {}, "additionalProperties": False},
    }


def test_whoever_changes_an_offer_changes_no_other():
    offers("qa", "open")[0]["schema"]["properties"].clear()
    assert len(offers("qa", "open")[0]["schema"]["properties"]) == 7
