"""Take over what partners tell of the custody of a patient lot: files of EPCIS 2.0."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from batches.access import lock_batch_of
from batches.custody.facts import CustodyEventDeclared, CustodyFileTaken
from batches.custody.patients import identity_in
from batches.custody.states import CHECKERS
from batches.epcis.documents import GivenEvent, read_document
from batches.epcis.hashing import hash_of, hash_stands, is_hash
from batches.epcis.telling import holder_of, place_of, time_of, warmths_of
from batches.epcis.writing import kept_context, plain_name
from batches.models import Batch, CustodyEvent, CustodyFile
from batches.reach import AHEAD, OLDEST
from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.states import SPONSOR_CMC, SPONSOR_QA

TAKERS: Final = (*CHECKERS, SPONSOR_QA, SPONSOR_CMC)
ID_MOST: Final = 400
TEXT_MOST: Final = 200
FAULTS_SHOWN: Final = 5
WARMEST: Final = Decimal(99999)
# Code and words.
Refusal = tuple[str, str]


@action("custody.take")
def take_events(actor: Actor, batch_id: UUID, *, body: bytes) -> CustodyFile:
    """Take the events of a file over as the custody of a batch; the file may come again, in any order.

    An id has one event: the same one again counts as there, another one under it is refused. An error
    declaration marks the event it names, whichever of the two comes first. An event that is not one of
    EPCIS 2.0, lies in the future or says who the patient is is refused alone; what is not understood is kept
    and named. Raises: NotFound, Refused, Invalid (`epcis_invalid`, `older_version`, `xml_hostile`,
    `xml_broken`). Records: custody.taken v1, custody.declared v1. Source: GS1 EPCIS and CBV 2.0.
    """
    batch = lock_batch_of(actor, batch_id)
    require_role(actor, batch.space_id, *TAKERS, to="take over custody from others")
    given = read_document(body)
    found = CustodyFile(
        space_id=batch.space_id,
        batch=batch,
        sha256=hashlib.sha256(body).hexdigest(),
        form=given.form,
        unknown=[{"row": None, "members": list(given.unknown)}] if given.unknown else [],
        taken_code=actor.code(batch.space_id),
        taken_at=instant(),
    )
    for each in given.events:
        refusal = _refusal(each) or _take(actor, batch, each, found)
        if refusal is not None:
            code, detail = refusal
            found.refused.append({"row": each.row, "code": code, "detail": detail})
        elif each.unknown:
            found.unknown.append({"row": each.row, "members": list(each.unknown)})
    found.save(force_insert=True)
    fact = CustodyFileTaken(
        file_id=found.pk,
        sha256=found.sha256,
        accepted=found.accepted,
        duplicates=found.duplicates,
        declared=found.declared,
        refused=len(found.refused),
    )
    ledger.record(batch, fact)
    return found


def _take(actor: Actor, batch: Batch, each: GivenEvent, found: CustodyFile) -> Refusal | None:
    digest = hash_of(each.event, each.names)
    event_id = str(each.event.get("eventID") or digest)
    known = CustodyEvent.objects.visible_to(actor).filter(space_id=batch.space_id, event_id=event_id).first()
    if known is not None and known.batch_id != batch.pk:
        return "other_batch", "This event was taken over for another batch of the program."
    if known is not None and known.digest != digest:
        return "event_changed", "An event with this id says something else; an id has one event."
    if known is None:
        known = _keep(actor, batch, each, form=found.form, event_id=event_id, digest=digest)
        found.accepted += 1
    else:
        found.duplicates += 1
    if _declare(known, each.event.get("errorDeclaration")):
        found.declared += 1
    if known.hash_stands is False:
        found.doubted.append(each.row)
    return None


def _refusal(each: GivenEvent) -> Refusal | None:
    if each.faults:
        told = "; ".join(f"{where or 'event'}: {words}" for where, words in each.faults[:FAULTS_SHOWN])
        more = len(each.faults) - FAULTS_SHOWN
        return "event_invalid", told + (f"; and {more} more" if more > 0 else "")
    if not OLDEST <= time_of(each.event) <= instant() + AHEAD:
        return "event_time", "eventTime: not before 2000 and not in the future."
    if len(str(each.event.get("eventID", ""))) > ID_MOST:
        return "event_invalid", f"eventID: at most {ID_MOST} characters."
    for where, words in identity_in(each.event):
        return "patient_identity", f"{where}: {words} No patient identity is kept here."
    return None


def _keep(
    actor: Actor, batch: Batch, each: GivenEvent, *, form: str, event_id: str, digest: str
) -> CustodyEvent:
    event = each.event
    warmths = [one for one in warmths_of(event) if abs(one.low) < WARMEST and abs(one.high) < WARMEST]
    own_id = "eventID" in event
    return CustodyEvent.objects.create(
        space_id=batch.space_id,
        batch=batch,
        event_id=event_id,
        digest=digest,
        has_own_id=own_id,
        hash_stands=hash_stands(event_id, event, each.names) if own_id and is_hash(event_id) else None,
        kind=str(event["type"])[:TEXT_MOST],
        action=event.get("action", ""),
        at=time_of(event),
        zone_offset=event["eventTimeZoneOffset"],
        step=event.get("bizStep", "")[:TEXT_MOST],
        disposition=event.get("disposition", "")[:TEXT_MOST],
        place=plain_name(place_of(event))[:ID_MOST],
        holder=plain_name(holder_of(event))[:ID_MOST],
        warmest=max((one.high for one in warmths), default=None),
        coldest=min((one.low for one in warmths), default=None),
        told={name: value for name, value in event.items() if name != "@context"},
        context=kept_context(event, _used(each.names, event)),
        unknown=list(each.unknown),
        form=form,
        taken_code=actor.code(batch.space_id),
        taken_at=instant(),
    )


def _declare(kept: CustodyEvent, declared: Mapping[str, Any] | None) -> bool:
    """Mark an event that its sender calls wrong; a later word takes the place of an earlier one."""
    if declared is None:
        return False
    at = datetime.fromisoformat(declared["declarationTime"])
    if kept.declared_at is not None and kept.declared_at >= at:
        return False
    corrected = [str(each) for each in declared.get("correctiveEventIDs", ())]
    kept.declare(at, str(declared.get("reason", ""))[:TEXT_MOST], corrected)
    kept.save(update_fields=["declared_at", "declared_reason", "corrected_by", "version"])
    fact = CustodyEventDeclared(
        batch_id=kept.batch_id, event_id=kept.event_id, declared_at=at, corrected_by=tuple(corrected)
    )
    ledger.record(kept.batch, fact)
    return True


def _used(names: Mapping[str, str], event: Mapping[str, Any]) -> dict[str, str]:
    """Return the prefixes that the event makes use of."""
    said = set(_prefixes(event))
    return {name: uri for name, uri in names.items() if name in said}


def _prefixes(value: Any) -> Sequence[str]:
    if isinstance(value, dict):
        own = [key.partition(":")[0] for key in value if ":" in key]
        return own + [one for each in value.values() for one in _prefixes(each)]
    if isinstance(value, list):
        return [one for each in value for one in _prefixes(each)]
    return [value.partition(":")[0]] if isinstance(value, str) and ":" in value else []
