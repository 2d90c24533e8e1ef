"""Identity and custody of the patient lots of story C, and lots that go on elsewhere; by the real actions.

What is told of the past is stated with its own time and recorded at load time, like the rest of the history.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from batches.actions.custody import Labels, confirm_hand_over, hand_over, set_identity
from batches.actions.custody_events import take_events
from batches.actions.links import link_lots
from batches.actions.lots import judge_lot, produce_lot, receive_lot
from batches.custody.signing import IDENTITY_STOP
from batches.custody.states import CheckState, StopState
from batches.epcis.writing import own_uri
from batches.models import Batch, CustodyChain, IdentityCheck, IdentityStop, Lot
from config.demo.companies import AV101, AV310
from config.demo.crew import Crew, setup_actor
from config.demo.lots.writing import clock
from config.demo.recipes.writing import DAY, HOUR
from config.demo.signing import sign_as
from deviations.actions.investigate import cancel_deviation
from deviations.models import Deviation
from deviations.states import DeviationState
from portal.action import reading
from portal.actions.alerts import acknowledge_alert
from portal.actor import Actor
from portal.models import Alert
from portal.states import AlertState, Meaning

# A patient lot begins at 09:00 of day 0.
_DAY_S: Final = -9 * HOUR
LIFE: Final = timedelta(hours=48)
ONE: Final = timedelta(days=1)
COLD: Final = {"cold_low": Decimal(2), "cold_high": Decimal(8)}


@dataclass(frozen=True, slots=True)
class Handing:
    """One hand-over of a lot, in seconds after its start; `wrong` is a label that was somebody else's."""

    at_s: float
    kind: str
    title: str
    place: str
    gives: str
    takes: str
    warmth: str = ""
    condition: str = ""
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """A patient lot: its codes, how it was handed on, what the courier told, when it is to be given."""

    coi: str
    donation: str
    needed_s: float
    hand_overs: Sequence[Handing]
    # Seconds after the start: taken over at the clinic, brought to the suite; °C on the way.
    came: tuple[float, float, str, str]
    went: tuple[float, float, str, str] | None = None


def _at(day: int, time: str) -> float:
    return clock(day, time) + _DAY_S


_RECEIPT: Final = Handing(
    _at(0, "09:08"),
    "received",
    "Receipt of the apheresis",
    "Receiving dock 2",
    "Courier 07",
    "Cell suite 3",
    "5.2",
    "box closed, seal whole",
)
_SELECTION: Final = "Into selection, CD4/CD8"
STORIES: Final[Mapping[str, Told]] = {
    "P-0091": Told(
        "AV310-7F3K-0091",
        "G004826000917",
        _at(10, "13:40"),
        (
            _RECEIPT,
            Handing(
                _at(0, "09:14"),
                "moved",
                _SELECTION,
                "Cell suite 3",
                "Receiving dock 2",
                "Cell suite 3, bench 1",
                wrong="G004826000913",
            ),
            Handing(
                _at(0, "09:18"),
                "moved",
                f"{_SELECTION}: both labels read again",
                "Cell suite 3",
                "Receiving dock 2",
                "Cell suite 3, bench 1",
            ),
            Handing(
                _at(0, "15:05"),
                "moved",
                "Into the incubator",
                "Incubator INC-12",
                "Cell suite 3, bench 1",
                "Incubator INC-12",
            ),
        ),
        (_at(-1, "11:55"), _at(0, "08:55"), "4.1", "6.8"),
    ),
    "P-0084": Told(
        "AV310-2K9D-0084",
        "G004826000845",
        _at(9, "13:40"),
        (
            _RECEIPT,
            Handing(
                _at(0, "09:12"),
                "moved",
                _SELECTION,
                "Cell suite 3",
                "Receiving dock 2",
                "Cell suite 3, bench 1",
            ),
            Handing(
                _at(0, "15:02"),
                "moved",
                "Into the incubator",
                "Incubator INC-12",
                "Cell suite 3, bench 1",
                "Incubator INC-12",
            ),
            Handing(
                _at(8, "10:20"),
                "moved",
                "To formulation",
                "Cell suite 3",
                "Incubator INC-12",
                "Cell suite 3, bench 2",
            ),
            Handing(
                _at(9, "06:00"),
                "shipped",
                "To the clinic, 2-8 °C",
                "Shipping dock 1",
                "Cell suite 3, bench 2",
                "Courier 11",
                "4.6",
                "supplied out of specification",
            ),
        ),
        (_at(-1, "12:10"), _at(0, "09:00"), "3.9", "6.1"),
        (_at(9, "06:05"), _at(9, "10:25"), "4.2", "7.4"),
    ),
}
SAME: Final = (
    "The same event is copied from the plant's quality system as a record of its own, and goes on there."
)


