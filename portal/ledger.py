"""How an action writes down what happened; the database seals it (ground 4)."""

from __future__ import annotations

import json

import structlog
from django.db import connection

from portal.action import current_action
from portal.errors import KeyUnavailable
from portal.facts import Fact
from portal.models import Record, SpaceRecord
from portal.sealing import Unreadable, owner_of, seal

log = structlog.get_logger(__name__)


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
    chain = audience or str(subject.audience)
    about = {
        "type": subject.type if isinstance(subject, Record) else subject._meta.model_name,
        "id": str(subject.pk),
        "number": str(getattr(subject, "number", "") or ""),
        "version": subject.version,
    }
    shown = classification or getattr(subject, "classification", None)
    values = [
        subject.space_id,
        chain,
        fact.name,
        fact.version,
        fact.is_news,
        json.dumps(about),
        shown,
        _title_of(subject, chain),
        json.dumps(fact.payload()),
    ]
    with connection.cursor() as cursor:
        cursor.execute("select ledger.record(%s, %s, %s, %s, %s, %s, %s, %s, %s)", values)


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
