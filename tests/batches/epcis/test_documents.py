"""Files of EPCIS 2.0 as GS1 publishes them, and as others will send them."""

import copy
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, FormatChecker

from batches.epcis.checking import MEMBERS, faults_of
from batches.epcis.documents import read_document
from batches.epcis.gs1_keys import canonical, check_digit
from batches.epcis.hashing import hash_of, hash_stands, pre_hash
from batches.epcis.telling import holder_of, named_in, place_of, warmths_of
from batches.epcis.writing import hand_over_event, kept_context, write_document
from portal.errors import Invalid
from tests.factories import custody as make

SHARED = Path(__file__).resolve().parents[4] / "shared/data/epcis"
SAMPLES = sorted(SHARED.glob("*.jsonld"))
NOW = datetime(2026, 3, 2, tzinfo=UTC)
pytestmark = pytest.mark.skipif(not SAMPLES, reason="the examples of GS1 are not here")


@pytest.fixture(scope="module")
def schema():
    forms = FormatChecker(formats=())
    forms.checks("uri")(lambda text: re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", str(text)) is not None)
    forms.checks("date-time")(lambda text: re.search(r"T.*(Z|[+-]\d\d:\d\d)$", str(text)) is not None)
    published = json.loads((SHARED / "EPCIS-JSON-Schema.json").read_text("utf-8"))
    return Draft7Validator(published, format_checker=forms)


def read(body):
    return read_document(body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_every_example_is_read_whole_and_written_back_as_it_was(path, schema):
    given = read(path.read_bytes())
    assert [each.faults for each in given.events] == [[] for _ in given.events]
    told = [(each.event, kept_context(each.event, each.names)) for each in given.events]
    written = write_document(told, NOW)
    assert list(schema.iter_errors(json.loads(written))) == []
    again = read(written)
    original = json.loads(path.read_text("utf-8"))["epcisBody"]["eventList"]
    plain = [{key: value for key, value in each.event.items() if key != "@context"} for each in again.events]
    assert plain == original
    for before, after in zip(given.events, again.events, strict=True):
        assert hash_of(before.event, before.names) == hash_of(after.event, after.names)


def test_what_is_not_understood_is_named_and_kept():
    (event,) = read((SHARED / "WithSensorData__SensorDataExample6.jsonld").read_bytes()).events
    assert event.unknown == [
        "sensorElementList/0/example:furtherSensorData",
        "sensorElementList/0/sensorMetadata/example:someFurtherMetaData",
        "sensorElementList/0/sensorReport/0/example:cv",
    ]
    given = read((SHARED / "Example_9.6.1-with-comment.jsonld").read_bytes())
    assert [each.unknown for each in given.events] == [["rdfs:comment"], ["example:myField"]]


SPOILS = {
    "no time": lambda e: e.pop("eventTime"),
    "no offset": lambda e: e.pop("eventTimeZoneOffset"),
    "a time without offset": lambda e: e.update(eventTime="2026-03-01 08:00"),
    "an offset of words": lambda e: e.update(eventTimeZoneOffset="CET"),
    "an offset too far": lambda e: e.update(eventTimeZoneOffset="+14:30"),
    "no action": lambda e: e.pop("action"),
    "another action": lambda e: e.update(action="MOVE"),
    "a word of nobody": lambda e: e.update(bizStep="beaming"),
    "a word as an older URN": lambda e: e.update(bizStep="urn:epcglobal:cbv:bizstep:shipping"),
    "a disposition of nobody": lambda e: e.update(disposition="lost"),
    "a list that is none": lambda e: e.update(epcList="urn:a:b"),
    "a thing twice": lambda e: e.update(epcList=["urn:a:b", "urn:a:b"]),
    "about nothing": lambda e: e.pop("epcList"),
    "a place without id": lambda e: e.update(readPoint={}),
    "a quantity of words": lambda e: e.update(quantityList=[{"epcClass": "urn:a:b", "quantity": "ten"}]),
    "a quantity of nothing": lambda e: e.update(quantityList=[{"quantity": 10}]),
    "a quantity with more": lambda e: e.update(quantityList=[{"epcClass": "urn:a:b", "colour": "red"}]),
    "a party without type": lambda e: e.update(sourceList=[{"source": "urn:a:b"}]),
    "a party of another kind": lambda e: e.update(sourceList=[{"type": "friend", "source": "urn:a:b"}]),
    "no reports": lambda e: e.update(sensorElementList=[{"sensorReport": []}]),
    "a report of nothing": lambda e: e.update(sensorElementList=[{"sensorReport": [{"value": 3}]}]),
    "a warmth in words": lambda e: e.update(
        sensorElementList=[{"sensorReport": [{"type": "Temperature", "value": "warm"}]}]
    ),
    "an unknown measure": lambda e: e.update(sensorElementList=[{"sensorReport": [{"type": "Warmth"}]}]),
    "an error of no time": lambda e: e.update(errorDeclaration={"reason": "incorrect_data"}),
    "an error of another reason": lambda e: e.update(
        errorDeclaration={"declarationTime": "2026-03-01T08:00:00Z", "reason": "oops"}
    ),
    "nothing set": lambda e: e.update(persistentDisposition={}),
    "master data while observing": lambda e: e.update(ilmd={"ex:lot": "1"}),
}


@pytest.mark.parametrize("name", SPOILS)
def test_what_the_schema_refuses_is_refused(name, schema):
    event = make.event(readPoint={"id": "urn:epc:id:sgln:4012345.00005.0"})
    assert faults_of(event) == []
    SPOILS[name](event)
    assert faults_of(event) != []
    assert list(schema.iter_errors(json.loads(make.document(event)))) != []


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5) | st.just("urn:a:b"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["id", "type"]), inner),
    max_leaves=4,
)


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(sorted(MEMBERS)),
    st.dictionaries(st.sampled_from(sorted(set().union(*MEMBERS.values()))), ANY),
)
def test_whatever_stands_in_an_event_it_is_judged_and_never_breaks(kind, spoilt):
    event = make.event() | spoilt | {"type": kind}
    (found,) = read(make.document(event)).events
    if not found.faults:
        hash_of(found.event, found.names)
        warmths_of(found.event), holder_of(found.event), place_of(found.event), named_in(found.event)


