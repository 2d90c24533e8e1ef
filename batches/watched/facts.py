"""Facts of watches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class WatchModelAsked(Fact):
    """A person chose the batches from which a watch model is learned."""

    name = "watch_model.asked"
    is_news = False
    recipe_number: str
    revision: int
    batches: tuple[UUID, ...]
    code: str


@dataclass(frozen=True, slots=True)
class WatchModelLearned(Fact):
    """A watch model was learned; the digest is that of its document."""

    name = "watch_model.learned"
    digest: str
    parameters: int
    components: int


@dataclass(frozen=True, slots=True)
class WatchModelFailed(Fact):
    """Nothing could be learned from the batches that were chosen."""

    name = "watch_model.failed"
    why: str


@dataclass(frozen=True, slots=True)
class WatchModelProposed(Fact):
    """The author signed a watch model; the sponsor's signature is what it waits for."""

    name = "watch_model.proposed"
    digest: str
    code: str


@dataclass(frozen=True, slots=True)
class WatchModelApproved(Fact):
    """The sponsor signed a watch model; running batches of the recipe are watched by it from here on."""

    name = "watch_model.approved"
    digest: str
    code: str


@dataclass(frozen=True, slots=True)
class WatchModelSuperseded(Fact):
    """The next model took the place of this one."""

    name = "watch_model.superseded"
    by_id: UUID


@dataclass(frozen=True, slots=True)
class WatchModelWithdrawn(Fact):
    """A watch model was given up; it watches nothing more."""

    name = "watch_model.withdrawn"
    code: str


@dataclass(frozen=True, slots=True)
class WatchNoticed(Fact):
    """A watch noticed something in a running batch; `told_id` is the early signal that tells of it."""

    name = "watch.noticed"
    is_news = False
    batch_id: UUID
    model_id: UUID
    sign: str
    parameter: str
    direction: str
    begins_at: datetime
    known_at: datetime
    told_id: UUID | None


@dataclass(frozen=True, slots=True)
class WatchEnded(Fact):
    """What a watch had noticed is over, or was taken back."""

    name = "watch.ended"
    is_news = False
    batch_id: UUID
    last_at: datetime
    is_withdrawn: bool
