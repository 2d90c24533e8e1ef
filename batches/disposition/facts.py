"""Facts of a disposition."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class DispositionDecided(Fact):
    """A step of the disposition of a batch was signed."""

    name = "batch.disposition_decided"
    disposition_id: UUID
    step: str
    market: str
    decision: str
    markets: tuple[str, ...]
    code: str
    clause: str
