"""Facts of the sustainability sheet (ground 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class FactorsStated(Fact):
    """A version of factors was stated."""

    name = "factors.stated"
    is_news = False
    number: str
    revision: int
    effective_from: date
    factors: int


@dataclass(frozen=True, slots=True)
class FootprintStated(Fact):
    """What a batch took was stated, or stated anew; the earlier sheets stay."""

    name = "footprint.stated"
    batch_id: UUID
    revision: int
    lines: int
    kg_co2e: Decimal
