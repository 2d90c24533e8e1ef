"""What happens to the copy of another system: ids and names of fields, never their words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class ConflictFound(Fact):
    """A copy says something else than the record, in a field that is mastered here."""

    name = "mirror.conflict_found"
    deviation_id: UUID
    field: str
    as_of: datetime


@dataclass(frozen=True, slots=True)
class ConflictAgreed(Fact):
    """A later copy says what the record says."""

    name = "mirror.conflict_agreed"
    deviation_id: UUID
    field: str


@dataclass(frozen=True, slots=True)
class ConflictSettled(Fact):
    """CDMO QA said what is right."""

    name = "mirror.conflict_settled"
    deviation_id: UUID
    field: str
    outcome: str


@dataclass(frozen=True, slots=True)
class ClassCopied(Fact):
    """The class that the other system gives, copied; it changes no class here."""

    name = "mirror.class_copied"
    deviation_id: UUID
    as_of: datetime
