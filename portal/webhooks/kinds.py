"""Which kinds of events a webhook is told of: `*`, a kind, or all below a word (`deviation.*`)."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

EVERY: Final = "*"
CHECKPOINT: Final = "ledger.checkpoint"
TEST: Final = "webhook.test"
KIND: Final = re.compile(r"[a-z][a-z_]{0,39}(\.[a-z][a-z_]{0,39}){0,3}(\.\*)?|\*")
KINDS_MAX: Final = 50


def is_told(kinds: Collection[str], kind: str) -> bool:
    """Say whether a webhook of these kinds is told of an entry of one."""
    return any(
        each in (EVERY, kind) or (each.endswith(".*") and kind.startswith(each[:-1])) for each in kinds
    )


def wants_entries(kinds: Collection[str]) -> bool:
    """Say whether a webhook is told of anything but checkpoints."""
    return any(each != CHECKPOINT for each in kinds)


def wants_checkpoints(kinds: Collection[str]) -> bool:
    """Say whether a webhook is sent the checkpoints: only one that asks for them by name."""
    return CHECKPOINT in kinds
