"""Slots: where a lower app leaves room for what a higher one knows and provides (design 2)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Generic, ParamSpec, TypeVar
from uuid import UUID

from portal.actor import Actor
from portal.agreements.backtest import Case

P = ParamSpec("P")
R = TypeVar("R")


class Slot(Generic[P, R]):
    """A named place for providers of one shape; calling it asks each of them in the order of registration."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._providers: list[Callable[P, R]] = []

    def register(self, provider: Callable[P, R]) -> Callable[P, R]:
        """Add a provider once; usable as a decorator."""
        if provider not in self._providers:
            self._providers.append(provider)
        return provider

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        """Return what each provider answers."""
        return [provider(*args, **kwargs) for provider in self._providers]


@dataclass(frozen=True, slots=True)
class InboxItem:
    """One thing that waits for somebody: what, why by which clause, whose turn it is, until when.

    `side` holds the ball; `terms` is the version of the agreement that has the clause. `due_at` is None when
    nothing runs against it.
    """

    subject_type: str
    subject_id: UUID
    number: str
    title: str
    kind: str
    why: str
    clause: str
    side: str
    due_at: datetime | None
    url: str
    classification: str | None
    space_id: UUID | None = None
    terms: int | None = None


@dataclass(frozen=True, slots=True)
class RunningBatch:
    """A batch in process as Home names it; `zone` is the IANA zone of where it is made."""

    id: UUID
    number: str
    title: str
    url: str
    zone: str


@dataclass(frozen=True, slots=True)
class News:
    """One thing that came about in a batch: an excursion or a deviation, and when this reader could know."""

    batch_id: UUID
    subject_id: UUID
    kind: str
    words: str
    url: str
    at: datetime
    classification: str = ""


# Past cases of a program since an instant, for running a draft of the agreement over them.
past_cases: Final[Slot[[Actor, UUID, datetime], list[Case]]] = Slot("past_cases")
running: Final[Slot[[Actor], list[RunningBatch]]] = Slot("running")
# What is new in batches since an instant each.
news: Final[Slot[[Actor, Mapping[UUID, datetime]], list[News]]] = Slot("news")
# To which of these batches records belong, as far as a provider knows them.
batch_of: Final[Slot[[Actor, Collection[UUID], Collection[UUID]], Mapping[UUID, UUID]]] = Slot("batch_of")
inbox: Final[Slot[[Actor], list[InboxItem]]] = Slot("inbox")
# How many things wait for a person, counted without reading them: every page shows the sum.
waiting: Final[Slot[[Actor], int]] = Slot("waiting")
