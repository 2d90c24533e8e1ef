"""The XML form of EPCIS 2.0 as its JSON form: the same event reads the same, however it was written; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NoReturn
from xml.etree.ElementTree import Element

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
    shorten,
)
from portal.errors import Invalid

NAMESPACE: Final = "urn:epcglobal:epcis:xsd:2"
QUERY_NAMESPACE: Final = "urn:epcglobal:epcis-query:xsd:2"
OLDER: Final = ("urn:epcglobal:epcis:xsd:1", "urn:epcglobal:epcis-query:xsd:1")
SCHEMA_INSTANCE: Final = "{http://www.w3.org/2001/XMLSchema-instance}"
_Json = dict[str, Any]
PAIRS: Final[Mapping[str, Words]] = {
    "bizTransactionList": TRANSACTIONS,
    "sourceList": PARTIES,
    "destinationList": PARTIES,
}
NUMBERS: Final = frozenset(
    ("quantity", "value", "minValue", "maxValue", "meanValue", "sDev", "percRank", "percValue")
)


def read_events(root: Element) -> _Json:
    """Return a document of XML as the JSON form has it.

    Raises: Invalid (`older_version`, `epcis_invalid`).
    """
    space, name = _split(root.tag)
    version = root.get("schemaVersion", "")
    if space in OLDER or version.startswith("1"):
        words = f"This is EPCIS {version or '1'}. Versions before 2.0 are not read; export it as 2.0."
        raise Invalid(words, code="older_version", errors={"file": [words]})
    if (space, name) not in ((NAMESPACE, "EPCISDocument"), (QUERY_NAMESPACE, "EPCISQueryDocument")):
        _refuse(f"The root {name[:60]} is no EPCISDocument of {NAMESPACE}.")
    names = _Names()
    listed = _find(root, "EPCISBody", "EventList")
    if name == "EPCISQueryDocument":
        results = next((each for each in root.iter() if _split(each.tag)[1] == "EventList"), None)
        listed = results if results is not None else listed
    if listed is None:
        _refuse("The file has no EventList.")
    events = [_event(each, names) for each in listed]
    return {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", names.declared],
        "type": "EPCISDocument",
        "schemaVersion": version,
        "creationDate": root.get("creationDate"),
        "epcisBody": {"eventList": events},
        **{_split(each.tag)[1]: _free(each, names) for each in root if _split(each.tag)[1] != "EPCISBody"},
    }


class _Names:
    """Prefixes for the namespaces of extensions, in the order they come."""

    def __init__(self) -> None:
        self.declared: dict[str, str] = {}

    def __call__(self, tag: str) -> str:
        space, name = _split(tag)
        if not space:
            return name
        prefix = next((key for key, uri in self.declared.items() if uri == space), "")
        if not prefix:
            prefix = f"ext{len(self.declared) + 1}"
            self.declared[prefix] = space
        return f"{prefix}:{name}"


def _split(tag: Any) -> tuple[str, str]:
    space, brace, name = str(tag).rpartition("}")
    return (space[1:], name) if brace else ("", str(tag))


def _find(element: Element, *path: str) -> Element | None:
    found: Element | None = element
    for name in path:
        found = (
            next((each for each in found if _split(each.tag)[1] == name), None) if found is not None else None
        )
    return found


def _text(element: Element) -> str:
    return (element.text or "").strip()


def _number(text: str) -> Any:
    with suppress(ValueError):
        return int(text)
    with suppress(ValueError):
        return float(text)
    return text


def _event(element: Element, names: _Names) -> _Json:
    space, kind = _split(element.tag)
    event: _Json = {"type": kind if not space else names(element.tag)}
    for child in element:
        name = names(child.tag)
        reader = READERS.get(name)
        if reader is None and ":" not in name and name == "certificationInfo":
            event.setdefault(name, []).append(_text(child))
        else:
            _put(event, name, reader(child, names) if reader is not None else _free(child, names))
    return event


def _put(target: _Json, name: str, value: Any) -> None:
    """Add a member; one that comes again makes a list."""
    if name not in target:
        target[name] = value
    elif isinstance(target[name], list):
        target[name].append(value)
    else:
        target[name] = [target[name], value]


def _free(element: Element, names: _Names) -> Any:
    """Return an extension: text, or an object of what stands below it and its attributes."""
    attributes = {
        names(key): value for key, value in element.attrib.items() if not key.startswith(SCHEMA_INSTANCE)
    }
    if not len(element) and not attributes:
        return _text(element)
    found: _Json = dict(attributes)
    for child in element:
        _put(found, names(child.tag), _free(child, names))
    if text := _text(element):
        found["#text"] = text
    return found


def _plain(words: Words | None = None) -> Callable[[Element, _Names], str]:
    def read(element: Element, _names: _Names) -> str:
        return shorten(_text(element), words) if words is not None else _text(element)

    return read


def _epcs(element: Element, _names: _Names) -> list[str]:
    return [_text(each) for each in element]


def _quantities(element: Element, names: _Names) -> list[_Json]:
    return [
        {
            names(part.tag): _number(_text(part)) if names(part.tag) in NUMBERS else _text(part)
            for part in each
            if part.get(f"{SCHEMA_INSTANCE}nil") != "true"
        }
        for each in element
    ]


def _pairs(words: Words) -> Callable[[Element, _Names], list[_Json]]:
    def read(element: Element, _names: _Names) -> list[_Json]:
        found = []
        for each in element:
            kind = each.get("type")
            told = {} if kind is None else {"type": shorten(kind, words)}
            found.append(told | {_split(each.tag)[1]: _text(each)})
        return found

    return read


def _place(element: Element, names: _Names) -> _Json:
    found: _Json = {}
    for child in element:
        _put(found, names(child.tag), _free(child, names))
    return found


def _dispositions(element: Element, names: _Names) -> _Json:
    found: _Json = {}
    for child in element:
        found.setdefault(names(child.tag), []).append(shorten(_text(child), DISPOSITIONS))
    return found


def _error(element: Element, names: _Names) -> _Json:
    found: _Json = {}
    for child in element:
        name = names(child.tag)
        if name == "correctiveEventIDs":
            found[name] = [_text(each) for each in child]
        else:
            _put(found, name, shorten(_text(child), ERRORS) if name == "reason" else _free(child, names))
    return found


REPORT_WORDS: Final = {"type": MEASURES, "exception": ALARMS, "component": COMPONENTS}


def _report(element: Element, names: _Names) -> _Json:
    found: _Json = {}
    for key, text in element.attrib.items():
        name = names(key)
        if name in NUMBERS:
            found[name] = _number(text)
        elif name == "booleanValue":
            found[name] = text.strip() in ("true", "1")
        else:
            found[name] = shorten(text, REPORT_WORDS[name]) if name in REPORT_WORDS else text
    return found


def _sensors(element: Element, names: _Names) -> list[_Json]:
    elements = []
    for each in element:
        found: _Json = {}
        for child in each:
            name = names(child.tag)
            if name == "sensorMetadata":
                found[name] = {names(key): text for key, text in child.attrib.items()}
            elif name == "sensorReport":
                found.setdefault(name, []).append(_report(child, names))
            else:
                _put(found, name, _free(child, names))
        elements.append(found)
    return elements


READERS: Final[Mapping[str, Callable[[Element, _Names], Any]]] = {
    **dict.fromkeys(
        (
            "eventTime",
            "recordTime",
            "eventTimeZoneOffset",
            "eventID",
            "action",
            "parentID",
            "transformationID",
        ),
        _plain(),
    ),
    "bizStep": _plain(STEPS),
    "disposition": _plain(DISPOSITIONS),
    **dict.fromkeys(("epcList", "childEPCs", "inputEPCList", "outputEPCList"), _epcs),
    **dict.fromkeys(
        ("quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"), _quantities
    ),
    **{name: _pairs(words) for name, words in PAIRS.items()},
    **dict.fromkeys(("readPoint", "bizLocation", "ilmd"), _place),
    "persistentDisposition": _dispositions,
    "errorDeclaration": _error,
    "sensorElementList": _sensors,
}


def _refuse(words: str) -> NoReturn:
    raise Invalid(words, code="epcis_invalid", errors={"file": [words]})
