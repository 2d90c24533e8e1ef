"""Names and shapes of what goes over the channel layer from relay and ingest to the hubs."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from typing import Any, Final, TypedDict
from uuid import UUID

from channels.layers import get_channel_layer
from django.conf import settings
from django.db import connection

from portal.streams import SHARDS, ChainKey, Entry

PULSE_EACH_S: Final = 5.0
PREFIX: Final = "asgi__group__"


class EntriesMessage(TypedDict):
    """Entries of one chain, in order."""

    type: str
    space: str
    audience: str
    entries: list[dict[str, Any]]


class ReadingsMessage(TypedDict):
    """New readings of one batch and audience: parameter -> [milliseconds, value]."""

    type: str
    batch: str
    space: str
    audience: str
    series: dict[str, list[tuple[int, float]]]


def realm() -> str:
    """Return what tells this installation's names in a Redis from those of others who share it."""
    name = connection.settings_dict["NAME"].encode()
    return hmac.new(settings.SECRET_KEY.encode(), name, hashlib.sha256).hexdigest()[:16]


def _group(name: str) -> str:
    # Publish and subscribe know no databases of Redis: who shares one must not hear each other.
    return f"live.{realm()}.{name}"


def group_of(key: ChainKey) -> str:
    """Return the layer group that carries a chain."""
    return _group(f"shard-{key.shard}")


def pulse_group() -> str:
    """Return the group in which relays show that the line works."""
    return _group("pulse")


def all_groups() -> list[str]:
    """Return every group that a hub listens to."""
    return [*(_group(f"shard-{shard}") for shard in range(SHARDS)), pulse_group()]


def entries_message(key: ChainKey, entries: Iterable[Entry]) -> EntriesMessage:
    """Pack entries of a chain."""
    packed = [entry.packed() for entry in entries]
    return {"type": "entries", "space": str(key.space_id), "audience": key.audience, "entries": packed}


def key_of(message: EntriesMessage | ReadingsMessage) -> ChainKey:
    """Return the chain a message belongs to."""
    return ChainKey(UUID(message["space"]), message["audience"])


def address_of(key: ChainKey) -> str:
    """Return the Redis channel behind a group, for those who publish without an event loop."""
    return PREFIX + group_of(key)


def encode(message: ReadingsMessage) -> bytes:
    """Return the bytes that the layer would publish."""
    encoded: bytes = get_channel_layer().serialize(message)
    return encoded
