"""The digital deviation: what leaves is of the published form, its terms exist, what comes in is a copy."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from deviations.digital.schema import FORMAT, IOF, digital_schema
from deviations.models import Deviation, MirrorConflict
from tests.deviations.conftest import only, seen_by
from tests.factories import cast
from tests.factories import deviations as make

URL = "/api/v1/deviations/"
GIVEN = Path(__file__).parents[3] / "shared" / "data" / "iof-biopharma"


def said(**more):
    at = make.now()
    return {
        "format": FORMAT,
        "number": "QMS-7",
        "title": make.TITLE,
        "description": make.WORDS,
        "occurred_at": (at - timedelta(hours=2)).isoformat(),
        "detected_at": (at - timedelta(hours=1)).isoformat(),
    } | more


def put(client, document, program=cast.PROGRAM):
    return client.put(
        f"{URL}digital/?program={program}", json.dumps(document), content_type="application/json"
    )


def terms(schema):
    if isinstance(schema, dict):
        yield from (each for name, each in schema.items() if name == "x-iof")
        for each in schema.values():
            yield from terms(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from terms(each)


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(digital_schema())


@pytest.mark.skipif(not GIVEN.is_dir(), reason="the given ontology is not beside this checkout")
def test_every_term_that_the_schema_names_is_in_the_given_ontology():
    text = "".join(each.read_text() for each in sorted(GIVEN.glob("*.rdf")))
    known = set(re.findall(r'owl:Class rdf:about="&iof-construct;([^"]+)"', text))
    assert f'<!ENTITY iof-construct "{IOF}"' in text
    named = {each.removeprefix(IOF) for each in terms(digital_schema())}
    assert len(named) > 10
    assert named <= known


def test_what_leaves_is_of_the_published_form_for_each_side(triaged, api, cdmo_qa):
    make.release(cdmo_qa, triaged)
    for key in ("cdmo_system", "sponsor_system"):
        document = api(key).get(f"{URL}{triaged.pk}/digital/").json()
        Draft202012Validator(digital_schema()).validate(document)
        assert (document["number"], document["classification"]) == (triaged.number, "major")
    assert api("rival_system").get(f"{URL}{triaged.pk}/digital/").status_code == 404


def test_what_is_not_disclosed_is_not_there(triaged, api):
    assert api("sponsor_system").get(f"{URL}{triaged.pk}/digital/").status_code == 404


def test_what_comes_in_is_logged_as_a_copy_whose_class_has_no_effect(database, api, cdmo_qa):
    client = api("cdmo_system")
    document = said(classification="critical")
    first = put(client, document)
    again = put(client, document | {"title": "Another title there"})
    row = only(cdmo_qa, Deviation)
    assert (first.status_code, again.status_code) == (201, 200)
    assert (row.external_id, row.title, row.state) == ("QMS-7", make.TITLE, "reported")
    assert first.json()["classification"] is None
    assert [each.field for each in seen_by(cdmo_qa, MirrorConflict)] == ["title"]


@pytest.mark.parametrize(
    "more",
    [
        {"format": "other/1"},
        {"title": "X"},
        {"secret": 1},
        {"classification": "severe"},
        {"occurred_at": "yesterday"},
        {"batch": "B-9999"},
        {"number": ""},
    ],
)
def test_a_document_of_another_form_is_refused_in_words_and_logs_nothing(database, api, cdmo_qa, more):
    answer = put(api("cdmo_system"), said(**more))
    assert (answer.status_code, bool(answer.json()["errors"])) == (400, True)
    assert seen_by(cdmo_qa, Deviation) == []


def test_no_other_side_puts_one_in(database, api, cdmo_qa):
    for key in ("sponsor_system", "rival_system"):
        assert put(api(key), said()).status_code in (403, 404)
    assert seen_by(cdmo_qa, Deviation) == []
