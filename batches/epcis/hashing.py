"""The event hash of CBV 2.0 (8.9.2): the same event has the same one, however it was written down; pure.

Left out are what is said of an event later or by others: its id, when it was recorded, an error declaration;
and comments. Before CBV 2.0 was ratified two drafts hashed EPC URIs as they stand; the examples of GS1 still
have such ids, so that an id is compared with these too.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from batches.epcis.gs1_keys import canonical
from batches.epcis.vocabulary import (
    FIELDS,
    MEASURES,
    PARTIES,
    TRANSACTIONS,
    Words,
    expand,
    up_to_date,
)

Json = Mapping[str, Any]
HASH: Final = re.compile(r"ni:///sha-256;([0-9a-f]{64})\?ver=CBV2\.0")
LEFT_OUT: Final = frozenset(
    ("type", "@context", "eventID", "recordTime", "errorDeclaration", "certificationInfo", "rdfs:comment")
)
EPCS: Final = ("epcList", "inputEPCList", "childEPCs", "outputEPCList")
QUANTITIES: Final = ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList")
PAIRS: Final[Mapping[str, tuple[str, Words]]] = {
    "bizTransactionList": ("bizTransaction", TRANSACTIONS),
    "sourceList": ("source", PARTIES),
    "destinationList": ("destination", PARTIES),
}
SETS: Final = ("set", "unset")
PLACES: Final = ("readPoint", "bizLocation")
ORDER: Final = (
    *("eventTime", "eventTimeZoneOffset", "epcList", "parentID", "inputEPCList", "childEPCs"),
    *("quantityList", "childQuantityList", "inputQuantityList", "outputEPCList", "outputQuantityList"),
    *("action", "transformationID", "bizStep", "disposition", "persistentDisposition", "readPoint"),
    *("bizLocation", "bizTransactionList", "sourceList", "destinationList", "sensorElementList"),
)
METADATA: Final = (
    *("time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod"),
    "bizRules",
)
REPORT: Final = (
    *("type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time"),
    *("microorganism", "chemicalSubstance", "value", "component", "stringValue", "booleanValue"),
    *(
        "hexBinaryValue",
        "uriValue",
        "minValue",
        "maxValue",
        "meanValue",
        "sDev",
        "percRank",
        "percValue",
        "uom",
    ),
    "coordinateReferenceSystem",
)
QUANTITY: Final = ("epcClass", "quantity", "uom")
TIMES: Final = frozenset(("eventTime", "time", "startTime", "endTime"))
TEXTS: Final = frozenset(("stringValue", "hexBinaryValue", "eventTimeZoneOffset", "action", "uom"))


@dataclass(frozen=True, slots=True)
class Dialect:
    """How keys and words are brought into one form, and whether the type of a pair comes first."""

    key: Callable[[str], str]
    word: Callable[[str, Words], str]
    type_first: bool = True


def _as_it_stands(text: str) -> str:
    return text


def _older(begins: Mapping[str, str]) -> Dialect:
    """Return a draft: keys as they stand, words with another beginning for those that had one."""

    def word(text: str, words: Words) -> str:
        return begins.get(words.urn, words.begins) + text if text in words.bare else text

    return Dialect(_as_it_stands, word, type_first=False)


_KINDS: Final = {"bizstep": "Bizstep", "disp": "Disp", "btt": "BTT", "sdt": "SDT", "er": "ER"}
RATIFIED: Final = Dialect(canonical, expand)
DRAFTS: Final = (
    _older({f"urn:epcglobal:cbv:{each}:": f"urn:epcglobal:cbv:{each}:" for each in _KINDS}),
    _older(
        {f"urn:epcglobal:cbv:{each}:": f"https://ns.gs1.org/voc/{name}-" for each, name in _KINDS.items()}
    ),
)


def hash_of(event: Json, names: Mapping[str, str], dialect: Dialect = RATIFIED) -> str:
    """Return the hash id of an event; `names` are the prefixes of its extensions."""
    digest = hashlib.sha256(pre_hash(event, names, dialect).encode()).hexdigest()
    return f"ni:///sha-256;{digest}?ver=CBV2.0"


def is_hash(event_id: str) -> bool:
    """Say whether an id claims to be the hash of its event."""
    return HASH.fullmatch(event_id) is not None


def hash_stands(event_id: str, event: Json, names: Mapping[str, str]) -> bool:
    """Say whether an id is the hash of the event, by the ratified rules or those of a draft."""
    return any(hash_of(event, names, each) == event_id for each in (RATIFIED, *DRAFTS))


def pre_hash(event: Json, names: Mapping[str, str], dialect: Dialect = RATIFIED) -> str:
    """Return the text that is hashed: members in the order of the standard, then extensions by name."""
    head = f"eventType={event.get('type', '')}"
    known = "".join(_member(name, event[name], dialect) for name in ORDER if name in event)
    return head + known + "".join(sorted(_rest(event, names)))


def _member(name: str, value: Any, dialect: Dialect) -> str:
    if name in LISTS:
        return _listed(name, [LISTS[name](each, dialect) for each in value])
    if name in PLACES:
        return f"{name}id={dialect.key(str(value['id']))}"
    if name == "persistentDisposition":
        sets = [[f"{key}={_word(key, each, dialect)}" for each in value.get(key, ())] for key in SETS]
        return name + "".join("".join(sorted(each)) for each in sets)
    return f"{name}={_value(name, value, dialect)}"


def _listed(name: str, parts: Sequence[str]) -> str:
    return name + "".join(sorted(parts)) if parts else ""


def _pair(own: str, element: Json, words: Words, dialect: Dialect) -> str:
    """Return a party or a document of the trade with its type."""
    itself = f"{own}={dialect.key(str(element[own]))}"
    kind = f"type={dialect.word(str(element['type']), words)}" if "type" in element else ""
    return kind + itself if dialect.type_first else itself + kind


def _sensor(element: Json, dialect: Dialect) -> str:
    metadata = element.get("sensorMetadata")
    told = "sensorMetadata" + _told(metadata, METADATA, dialect) if metadata else ""
    return (
        "sensorElement"
        + told
        + "".join(
            sorted("sensorReport" + _told(each, REPORT, dialect) for each in element.get("sensorReport", ()))
        )
    )


def _epc(text: Any, dialect: Dialect) -> str:
    return f"epc={dialect.key(str(text))}"


def _quantity(element: Json, dialect: Dialect) -> str:
    return "quantityElement" + _told(element, QUANTITY, dialect)


def _of_pair(name: str) -> Callable[[Json, Dialect], str]:
    own, words = PAIRS[name]
    return lambda element, dialect: _pair(own, element, words, dialect)


def _told(element: Json, order: Sequence[str], dialect: Dialect) -> str:
    return "".join(f"{key}={_value(key, element[key], dialect)}" for key in order if key in element)


LISTS: Final[Mapping[str, Callable[[Any, Dialect], str]]] = {
    **dict.fromkeys(EPCS, _epc),
    **dict.fromkeys(QUANTITIES, _quantity),
    **{name: _of_pair(name) for name in PAIRS},
    "sensorElementList": _sensor,
}


def _value(name: str, value: Any, dialect: Dialect) -> str:
    if name in TIMES:
        return instant_text(str(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return number_text(value)
    text = str(value).strip()
    return text if name in TEXTS else _word(name, text, dialect)


def _word(name: str, text: str, dialect: Dialect) -> str:
    words = MEASURES if name == "type" else FIELDS.get(name)
    return dialect.key(dialect.word(text, words) if words is not None else text)


def _rest(event: Json, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what is no member of the standard, each below the members that it stands in."""
    for key, value in event.items():
        if key in LEFT_OUT:
            continue
        if key in PLACES:
            inner = _extensions({name: each for name, each in value.items() if name != "id"}, names)
            yield key + inner if inner else ""
        elif key == "sensorElementList":
            inner = "".join(sorted(_rest_of_sensor(each, names) for each in value))
            yield key + inner if inner else ""
        elif key not in ORDER:
            yield from _extension(key, value, names)