def keep_custody(crew: Crew, batches: Mapping[str, Batch]) -> None:
    """Bring the patient lots to where they are in the story; a load cut short goes on."""
    for number, told in STORIES.items():
        batch = batches.get(number)
        if batch is None or batch.started_at is None:
            continue
        _identify(crew["cdmo_qa"], batch, told, batch.started_at)
        _take(crew["cdmo_qa"], batch, told, batch.started_at)
        for handing in told.hand_overs:
            _hand(crew, batch, told, handing, batch.started_at)
    if "P-0084" in batches:
        _product(crew["cdmo_qa"], batches["P-0084"])


def is_kept(batches: Mapping[str, Batch]) -> bool:
    """Say whether the last hand-over of each lot of the story is there."""
    setup = setup_actor()
    with reading(setup):
        agreed = IdentityCheck.objects.visible_to(setup).filter(state=CheckState.AGREED)
        titles = set(agreed.values_list("batch__number", "title"))
    return all(
        (number, told.hand_overs[-1].title) in titles for number, told in STORIES.items() if number in batches
    )


def _identify(qa: Actor, batch: Batch, told: Told, start: datetime) -> None:
    with reading(qa):
        if CustodyChain.objects.visible_to(qa).filter(batch=batch).exists():
            return
    set_identity(
        qa,
        batch.pk,
        coi=told.coi,
        donation=f"={told.donation}00",
        epc=_epc(told),
        life=LIFE,
        life_from="FORMULATION",
        needed_at=start + timedelta(seconds=told.needed_s),
        **COLD,
    )


def _epc(told: Told) -> str:
    return own_uri("lot", told.coi)


def _hand(crew: Crew, batch: Batch, told: Told, handing: Handing, start: datetime) -> None:
    first, second = crew["cdmo_operator"], crew["cdmo_shift_lead"]
    with reading(first):
        known = IdentityCheck.objects.visible_to(first).filter(batch=batch, title=handing.title).first()
    right = Labels(told.coi, f"={told.donation}00")
    if known is None:
        known = hand_over(
            first,
            batch.pk,
            kind=handing.kind,
            title=handing.title,
            place=handing.place,
            gives=handing.gives,
            takes=handing.takes,
            labels=Labels(told.coi, f"={handing.wrong}00") if handing.wrong else right,
            at=start + timedelta(seconds=handing.at_s),
            condition=handing.condition,
            warmth=Decimal(handing.warmth) if handing.warmth else None,
        )
    if known.state == CheckState.OPEN:
        confirm_hand_over(second, known.pk, labels=right, version=known.version)
    _end_stop(crew, batch)


def _end_stop(crew: Crew, batch: Batch) -> None:
    """Answer the alerts of a stop; once both labels were read again let both quality units sign."""
    qa = crew["cdmo_qa"]
    with reading(qa):
        stop = (
            IdentityStop.objects.visible_to(qa).filter(batch=batch).exclude(state=StopState.RELEASED).first()
        )
    if stop is None:
        return
    with reading(qa):
        alerts = list(
            Alert.objects.visible_to(qa).filter(subject_id=stop.pk).exclude(state=AlertState.ACKNOWLEDGED)
        )
    for each in alerts:
        acknowledge_alert(crew["sponsor_qa" if each.side == "sponsor" else "cdmo_qa"], each.pk)
    if stop.state == StopState.RECHECKED:
        if not stop.cdmo_code:
            sign_as(qa, "cdmo_qa", IDENTITY_STOP, stop.pk, Meaning.APPROVED)
        sign_as(crew["sponsor_qa"], "sponsor_qa", IDENTITY_STOP, stop.pk, Meaning.CONCURRED)
        _close_event(crew, batch)


def _close_event(crew: Crew, batch: Batch) -> None:
    """Cancel the event that logged itself: the plant's own record of it is copied as one already."""
    qa = crew["cdmo_qa"]
    with reading(qa):
        rows = Deviation.objects.visible_to(qa).filter(batch=batch, state=DeviationState.REPORTED)
        event = rows.filter(title__startswith="Identity does not agree").first()
        alerts = Alert.objects.visible_to(qa).exclude(state=AlertState.ACKNOWLEDGED)
        told = list(alerts.filter(subject_id=event.pk)) if event is not None else []
    for each in told:
        acknowledge_alert(crew["sponsor_qa" if each.side == "sponsor" else "cdmo_qa"], each.pk)
    if event is not None:
        cancel_deviation(qa, event.pk, reason=SAME, version=event.version)


