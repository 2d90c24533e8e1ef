"""What a record on paper or in another system says, as the set-up of a program enters it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class StatedStep:
    """A step as it was done; without an end it is under way, without a verifier it was not checked."""

    step: str
    started_at: datetime
    ended_at: datetime | None
    performed_code: str
    verified_code: str = ""
    equipment: Sequence[str] = ()
    rooms: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class StatedEntry:
    """A line of the record; `corrects` is what was entered first, with why it was wrong."""

    step: str
    title: str
    at: datetime
    code: str
    value: Decimal | None = None
    unit: str = ""
    text: str = ""
    parameter: str = ""
    corrects: Decimal | None = None
    reason: str = ""
    verified_code: str = ""


@dataclass(frozen=True, slots=True)
class StatedResult:
    """What a sample gave."""

    parameter: str
    sample: str
    value: Decimal
    sampled_at: datetime
    resulted_at: datetime
    reader_code: str
    point: str = ""
    method: str = ""
    exposed_until: datetime | None = None
    reviewed_code: str = ""
