"""Certificates of analysis over REST: entered, compared, answered for, accepted."""

from __future__ import annotations

import uuid
from types import SimpleNamespace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories import batches

HEAD = {"number": "COA-7", "issuer": "Kemilab", "issuer_kind": "contract", "issued_on": "2026-01-02"}
LINES = [{"test": "Colour", "result": "clear"}, {"test": "Titre", "result": "<0.5", "unit": "g/L"}]
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture
def batch(database):
    return batches.batch(number="B-7")


def send(api, batch, body, key="cdmo_system"):
    return api(key).post(f"/api/v1/batches/{batch.pk}/coas/", body, content_type="application/json")


def test_a_certificate_is_compared_answered_for_and_accepted(api, batch):
    entered = send(api, batch, HEAD | {"lines": LINES})
    assert entered.status_code == 201
    found = entered.json()
    assert [(each["test"], each["result"], each["unit"]) for each in found["lines"]] == [
        ("Colour", "clear", ""),
        ("Titre", "<0.5", "g/L"),
    ]
    assert {each["kind"] for each in found["differences"]} == {"not_specified"}
    assert "agree" not in [each["name"] for each in found["available_actions"]]
    answers = [
        {"number": each["number"], "answer": "Asked of them, as agreed."} for each in found["differences"]
    ]
    client, address = api("cdmo_system"), f"/api/v1/coas/{found['id']}/"
    late = client.post(f"{address}explain/", {"answers": answers}, content_type="application/json")
    assert late.status_code == 428
    explained = client.post(
        f"{address}explain/",
        {"answers": answers},
        content_type="application/json",
        headers={"If-Match": f'"{found["version"]}"'},
    )
    assert explained.status_code == 200
    assert {each["answer"] for each in explained.json()["differences"]} == {"Asked of them, as agreed."}
    assert api("sponsor_system").get(address).json()["differences"] == explained.json()["differences"]


def test_a_certificate_comes_as_a_form_with_its_file_and_lines_as_csv(api, batch):
    form = HEAD | {
        "lines": "test,result,unit\nColour,clear,\nTitre,4.2,g/L\n",
        "file": SimpleUploadedFile("coa.pdf", PDF, "application/pdf"),
    }
    entered = api("cdmo_system").post(f"/api/v1/batches/{batch.pk}/coas/", form)
    assert entered.status_code == 201
    found = entered.json()
    assert [each["result"] for each in found["lines"]] == ["clear", "4.2"]
    assert api("sponsor_system").get(found["content"]).content == PDF


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"lines": []}, "lines"),
        ({"lines": "nothing"}, "lines"),
        ({"lines": [{"test": "Colour"}]}, "lines"),
        ({"issuer_kind": "friend"}, "issuer_kind"),
        ({"issued_on": "soon"}, "issued_on"),
        ({"number": ""}, "number"),
    ],
)
def test_what_is_no_certificate_is_refused_with_the_field(api, batch, change, field):
    refused = send(api, batch, HEAD | {"lines": LINES} | change)
    assert refused.status_code == 400
    assert any(each.startswith(field) for each in refused.json()["errors"])


def test_a_script_is_no_certificate(api, batch):
    form = HEAD | {
        "lines": "test,result\nColour,clear\n",
        "file": SimpleUploadedFile("coa.pdf", b"<script>1</script>"),
    }
    refused = api("cdmo_system").post(f"/api/v1/batches/{batch.pk}/coas/", form)
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == ["file"]


def test_another_clients_system_finds_neither_list_nor_certificate(api, batch):
    found = send(api, batch, HEAD | {"lines": LINES}).json()
    rival = api("rival_system")
    assert rival.get(f"/api/v1/batches/{batch.pk}/coas/").status_code == 404
    assert rival.get(f"/api/v1/coas/{found['id']}/").status_code == 404
    # It is told nothing by an attempt to enter one either: a batch that is nowhere is answered alike.
    nowhere = SimpleNamespace(pk=uuid.uuid4())
    theirs, none = (send(api, each, HEAD | {"lines": LINES}, key="rival_system") for each in (batch, nowhere))
    assert (theirs.status_code, theirs.json()["code"]) == (none.status_code, none.json()["code"])
