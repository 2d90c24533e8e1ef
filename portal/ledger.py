"""How an action writes down what happened; the database seals it (ground 4)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import structlog
from django.db import connection

from portal.action import current_action
from portal.errors import KeyUnavailable
from portal.facts import Fact
from portal.models import Record, SpaceRecord
from portal.sealing import Unreadable, owner_of, seal

log = structlog.get_logger(__name__)
_RECORD: Final = "select ledger.record(%s, %s, %s, %s, %s, %s, %s, %s, %s)"
_RECORD_EACH: Final = "select ledger.record_each(%s)"


def record(
    subject: SpaceRecord | Record,
    fact: Fact,
    *,
    audience: str | None = None,
    classification: str | None = None,
) -> None:
    """Record a fact about a record on the chain of its audience, or of a wider-known one that is given.

    The subject's title travels with it, sealed on a private chain; everyone on that chain may read it. It is
    a copy for lists and stays away when its key does: no step waits for a title.
    """
    current_action()
    line = _line(subject, fact, audience, classification)
    line |= {"subject": json.dumps(line["subject"]), "payload": json.dumps(line["payload"])}
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, list(line.values()))


def record_each(lines: Sequence[tuple[SpaceRecord | Record, Fact, str]]) -> None:
    """Record facts about many records on the chains named, each in an entry of its own, in one statement.

    What was changed before stands in the first of the entries.
    """
    current_action()
    if lines:
        facts = [_line(subject, fact, chain, None) for subject, fact, chain in lines]
        with connection.cursor() as cursor:
            cursor.execute(_RECORD_EACH, [json.dumps(facts)])


def _line(
    subject: SpaceRecord | Record, fact: Fact, audience: str | None, classification: str | None
) -> dict[str, Any]:
    """Return the arguments of `ledger.record` by name, in their order."""
    chain = audience or str(subject.audience)
    about = {
        "type": subject.type if isinstance(subject, Record) else subject._meta.model_name,
        "id": str(subject.pk),
        "number": str(getattr(subject, "number", "") or ""),
        "version": subject.version,
    }
    return {
        "space": str(subject.space_id),
        "audience": chain,
        "name": fact.name,
        "version": fact.version,
        "is_news": fact.is_news,
        "subject": about,
        "classification": classification or getattr(subject, "classification", None),
        "title": _title_of(subject, chain),
        "payload": fact.payload(),
    }


def _title_of(subject: SpaceRecord | Record, chain: str) -> str:
    title = getattr(subject, "title", "") or ""
    if isinstance(title, Unreadable):
        return ""
    if chain == "shared" or not title:
        return str(title)
    owner = owner_of(subject.space_id, chain)
    try:
        return seal(str(title), organisation_id=owner, space_id=subject.space_id, audience=chain)
    except KeyUnavailable as error:
        log.warning("title_left_out", space=str(subject.space_id), audience=chain, reason=error.reason)
        return ""


def give_reason(subject: SpaceRecord, reason: str) -> None:
    """State why, before anything is changed (21 CFR 11.10(e)); the text is sealed on a private chain."""
    current_action()
    text = reason
    if subject.audience != "shared":
        owner = owner_of(subject.space_id, str(subject.audience))
        text = seal(reason, organisation_id=owner, space_id=subject.space_id, audience=str(subject.audience))
    with connection.cursor() as cursor:
        cursor.execute("select set_config('covalent.reason', %s, true)", [text])
