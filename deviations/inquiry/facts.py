"""Facts of an investigation: ids, kinds and codes; words stand in the record (ground 4)."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class InquiryBegun(Fact):
    """A side took a deviation apart with a tool."""

    name = "inquiry.begun"
    deviation_id: UUID
    tool: str


@dataclass(frozen=True, slots=True)
class NodeAdded(Fact):
    """A node was added to an investigation."""

    name = "inquiry.node_added"
    node: int


@dataclass(frozen=True, slots=True)
class NodeJudged(Fact):
    """It was said whether a node is supported or excluded, and why."""

    name = "inquiry.node_judged"
    node: int
    standing: str


@dataclass(frozen=True, slots=True)
class EvidenceAdded(Fact):
    """Something was named on which a node rests."""

    name = "inquiry.evidence_added"
    node: int
    kind: str


@dataclass(frozen=True, slots=True)
class InquiryShared(Fact):
    """The other side reads the investigation from now on."""

    name = "inquiry.shared"
    deviation_id: UUID
    tool: str


@dataclass(frozen=True, slots=True)
class CauseStated(Fact):
    """It was said what the cause was, by which method, with how many causes excluded."""

    name = "inquiry.cause_stated"
    cause_id: UUID
    kind: str
    of: str
    method: str
    excluded: int


@dataclass(frozen=True, slots=True)
class CauseWithdrawn(Fact):
    """A cause was taken back, with a reason."""

    name = "inquiry.cause_withdrawn"
    cause_id: UUID
