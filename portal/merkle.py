"""RFC 6962 trees over the entries of a chain: heads, proofs, and the tiles they are computed from.

A leaf is SHA-256(0x00 || exact header bytes), a node SHA-256(0x01 || left || right). Tiles are those of
C2SP tlog-tiles: 256 hashes of every eighth level, full ones never change. Everything here is pure; where
hashes come from is the caller's `Read`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

WIDTH: Final = 256
LEVELS_A_TILE: Final = 8
HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
# The hashes [start, end) of one tile level, each the root of 256**level leaves.
Read = Callable[[int, int, int], Sequence[bytes]]


class ProofError(ValueError):
    """A proof does not lead from what it claims to where it claims."""


def leaf_hash(header: bytes) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + header).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the head over hashes of one level."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        odd = level[-1:] if len(level) % 2 else []
        level = [node_hash(level[at], level[at + 1]) for at in range(0, len(level) - 1, 2)] + odd
    return level[0]


def tree_head(leaves: Sequence[bytes]) -> bytes:
    """Return the head over the bytes of leaves in their order; the SHA-256 of nothing when there are none."""
    return root_of([leaf_hash(leaf) for leaf in leaves])


def in_memory(hashes: Sequence[bytes]) -> Read:
    """Return a reader of a tree whose leaf hashes are all at hand."""
    levels = [list(hashes)]

    def read(level: int, start: int, end: int) -> Sequence[bytes]:
        while len(levels) <= level:
            below = levels[-1]
            full = len(below) // WIDTH
            levels.append([root_of(below[at * WIDTH : (at + 1) * WIDTH]) for at in range(full)])
        return levels[level][start:end]

    return read


def _perfect(read: Read, height: int, index: int) -> bytes:
    """Return the root of the perfect subtree of 2**height leaves that begins at leaf index * 2**height."""
    level, inside = divmod(height, LEVELS_A_TILE)
    first = index << inside
    return root_of(read(level, first, first + (1 << inside)))


def _head(read: Read, start: int, end: int) -> bytes:
    """Return the head over the leaves [start, end), which begin at a multiple of the power of two above."""
    if start == end:
        return EMPTY_ROOT
    peaks, at = [], start
    for height in reversed(range((end - start).bit_length())):
        if (end - start) >> height & 1:
            peaks.append(_perfect(read, height, at >> height))
            at += 1 << height
    head = peaks.pop()
    while peaks:
        head = node_hash(peaks.pop(), head)
    return head


def head(read: Read, size: int) -> bytes:
    """Return the head of the tree of the first `size` leaves."""
    return _head(read, 0, size)


def _split(size: int) -> int:
    """Return the largest power of two below a size of at least 2."""
    return 1 << (size - 1).bit_length() - 1


def inclusion_proof(read: Read, index: int, size: int) -> list[bytes]:
    """Return the audit path of leaf `index` in the tree of `size` leaves (RFC 6962 2.1.1)."""
    if not 0 <= index < size:
        msg = f"a tree of {size} leaves has no leaf {index}"
        raise ProofError(msg)
    path, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(_head(read, middle, end))
            end = middle
        else:
            path.append(_head(read, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(read: Read, old: int, new: int) -> list[bytes]:
    """Return the proof that the tree of `new` leaves begins with the tree of `old` ones (RFC 6962 2.1.2)."""
    if not 0 <= old <= new:
        msg = f"a tree of {new} leaves does not begin with one of {old}"
        raise ProofError(msg)
    if old in (0, new):
        return []
    path, start, end, is_whole = [], 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(_head(read, middle, end))
            end = middle
        else:
            path.append(_head(read, start, middle))
            start, is_whole = middle, False
    if not is_whole:
        path.append(_head(read, start, end))
    return path[::-1]


def _require_hashes(*given: bytes) -> None:
    if any(len(each) != HASH_BYTES for each in given):
        msg = f"a hash has {HASH_BYTES} bytes"
        raise ProofError(msg)


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise ProofError unless the leaf stands at `index` of that tree (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        msg = f"a tree of {size} leaves has no leaf {index}"
        raise ProofError(msg)
    _require_hashes(leaf, root, *proof)
    at, last, found = index, size - 1, leaf
    for each in proof:
        if last == 0:
            raise ProofError("the proof is longer than the tree is high")
        if at % 2 or at == last:
            found = node_hash(each, found)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, each)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is shorter than the tree is high")
    if found != root:
        raise ProofError("the proof leads to another root")


def check_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raise ProofError unless the newer tree begins with the older one (RFC 9162 2.1.4.2)."""
    if not 0 <= old <= new:
        msg = f"a tree of {new} leaves does not begin with one of {old}"
        raise ProofError(msg)
    _require_hashes(old_root, new_root, *proof)
    if old in (0, new):
        _check_without_proof(old, new, proof, old_root, new_root)
        return
    # A tree of a power of two of leaves is a node of the newer one, which a proof therefore leaves out.
    path = [*([old_root] if old & (old - 1) == 0 else []), *proof]
    if not path:
        raise ProofError("the proof is empty")
    first, second = _climb(old, new, path)
    if first != old_root:
        raise ProofError("the older root is another")
    if second != new_root:
        raise ProofError("the newer root is another")


def _check_without_proof(
    old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes
) -> None:
    if proof:
        raise ProofError("a proof where none is needed")
    if old == new and old_root != new_root:
        raise ProofError("two roots of one size")
    if old == 0 and old_root != EMPTY_ROOT:
        raise ProofError("the root of an empty tree is another")


def _climb(old: int, new: int, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """Return the roots of both trees that a path of at least one hash leads to."""
    at, last = old - 1, new - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for each in path[1:]:
        if last == 0:
            raise ProofError("the proof is longer than the tree is high")
        if at % 2 or at == last:
            first, second = node_hash(each, first), node_hash(each, second)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, each)
        at, last = at >> 1, last >> 1
    if last != 0:
        raise ProofError("the proof is shorter than the tree is high")
    return first, second
