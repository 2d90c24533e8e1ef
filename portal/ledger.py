"""How an action writes down what happened; the database seals it (ground 4)."""

from __future__ import annotations

import json

from django.db import connection

from portal.action import current_action
from portal.facts import Fact
from portal.models import SpaceRecord
from portal.sealing import owner_of, seal


def record(
    subject: SpaceRecord, fact: Fact, *, audience: str | None = None, classification: str | None = None
) -> None:
    """Record a fact about a record on the chain of its audience, or of a wider-known one that is given.

    The subject's title travels with it, sealed on a private chain; everyone on that chain may read it.
    """
    current_action()
    chain = audience or str(subject.audience)
    title = str(getattr(subject, "title", "") or "")
    if chain != "shared" and title:
        owner = owner_of(subject.space_id, chain)
        title = seal(title, organisation_id=owner, space_id=subject.space_id, audience=chain)
    about = {
        "type": subject._meta.model_name,
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
        title,
        json.dumps(fact.payload()),
    ]
    with connection.cursor() as cursor:
        cursor.execute("select ledger.record(%s, %s, %s, %s, %s, %s, %s, %s, %s)", values)


def give_reason(subject: SpaceRecord, reason: str) -> None:
    """State why, before anything is changed (21 CFR 11.10(e)); the text is sealed on a private chain."""
    current_action()
    text = reason
    if subject.audience != "shared":
        owner = owner_of(subject.space_id, str(subject.audience))
        text = seal(reason, organisation_id=owner, space_id=subject.space_id, audience=str(subject.audience))
    with connection.cursor() as cursor:
        cursor.execute("select set_config('covalent.reason', %s, true)", [text])