def test_a_bad_event_leaves_its_neighbours_alone():
    given = read(make.document(make.event(), make.event(action="MOVE"), "no object"))
    assert [bool(each.faults) for each in given.events] == [False, True, True]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "epcis_invalid"),
        (b"[]", "epcis_invalid"),
        (b'{"type": "EPCISDocument"', "epcis_invalid"),
        (b'{"type": "Recipe"}', "epcis_invalid"),
        (b'{"a": 1, "a": 2}', "epcis_invalid"),
        (b'{"a": NaN}', "epcis_invalid"),
        (b"[" * 100_000, "epcis_invalid"),
        (b"\xff\xfe\x00", "xml_broken"),
        (make.document(schemaVersion="1.2"), "older_version"),
        (make.document(schemaVersion=None), "epcis_invalid"),
        (make.document(creationDate="yesterday"), "epcis_invalid"),
        (make.document(epcisBody={}), "epcis_invalid"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "xml_hostile"),
        (b'<EPCISDocument xmlns="urn:epcglobal:epcis:xsd:1" schemaVersion="1.2"/>', "older_version"),
        (b"<html/>", "epcis_invalid"),
        (b"<a>" * 200 + b"</a>" * 200, "xml_hostile"),
    ],
)
def test_what_is_no_file_of_epcis_is_refused_in_words(body, code):
    with pytest.raises(Invalid) as error:
        read(body)
    assert (error.value.problem_code, list(error.value.errors)) == (code, ["file"])


