"""Room for what higher apps know of a batch: deviations register here, batches show it (design 2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from portal.actor import Actor
from portal.dossiers import Dossier
from portal.slots import Slot


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """Open deviations of a batch by class, what blocks it in words, and the next deadline among them.

    `early_signals` wait for an answer; they are no deviations. Of `shelved` alarms the alerts wait.
    """

    open_minor: int = 0
    open_major: int = 0
    open_critical: int = 0
    unclassified: int = 0
    blocks: tuple[str, ...] = ()
    next_due_at: datetime | None = None
    next_due_clause: str = ""
    early_signals: int = 0
    shelved: int = 0
    # What was decided of the batch, in words.
    disposition: str = ""

    def __add__(self, other: BatchFacts) -> BatchFacts:
        """Add what another provider knows; the earlier deadline stands."""
        first = min((self, other), key=lambda each: (each.next_due_at is None, each.next_due_at))
        return BatchFacts(
            self.open_minor + other.open_minor,
            self.open_major + other.open_major,
            self.open_critical + other.open_critical,
            self.unclassified + other.unclassified,
            self.blocks + other.blocks,
            first.next_due_at,
            first.next_due_clause,
            self.early_signals + other.early_signals,
            self.shelved + other.shelved,
            self.disposition or other.disposition,
        )


batch_facts: Final[Slot[[Actor, Sequence[UUID]], Mapping[UUID, BatchFacts]]] = Slot("batch_facts")


def facts_of(actor: Actor, batch_ids: Sequence[UUID]) -> dict[UUID, BatchFacts]:
    """Return what all providers know of each batch."""
    known = dict.fromkeys(batch_ids, BatchFacts())
    for provided in batch_facts(actor, batch_ids):
        for batch_id, facts in provided.items():
            known[batch_id] += facts
    return known


@dataclass(frozen=True, slots=True)
class BatchDeviation:
    """One deviation of a batch as its page lists it; `state` is in words, the class None until given.

    `recurs_as` names earlier deviations of other batches at the same limit of the same parameter.
    """

    id: UUID
    number: str
    title: str
    state: str
    is_open: bool
    classification: str | None
    audience: str
    occurred_at: datetime
    excursion_id: UUID | None
    url: str
    detected_at: datetime | None = None
    due_at: datetime | None = None
    recurs_as: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchSignal:
    """One early signal of a batch as its page lists it; `state` is in words, `by` the code that raised it."""

    number: str
    title: str
    url: str
    state: str
    is_open: bool
    by: str
    raised_at: datetime
    answer: str


@dataclass(frozen=True, slots=True)
class BatchSignals:
    """The early signals of a batch, those that wait first, and where the reader raises one, if at all."""

    lines: tuple[BatchSignal, ...]
    raise_url: str


@dataclass(frozen=True, slots=True)
class AutomaticEvent:
    """What happened to a batch and is logged by itself (domain 2e); `trigger` is the word clauses know."""

    space_id: UUID
    batch_id: UUID
    title: str
    description: str
    occurred_at: datetime
    trigger: str


# Logs an event in the transaction of the action in which it was found; the provider writes.
automatic_events: Final[Slot[[Actor, AutomaticEvent], None]] = Slot("automatic_events")
# What else belongs to a batch that is taken away: as of an instant, from all chains or some.
batch_dossiers: Final[Slot[[Actor, UUID, datetime, Collection[str] | None], Sequence[Dossier]]] = Slot(
    "batch_dossiers"
)
batch_deviations: Final[Slot[[Actor, UUID], Sequence[BatchDeviation]]] = Slot("batch_deviations")
# By program and batch.
batch_signals: Final[Slot[[Actor, UUID, UUID], BatchSignals]] = Slot("batch_signals")


@dataclass(frozen=True, slots=True)
class Growth:
    """What grew on a plate of Grade A while a batch was made."""

    program_id: UUID
    batch_id: UUID
    session: str
    sample: str
    place: str
    kind: str
    count: Decimal
    unit: str
    exposed_at: datetime
    taken_at: datetime | None
    read_at: datetime


# Open the event of it and return its id; called inside the action that learns of the growth.
grown: Final[Slot[[Actor, Growth], UUID]] = Slot("grown")


def deviations_of(actor: Actor, batch_id: UUID) -> list[BatchDeviation]:
    """Return what all providers list of a batch, the latest first."""
    found = [each for provided in batch_deviations(actor, batch_id) for each in provided]
    return sorted(found, key=lambda each: (each.occurred_at, each.number), reverse=True)


@dataclass(frozen=True, slots=True)
class Noticed:
    """What a watch noticed in a running batch, told to both sides as one early signal; `by` says which."""

    batch_id: UUID
    title: str
    account: str
    noticed_at: datetime
    by: str


# Tells it within the action that found it; returns the id of what was raised.
tell_noticed: Final[Slot[[Actor, UUID, Noticed], UUID]] = Slot("tell_noticed")
