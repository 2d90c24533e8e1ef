"""Facts of how people are told."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.facts.base import Fact


@dataclass(frozen=True, slots=True)
class NoticesChosen(Fact):
    """A person chose how to be told; each list holds sorts of notices, hours are of the own zone."""

    name = "notices.chosen"
    is_news = False
    email: tuple[str, ...]
    push: tuple[str, ...]
    chat: tuple[str, ...]
    wakes: tuple[str, ...]
    quiet: str
    digest_hour: int | None


@dataclass(frozen=True, slots=True)
class PushDeviceAdded(Fact):
    """A browser takes notifications for a person."""

    name = "push_device.added"
    is_news = False
    device_id: UUID


@dataclass(frozen=True, slots=True)
class PushDeviceRemoved(Fact):
    """A person took notifications from a browser."""

    name = "push_device.removed"
    is_news = False
    device_id: UUID
