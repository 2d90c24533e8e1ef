import hashlib
import struct

import numpy as np

from batches.digest import frame_digest


def column(*points):
    return np.array([at for at, _ in points], np.int64), np.array([value for _, value in points], np.float64)


def test_the_digest_is_what_its_description_says():
    columns = {"TEMP": column((5, 36.5), (7, 36.6)), "PH": column((6, 7.0))}
    expected = b"covalent.frame.1\n"
    expected += b"PH\n" + struct.pack(">Q", 1) + struct.pack(">q", 6) + struct.pack(">d", 7.0)
    expected += b"TEMP\n" + struct.pack(">Q", 2) + struct.pack(">qq", 5, 7) + struct.pack(">dd", 36.5, 36.6)
    assert frame_digest(columns) == hashlib.sha256(expected).digest()


def test_any_other_reading_gives_another_digest():
    digests = {
        frame_digest({"A": column((1, 1.0))}),
        frame_digest({"A": column((1, 1.5))}),
        frame_digest({"A": column((2, 1.0))}),
        frame_digest({"B": column((1, 1.0))}),
        frame_digest({"A": column((1, 1.0), (2, 1.0))}),
    }
    assert len(digests) == 5
