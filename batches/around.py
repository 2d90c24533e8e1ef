"""What lies around new readings that must be judged again, where a limit looks at more than each value.

A reading moves what a measure says for as long as it reaches, and a short stretch outside is no row that
tells of it. So the window grows from the new readings to the nearest reading inside on either side; what is
stored between them is put in line with what is found between them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from batches.episodes import Episode, StoredEpisode, Window, measured
from batches.limits import OPEN_END_US, OPEN_START_US, Limit, Segment, sides
from batches.measures import SECOND_US, Floats, Times

Column = tuple[Times, Floats]
# Gives all readings from an instant to another, its end not included, and the first one at or after it.
Read = Callable[[int, int], Column]
# How much is read at first beyond what is needed anyway; where that shows no reading inside, all is read.
NEAR_US: Final = 120 * SECOND_US


def around(
    limit: Limit, times: Sequence[Segment], rows: Sequence[StoredEpisode], fresh: tuple[int, int], read: Read
) -> tuple[Column, Window]:
    """Return the readings and the window in which a limit is judged again after new readings.

    `fresh` is the first and the last instant of those, `rows` are all live ones of the limit. One that is
    open and behind which all that is new lies is carried on.
    """
    first, last = fresh[0], min(fresh[1] + limit.measure.reach_us, OPEN_END_US - 1)
    carried = next((row for row in rows if _goes_on(row.episode, first)), None)
    since = first if carried is None else carried.episode.last_outside_us + 1
    near = max(NEAR_US, limit.measure.reach_us, limit.min_duration_s * SECOND_US)
    back = limit.measure.reach_us + (0 if carried else near)
    for from_us, until_us in ((since - back, last + near), (OPEN_START_US, OPEN_END_US)):
        column = read(from_us, min(until_us, OPEN_END_US))
        at_us, side = sides_of(limit, times, column)
        begins = since if carried else _last_inside(at_us, side, from_us, limit.measure.reach_us, since)
        ends = _first_inside(at_us, side, last, column, until_us)
        if begins is not None and ends is not None:
            return column, Window(begins, ends, carried)
    return column, Window(since if carried else OPEN_START_US, OPEN_END_US, carried)


def sides_of(limit: Limit, times: Sequence[Segment], column: Column) -> tuple[Times, NDArray[np.int8]]:
    """Return on which side each known reading lies; where the limit says nothing it is inside."""
    at_us, values = measured(limit, *column)
    side = np.zeros(len(at_us), dtype=np.int8)
    for segment in times:
        first, last = np.searchsorted(at_us, (segment.start_us, segment.end_us))
        side[first:last] = sides(segment, at_us[first:last], values[first:last])[0]
    return at_us, side


def find_silences(limit: Limit, at_us: Times, segments: Sequence[Segment], until_us: int) -> list[Episode]:
    """List the stretches in which nothing came for longer than the window, as is known at `until_us`.

    A silence begins when the allowed time is over and ends with the next reading or with the segment; `count`
    is 0, and the extreme how long nothing came, in seconds. Its alert waits the limit's delay.
    """
    found, allowed_us = [], limit.measure.window_us
    for segment in segments:
        begun, over = max(segment.start_us, segment.origin), min(segment.end_us, until_us)
        if begun == OPEN_START_US or begun >= over:
            continue
        inside = at_us[(at_us >= begun) & (at_us < over)]
        edges = np.concatenate(([begun], inside, [over])).astype(np.int64)
        for place in np.flatnonzero(np.diff(edges) > allowed_us).tolist():
            is_last = place == len(edges) - 2 and over == until_us and segment.end_us > until_us
            silent_us = int(edges[place]) + allowed_us
            found.append(_silence(limit, silent_us, int(edges[place + 1]), is_open=is_last))
    return found


def _silence(limit: Limit, begun_us: int, over_us: int, *, is_open: bool) -> Episode:
    return Episode(
        limit_id=limit.id,
        direction="high",
        started_us=begun_us,
        last_outside_us=over_us,
        ended_us=None if is_open else over_us,
        extreme=(over_us - begun_us + limit.measure.window_us) / SECOND_US,
        extreme_us=over_us,
        count=0,
        is_excursion=over_us - begun_us >= limit.min_duration_s * SECOND_US,
        alert_due_us=begun_us + limit.delay_s * SECOND_US,
    )


def _goes_on(episode: Episode, first_us: int) -> bool:
    return episode.ended_us is None and episode.last_outside_us < first_us


def _last_inside(
    at_us: Times, side: NDArray[np.int8], from_us: int, reach_us: int, before_us: int
) -> int | None:
    """Return where to begin, behind the last reading inside; None where an earlier one may be it."""
    # A measure is only exact where all that it reaches back to is there.
    exact = (at_us >= from_us + reach_us) & (at_us < before_us) & (side == 0)
    found = np.flatnonzero(exact)
    if len(found):
        return int(at_us[found[-1]]) + 1
    return OPEN_START_US if from_us == OPEN_START_US else None


def _first_inside(
    at_us: Times, side: NDArray[np.int8], last_us: int, column: Column, until_us: int
) -> int | None:
    found = np.flatnonzero((at_us > last_us) & (side == 0))
    if len(found):
        return int(at_us[found[0]])
    # Nothing stands at or after the end of what was read: these are the last readings there are.
    is_all = until_us >= OPEN_END_US or not len(column[0]) or int(column[0][-1]) < until_us
    return OPEN_END_US if is_all else None
