"""What an event tells of the custody of a lot: where, in whose hands, how warm it was; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

Json = Mapping[str, Any]
# UN/CEFACT Rec 20: how a temperature becomes °C.
TO_CELSIUS: Final = {
    "CEL": lambda value: value,
    "FAH": lambda value: (value - 32) * 5 / 9,
    "KEL": lambda value: value - Decimal("273.15"),
}
PARTY: Final = "possessing_party"


@dataclass(frozen=True, slots=True)
class Warmth:
    """How warm it was, in °C: at an instant, or between two the lowest and the highest."""

    from_at: datetime
    until: datetime
    low: Decimal
    high: Decimal
    alarmed: bool = False


def time_of(event: Json) -> datetime:
    """Return when the event happened."""
    return datetime.fromisoformat(event["eventTime"])


def named_in(event: Json) -> list[str]:
    """Return the URIs of all that the event is about: things, kinds of things, what holds them."""
    found = [event[name] for name in ("parentID", "transformationID") if name in event]
    for name in ("epcList", "childEPCs", "inputEPCList", "outputEPCList"):
        found += event.get(name, ())
    for name in ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"):
        found += [each["epcClass"] for each in event.get(name, ())]
    return list(dict.fromkeys(found))


def place_of(event: Json) -> str:
    """Return where it was: the place from then on, else where it was read."""
    for name in ("bizLocation", "readPoint"):
        if name in event:
            return str(event[name]["id"])
    return ""


def holder_of(event: Json) -> str:
    """Return in whose hands it is from then on, where the event says so."""
    for name, own in (("destinationList", "destination"), ("sourceList", "source")):
        for kind in (PARTY, "owning_party"):
            for each in event.get(name, ()):
                if each["type"] == kind:
                    return str(each[own])
    return ""


def warmths_of(event: Json) -> list[Warmth]:
    """Return the temperatures of an event by their time; another unit than °C, °F or K tells none."""
    return sorted(_warmths(event), key=lambda each: (each.from_at, each.until))


def _warmths(event: Json) -> Iterator[Warmth]:
    for element in event.get("sensorElementList", ()):
        metadata = element.get("sensorMetadata") or {}
        for report in element["sensorReport"]:
            if report["type"] != "Temperature" or (turn := TO_CELSIUS.get(report.get("uom", ""))) is None:
                continue
            values = [turn(Decimal(str(report[name]))) for name in VALUES if name in report]
            if not values:
                continue
            at = report.get("time") or metadata.get("time")
            begins = at or metadata.get("startTime") or event["eventTime"]
            ends = at or metadata.get("endTime") or begins
            yield Warmth(
                datetime.fromisoformat(begins),
                max(datetime.fromisoformat(begins), datetime.fromisoformat(ends)),
                min(values),
                max(values),
                "exception" in report,
            )


VALUES: Final = ("value", "minValue", "maxValue")
