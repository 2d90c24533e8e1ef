"""Events as a document of EPCIS 2.0 in JSON-LD; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, unquote

from batches.epcis.documents import CONTEXT, CONTEXT_PLACES, names_of
from batches.epcis.hashing import hash_of

Json = dict[str, Any]
OWN: Final = "urn:covalent:"
MEDIA_TYPE: Final = "application/ld+json"


def kept_context(event: Mapping[str, Any], names: Mapping[str, str]) -> list[Any]:
    """Return what an event needs of a context beyond that of EPCIS: the prefixes, and other contexts."""
    own = event.get("@context")
    others = [
        each
        for each in (own if isinstance(own, list) else [own])
        if isinstance(each, str) and not each.startswith(CONTEXT_PLACES)
    ]
    return [*others, dict(names)] if names else others


def write_document(events: Sequence[tuple[Mapping[str, Any], Sequence[Any]]], created_at: datetime) -> bytes:
    """Return a document with events, each with its own context beyond that of the standard.

    Prefixes that mean the same everywhere stand at the head; others stay with their event.
    """
    shared: dict[str, str] = {}
    clashing: set[str] = set()
    for _, context in events:
        for name, uri in names_of(list(context)).items():
            if shared.setdefault(name, uri) != uri:
                clashing.add(name)
    head = {name: uri for name, uri in sorted(shared.items()) if name not in clashing}
    document = {
        "@context": [CONTEXT, head] if head else [CONTEXT],
        "type": "EPCISDocument",
        "schemaVersion": "2.0",
        "creationDate": created_at.isoformat().replace("+00:00", "Z"),
        "epcisBody": {"eventList": [_with_context(event, context, head) for event, context in events]},
    }
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _with_context(event: Mapping[str, Any], context: Sequence[Any], head: Mapping[str, str]) -> Json:
    own = {name: uri for name, uri in names_of(list(context)).items() if name not in head}
    more = [each for each in context if isinstance(each, str)]
    plain = {name: each for name, each in event.items() if name != "@context"}
    return {"@context": [*more, own] if own else more, **plain} if own or more else plain


def hand_over_event(
    *,
    at: datetime,
    offset: str,
    lot: str,
    step: str,
    disposition: str,
    place: str,
    gives: str,
    takes: str,
    warmth: float | None,
) -> Json:
    """Return a hand-over as an event: who gave and took the lot, where, how warm; its id is its hash."""
    event: Json = {
        "type": "ObjectEvent",
        "eventTime": at.isoformat(timespec="milliseconds"),
        "eventTimeZoneOffset": offset,
        "epcList": [lot],
        "action": "OBSERVE",
        "bizStep": step,
        "disposition": disposition,
        "readPoint": {"id": own_uri("place", place)},
        "sourceList": [{"type": "possessing_party", "source": own_uri("holder", gives)}],
        "destinationList": [{"type": "possessing_party", "destination": own_uri("holder", takes)}],
    }
    if warmth is not None:
        report = {"type": "Temperature", "value": warmth, "uom": "CEL"}
        event["sensorElementList"] = [
            {"sensorMetadata": {"time": event["eventTime"]}, "sensorReport": [report]}
        ]
    return {"eventID": hash_of(event, {}), **event}


def own_uri(kind: str, name: str) -> str:
    """Return a URI for what has none of its own."""
    return f"{OWN}{kind}:{quote(name, safe='')}"


def plain_name(uri: str) -> str:
    """Return the name that a URI of ours was made of, any other URI as it is."""
    kind, _, name = uri.removeprefix(OWN).partition(":")
    return unquote(name) if uri.startswith(OWN) and kind in ("place", "holder") else uri
