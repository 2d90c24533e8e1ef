"""What happened to samples and certificates of analysis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.facts.base import Fact


@dataclass(frozen=True, slots=True)
class SamplePlanned(Fact):
    """A sample is to be taken and tested."""

    name = "sample.planned"
    is_news = False
    batch_id: UUID
    tests: int
    expected_at: datetime
    code: str


@dataclass(frozen=True, slots=True)
class SampleMoved(Fact):
    """A sample went on: it was taken, sent, received, tested, reported, or its plan was given up."""

    name = "sample.moved"
    is_news = False
    batch_id: UUID
    state: str
    at: datetime
    code: str


@dataclass(frozen=True, slots=True)
class SampleExpected(Fact):
    """The results of a sample are expected at another time; why stands in the reason."""

    name = "sample.expected"
    batch_id: UUID
    expected_at: datetime
    code: str


@dataclass(frozen=True, slots=True)
class CoaEntered(Fact):
    """A certificate of analysis was entered and compared with the record."""

    name = "coa.entered"
    about_id: UUID
    lines: int
    differences: int
    code: str


@dataclass(frozen=True, slots=True)
class CoaMoved(Fact):
    """The differences of a certificate were answered, it was accepted, or it was withdrawn."""

    name = "coa.moved"
    about_id: UUID
    state: str
    code: str
