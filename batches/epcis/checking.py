"""Whether an event is one of EPCIS 2.0: its members, their forms, and what asks for what; pure.

It refuses what the published JSON schema refuses. Members that the standard does not know are no fault: they
are kept and named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from batches.epcis.vocabulary import (
    ALARMS,
    COMPONENTS,
    DISPOSITIONS,
    ERRORS,
    MEASURES,
    PARTIES,
    STEPS,
    TRANSACTIONS,
    Words,
)

Json = Mapping[str, Any]
# What is wrong with a value, in words; nothing for one that may stand.
Check = Callable[[Any], str]
# Where, and what is wrong there.
Fault = tuple[str, str]
URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+")
OFFSET: Final = re.compile(r"[+-](?:(?:0[0-9]|1[0-3]):[0-5][0-9]|14:00)")
UOM: Final = re.compile(r"[A-Z0-9]{2,3}")
HEX: Final = re.compile(r"[A-Fa-f0-9]+")
CBV_URI: Final = re.compile(r"urn:epcglobal:cbv|https?://ns\.gs1\.org/cbv/")
VOC_URI: Final = re.compile(r"https?://(?:www\.)?gs1\.org/voc/")
TEXT_MOST: Final = 20_000


def _uri(value: Any) -> str:
    return "" if isinstance(value, str) and URI.fullmatch(value) else "no URI"


def _text(value: Any) -> str:
    return "" if isinstance(value, str) and len(value) <= TEXT_MOST else "no text"


def _number(value: Any) -> str:
    return "" if isinstance(value, (int, float)) and not isinstance(value, bool) else "no number"


def _boolean(value: Any) -> str:
    return "" if isinstance(value, bool) else "neither true nor false"


def _form(pattern: re.Pattern[str], words: str) -> Check:
    return lambda value: "" if isinstance(value, str) and pattern.fullmatch(value) else words


def is_instant(value: Any) -> bool:
    """Say whether a value is a date with a time and an offset, of a year that can be counted in UTC."""
    try:
        at = datetime.fromisoformat(value)
        return at.tzinfo is not None and 1 < at.year < 9999 and "T" in value.upper()  # noqa: PLR2004 - all that can be moved to UTC
    except (TypeError, ValueError):
        return False


def _instant(value: Any) -> str:
    return "" if is_instant(value) else "no time with an offset from UTC"


def _word(words: Words, barred: re.Pattern[str] = CBV_URI) -> Check:
    def check(value: Any) -> str:
        if isinstance(value, str) and value in words.bare:
            return ""
        if _uri(value) or barred.match(value):
            return "no word of CBV 2.0, and no URI of another vocabulary"
        return ""

    return check


def _one_of(*values: str) -> Check:
    return lambda value: "" if value in values else f"none of {', '.join(values)}"


FORMS: Final[Mapping[str, Check]] = {
    **dict.fromkeys(("eventID", "parentID", "transformationID"), _uri),
    **dict.fromkeys(("eventTime", "recordTime"), _instant),
    "eventTimeZoneOffset": _form(OFFSET, "no offset like +02:00"),
    "action": _one_of("ADD", "OBSERVE", "DELETE"),
    "bizStep": _word(STEPS),
    "disposition": _word(DISPOSITIONS),
}
METADATA: Final = {
    **dict.fromkeys(("time", "startTime", "endTime"), _instant),
    **dict.fromkeys(("deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules"), _uri),
}
REPORT: Final = {
    **{each: check for each, check in METADATA.items() if each not in ("startTime", "endTime")},
    "type": _word(MEASURES, VOC_URI),
    "exception": _word(ALARMS, VOC_URI),
    "component": _word(COMPONENTS),
    **dict.fromkeys(("value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue"), _number),
    **dict.fromkeys(("microorganism", "chemicalSubstance", "coordinateReferenceSystem", "uriValue"), _uri),
    **dict.fromkeys(("stringValue", "uom"), _text),
    "booleanValue": _boolean,
    "hexBinaryValue": _form(HEX, "no hexadecimal number"),
}
QUANTITY: Final = {"epcClass": _uri, "quantity": _number, "uom": _form(UOM, "no unit of UN/CEFACT Rec 20")}
ERROR: Final = {"declarationTime": _instant, "reason": _word(ERRORS)}
LISTS_OF_URIS: Final = ("epcList", "childEPCs", "inputEPCList", "outputEPCList")
UNIQUE: Final = ("epcList", "inputEPCList", "outputEPCList")
QUANTITIES: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
PAIRS: Final = {
    "bizTransactionList": ("bizTransaction", TRANSACTIONS),
    "sourceList": ("source", PARTIES),
    "destinationList": ("destination", PARTIES),
}
COMMON: Final = frozenset(
    (
        *("@context", "type", "eventTime", "recordTime", "eventTimeZoneOffset", "eventID"),
        *("certificationInfo", "errorDeclaration", "bizStep", "disposition", "readPoint", "bizLocation"),
        *("sourceList", "destinationList", "sensorElementList", "bizTransactionList"),
    )
)
MEMBERS: Final[Mapping[str, frozenset[str]]] = {
    "ObjectEvent": COMMON | {"epcList", "quantityList", "action", "persistentDisposition", "ilmd"},
    "AggregationEvent": COMMON | {"parentID", "childEPCs", "childQuantityList", "action"},
    "AssociationEvent": COMMON | {"parentID", "childEPCs", "childQuantityList", "action"},
    "TransactionEvent": COMMON | {"parentID", "epcList", "quantityList", "action"},
    "TransformationEvent": COMMON
    | {"inputEPCList", "inputQuantityList", "outputEPCList", "outputQuantityList"}
    | {"transformationID", "persistentDisposition", "ilmd"},
}
NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "ObjectEvent": ("action",),
    "AggregationEvent": ("action",),
    "AssociationEvent": ("action", "parentID"),
    "TransactionEvent": ("action", "bizTransactionList"),
    "TransformationEvent": (),
}


def faults_of(event: Json) -> list[Fault]:
    """Return what is wrong with an event, by where; nothing for one that may be taken."""
    kind = event.get("type")
    found = [
        (each, "is missing")
        for each in ("eventTime", "eventTimeZoneOffset", *NEEDED.get(str(kind), ()))
        if each not in event
    ]
    if kind not in MEMBERS and _uri(kind):
        found.append(("type", f"none of {', '.join(MEMBERS)}, and no URI of another type"))
    for name, check in FORMS.items():
        if name in event and (words := check(event[name])):
            found.append((name, words))
    for name in ("readPoint", "bizLocation"):
        if name in event:
            found += _place(name, event[name])
    found += _lists(event)
    if not found:
        found += _together(str(kind), event)
    return found


def unknown_of(event: Json) -> list[str]:
    """Return the members that are not of the standard, by where they stand; they are kept as they came."""
    kind = str(event.get("type"))
    known = MEMBERS.get(kind)
    found = [each for each in event if known is not None and each not in known]
    if known is None:
        found.append("type")
    for name in ("readPoint", "bizLocation"):
        found += [f"{name}/{each}" for each in event.get(name) or () if each != "id"]
    found += [f"ilmd/{each}" for each in event.get("ilmd") or ()]
    declared = event.get("errorDeclaration") or {}
    found += [f"errorDeclaration/{each}" for each in declared if each not in {*ERROR, "correctiveEventIDs"}]
    for at, element in enumerate(event.get("sensorElementList") or ()):
        where = f"sensorElementList/{at}"
        found += [f"{where}/{each}" for each in element if each not in ("sensorMetadata", "sensorReport")]
        metadata = element.get("sensorMetadata") or {}
        found += [f"{where}/sensorMetadata/{each}" for each in metadata if each not in METADATA]
        for place, report in enumerate(element.get("sensorReport") or ()):
            found += [f"{where}/sensorReport/{place}/{each}" for each in report if each not in REPORT]
    return found


def _place(name: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, Mapping) or "id" not in value:
        yield name, "has no id"
    elif words := _uri(value["id"]):
        yield f"{name}/id", words


def _lists(event: Json) -> Iterator[Fault]:
    for name in LISTS_OF_URIS:
        yield from _each(name, event, _uri_faults)
        given = event.get(name)
        if name in UNIQUE and isinstance(given, list) and len(set(map(str, given))) < len(given):
            yield name, "names something twice"
    for name in QUANTITIES:
        yield from _each(name, event, _quantity)
    for name, (own, vocabulary) in PAIRS.items():
        forms = {"type": _word(vocabulary), own: _uri}
        needed = (own,) if name == "bizTransactionList" else ("type", own)
        yield from _each(name, event, partial(_members, forms=forms, needed=needed, closed=True))
    yield from _each("sensorElementList", event, _sensor)
    if "persistentDisposition" in event:
        yield from _persistent(event["persistentDisposition"])
    if "errorDeclaration" in event:
        yield from _error(event["errorDeclaration"])
    if "ilmd" in event and not isinstance(event["ilmd"], Mapping):
        yield "ilmd", "no object"
    given = event.get("certificationInfo")
    for each in given if isinstance(given, list) else [given] if given is not None else []:
        if words := _uri(each):
            yield "certificationInfo", words


def _each(name: str, event: Json, check: Callable[[str, Any], Iterator[Fault]]) -> Iterator[Fault]:
    if name not in event:
        return
    if not isinstance(event[name], list):
        yield name, "no list"
        return
    for at, value in enumerate(event[name]):
        yield from check(f"{name}/{at}", value)


def _uri_faults(where: str, value: Any) -> Iterator[Fault]:
    if words := _uri(value):
        yield where, words


def _members(
    where: str,
    value: Any,
    forms: Mapping[str, Check],
    needed: Sequence[str],
    *,
    closed: bool = False,
) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield where, "no object"
        return
    for each in needed:
        if each not in value:
            yield f"{where}/{each}", "is missing"
    for each, given in value.items():
        if each not in forms:
            if closed:
                yield f"{where}/{each}", "is no member of this"
        elif words := forms[each](given):
            yield f"{where}/{each}", words


def _quantity(where: str, value: Any) -> Iterator[Fault]:
    yield from _members(where, value, QUANTITY, ("epcClass",), closed=True)


def _sensor(where: str, value: Any) -> Iterator[Fault]:
    if not isinstance(value, Mapping):
        yield where, "no object"
        return
    if "sensorMetadata" in value:
        yield from _members(f"{where}/sensorMetadata", value["sensorMetadata"], METADATA, ())
    reports = value.get("sensorReport")
    if not isinstance(reports, list) or not reports:
        yield f"{where}/sensorReport", "no list of one at least"
        return
    for at, each in enumerate(reports):
        yield from _members(f"{where}/sensorReport/{at}", each, REPORT, ("type",))


def _persistent(value: Any) -> Iterator[Fault]:
    if not isinstance(value, Mapping) or not {"set", "unset"} & set(value) or set(value) - {"set", "unset"}:
        yield "persistentDisposition", "has set, unset or both, and nothing else"
        return
    for name, given in value.items():
        is_good = isinstance(given, list) and given and len(set(map(str, given))) == len(given)
        if not is_good or any(FORMS["disposition"](each) for each in given):
            yield f"persistentDisposition/{name}", "no list of dispositions, each once"


def _error(value: Any) -> Iterator[Fault]:
    yield from _members("errorDeclaration", value, ERROR, ("declarationTime",))
    if isinstance(value, Mapping) and "correctiveEventIDs" in value:
        yield from _each("correctiveEventIDs", value, _uri_faults)


def _together(kind: str, event: Json) -> Iterator[Fault]:
    """Find what asks for something else: an event is about something, and new things come with ADD."""
    if kind == "TransformationEvent":
        goes_in = event.get("inputEPCList") or event.get("inputQuantityList")
        comes_out = event.get("outputEPCList") or event.get("outputQuantityList")
        if not (goes_in or comes_out) or ("transformationID" not in event and not (goes_in and comes_out)):
            yield "outputEPCList", "says not both what went in and what came out, and has no transformationID"
    if kind == "TransactionEvent" and not event["bizTransactionList"]:
        yield "bizTransactionList", "names no document"
    if kind in ABOUT and not _is_about(kind, event):
        yield ABOUT[kind], "names nothing that the event is about"
    if kind == "ObjectEvent" and "ilmd" in event and event["action"] != "ADD":
        yield "ilmd", "stands beside ADD alone"


ABOUT: Final = {
    "ObjectEvent": "epcList",
    "TransactionEvent": "epcList",
    "AggregationEvent": "childEPCs",
    "AssociationEvent": "childEPCs",
}


def _is_about(kind: str, event: Json) -> bool:
    """Say whether an event names a thing; one that senses names a place, one that deletes may mean all."""
    if ABOUT[kind] == "childEPCs":
        return bool(event.get("childEPCs") or event.get("childQuantityList")) or event["action"] == "DELETE"
    if "epcList" in event or event.get("quantityList"):
        return True
    if kind == "TransactionEvent":
        return bool(event["action"] == "DELETE")
    return bool(event.get("sensorElementList")) and "readPoint" in event
