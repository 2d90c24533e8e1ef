"""Facts of the batches app: past tense, dotted, versioned (ground 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class RecipeDrafted(Fact):
    """A draft of a recipe was begun; it may be based on another version."""

    name = "recipe.drafted"
    is_news = False
    based_on: UUID | None


@dataclass(frozen=True, slots=True)
class RecipeEdited(Fact):
    """A draft says something else; what it said is not kept."""

    name = "recipe.edited"
    is_news = False


@dataclass(frozen=True, slots=True)
class RecipeShared(Fact):
    """The sponsor may read the draft from here on."""

    name = "recipe.shared"
    code: str


@dataclass(frozen=True, slots=True)
class RecipeSubmitted(Fact):
    """A version was handed to the sponsor's review and will never be rewritten."""

    name = "recipe.submitted"
    revision: int
    digest: str
    steps: int
    parameters: int


@dataclass(frozen=True, slots=True)
class RecipeReturned(Fact):
    """The sponsor sent a version back."""

    name = "recipe.returned"
    revision: int
    code: str


@dataclass(frozen=True, slots=True)
class RecipeApproved(Fact):
    """The sponsor approved a version by signature."""

    name = "recipe.approved"
    revision: int
    digest: str
    code: str


@dataclass(frozen=True, slots=True)
class RecipeMadeEffective(Fact):
    """A version is in force from an instant on."""

    name = "recipe.made_effective"
    revision: int
    effective_from: datetime


@dataclass(frozen=True, slots=True)
class RecipeWithdrawn(Fact):
    """A version was given up before it came into force."""

    name = "recipe.withdrawn"
    code: str


@dataclass(frozen=True, slots=True)
class RecipeAuthored(Fact):
    """A recipe version came into force."""

    name = "recipe.authored"
    revision: int
    phases: tuple[str, ...]
    parameters: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecipeSuperseded(Fact):
    """A later revision took the place of this one; running batches keep theirs."""

    name = "recipe.superseded"
    is_news = False
    by_id: UUID


@dataclass(frozen=True, slots=True)
class BatchPlanned(Fact):
    """A batch was entered."""

    name = "batch.planned"
    recipe_version_id: UUID
    planned_start: datetime


@dataclass(frozen=True, slots=True)
class BatchStarted(Fact):
    """Execution began, in this phase if the recipe has any."""

    name = "batch.started"
    started_at: datetime
    phase: str


@dataclass(frozen=True, slots=True)
class PhaseEntered(Fact):
    """The batch moved on to a phase; from then on other limits may apply."""

    name = "batch.phase_entered"
    phase: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BatchCompleted(Fact):
    """Execution is over; no more readings are taken."""

    name = "batch.completed"
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class BatchDiscontinued(Fact):
    """The batch was stopped for good."""

    name = "batch.discontinued"
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class BatchMirrored(Fact):
    """The status in the plant's own system was copied."""

    name = "batch.mirrored"
    is_news = False
    as_of: datetime


@dataclass(frozen=True, slots=True)
class ExcursionOpened(Fact):
    """Readings left a limit. It may be over already when they came late."""

    name = "excursion.opened"
    batch_id: UUID
    parameter: str
    limit_kind: str
    direction: str
    started_at: datetime
    ended_at: datetime | None
    extreme: float
    is_late: bool


@dataclass(frozen=True, slots=True)
class ExcursionExtended(Fact):
    """More is known of an excursion; while it lasts this is noted about once a minute."""

    name = "excursion.extended"
    is_news = False
    batch_id: UUID
    started_at: datetime
    last_outside_at: datetime
    ended_at: datetime | None
    extreme: float
    readings: int


@dataclass(frozen=True, slots=True)
class ExcursionClosed(Fact):
    """Readings are back inside, or the limit ceased to apply."""

    name = "excursion.closed"
    batch_id: UUID
    started_at: datetime
    ended_at: datetime
    extreme: float
    readings: int


@dataclass(frozen=True, slots=True)
class ExcursionWithdrawn(Fact):
    """Later knowledge left no episode of its own; another one may have taken its readings over."""

    name = "excursion.withdrawn"
    batch_id: UUID
    merged_into_id: UUID | None


@dataclass(frozen=True, slots=True)
class ReadingsSealed(Fact):
    """The frames since the last seal: the RFC 6962 root over their digests, by receipt, then by id."""

    name = "readings.sealed"
    is_news = False
    root: str
    frames: int
    readings: int
    first_received_at: datetime
    last_received_at: datetime


@dataclass(frozen=True, slots=True)
class LotReceived(Fact):
    """A lot came in from a supplier or from the sponsor."""

    name = "lot.received"
    material: str
    quantity: str
    unit: str
    supplied_by: str


@dataclass(frozen=True, slots=True)
class LotProduced(Fact):
    """A batch gave a lot."""

    name = "lot.produced"
    batch_id: UUID
    material: str
    quantity: str
    unit: str


@dataclass(frozen=True, slots=True)
class LotUsed(Fact):
    """So much of a lot went into a batch, under quarantine if nobody had released it."""

    name = "lot.used"
    batch_id: UUID
    quantity: str
    unit: str
    used_at: datetime
    under_quarantine: bool


@dataclass(frozen=True, slots=True)
class LotUseWithdrawn(Fact):
    """A use was entered by mistake; why stands in the reason."""

    name = "lot.use_withdrawn"
    is_news = False
    batch_id: UUID
    quantity: str
    unit: str


@dataclass(frozen=True, slots=True)
class LotStateChanged(Fact):
    """A lot was released, restricted, put on hold or rejected."""

    name = "lot.state_changed"
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class AlarmShelved(Fact):
    """The alerts of a limit wait until an instant; a person said why."""

    name = "alarm.shelved"
    batch_id: UUID
    parameter: str
    limit_kind: str
    until: datetime


@dataclass(frozen=True, slots=True)
class AlarmUnshelved(Fact):
    """An alarm is in service again: what was outside meanwhile, and how much of it still is."""

    name = "alarm.unshelved"
    batch_id: UUID
    by_itself: bool
    ended_at: datetime
    excursions: int
    lasting: int


@dataclass(frozen=True, slots=True)
class LotLinked(Fact):
    """The sponsor said that the lot goes on as, or was made of, a lot of another program."""

    name = "lot.linked"
    link_id: UUID
    way: str
    other_number: str


@dataclass(frozen=True, slots=True)
class LotLinkEnded(Fact):
    """A link with a lot of another program holds no longer; why stands in the reason."""

    name = "lot.link_ended"
    link_id: UUID
    other_number: str


@dataclass(frozen=True, slots=True)
class LotLinkCarried(Fact):
    """The lot at the other end of a link stands otherwise than before."""

    name = "lot.link_carried"
    link_id: UUID
    other_number: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class BatchHeld(Fact):
    """A batch is held: its status, at a hold point, or in the use of a thing; by a clause or by a person."""

    name = "batch.held"
    hold_id: UUID
    kind: str
    cause_id: UUID | None
    clause: str


@dataclass(frozen=True, slots=True)
class BatchHoldLifted(Fact):
    """A hold ended: with its cause, or because a person lifted it."""

    name = "batch.hold_lifted"
    hold_id: UUID
    kind: str
    cause_id: UUID | None
