"""Public recalls: every event is as grave as its worst product, none is left out, and each is copied once."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.core.management import call_command

from deviations.models import Deviation
from deviations.recalls.rolling import CLASSES, ORDER, read_recalls, roll_up
from tests.deviations.conftest import seen_by
from tests.factories import cast

GIVEN = Path(__file__).parents[3] / "shared" / "data" / "fda-drug-recalls" / "drug_recalls_2012-2018.csv.gz"
needs_the_file = pytest.mark.skipif(
    not GIVEN.is_file(), reason="the given recalls are not beside this checkout"
)


def product(event, grade, **more):
    return {
        "Event ID": event,
        "Product Classification": grade,
        "Center Classification Date": "2018-01-02",
        "Reason for Recall": "Lack of assurance of sterility",
        "Product Description": "Saline, 10 mL",
        "Recalling Firm Name": "Firm",
        "Status": "Terminated",
    } | more


@pytest.mark.parametrize("grades", [(one, other) for one in ORDER for other in ORDER])
def test_an_event_is_as_grave_as_its_worst_product_in_any_order(grades):
    (event,) = roll_up(product("1", each) for each in grades)
    assert event.fda_class == min(grades, key=ORDER.index)
    assert event.classification == CLASSES[event.fda_class]
    assert len(event.products) == 2


@needs_the_file
def test_every_given_event_rolls_up_to_the_class_that_the_authority_gave_it():
    rows = read_recalls(GIVEN)
    given = {row["Event ID"]: row["Event Classification"] for row in rows}
    events = list(roll_up(rows))
    assert (len(rows), len(events)) == (9_142, 2_173)
    assert {each.number: each.fda_class for each in events} == given
    assert sum(len(each.products) for each in events) == len(rows)


@needs_the_file
def test_every_given_event_fits_into_a_record():
    for event in roll_up(read_recalls(GIVEN)):
        said = event.body()
        assert 3 <= len(said["title"]) <= 200
        assert 10 <= len(said["description"]) <= 20_000


class Portal:
    """The REST interface in this process, as the client of the command meets it."""

    def __init__(self, client):
        self.client = client

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def rows(self, path):
        return iter(self.client.get(f"/api/v1/{path}").json()["results"])

    def put(self, path, params, body):
        query = "&".join(f"{name}={value}" for name, value in params.items())
        answer = self.client.put(f"/api/v1/{path}?{query}", body, content_type="application/json")
        assert answer.status_code in (200, 201), answer.content
        return answer.json()


def copied(api, monkeypatch, path, **options):
    client = api("cdmo_system")
    monkeypatch.setattr("deviations.management.commands.recalls.RestClient", lambda *_, **__: Portal(client))
    code = next(each["code"] for each in Portal(client).rows("programs/") if each["id"] == str(cast.PROGRAM))
    out = io.StringIO()
    call_command("recalls", str(path), program=code, url="http://here", key="k", stdout=out, **options)
    return out.getvalue()


def test_a_file_is_copied_once_however_often_it_is_sent(database, api, cdmo_qa, monkeypatch, tmp_path):
    path = tmp_path / "recalls.csv"
    rows = [product("1", "Class III"), product("1", "Class I"), product("2", "Class II")]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    for _turn in range(2):
        assert "3 products in 2 events; 2 copied." in copied(api, monkeypatch, path)
    found = seen_by(cdmo_qa, Deviation)
    assert sorted((each.external_id, each.external_status) for each in found) == [
        ("RES-1", "Terminated"),
        ("RES-2", "Terminated"),
    ]


@needs_the_file
@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_all_given_recalls_are_copied(database, api, cdmo_qa, monkeypatch):
    assert "9,142 products in 2,173 events; 2,173 copied." in copied(api, monkeypatch, GIVEN)
    assert len(seen_by(cdmo_qa, Deviation)) == 2_173


def test_a_file_without_its_columns_is_refused_in_words(tmp_path):
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="lacks the columns Center Classification Date, Event ID"):
        read_recalls(path)
