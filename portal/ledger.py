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
_SEAL: Final = "set constraints ledger.seal immediate; set constraints ledger.seal deferred"


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
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, _values(subject, fact, audience, classification))


def record_each(lines: Sequence[tuple[SpaceRecord | Record, Fact, str]]) -> None:
    """Record facts about many records on the chains named, each in an entry of its own, in one statement.

    What was changed before stands in the first of the entries. The last is sealed by the action.
    """
    current_action()
    statements = f"; {_SEAL}; ".join([_RECORD] * len(lines))
    values = [value for subject, fact, chain in lines for value in _values(subject, fact, chain, None)]
    if lines:
        with connection.cursor() as cursor:
            cursor.execute(statements, values)


def _values(
    subject: SpaceRecord | Record, fact: Fact, audience: str | None, classification: str | None
) -> list[Any]:
    chain = audience or str(subject.audience)
    about = {
        "type": subject.type if isinstance(subject, Record) else subject._meta.model_name,
        "id": str(subject.pk),
        "number": str(getattr(subject, "number", "") or ""),
        "version": subject.version,
    }
    return [
        subject.space_id,
        chain,
        fact.name,
        fact.version,
        fact.is_news,
        json.dumps(about),
        classification or getattr(subject, "classification", None),
        _title_of(subject, chain),
        json.dumps(fact.payload()),
    ]


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
