"""Facts of the schedule (ground 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class CampaignPlanned(Fact):
    """A campaign was planned, or its ends were moved."""

    name = "campaign.planned"
    number: str
    begins_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class SlotPlanned(Fact):
    """A suite was promised for a time."""

    name = "slot.planned"
    suite: str
    batch_id: UUID | None
    planned_start: datetime
    planned_end: datetime


@dataclass(frozen=True, slots=True)
class SlotMoved(Fact):
    """The planned times of a slot were moved; why stands in the reason."""

    name = "slot.moved"
    suite: str
    start_before: datetime
    end_before: datetime
    planned_start: datetime
    planned_end: datetime


@dataclass(frozen=True, slots=True)
class SlotTaken(Fact):
    """A slot began, ended, or was given up."""

    name = "slot.taken"
    suite: str
    step: str
    at: datetime
