"""Facts of webhooks; the address and the secret stand in the record, sealed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from portal.facts.base import Fact


@dataclass(frozen=True, slots=True)
class WebhookAdded(Fact):
    """A side's system is told from now on what its side may read."""

    name = "webhook.added"
    is_news = False
    kinds: tuple[str, ...]
    code: str


@dataclass(frozen=True, slots=True)
class WebhookRotated(Fact):
    """A webhook signs with another secret; with the one before too until an instant."""

    name = "webhook.rotated"
    is_news = False
    code: str
    previous_until: datetime


@dataclass(frozen=True, slots=True)
class WebhookReplayed(Fact):
    """A webhook was set back, or forward, to a number of a chain."""

    name = "webhook.replayed"
    is_news = False
    code: str
    chain: str
    after: int


@dataclass(frozen=True, slots=True)
class WebhookDisabled(Fact):
    """Somebody switched a webhook off."""

    name = "webhook.disabled"
    is_news = False
    code: str


@dataclass(frozen=True, slots=True)
class WebhookEnabled(Fact):
    """Somebody switched a webhook on and answers for it from now on."""

    name = "webhook.enabled"
    is_news = False
    code: str


@dataclass(frozen=True, slots=True)
class WebhookRemoved(Fact):
    """A webhook was removed; its secret is forgotten."""

    name = "webhook.removed"
    is_news = False
    code: str


@dataclass(frozen=True, slots=True)
class WebhookStopped(Fact):
    """A webhook stopped by itself: receiver gone, 75 hours of tries failed, or its owner's right ended."""

    name = "webhook.stopped"
    state: str
