"""Columns of readings in PostgreSQL's binary COPY format: rows of fixed width, no text in between."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from batches.instants import EPOCH

HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER: Final = b"\xff\xff"
# PostgreSQL counts microseconds from 2000-01-01.
PG_EPOCH_US: Final = 946_684_800_000_000

_STAGED: Final = np.dtype(
    [
        ("fields", ">i2"),
        ("parameter_length", ">i4"),
        ("parameter_id", "V16"),
        ("part_length", ">i4"),
        ("part", ">i2"),
        ("at_length", ">i4"),
        ("at", ">i8"),
        ("value_length", ">i4"),
        ("value", ">f8"),
    ]
)


def staged_rows(
    parameter_ids: NDArray[np.void],
    parts: NDArray[np.int16],
    at_us: NDArray[np.int64],
    values: NDArray[np.float64],
) -> bytes:
    """Write rows of (uuid, smallint, timestamptz, double precision) for COPY FROM STDIN (FORMAT binary)."""
    rows = np.empty(len(at_us), dtype=_STAGED)
    rows["fields"] = 4
    rows["parameter_length"], rows["parameter_id"] = 16, parameter_ids
    rows["part_length"], rows["part"] = 2, parts
    rows["at_length"], rows["at"] = 8, at_us - PG_EPOCH_US
    rows["value_length"], rows["value"] = 8, values
    return HEADER + rows.tobytes() + TRAILER


def microseconds(instant: datetime) -> int:
    """Return an instant as UTC microseconds since 1970."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def instant_of(at_us: int) -> datetime:
    """Return UTC microseconds since 1970 as an instant."""
    return EPOCH + timedelta(microseconds=at_us)