XML = """<?xml version="1.0"?><epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:2" schemaVersion="2.0"
 creationDate="2026-03-01T08:00:00Z" xmlns:ex="https://ns.example.com/epcis/"><EPCISBody><EventList><ObjectEvent>
 <eventTime>2026-03-01T08:00:00.000+01:00</eventTime><eventTimeZoneOffset>+01:00</eventTimeZoneOffset>
 <epcList><epc>urn:epc:id:sgtin:4012345.011111.9876</epc></epcList><action>OBSERVE</action>
 <bizStep>urn:epcglobal:cbv:bizstep:shipping</bizStep><disposition>urn:epcglobal:cbv:disp:in_transit</disposition>
 <readPoint><id>urn:epc:id:sgln:4012345.00005.0</id></readPoint>
 <destinationList><destination type="urn:epcglobal:cbv:sdt:possessing_party"
 >urn:epc:id:pgln:0614141.00000</destination></destinationList>
 <sensorElementList><sensorElement><sensorMetadata time="2026-03-01T07:30:00Z"/>
 <sensorReport type="gs1:Temperature" value="6.50" uom="CEL"/></sensorElement></sensorElementList>
 <ex:box>7</ex:box></ObjectEvent></EventList></EPCISBody></epcis:EPCISDocument>"""


def test_an_event_reads_the_same_in_xml_and_in_json():
    (in_xml,) = read(XML.encode()).events
    assert in_xml.faults == []
    (in_json,) = read(
        make.document(
            make.event(
                readPoint={"id": "urn:epc:id:sgln:4012345.00005.0"},
                destinationList=[
                    {"type": "possessing_party", "destination": "urn:epc:id:pgln:0614141.00000"}
                ],
                sensorElementList=[
                    {
                        "sensorMetadata": {"time": "2026-03-01T07:30:00Z"},
                        "sensorReport": [{"type": "Temperature", "value": 6.5, "uom": "CEL"}],
                    }
                ],
                **{"ex:box": "7"},
            ),
            **{
                "@context": [
                    "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
                    {"ex": "https://ns.example.com/epcis/"},
                ]
            },
        )
    ).events
    assert pre_hash(in_xml.event, in_xml.names) == pre_hash(in_json.event, in_json.names)
    (warmth,) = warmths_of(in_xml.event)
    assert (str(warmth.low), holder_of(in_xml.event)) == ("6.5", "urn:epc:id:pgln:0614141.00000")


def test_the_pre_hash_is_that_of_the_standard():
    event = {
        "type": "ObjectEvent",
        "eventTime": "2020-03-04T11:00:30.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "recordTime": "2020-03-04T11:00:30.999+01:00",
        "epcList": ["urn:epc:id:sgtin:0614141.011111.987"],
        "action": "OBSERVE",
        "bizStep": "departing",
        "disposition": "in_transit",
        "readPoint": {"id": "urn:epc:id:sgln:4012345.00011.0", "example:myField1": "AB-12"},
        "bizTransactionList": [{"type": "po", "bizTransaction": "urn:epc:id:gdti:4012345.11111.123"}],
        "sourceList": [{"type": "owning_party", "source": "urn:epc:id:pgln:4012345.00000"}],
        "destinationList": [{"type": "owning_party", "destination": "urn:epc:id:pgln:0614141.00000"}],
        "example:userExt": "CD-34",
    }
    assert pre_hash(event, {"example": "https://ns.example.com/epcis/"}) == (
        "eventType=ObjectEventeventTime=2020-03-04T10:00:30.000ZeventTimeZoneOffset=+01:00"
        "epcListepc=https://id.gs1.org/01/00614141111114/21/987action=OBSERVE"
        "bizStep=https://ref.gs1.org/cbv/BizStep-departingdisposition=https://ref.gs1.org/cbv/Disp-in_transit"
        "readPointid=https://id.gs1.org/414/4012345000115"
        "bizTransactionListtype=https://ref.gs1.org/cbv/BTT-pobizTransaction=https://id.gs1.org/253/4012345111118123"
        "sourceListtype=https://ref.gs1.org/cbv/SDT-owning_partysource=https://id.gs1.org/417/4012345000009"
        "destinationListtype=https://ref.gs1.org/cbv/SDT-owning_partydestination=https://id.gs1.org/417/0614141000005"
        "readPoint{https://ns.example.com/epcis/}myField1=AB-12{https://ns.example.com/epcis/}userExt=CD-34"
    )


