"""What people read where a signed clause acts: before it acts, at once, and afterwards on both sides."""

import json
import re
from datetime import timedelta

import pytest

from deviations.models import Judgement
from portal.agreements.document import Clause
from portal.agreements.rules import ClassMap, Notification
from tests.deviations.conftest import only
from tests.factories import cast
from tests.factories import deviations as make
from tests.factories.agreements import agree

AT_ONCE = Notification(of=("deviation",), to=("sponsor.qa",), at_once=("grade_a_growth",))
NAMES = ClassMap("manufacturer", {"Significant": "major", "Grave": "critical", "Fatal": "critical"})


def said(page):
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", "", page.content.decode()))


@pytest.fixture
def agreed(database):
    agree(Clause("5.9", "quality_unit", "Agreed", "As agreed.", (AT_ONCE, NAMES)), number=3)


def test_the_form_says_what_leaves_at_once_and_the_record_says_by_which_clause(
    agreed, cdmo_operator, signed_in
):
    form = said(signed_in("cdmo_operator").get("/deviations/new/"))
    assert (
        "By agreement v3 the sponsor is told at once, without QA: on growth in Grade A (clause 5.9)." in form
    )
    made = make.report(cdmo_operator, triggers=["grade_a_growth"])
    logged = said(signed_in("cdmo_operator").get(f"/deviations/{made.pk}/logged/"))
    assert "Arvo Therapeutics was told at once, by clause 5.9, agreement v3." in logged
    assert "stays inside the CDMO" not in logged
    for key in ("cdmo_qa", "sponsor_qa"):
        page = signed_in(key).get(f"/deviations/{made.pk}/")
        assert "clause 5.9, agreement v3, at once: growth in Grade A" in said(page)
    applies = said(signed_in("sponsor_qa").get(f"/deviations/{made.pk}/terms/"))
    assert "Released at once" in applies
    assert "The notice leaves at once on growth in Grade A." in applies
    assert signed_in("rival_sponsor_qa").get(f"/deviations/{made.pk}/terms/").status_code == 404


def test_the_class_is_given_by_the_cdmos_own_names(agreed, cdmo_operator, cdmo_qa, signed_in):
    made, client = make.report(cdmo_operator), signed_in("cdmo_qa")
    page = client.get(f"/deviations/{made.pk}/").content.decode()
    assert 'value="critical:Grave"' in page
    assert 'value="minor"' not in page
    sent = {"rationale": make.RATIONALE, "version": made.version}
    address = f"/deviations/{made.pk}/triage/"
    assert client.post(address, sent | {"classification": "minor"}).status_code == 400
    assert client.post(address, sent | {"classification": "critical:Fatal"}).status_code == 303
    given = only(cdmo_qa, Judgement)
    assert (given.classification, given.own_class) == ("critical", "Fatal")
    assert "named “Fatal” there" in said(client.get(f"/deviations/{made.pk}/"))


def test_programs_keep_the_class_of_the_contract_and_read_the_name_beside_it(agreed, api):
    at = make.now()
    body = {
        "program": str(cast.PROGRAM),
        "title": make.TITLE,
        "description": make.WORDS,
        "occurred_at": (at - timedelta(hours=2)).isoformat(),
        "detected_at": (at - timedelta(hours=1)).isoformat(),
        "triggers": ["grade_a_growth"],
    }
    system = api("cdmo_system")
    logged = system.post("/api/v1/deviations/", json.dumps(body), content_type="application/json")
    made = logged.json()
    assert (logged.status_code, made["audience"], made["classification"]) == (201, "shared", None)
    assert made["triggers"] == ["grade_a_growth"]
    notice = made["notice"]
    assert (notice["released_by"], notice["trigger"], notice["classification"]) == (
        "clause 5.9, agreement v3",
        "grade_a_growth",
        None,
    )
    given = {"classification": "major", "rationale": make.RATIONALE}
    done = system.post(
        f"/api/v1/deviations/{made['id']}/triage/",
        json.dumps(given),
        content_type="application/json",
        headers={"If-Match": f'"{made["version"]}"'},
    ).json()
    assert (done["classification"], done["judgements"][0]["own_class"]) == ("major", "Significant")
    seen = api("sponsor_system").get(f"/api/v1/deviations/{made['id']}/").json()
    assert seen["judgements"][0]["own_class"] == "Significant"
    assert api("rival_system").get(f"/api/v1/deviations/{made['id']}/").status_code == 404
