"""What couriers and clinics tell of a patient lot is taken over once, in any order, and given back."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from batches.access import get_batch
from batches.actions.custody_events import take_events
from batches.models import CustodyEvent
from batches.queries.custody import custody_of, hand_over_events
from batches.queries.expiring import count_expiring, expiring_waiting
from portal.action import reading
from portal.errors import Invalid, NotFound, Refused
from portal.queries import list_inbox
from tests.conftest import actor
from tests.factories import batches as make
from tests.factories import cast, lots
from tests.factories import custody as given

ERROR = {
    "declarationTime": "2026-03-02T10:00:00Z",
    "reason": "incorrect_data",
    "correctiveEventIDs": ["urn:x:2"],
}


@pytest.fixture
def lot(database):
    return given.lot()


def take(lot, *events, by="cdmo_qa", **head):
    found = take_events(actor(by), lot.pk, body=given.document(*events, **head))
    return found.accepted, found.duplicates, found.declared, [each["code"] for each in found.refused]


def kept(lot):
    by = actor("sponsor_viewer")
    with reading(by):
        return list(CustodyEvent.objects.visible_to(by).filter(batch=lot).order_by("at", "event_id"))


def test_a_file_may_come_again(lot):
    events = [given.event(), given.event(eventID="urn:x:1")]
    assert take(lot, *events) == (2, 0, 0, [])
    assert take(lot, *reversed(events)) == (0, 2, 0, [])
    named = {each.event_id for each in kept(lot)}
    assert "urn:x:1" in named
    assert [each.startswith("ni:///sha-256;") for each in named - {"urn:x:1"}] == [True]


def test_an_id_has_one_event(lot):
    take(lot, given.event(eventID="urn:x:1"))
    changed = given.event(eventID="urn:x:1", bizStep="receiving")
    again = given.event(eventID="urn:x:1", recordTime="2026-03-01T09:00:00Z")
    assert take(lot, changed, again) == (0, 1, 0, ["event_changed"])
    other = given.lot(number="P-2", coi="AV310-7F3K-0092")
    assert take(other, again) == (0, 0, 0, ["other_batch"])
    assert [each.step for each in kept(lot)] == ["shipping"]


@pytest.mark.parametrize("declared_first", [False, True])
def test_an_error_declaration_marks_its_event_whichever_comes_first(lot, declared_first):
    event = given.event(eventID="urn:x:1")
    declared = event | {"errorDeclaration": ERROR}
    for each in (declared, event) if declared_first else (event, declared):
        take(lot, each)
    (found,) = kept(lot)
    assert (found.declared_reason, found.corrected_by) == ("incorrect_data", ["urn:x:2"])
    assert found.declared_at.isoformat() == "2026-03-02T10:00:00+00:00"
    with reading(actor("sponsor_viewer")):
        custody = custody_of(actor("sponsor_viewer"), get_batch(actor("sponsor_viewer"), lot.pk))
    assert custody.legs == []


def test_legs_follow_the_time_of_the_events_and_not_of_the_files(lot):
    party = [{"type": "possessing_party", "destination": "urn:covalent:holder:Courier%2011"}]
    came = given.event(
        eventTime="2026-03-01T12:00:00Z", bizStep="receiving", readPoint={"id": "urn:a:clinic"}
    )
    left = given.event(eventTime="2026-03-01T09:00:00+01:00", destinationList=party)
    warm = [
        {
            "sensorMetadata": {"startTime": "2026-03-01T08:00:00Z", "endTime": "2026-03-01T11:00:00Z"},
            "sensorReport": [{"type": "Temperature", "minValue": 39.2, "maxValue": 50.0, "uom": "FAH"}],
        }
    ]
    take(lot, came | {"sensorElementList": warm})
    take(lot, left)
    cold = given.lot(number="P-3", coi="AV310-7F3K-0093")
    assert kept(cold) == []
    by = actor("sponsor_viewer")
    with reading(by):
        legs = custody_of(by, get_batch(by, lot.pk)).legs
    assert [(each.holder, each.is_under_way, each.from_at.hour) for each in legs] == [
        ("Courier 11", True, 8),
        ("Courier 11", False, 12),
    ]
    assert (legs[0].low, legs[0].high) == (Decimal(4), Decimal(10))


@pytest.mark.parametrize(
    ("spoilt", "code"),
    [
        ({"action": "MOVE"}, "event_invalid"),
        ({"eventTime": "2040-01-01T00:00:00Z"}, "event_time"),
        ({"eventTime": "1999-01-01T00:00:00Z"}, "event_time"),
        ({"ex:patientName": "Somebody"}, "patient_identity"),
        ({"ex:dateOfBirth": "12.03.1961"}, "patient_identity"),
        ({"ex:note": "Mr Karlsson was told"}, "patient_identity"),
    ],
)
def test_a_bad_event_is_refused_alone_and_in_words(lot, spoilt, code):
    assert take(lot, given.event(), given.event(**spoilt)) == (1, 0, 0, [code])


def test_what_is_not_understood_is_kept_and_named(lot):
    head = {"@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "urn:ex:"}]}
    found = take_events(
        actor("cdmo_qa"),
        lot.pk,
        body=given.document(given.event(**{"ex:box": "7"}), **head, **{"ex:more": 1}),
    )
    assert found.unknown == [{"row": None, "members": ["ex:more"]}, {"row": 0, "members": ["ex:box"]}]
    (event,) = kept(lot)
    assert (event.told["ex:box"], event.context) == ("7", [{"ex": "urn:ex:"}])


def test_strangers_take_nothing_over_and_nothing_broken_is_taken(lot):
    for by, error in (("sponsor_viewer", Refused), ("rival_sponsor_qa", NotFound)):
        with pytest.raises(error):
            take(lot, by=by)
    with pytest.raises(Invalid):
        take_events(actor("cdmo_qa"), lot.pk, body=b"<!DOCTYPE x><x/>")
    assert take(lot, by="sponsor_qa") == (1, 0, 0, [])


def test_hand_overs_of_two_people_go_out_beside_what_others_told(lot, api):
    given.checked(given.handed(lot, warmth=Decimal("5.2")))
    take(lot)
    address = f"/api/v1/batches/{lot.pk}/custody/events/"
    told = api("sponsor_system").get(address)
    document = json.loads(told.content)
    events = document["epcisBody"]["eventList"]
    assert [each["bizStep"] for each in events] == ["shipping", "receiving"]
    assert events[1]["sourceList"][0]["source"] == "urn:covalent:holder:Courier%2007"
    assert given.COI not in told.content.decode()
    assert api("rival_system").get(address).status_code == 404
    again = take_events(actor("cdmo_qa"), lot.pk, body=told.content)
    assert (again.accepted, again.duplicates) == (1, 1)


def test_a_hand_over_for_one_person_does_not_go_out(lot):
    given.handed(lot)
    by = actor("cdmo_qa")
    with reading(by):
        assert hand_over_events(custody_of(by, get_batch(by, lot.pk)), "Europe/Stockholm") == []


def test_custody_is_read_and_written_over_rest(lot, api):
    address = f"/api/v1/batches/{lot.pk}/hand-overs/"
    body = {
        "kind": "received", "title": "Receipt", "place": "Dock 2", "gives": "Courier 07", "takes": "Suite 3",
        "coi": given.COI, "donation": "G1234 98 654321 H", "donation_by": "typed",
    }  # fmt: skip
    named = api("cdmo_system").post(
        address, body | {"gives": "Anna Karlsson"}, content_type="application/json"
    )
    assert (named.status_code, named.json()["code"]) == (400, "patient_identity")
    made = api("cdmo_system").post(address, body, content_type="application/json")
    assert (made.status_code, made.json()["state"]) == (201, "open")
    assert made.json()["available_actions"] == []
    shown = api("sponsor_system").get(f"/api/v1/batches/{lot.pk}/custody/").json()
    assert (shown["coi"], shown["donation_shown"]) == (given.COI, "G1234 98 654321 H")
    assert [each["state"] for each in shown["hand_overs"]] == ["open"]
    assert api("rival_system").get(f"/api/v1/batches/{lot.pk}/custody/").status_code == 404
    taken = api("cdmo_system").post(
        f"/api/v1/batches/{lot.pk}/custody/events/", given.document(), content_type="application/ld+json"
    )
    assert (taken.status_code, taken.json()["accepted"]) == (201, 1)


def test_what_expires_waits_for_who_sees_to_it_by_the_time_left(
    database, sponsor_qa, sponsor_viewer, cdmo_qa
):
    lot = make.batch(number="P-5", is_patient_lot=True)
    given.identify(
        lot, life=timedelta(hours=48), life_from="harvest", needed_at=make.now() + timedelta(days=4)
    )
    soon = make.now() + timedelta(days=41)
    lots.lot("VB-118", supplied_by="sponsor", expires_on=soon.date())
    lots.lot("VB-119", supplied_by="sponsor", expires_on=(make.now() + timedelta(days=90)).date())
    lots.lot("VB-120", supplied_by="manufacturer", expires_on=soon.date())
    for by in (sponsor_qa, cdmo_qa):
        with reading(by):
            assert [each.number for each in expiring_waiting(by)] == ["P-5", "VB-118"]
            assert count_expiring(by) == 2
            assert "P-5" in [each.number for each in list_inbox(by)]
    for by in (sponsor_viewer, actor("rival_sponsor_qa")):
        with reading(by):
            assert (expiring_waiting(by), count_expiring(by)) == ([], 0)
    assert lot.space_id == cast.PROGRAM


def test_lots_leave_as_a_table_that_computes_nothing(database, api):
    lots.lot("=1+1", title="@SUM(A1)")
    lots.lot("THEIRS", program=cast.RIVAL_PROGRAM)
    text = api("sponsor_system").get("/api/v1/lots/export/").content.decode("utf-8-sig")
    assert [line.split(",")[1] for line in text.splitlines()] == ['"number"', '"\'=1+1"']
    told = json.loads(api("sponsor_system").get("/api/v1/lots/export/?form=json").content)
    assert [(each["number"], each["left"]) for each in told] == [("=1+1", "10")]