def _rest_of_sensor(element: Json, names: Mapping[str, str]) -> str:
    parts = []
    for key, order in (("sensorMetadata", METADATA), ("sensorReport", REPORT)):
        given = element.get(key, ())
        for each in given if isinstance(given, list) else [given] if given else []:
            inner = _extensions({name: value for name, value in each.items() if name not in order}, names)
            parts.append(key + inner if inner else "")
    known = ("sensorMetadata", "sensorReport")
    parts.append(_extensions({name: each for name, each in element.items() if name not in known}, names))
    inner = "".join(sorted(parts))
    return "sensorElement" + inner if inner else ""


def _extensions(members: Json, names: Mapping[str, str]) -> str:
    return "".join(sorted(part for key, each in members.items() for part in _extension(key, each, names)))


def _extension(key: str, value: Any, names: Mapping[str, str]) -> Iterator[str]:
    if key in LEFT_OUT or key.startswith("@xmlns"):
        return
    name = full_name(key, names)
    if isinstance(value, list):
        for each in value:
            yield from _extension(key, each, names)
    elif isinstance(value, Mapping):
        own = {**names, **{at[7:]: uri for at, uri in value.items() if at.startswith("@xmlns:")}}
        text = _plain(value["#text"]) if "#text" in value else ""
        inner = {each: value[each] for each in value if each != "#text"}
        yield full_name(key, own) + (f"={text}" if text else "") + _extensions(inner, own)
    else:
        yield f"{name}={_plain(value)}"


def full_name(key: str, names: Mapping[str, str]) -> str:
    """Return the name of an extension in braces and full, as `{namespace}name`."""
    prefix, colon, local = key.partition(":")
    return f"{{{names[prefix]}}}{local}" if colon and prefix in names else key


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Decimal)):
        return number_text(value)
    text = str(value).strip()
    try:
        return number_text(Decimal(text))
    except InvalidOperation:
        return canonical(up_to_date(text))


def number_text(value: float | Decimal) -> str:
    """Return a number without sign, zeros or point that say nothing."""
    number = Decimal(str(value))
    if not number.is_finite():
        return str(value)
    return "0" if number == 0 else f"{number.normalize():f}"


def instant_text(text: str) -> str:
    """Return an instant in UTC to the millisecond, halves up; what is none stays as it is."""
    try:
        at = datetime.fromisoformat(text)
        at = (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
        at = at.replace(microsecond=0) + timedelta(milliseconds=(at.microsecond + 500) // 1000)
    except (ValueError, OverflowError):
        return text
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03}Z"
