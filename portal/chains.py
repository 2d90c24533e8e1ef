"""One ledger chain as a web process holds it: its head, its last summaries, who listens."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import orjson

from portal.streams import ChainKey, Entry, message

KEPT: Final = 1000


@dataclass(frozen=True, slots=True)
class Frame:
    """An entry made ready once for all sockets; `sent` is the ASGI message itself."""

    seq: int
    is_news: bool
    has_alert: bool
    sent: dict[str, str]


def text_frame(content: object) -> dict[str, str]:
    """Return the ASGI message of a JSON text frame."""
    return {"type": "websocket.send", "text": orjson.dumps(content).decode()}


def frame_of(key: ChainKey, entry: Entry) -> Frame:
    """Make an entry of a chain ready for sending."""
    return Frame(entry.seq, entry.is_news, entry.has_alert, text_frame(message(key, entry)))


def bare_frame(key: ChainKey, seq: int) -> dict[str, str]:
    """Return the message of an entry without a word of it, as of one that is no news."""
    place = {"program": str(key.space_id), "audience": key.audience, "seq": seq}
    return text_frame({"type": "skip"} | place)


class LiveChain:
    """The newest stretch of a chain, without a hole, up to `head`; `wanted` is the highest number heard of.

    The head is unknown until it has been read from the database; what is pushed meanwhile is wanted.
    """

    def __init__(self, key: ChainKey) -> None:
        self.key = key
        self.head: int | None = None
        self.wanted = 0
        self.holds = 0
        self.listeners: set[asyncio.Event] = set()
        self.is_filling = False
        self._frames: deque[Frame] = deque(maxlen=KEPT)

    @property
    def is_behind(self) -> bool:
        """Say whether entries are known of that are not here."""
        return self.head is not None and self.wanted > self.head

    def learn(self, head: int) -> None:
        """Take note of a head that was read from the database."""
        if self.head is None:
            self.head = head
        self.wanted = max(self.wanted, head)

    def skip_to(self, seq: int) -> None:
        """Begin anew after a number; whoever is further behind reads for itself."""
        self.head = seq
        self._frames.clear()

    def take(self, entries: Iterable[Entry]) -> None:
        """Add those that follow on, drop those that are here already, and wake whoever listens."""
        before = self.head
        for entry in entries:
            self.wanted = max(self.wanted, entry.seq)
            if self.head is not None and entry.seq == self.head + 1:
                self._frames.append(frame_of(self.key, entry))
                self.head = entry.seq
        if self.head != before:
            for listener in self.listeners:
                listener.set()

    def after(self, seq: int, most: int) -> list[Frame] | None:
        """Return the next frames after a number, None when they are no longer kept."""
        if self.head is None or seq >= self.head:
            return []
        start = seq - (self.head - len(self._frames))
        if start < 0:
            return None
        return [self._frames[at] for at in range(start, min(start + most, len(self._frames)))]
