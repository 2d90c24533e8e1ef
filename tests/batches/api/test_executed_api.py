from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from batches.actions.executing import verify_step
from batches.specs import HoldTimeSpec, MaterialSpec
from batches.states import MaterialUse
from tests.conftest import actor
from tests.factories import batches as make
from tests.factories import executed, lots
from tests.factories.world import PNG

JSON = "application/json"


@pytest.fixture
def batch(database):
    said = {
        "hold_times": (HoldTimeSpec("HT-1", "Harvest", "growth", "harvest", 5400),),
        "materials": (
            MaterialSpec("RM-7", "Feed medium", quantity=Decimal(4), unit="kg", step="growth"),
            MaterialSpec("AV-101-DS", "Drug substance", MaterialUse.OUTPUT, Decimal(5), "kg"),
        ),
    }
    return make.batch(of=make.recipe(**said))


def of(batch, part):
    return f"/api/v1/batches/{batch.pk}/{part}/"


def post(client, address, body=None, **headers):
    return client.post(address, body or {}, content_type=JSON, headers=headers)


def test_a_step_goes_from_start_to_verified_by_rest(batch, api, cdmo_operator):
    client = api("cdmo_system")
    begun = post(client, of(batch, "steps"), {"step": "growth", "rooms": ["R-12"]})
    body = begun.json()
    assert (begun.status_code, body["state"], body["rooms"]) == (201, "started", ["R-12"])
    assert [each["name"] for each in body["available_actions"]] == ["finish", "abort"]
    address = body["available_actions"][0]["href"]
    assert post(client, address).status_code == 428
    done = post(client, address, **{"If-Match": '"1"'})
    assert (done.status_code, done.json()["state"], done.headers["ETag"]) == (200, "performed", '"2"')
    refused = post(client, address.replace("finish", "verify"), **{"If-Match": '"2"'})
    assert (refused.status_code, refused.json()["code"]) == (403, "same_person")
    assert post(client, of(batch, "steps"), {"step": "harvest"}).json()["code"] == "out_of_sequence"


def test_a_repeated_request_begins_a_step_once(batch, api):
    client = api("cdmo_system")
    answers = [post(client, of(batch, "steps"), {"step": "growth"}, **{"Idempotency-Key": "k"}) for _ in "12"]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]


def test_the_record_tells_steps_hold_times_and_yields_to_both_sides(batch, api):
    verify_step(actor("cdmo_shift_lead"), executed.done(batch).pk, version=2)
    executed.entry(batch, step="growth", parameter="TEMP", value=38)
    executed.entry(batch, step="growth", parameter="LOAD", value=95)
    lots.use(batch, lots.lot(), quantity=3)
    answers = {key: api(key).get(of(batch, "record")).json() for key in ("cdmo_system", "sponsor_system")}
    steps = {each["code"]: each for each in answers["sponsor_system"]["steps"]}
    assert (steps["growth"]["attempts"][0]["verified"]["by"], steps["growth"]["depth"]) == (
        "Shift lead 04",
        1,
    )
    assert [name for name, each in steps.items() if each["may_begin"]] == []
    assert [each["code"] for each in answers["cdmo_system"]["steps"] if each["may_begin"]] == ["production"]
    (clock,) = answers["sponsor_system"]["hold_times"]
    assert (clock["stand"], clock["is_threatened"], clock["due_at"] > clock["expected_at"]) == (
        "running",
        False,
        True,
    )
    medium, substance = answers["sponsor_system"]["yields"]
    assert (medium["actual"], medium["percent"], medium["difference"]) == ("3", "75", "-1")
    assert (substance["actual"], substance["percent"]) == ("0", "0")
    # What is the CDMO's own is not told by a count either.
    counts = {key: each["steps"][1]["counts"] for key, each in answers.items()}
    assert counts["cdmo_system"] == {"entries": 2, "outside": 2, "late": 0, "corrected": 0}
    assert counts["sponsor_system"] == {"entries": 1, "outside": 1, "late": 0, "corrected": 0}


def test_an_entry_is_made_corrected_and_checked_by_rest(batch, api):
    client = api("cdmo_system")
    made = post(client, of(batch, "entries"), {"title": "Feed", "value": "1500", "unit": "mL"}).json()
    wrong = post(client, of(batch, "entries"), {"parameter": "TEMP", "value": "1", "unit": "bar"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "unit_does_not_convert")
    address = f"/api/v1/step-entries/{made['id']}/"
    new = post(
        client,
        f"{address}correct/",
        {"value": "1200", "reason": "Read from the wrong line."},
        **{"If-Match": '"1"'},
    )
    assert (new.status_code, new.json()["replaces"], new.json()["given_value"]) == (201, made["id"], "1200")
    assert client.get(address).json()["state"] == "corrected"
    listed = client.get(of(batch, "entries")).json()["results"]
    assert len(listed) == 2


def test_a_result_is_recorded_flagged_and_reviewed_by_rest(batch, api):
    client = api("cdmo_system")
    body = {"parameter": "TEMP", "sample": "S-1", "value": "310.15", "unit": "K"}
    body |= {"sampled_at": (make.now() - timedelta(hours=1)).isoformat(), "qualifier": ""}
    made = post(client, of(batch, "results"), body)
    assert (made.status_code, made.json()["value"], made.json()["given_unit"]) == (201, "37", "K")
    assert post(client, of(batch, "results"), body).json()["code"] == "result_stands"
    address = f"/api/v1/results/{made.json()['id']}/"
    assert post(client, f"{address}review/", **{"If-Match": '"1"'}).json()["code"] == "same_person"
    assert post(client, f"{address}average/").status_code == 404
    again = api("sponsor_system").get(of(batch, "results")).json()["results"]
    assert [(each["sample"], each["available_actions"]) for each in again] == [("S-1", [])]


@pytest.mark.parametrize("part", ["record", "steps", "entries", "results"])
def test_a_foreign_batch_has_no_record(batch, api, part):
    assert api("rival_system").get(of(batch, part)).status_code == 404


def test_the_record_costs_the_same_however_long_it_is(batch, api, counted):
    client = api("sponsor_system")
    executed.entry(batch, title="One", text="Word")
    few = counted(lambda: client.get(of(batch, "record")))
    for place in range(3):
        executed.entry(batch, title=f"Line {place}", value=place)
        executed.result(batch, sample=f"S-{place}")
    assert counted(lambda: client.get(of(batch, "record"))) == few


def test_a_scan_comes_by_rest_and_its_pages_are_commented(batch, api):
    client = api("cdmo_system")
    refused = client.post(of(batch, "scans"), {"file": upload(b"%PDF-broken", "a.pdf"), "title": "Scan"})
    assert (refused.status_code, refused.json()["code"]) == (400, "pdf_unreadable")
    made = client.post(of(batch, "scans"), {"file": upload(PNG, "page.png"), "title": "Page 41"})
    assert (made.status_code, made.json()["page_count"]) == (201, 1)
    place = {"page": 1, "x": "0.25", "y": "0.5", "text": "Not dated."}
    comment = post(client, f"/api/v1/scans/{made.json()['id']}/comments/", place)
    assert (comment.status_code, comment.json()["x"], comment.json()["state"]) == (201, "0.250000", "open")
    table = api("sponsor_system").get(f"/api/v1/scans/{made.json()['id']}/comments/").json()["results"]
    assert [each["text"] for each in table] == ["Not dated."]
    assert api("rival_system").get(f"/api/v1/scans/{made.json()['id']}/comments/").status_code == 404


def upload(data, name):
    return SimpleUploadedFile(name, data)
