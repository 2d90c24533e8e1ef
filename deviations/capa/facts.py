"""Facts of a CAPA: ids, kinds, codes and instants; words stand in the record (ground 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class CapaPlanned(Fact):
    """A side planned a CAPA; `follows` is the one that was not effective."""

    name = "capa.planned"
    side: str
    follows: UUID | None


@dataclass(frozen=True, slots=True)
class CapaChanged(Fact):
    """The plan changed before its approval: a measure, the effectiveness check, the risk."""

    name = "capa.changed"
    what: str


@dataclass(frozen=True, slots=True)
class CapaLinked(Fact):
    """A deviation of the same program stands behind the CAPA."""

    name = "capa.linked"
    deviation_id: UUID


@dataclass(frozen=True, slots=True)
class CapaDecided(Fact):
    """It was decided on the CAPA as a whole; it stands once it is signed."""

    name = "capa.decided"
    kind: str


@dataclass(frozen=True, slots=True)
class CapaApproved(Fact):
    """The plan was approved by signature; its clocks run."""

    name = "capa.approved"
    clause: str
    measures: int


@dataclass(frozen=True, slots=True)
class CapaShared(Fact):
    """The other side reads the CAPA from now on."""

    name = "capa.shared"
    side: str


@dataclass(frozen=True, slots=True)
class MeasureDone(Fact):
    """A measure was carried out, with evidence."""

    name = "capa.measure_done"
    measure_id: UUID
    kind: str


@dataclass(frozen=True, slots=True)
class MeasureVerified(Fact):
    """A second person looked at a measure and its evidence."""

    name = "capa.measure_verified"
    measure_id: UUID
    kind: str


@dataclass(frozen=True, slots=True)
class MeasureGivenBack(Fact):
    """A measure is open again: who looked at it was not satisfied."""

    name = "capa.measure_given_back"
    measure_id: UUID
    kind: str


@dataclass(frozen=True, slots=True)
class CapaCompleted(Fact):
    """All measures are verified; `ends_at` is when the effectiveness check collects its data."""

    name = "capa.completed"
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class EffectivenessCollected(Fact):
    """What the check asks for was counted; a person judges it."""

    name = "capa.data_collected"
    batches: int
    found: int | None


@dataclass(frozen=True, slots=True)
class CapaEnded(Fact):
    """A signed decision ended the CAPA: effective, not effective, or cancelled."""

    name = "capa.ended"
    state: str