def test_the_hash_knows_neither_order_nor_zone_nor_what_is_said_later():
    event = make.event(epcList=["urn:a:b", "urn:a:c"], example="1")
    same = dict(reversed(copy.deepcopy(event).items())) | {
        "epcList": ["urn:a:c", "urn:a:b"],
        "eventTime": "2026-03-01T07:00:00Z",
        "eventID": "urn:uuid:1",
        "recordTime": "2026-03-01T09:00:00Z",
        "errorDeclaration": {"declarationTime": "2026-03-01T09:00:00Z"},
    }
    assert hash_of(event, {}) == hash_of(same, {})
    assert hash_of(event, {}) != hash_of(event | {"example": "2"}, {})


def test_ids_of_the_examples_are_compared_with_the_drafts_of_their_day():
    given = read((SHARED / "Example_9.6.1-with-comment.jsonld").read_bytes())
    assert [hash_stands(each.event["eventID"], each.event, each.names) for each in given.events] == [
        True,
        True,
    ]
    event = given.events[0].event | {"disposition": "damaged"}
    assert not hash_stands(event["eventID"], event, given.events[0].names)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("urn:epc:id:sgtin:4012345.011111.9876", "https://id.gs1.org/01/04012345111118/21/9876"),
        ("urn:epc:class:lgtin:4012345.012345.998877", "https://id.gs1.org/01/04012345123456/10/998877"),
        ("urn:epc:idpat:sgtin:4012345.098765.*", "https://id.gs1.org/01/04012345987652"),
        ("urn:epc:id:sscc:4012345.0000000111", "https://id.gs1.org/00/040123450000001112"),
        ("urn:epc:id:sgln:4012345.00011.987", "https://id.gs1.org/414/4012345000115/254/987"),
        ("urn:epc:id:sgln:4012345.00005.0", "https://id.gs1.org/414/4012345000054"),
        ("urn:epc:id:giai:4000001.111", "https://id.gs1.org/8004/4000001111"),
        (
            "https://example.com/some/path/01/04012345111118/10/AB/21/9876?17=260101",
            "https://id.gs1.org/01/04012345111118/21/9876",
        ),
        ("https://example.com/01/04012345111119/21/9876", "https://example.com/01/04012345111119/21/9876"),
        ("http://transaction.acme.com/po/12345678", "http://transaction.acme.com/po/12345678"),
        ("urn:epc:id:sgtin:40123.011111.1", "urn:epc:id:sgtin:40123.011111.1"),
    ],
)
def test_one_thing_has_one_canonical_name(written, meant):
    assert canonical(written) == meant
    assert canonical(meant) == meant
    assert check_digit("401234511111") in "0123456789"


def test_a_hand_over_of_ours_is_an_event_of_the_standard(schema):
    event = hand_over_event(
        at=datetime(2026, 3, 1, 8, tzinfo=UTC),
        offset="+01:00",
        lot="urn:uuid:9e2f0f3a-5b1c-4f9e-9a55-3c1d0e6f7a10",
        step="receiving",
        disposition="in_progress",
        place="Dock 2",
        gives="Courier 07",
        takes="Cell suite 3",
        warmth=5.5,
    )
    written = json.loads(write_document([(event, [])], NOW))
    assert list(schema.iter_errors(written)) == []
    assert hash_stands(event["eventID"], event, {})


def test_prefixes_that_mean_two_things_stay_with_their_events(schema):
    first, second = make.event(**{"ex:a": "1"}), make.event(**{"ex:a": "2"})
    written = write_document([(first, [{"ex": "urn:one:"}]), (second, [{"ex": "urn:two:"}])], NOW)
    assert list(schema.iter_errors(json.loads(written))) == []
    assert [each.names["ex"] for each in read(written).events] == ["urn:one:", "urn:two:"]
