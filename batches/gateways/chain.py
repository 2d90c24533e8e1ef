"""The chain of a gateway's frames, as both ends compute it.

Each frame's link covers the link before it, its number, when the gateway recorded it, the newest mark of the
portal the gateway had seen, and the body. So a frame that waited cannot be changed, moved, added or left out
without all later links changing, and those that were announced meanwhile would not fit. The mark is a word of
the portal's own: a frame whose link covers it was recorded after it was given out.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from batches.columns import microseconds

FORM: Final = b"covalent.gateway.1\n"
DEVICE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._/-]{0,59}")
CHAIN: Final = re.compile(r"[0-9a-f]{32}")
LINK: Final = re.compile(r"[0-9a-f]{64}")
MARK: Final = re.compile(r"([0-9]{1,17})\.([0-9a-f]{32})")
SEQUENCE_MAX: Final = 2**53


@dataclass(frozen=True, slots=True)
class Sent:
    """What a gateway says of one frame beside its body; `sequence` counts from 1 in each chain.

    `clock` is the gateway's time when it sent the frame, by the clock under which it was recorded.
    """

    device: str
    chain: str
    sequence: int
    previous: bytes
    recorded_at: datetime
    clock: datetime
    mark: str = ""

    def link(self, body: bytes) -> bytes:
        """Return the link of the frame with this body."""
        return link_of(
            self.previous,
            sequence=self.sequence,
            recorded_us=microseconds(self.recorded_at),
            mark=self.mark,
            body=body,
        )


def first_link(chain: str) -> bytes:
    """Return what stands before the first frame of a chain."""
    return hashlib.sha256(FORM + chain.encode()).digest()


def link_of(previous: bytes, *, sequence: int, recorded_us: int, mark: str, body: bytes) -> bytes:
    """Return the SHA-256 over form, link before, number and time (8 bytes each), mark and the body's."""
    head = FORM + previous + sequence.to_bytes(8) + recorded_us.to_bytes(8, signed=True)
    return hashlib.sha256(head + mark.encode() + b"\n" + hashlib.sha256(body).digest()).digest()


def mark_of(secret: str, feed: str, at_us: int) -> str:
    """Return the mark that the portal gives out to a feed at an instant."""
    key = hmac.new(secret.encode(), b"covalent.gateway.mark.1", hashlib.sha256).digest()
    return f"{at_us}.{hmac.new(key, f'{feed} {at_us}'.encode(), hashlib.sha256).hexdigest()[:32]}"


def mark_given_us(secret: str, feed: str, mark: str) -> int | None:
    """Return when a mark was given out to a feed; None for a word that is none of the portal's."""
    found = MARK.fullmatch(mark)
    if found is None:
        return None
    is_ours = hmac.compare_digest(mark_of(secret, feed, int(found[1])), mark)
    return int(found[1]) if is_ours else None
