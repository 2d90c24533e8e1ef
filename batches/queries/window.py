"""What was measured around something: every parameter of a batch in a window, with its limits, as of then."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np

from batches.columns import microseconds
from batches.models import Parameter
from batches.plan import plan_by
from batches.queries.batches import BatchDetail
from batches.queries.series import GAP_INTERVALS, limits_within
from batches.series import PACKED_SQL, Point, downsample, unpack
from batches.staging import fetch_packed

# Row security hides what the reader may not see; a copy for both sides leaves out more than that.
WINDOW: Final = f"""
select w.ordinal, (
    select {PACKED_SQL} from (
        select at, value from batches_reading
        where batch_id = %(batch)s and parameter_id = w.parameter_id and at >= %(since)s and at < %(until)s
          and audience = any (%(audiences)s)
        order by at) r)
from unnest(%(parameters)s::uuid[]) with ordinality w (parameter_id, ordinal)
"""  # noqa: S608 - a fixed expression
STORED: Final = np.dtype([("at", ">i8"), ("value", ">f8")])


@dataclass(frozen=True, slots=True)
class Curve:
    """One parameter in a window: how many readings there were, their digest, and at most so many of them.

    `points` are readings as stored, (UTC microseconds, value), None is a gap; `limits` are as in `Series`, in
    ms. The digest is SHA-256 over all readings in order, each as 8 bytes of microseconds since 1970 and 8
    bytes of IEEE 754, big-endian.
    """

    parameter: Parameter
    readings: int
    sha256: str
    points: Sequence[Point | None]
    limits: Sequence[dict[str, Any]]

    @property
    def is_thinned(self) -> bool:
        """Say whether there were more readings than points."""
        return self.readings > sum(each is not None for each in self.points)


def curves_within(
    found: BatchDetail, since: datetime, until: datetime, *, audiences: Collection[str], points: int
) -> list[Curve]:
    """Return the parameters of a batch that were measured in a window, in recipe order; one query.

    Parameters, limits and phases are those of `found`, now or of the past.
    """
    parameters = [each.parameter for each in found.parameters]
    plan = plan_by(found.batch, [(each.parameter, each.limits) for each in found.parameters], found.runs)
    edges = (microseconds(since) // 1000, microseconds(until) // 1000)
    given = {
        "batch": found.batch.pk,
        "parameters": [each.pk for each in parameters],
        "since": since,
        "until": until,
        "audiences": list(audiences),
    }
    curves = []
    for ordinal, packed in fetch_packed(WINDOW, given):
        at_us, values = unpack(packed)
        if not len(at_us):
            continue
        parameter = parameters[ordinal - 1]
        gap_us = GAP_INTERVALS * parameter.expected_interval_s * 1_000_000
        whole = np.rec.fromarrays([at_us, values], dtype=STORED)
        curves.append(
            Curve(
                parameter,
                len(at_us),
                hashlib.sha256(whole.tobytes()).hexdigest(),
                downsample(at_us, values, points, gap_us),
                limits_within(plan, parameter, edges),
            )
        )
    return curves
