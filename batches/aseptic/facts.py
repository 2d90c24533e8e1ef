"""Facts of aseptic interventions (ground 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class MediaFillStated(Fact):
    """A media fill qualified a list of interventions on a line."""

    name = "media_fill.stated"
    number: str
    line: str
    interventions: int


@dataclass(frozen=True, slots=True)
class InterventionDone(Fact):
    """Somebody reached into the process."""

    name = "intervention.done"
    is_news = False
    batch_id: UUID
    code: str
    kind: str
    station: str
    at: datetime
    seconds: int
    qualified: str
    done_code: str
