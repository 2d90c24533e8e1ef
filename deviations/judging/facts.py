"""Facts of judging: ids, codes, classes and instants; words stand in the record (ground 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class ImpactGiven(Fact):
    """A side said topic by topic what a deviation means; it holds once it is signed."""

    name = "impact.given"
    side: str


@dataclass(frozen=True, slots=True)
class ImpactConcluded(Fact):
    """A side's assessment of the impact was signed; the CDMO's ends what waited for it."""

    name = "impact.concluded"
    side: str
    code: str


@dataclass(frozen=True, slots=True)
class ScopeLooked(Fact):
    """Other batches of the program were looked for; `found` are new ones."""

    name = "scope.looked"
    found: int


@dataclass(frozen=True, slots=True)
class ScopeDecided(Fact):
    """It was decided whether another batch is in the scope of the deviation."""

    name = "scope.decided"
    batch_id: UUID
    outcome: str


@dataclass(frozen=True, slots=True)
class ReclassificationProposed(Fact):
    """A lower class was proposed; a second signature gives it."""

    name = "class.lower_proposed"
    before: str
    classification: str


@dataclass(frozen=True, slots=True)
class Reclassified(Fact):
    """The provisional class was given anew; `code` signed where it was lowered."""

    name = "class.changed"
    before: str
    classification: str
    code: str


@dataclass(frozen=True, slots=True)
class ClassGiven(Fact):
    """A side gave its confirmed class, on its own chain alone; the class stands in its row."""

    name = "class.given"
    side: str


@dataclass(frozen=True, slots=True)
class ClassOpened(Fact):
    """Both sides' confirmed classes were opened together; `due_at` is when a difference is decided."""

    name = "class.opened"
    manufacturer: str
    sponsor: str
    classification: str
    clause: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class ClassWordGiven(Fact):
    """A head of quality said what the class is; `is_decided` when both say the same."""

    name = "class.word"
    side: str
    classification: str
    is_decided: bool


@dataclass(frozen=True, slots=True)
class DeviationTied(Fact):
    """It was linked to, or merged into, another deviation of the program."""

    name = "deviation.tied"
    other_id: UUID
    kind: str


@dataclass(frozen=True, slots=True)
class RiskAssessed(Fact):
    """A side filled its short risk form of the deviation, on its own chain."""

    name = "deviation.risk_assessed"
    side: str
