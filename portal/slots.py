"""Slots: where a lower app leaves room for what a higher one knows and provides (design 2)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, ParamSpec, TypeVar
from uuid import UUID

from django.db.models import QuerySet

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
    # By whom, or of when: one short remark.
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Coming:
    """What falls due or begins in a batch soon; `side` holds the ball, empty where nobody does."""

    batch_id: UUID
    kind: str
    words: str
    url: str
    at: datetime
    side: str = ""
    clause: str = ""


@dataclass(frozen=True, slots=True)
class FeedLine:
    """One parameter of a feed: when its newest datum was measured, and the age from which that is late.

    What never came is late when the batch has run for that long.
    """

    code: str
    title: str
    at: datetime | None
    interval_s: int
    stale_after_s: int
    is_late: bool


@dataclass(frozen=True, slots=True)
class Feed:
    """What is sent into a running batch; `refused` counts rows not taken, None when not for the reader.

    `refused_codes` says why, the most frequent first.
    """

    number: str
    url: str
    program_id: UUID
    lines: tuple[FeedLine, ...]
    refused: int | None
    refused_codes: tuple[str, ...]

    @property
    def late(self) -> list[FeedLine]:
        """Return the parameters whose next datum should be here."""
        return [each for each in self.lines if each.is_late]

    @property
    def at(self) -> datetime | None:
        """Return when the newest of all was measured."""
        return max((each.at for each in self.lines if each.at), default=None)

    @property
    def stale_after_s(self) -> int | None:
        """Return the age from which the newest of all is late."""
        return min((each.stale_after_s for each in self.lines), default=None)


@dataclass(frozen=True, slots=True)
class GatewayLine:
    """What a device of a site sends into a running batch: when it last spoke, how far it is, clock and chain.

    `person_id` is the account of its key, None where that is not the reader's; `clock` and `chain` are words.
    """

    device: str
    number: str
    url: str
    person_id: UUID | None
    seen_at: datetime
    silent_after_s: int
    is_silent: bool
    sequence: int
    waiting: int
    lost: int
    clock: str
    is_off: bool
    chain: str
    is_broken: bool


# Past cases of a program since an instant, for running a draft of the agreement over them.
past_cases: Final[Slot[[Actor, UUID, datetime], list[Case]]] = Slot("past_cases")
running: Final[Slot[[Actor], list[RunningBatch]]] = Slot("running")
# What is sent into the batches that run, and whether it comes.
feeds: Final[Slot[[Actor], list[Feed]]] = Slot("feeds")
# The devices that send it.
gateways: Final[Slot[[Actor], list[GatewayLine]]] = Slot("gateways")
# What is new in batches since an instant each.
news: Final[Slot[[Actor, Mapping[UUID, datetime]], list[News]]] = Slot("news")
# Which batches ended since an instant.
ended: Final[Slot[[Actor, datetime], list[RunningBatch]]] = Slot("ended")
# What else happened or came in, for the sheet of a batch alone: milestones, results, answers, signatures.
came_in: Final[Slot[[Actor, Mapping[UUID, datetime]], list[News]]] = Slot("came_in")
# What is ahead in batches until an instant.
coming: Final[Slot[[Actor, Collection[UUID], datetime], list[Coming]]] = Slot("coming")
# To which of these batches records belong, as far as a provider knows them.
batch_of: Final[Slot[[Actor, Collection[UUID], Collection[UUID]], Mapping[UUID, UUID]]] = Slot("batch_of")
# The class of each record that has one and that the actor may see.
classes: Final[Slot[[Actor, list[UUID]], Mapping[UUID, str]]] = Slot("classes")
# When records began, as far as a provider knows them: what the version of the agreement they keep hangs on.
began: Final[Slot[[Actor, Collection[UUID]], Mapping[UUID, datetime]]] = Slot("began")
inbox: Final[Slot[[Actor], list[InboxItem]]] = Slot("inbox")
# Which alerts ask for no more than a record that waits in the inbox itself: kinds, and a query of its ids.
asking: Final[Slot[[Actor], tuple[Collection[str], QuerySet[Any, Any]]]] = Slot("asking")
# How many things wait for a person, counted without reading them: every page shows the sum.
waiting: Final[Slot[[Actor], int]] = Slot("waiting")


def class_known(actor: Actor, record_id: UUID) -> str | None:
    """Return the class of a record as far as the actor may see it, None where it has none."""
    found: dict[UUID, str] = {}
    for each in classes(actor, [record_id]):
        found.update(each)
    return found.get(record_id)
