"""The digest by which a frame of readings is sealed; whoever has the readings can compute it again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

FORM: Final = b"covalent.frame.1\n"


def frame_digest(columns: Mapping[str, tuple[NDArray[np.int64], NDArray[np.float64]]]) -> bytes:
    """Return the SHA-256 of the readings of a frame.

    Hashed are, per parameter in order of its code: the code, a line end, the number of readings
    (8 bytes), their instants in time order (UTC microseconds since 1970, 8 bytes each), their values (IEEE
    754 doubles).

    All numbers are big-endian.
    """
    digest = hashlib.sha256(FORM)
    for code in sorted(columns):
        at_us, values = columns[code]
        digest.update(code.encode() + b"\n" + len(at_us).to_bytes(8))
        digest.update(at_us.astype(">i8").tobytes() + values.astype(">f8").tobytes())
    return digest.digest()
