"""Until when a record is opened in time: by its clause, else in one day (domain 2c)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from batches.models import Batch
from deviations.access import zone_of
from deviations.states import OPENING_CLOCK
from portal.action import instant
from portal.actor import Actor
from portal.agreements.terms import Terms
from portal.agreements.words import SINCE, duration_words
from portal.clocks import time_out
from portal.models import Program
from portal.terms import clause_words, terms_at

# Where no clause says it: opened the same shift, at the latest one day after awareness.
USUAL: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Opening:
    """When a record that is opened becomes late, and by what rule."""

    due_at: datetime
    words: str


def opening_until(
    actor: Actor, program: Program, batch: Batch | None, known: Mapping[str, datetime]
) -> Opening:
    """Return until when a record that begins now is opened in time.

    `known` holds occurred, detected and aware. Without a clause on that it is the usual day.
    """
    terms = terms_at(actor, program.pk, instant())
    found = terms.timeline(OPENING_CLOCK)
    if found is None or found.rule.since not in known:
        return Opening(known["aware"] + USUAL, opening_words(terms))
    timing = time_out(
        actor,
        program.pk,
        found.rule.within,
        known[found.rule.since],
        zone=zone_of(program, batch),
        site_id=batch.site_id if batch is not None else None,
    )
    return Opening(timing.due_at, opening_words(terms))


def opening_words(terms: Terms) -> str:
    """Return how long a record may wait to be opened, with the clause that says so."""
    found = terms.timeline(OPENING_CLOCK)
    if found is None or found.rule.since not in ("occurred", "detected", "aware"):
        return f"{int(USUAL.total_seconds() // 3600)} h after awareness"
    time, since = duration_words(found.rule.within), SINCE[found.rule.since]
    return f"{time} after {since} ({clause_words(found.clause.code, terms.version)})"
