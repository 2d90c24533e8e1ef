"""Patient lots for tests: dull, with what matters given by the test."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from batches.actions.custody import Labels, confirm_hand_over, hand_over, set_identity
from tests.conftest import actor
from tests.factories import batches

COI = "AV310-7F3K-0091"
DONATION = "G123498654321"
LABELS = Labels(COI, f"={DONATION}00")
OTHER = Labels(COI, "=G12349865432200")


def lot(program=batches.cast.PROGRAM, *, number="P-1", coi=COI, **given):
    """A patient lot that runs and has its identifiers."""
    found = batches.batch(program, number=number, is_patient_lot=True, **given)
    identify(found, coi=coi)
    return found


def identify(batch, *, coi=COI, donation=f"={DONATION}00", by="cdmo_qa", **given):
    return set_identity(actor(by), batch.pk, coi=coi, donation=donation, **given)


def handed(batch, labels=LABELS, by="cdmo_operator", **given):
    """What the first person of a hand-over read."""
    usual = {
        "kind": "received",
        "title": "Receipt of the apheresis",
        "place": "Receiving dock 2",
        "gives": "Courier 07",
        "takes": "Cell suite 3",
    }
    return hand_over(actor(by), batch.pk, labels=labels, **usual | given)


def checked(check, labels=LABELS, by="cdmo_shift_lead"):
    """What the second person read."""
    return confirm_hand_over(actor(by), check.pk, labels=labels, version=check.version)


def event(**given):
    """An event of a courier about the lot, an hour ago unless said otherwise."""
    usual = {
        "type": "ObjectEvent",
        "eventTime": "2026-03-01T08:00:00.000+01:00",
        "eventTimeZoneOffset": "+01:00",
        "epcList": ["urn:epc:id:sgtin:4012345.011111.9876"],
        "action": "OBSERVE",
        "bizStep": "shipping",
        "disposition": "in_transit",
    }
    return {name: value for name, value in (usual | given).items() if value is not None}


def document(*events, place="urn:epc:id:sgln:4012345.00005.0", **given):
    """A file of EPCIS 2.0 with these events, or the usual one."""
    usual = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": datetime(2026, 3, 1, tzinfo=UTC).isoformat(),
        "epcisBody": {"eventList": list(events) or [event(readPoint={"id": place})]},
    }
    return json.dumps(usual | given).encode()
