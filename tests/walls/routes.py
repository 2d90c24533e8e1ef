"""Every route of the product, what fills its address and body, and who is expected to be answered.

A route that is not listed here fails the build (goal G25).
"""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime

from django.urls import get_resolver

# Pages before and around sign-in: they hold no record and show the caller nothing but themselves.
IDENTITY = ("account/", "static/")
OPEN = {"healthz", "readyz", "set_language"}
DEBUG_ONLY = {"styleguide"}

FILLS = {
    "program_id": "program_id",
    "space_id": "space_id",
    "batch_id": "batch_id",
    "deviation_id": "deviation_id",
    "alert_id": "alert_id",
    "excursion_id": "excursion_id",
    "attachment_id": "attachment_id",
}


def walk(patterns=None, prefix=""):
    """Yield (address pattern, name) of every route of the resolver."""
    for each in patterns if patterns is not None else get_resolver().url_patterns:
        if hasattr(each, "url_patterns"):
            yield from walk(each.url_patterns, prefix + str(each.pattern))
        else:
            yield prefix + str(each.pattern), each.name


def probed():
    """Yield the routes that the matrix tries."""
    for address, name in walk():
        if name not in OPEN | DEBUG_ONLY and not address.startswith(IDENTITY):
            yield address, name


def fill(address, ids, organisation):
    """Return the address with ids in it; an unknown kind of part fails loudly."""
    parts = []
    for part in address.split("/"):
        if not part.startswith("<"):
            parts.append(part)
            continue
        kind, _, name = part.strip("<>").rpartition(":")
        if name == "record_id":
            place = next(word for word in ("people", "seats", "keys") if word in address)
            parts.append(str(organisation[{"people": "member", "seats": "assignment", "keys": "key"}[place]]))
        elif name == "audience":
            parts.append("shared")
        elif name == "seq":
            parts.append("1")
        elif name == "level":
            parts.append("0")
        elif name == "index":
            parts.append("000.p/1")
        elif name == "deviation_id" and "preview" in address:
            parts.append(str(ids["triaged_id"]))
        elif name in FILLS:
            parts.append(str(ids[FILLS[name]]))
        else:
            raise LookupError(f"{address}: say in tests/walls/routes.py what fills <{kind}:{name}>")
    return "/" + "/".join(parts)


PROOFS = {
    "entries": "?start=0&end=499",
    "proof": "?seq=1",
    "consistency": "?from=1",
}


def queries(address, ids):
    """Query strings that name records: each list and search is tried with foreign ids in its filters."""
    if (last := address.rpartition("/")[2]) in PROOFS:
        return [PROOFS[last]]
    if last == "export":
        return ["", f"?record={ids['deviation_id']}"]
    if "series" in address:
        return ["?parameter=TEMP&from=2020-01-01T00:00:00Z&to=2040-01-01T00:00:00Z&points=100"]
    if "<" in address or address.endswith(("schema/", "docs/")):
        return [""]
    return [
        "",
        f"?program={ids['program_id']}&batch={ids['batch_id']}&page_size=200",
        f"?space={ids['space_id']}&audience=manufacturer",
        f"?program={ids['program_id']}&audience=shared&after=0",
        f"?program={ids['program_id']}&audience=manufacturer&after=0",
        f"?excursion={ids['excursion_id']}&subject={ids['deviation_id']}",
    ]


def body(address, ids):
    """A body for writes: valid where the ids are one's own, full of foreign ids otherwise."""
    now = datetime.now(UTC).isoformat()
    wanted = {
        "deviations/": {"program": str(ids["program_id"]), "title": "Title", "occurred_at": now,
                        "description": "What happened.", "detected_at": now, "batch": str(ids["batch_id"])},
        "batches/": {"program": str(ids["program_id"]), "recipe_version": str(ids["recipe_id"]),
                     "number": uuid.uuid4().hex[:12], "planned_start": now},
        "readings/": {"readings": [{"parameter": "TEMP", "at": now, "value": 36.5}]},
        "triage/": {"classification": "major", "rationale": "Rationale of at least twenty characters."},
        "phase/": {"phase": "harvest"},
        "close/": {"summary": "Summary of what was found and done.", "reason": "Reason of a few words."},
        "cancel/": {"reason": "Reason of a few words."},
        "end/": {"reason": "Reason of a few words."},
        "revoke/": {"reason": "Reason of a few words."},
    }  # fmt: skip
    return next((found for ending, found in wanted.items() if address.endswith(ending)), {})


def as_json(body):
    return json.dumps(body)