def _take(qa: Actor, batch: Batch, told: Told, start: datetime) -> None:
    """Take over the files of the couriers; again they change nothing."""
    ways = [("Collection site 12", "Receiving dock 2", "Courier 07", "Cell suite 3", told.came)]
    if told.went is not None:
        ways.append(("Shipping dock 1", "Infusion site 12", "Courier 11", "Infusion site 12", told.went))
    for begins, ends, courier, takes, (from_s, until_s, low, high) in ways:
        events = _way(told, start, (from_s, until_s), (begins, ends, courier, takes), (low, high))
        take_events(qa, batch.pk, body=_document(events))


def _way(
    told: Told,
    start: datetime,
    times: tuple[float, float],
    names: tuple[str, str, str, str],
    warmth: tuple[str, str],
) -> list[dict[str, Any]]:
    left, came = (start + timedelta(seconds=each) for each in times)
    begins, ends, courier, takes = names
    usual = {
        "type": "ObjectEvent",
        "action": "OBSERVE",
        "epcList": [_epc(told)],
        "eventTimeZoneOffset": "+00:00",
    }
    sensor = {
        "sensorMetadata": {"startTime": left.isoformat(), "endTime": came.isoformat()},
        "sensorReport": [
            {"type": "Temperature", "minValue": float(warmth[0]), "maxValue": float(warmth[1]), "uom": "CEL"}
        ],
    }
    return [
        usual
        | {
            "eventTime": left.isoformat(),
            "bizStep": "shipping",
            "disposition": "in_transit",
            "readPoint": {"id": own_uri("place", begins)},
            "destinationList": [{"type": "possessing_party", "destination": own_uri("holder", courier)}],
        },
        usual
        | {
            "eventTime": came.isoformat(),
            "bizStep": "receiving",
            "disposition": "in_progress",
            "readPoint": {"id": own_uri("place", ends)},
            "destinationList": [{"type": "possessing_party", "destination": own_uri("holder", takes)}],
            "sensorElementList": [sensor],
        },
    ]


def _document(events: Sequence[Mapping[str, Any]]) -> bytes:
    document = {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": events[-1]["eventTime"],
        "epcisBody": {"eventList": list(events)},
    }
    return json.dumps(document).encode()


def _product(qa: Actor, batch: Batch) -> None:
    """Enter the product of P-0084, and let it stand as its disposition says: supplied, so for one patient."""
    with reading(qa):
        if Lot.objects.visible_to(qa).filter(produced_by=batch).exists() or batch.started_at is None:
            return
    made_at = batch.started_at + timedelta(seconds=_at(8, "15:20"))
    lot = produce_lot(
        qa,
        batch.pk,
        number="P-0084-DP",
        material="AV-310-DP",
        title="AV-310 infusion bag",
        unit="bag",
        quantity=Decimal(1),
        produced_at=made_at,
        expires_at=made_at + LIFE,
    )
    words = "Supplied out of specification at the physician's request, for this patient alone."
    judge_lot(qa, lot.pk, to="restrict", version=lot.version, reason=words)


def link_programs(crew: Crew, moment: datetime) -> None:
    """Let an antibody lot of one program go on as a reagent of the other, and a box of vials expire; once."""
    setup, cmc = setup_actor(), crew["sponsor_cmc"]
    with reading(setup):
        if Lot.objects.visible_to(setup).filter(space_id=AV310.id, number="ANC-26-014").exists():
            return
    since = moment - timedelta(seconds=30 * DAY)
    entered = [
        _supplied(AV101.id, since, ("RS-101-07", "AV-101-RS", "AV-101 reference lot", "vial", 200), None),
        _supplied(
            AV310.id, since, ("ANC-26-014", "ANC-04", "Selection antibody", "vial", 12), moment + 300 * ONE
        ),
        _supplied(
            AV101.id, since, ("VB-26-118", "VIAL-2R", "Vials 2R, box", "piece", 25_000), moment + 41 * ONE
        ),
    ]
    source, reagent, _ = entered
    link_lots(cmc, source.pk, other_id=reagent.pk)


def _supplied(
    program: UUID, since: datetime, said: tuple[str, str, str, str, int], expires: datetime | None
) -> Lot:
    """Enter a lot of the sponsor's and release it."""
    number, material, title, unit, quantity = said
    lot = receive_lot(
        setup_actor(),
        program,
        number=number,
        material=material,
        title=title,
        unit=unit,
        quantity=Decimal(quantity),
        supplied_by="sponsor",
        received_at=since,
        expires_on=expires.date() if expires is not None else None,
    )
    return judge_lot(setup_actor(), lot.pk, to="release", version=lot.version)
