"""Files of EPCIS 2.0: JSON-LD or XML, a document, the answer to a query, or one event; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NoReturn

from batches.epcis.checking import MEMBERS, Fault, faults_of, is_instant, unknown_of
from batches.epcis.xml_form import read_events
from batches.recipes.xml_safe import read_xml
from portal.errors import Invalid

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
CONTEXT_PLACES: Final = ("https://ref.gs1.org/standards/epcis/", "https://gs1.github.io/EPCIS/")
BYTES_MAX: Final = 16_000_000
EVENTS_MAX: Final = 2_000
DEPTH_MAX: Final = 40
DOCUMENTS: Final = ("EPCISDocument", "EPCISQueryDocument")
HEAD: Final = frozenset(
    [
        "@context",
        "id",
        "type",
        "schemaVersion",
        "creationDate",
        "instanceIdentifier",
        "sender",
        "receiver",
        "epcisBody",
    ]
)
_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class GivenEvent:
    """One event of a file: itself, the prefixes of its extensions, what is wrong, what is not understood."""

    row: int
    event: _Json
    names: Mapping[str, str]
    faults: Sequence[Fault]
    unknown: Sequence[str]


@dataclass(frozen=True, slots=True)
class Given:
    """A file: its form, its events in their order, and what of its head is not understood."""

    form: str
    events: Sequence[GivenEvent]
    unknown: Sequence[str]


def read_document(body: bytes) -> Given:
    """Return the events of a file, each checked on its own: a bad one leaves its neighbours alone.

    Raises: Invalid (`epcis_invalid`, `older_version`, `xml_hostile`, `xml_broken`).
    """
    if len(body) > BYTES_MAX:
        _refuse(f"A file has at most {BYTES_MAX:,} bytes.")
    text = body.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] == b"<" or body[:2] in (b"\xff\xfe", b"\xfe\xff"):
        document = read_events(read_xml(body))
        return _given("xml", document)
    return _given("json", _parse(text))


def _parse(text: bytes) -> _Json:
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
    except RecursionError:
        _refuse(f"The file is nested more than {DEPTH_MAX} deep.")
    except (ValueError, UnicodeDecodeError) as error:
        _refuse(f"This is neither JSON nor XML: {error}.")
    if not isinstance(found, dict):
        _refuse("A file of EPCIS is one object: an EPCISDocument, an EPCISQueryDocument or an event.")
    _require_flat(found)
    return found


def _once(pairs: list[tuple[str, Any]]) -> _Json:
    found = dict(pairs)
    if len(found) < len(pairs):
        msg = "a member stands twice in one object"
        raise ValueError(msg)
    return found


def _no_constant(word: str) -> NoReturn:
    msg = f"{word} is no number of JSON"
    raise ValueError(msg)


def _require_flat(found: Any) -> None:
    level, depth = [found], 0
    while level:
        depth += 1
        if depth > DEPTH_MAX:
            _refuse(f"The file is nested more than {DEPTH_MAX} deep.")
        level = [
            child
            for each in level
            for child in (each.values() if isinstance(each, dict) else each)
            if isinstance(child, (dict, list))
        ]


def _given(form: str, document: _Json) -> Given:
    kind = document.get("type")
    if kind not in DOCUMENTS:
        if kind in MEMBERS or ":" in str(kind):
            _require_context(document)
            return Given(form, [_event(0, document, names_of(document.get("@context")))], [])
        _refuse("The file says no type: EPCISDocument, EPCISQueryDocument, or that of an event.")
    _require_head(document)
    rows = _rows(document)
    if len(rows) > EVENTS_MAX:
        _refuse(f"A file has at most {EVENTS_MAX:,} events; this one has {len(rows):,}.")
    names = names_of(document["@context"])
    unknown = [each for each in document if each not in HEAD]
    return Given(form, [_event(row, each, names) for row, each in enumerate(rows)], unknown)


def _require_context(document: Mapping[str, Any]) -> None:
    if not isinstance(document.get("@context"), (str, list, dict)):
        _refuse(f"The file has no @context; that of EPCIS 2.0 is {CONTEXT}.")


def _require_head(document: _Json) -> None:
    _require_context(document)
    is_query = document["type"] == DOCUMENTS[1]
    version = document.get("schemaVersion")
    if version is not None or not is_query:
        if not isinstance(version, str) or not version.replace(".", "").isdigit():
            _refuse("The file says no schemaVersion; this reads 2.0.")
        if version.partition(".")[0] != "2":
            words = f"This is EPCIS {version[:20]}. Versions before 2.0 are not read; export it as 2.0."
            raise Invalid(words, code="older_version", errors={"file": [words]})
    created = document.get("creationDate")
    if (created is not None or not is_query) and not is_instant(created):
        _refuse("The file says no creationDate with an offset from UTC.")


def _rows(document: _Json) -> list[Any]:
    """Return the events of a document or of the answer to a query."""
    body = document.get("epcisBody")
    if document["type"] == DOCUMENTS[1] and isinstance(body, dict):
        results = body.get("queryResults")
        body = results.get("resultsBody") if isinstance(results, dict) else None
    rows = body.get("eventList") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        _refuse("The file has no eventList.")
    return rows


def _event(row: int, event: Any, names: Mapping[str, str]) -> GivenEvent:
    if not isinstance(event, dict):
        return GivenEvent(row, {}, names, [("", "no object")], [])
    own = {**names, **names_of(event.get("@context"))}
    faults = faults_of(event)
    return GivenEvent(row, event, own, faults, [] if faults else unknown_of(event))


def names_of(context: Any) -> dict[str, str]:
    """Return the prefixes that a context declares; other contexts are fetched from nowhere."""
    found: dict[str, str] = {}
    for each in context if isinstance(context, list) else [context]:
        if isinstance(each, dict):
            found |= {
                name: uri for name, uri in each.items() if isinstance(uri, str) and not name.startswith("@")
            }
    return found


def _refuse(words: str) -> NoReturn:
    raise Invalid(words, code="epcis_invalid", errors={"file": [words]})
