"""Merkle tree heads as in RFC 6962, for what is sealed in bulk."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of one leaf's bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def tree_head(leaves: Sequence[bytes]) -> bytes:
    """Return the root over the leaves in their order; the SHA-256 of nothing when there are none."""
    level = [leaf_hash(leaf) for leaf in leaves]
    while len(level) > 1:
        # A node without a neighbour moves up as it is; that gives the splits of RFC 6962, section 2.1.
        level = [
            hashlib.sha256(b"\x01" + level[place] + level[place + 1]).digest()
            if place + 1 < len(level)
            else level[place]
            for place in range(0, len(level), 2)
        ]
    return level[0] if level else hashlib.sha256(b"").digest()
