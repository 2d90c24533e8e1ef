"""Facts of monitoring (ground 4): ids, codes, numbers and instants; words stand in the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from portal.facts import Fact


@dataclass(frozen=True, slots=True)
class PointKept(Fact):
    """A sampling point was set up, or changed."""

    name = "monitoring.point_kept"
    is_news = False
    code: str
    grade: str
    system: str


@dataclass(frozen=True, slots=True)
class SessionOpened(Fact):
    """A session of monitoring began."""

    name = "monitoring.session_opened"
    is_news = False
    number: str
    area: str
    began_at: datetime


@dataclass(frozen=True, slots=True)
class SessionClosed(Fact):
    """A session takes no more samples."""

    name = "monitoring.session_closed"
    is_news = False
    number: str
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class SampleMoved(Fact):
    """A sample was exposed, taken up, incubated, read, read again or named."""

    name = "monitoring.sample_moved"
    is_news = False
    session_id: UUID
    step: str
    code: str
    value: Decimal | None
    verdict: str


@dataclass(frozen=True, slots=True)
class BatchCovered(Fact):
    """A session of monitoring covers a batch; its samples follow."""

    name = "monitoring.batch_covered"
    is_news = False
    batch_id: UUID
    number: str


@dataclass(frozen=True, slots=True)
class MonitoringCarried(Fact):
    """What a session found was carried to a batch: how many samples, and how many outside limits."""

    name = "monitoring.carried"
    batch_id: UUID
    number: str
    samples: int
    outside: int
