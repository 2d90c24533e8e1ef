"""Stretches of readings outside a limit: what they are, and how stored ones follow late and doubled readings.

`find_episodes` is the definition. The rest lets ingest reach the same result from little, per limit and in
this order:

1. `affected_window(stored, first_us, last_us, next_us)` says from when to when the new readings can matter;
2. the caller fetches every reading of the parameter in the window and the first one at or after its end;
3. `rejudge(...)` gives the changes to the stored rows, and touches no row outside the window.

Readings are only ever added, the first of an instant stands. So a late reading can extend, move, close or
split an episode, but join two only where a phase's run was corrected (`window_of_phase_change`).
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final, Literal
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from batches.limits import OPEN_END_US, OPEN_START_US, Limit, Segment, sides

Direction = Literal["low", "high"]

_SIDE: Final = {"low": -1, "high": 1}


@dataclass(frozen=True, slots=True)
class Episode:
    """One stretch of readings on one side outside one limit.

    It starts at the first reading outside and ends at the first one after it that is not (inside, or beyond
    the opposite side, where the next episode starts), or at the end of the limit's segment; `ended_us` is
    None until then. It is an excursion once it has lasted the limit's minimum duration: to its end, or
    while open to the last reading outside. `count` is the number of readings outside.
    """

    limit_id: UUID
    direction: Direction
    started_us: int
    last_outside_us: int
    ended_us: int | None
    extreme: float
    extreme_us: int
    count: int
    is_excursion: bool
    alert_due_us: int

    @property
    def is_alert_reached(self) -> bool:
        """Whether a reading was still outside when the alert's delay had passed."""
        return self.last_outside_us >= self.alert_due_us

    @property
    def end_us(self) -> int:
        """The end, not included; open ones end after everything."""
        return OPEN_END_US if self.ended_us is None else self.ended_us


@dataclass(frozen=True, slots=True)
class StoredEpisode:
    """A live row and what it holds; withdrawn rows are none of these."""

    id: UUID
    episode: Episode


@dataclass(frozen=True, slots=True)
class Window:
    """From when to when, end not included, readings must be judged again.

    `carried` is the row whose readings all lie before the window and which the first reading in it carries
    on: its totals are exact, so a long open episode is not read again for each frame.
    """

    from_us: int = OPEN_START_US
    until_us: int = OPEN_END_US
    carried: StoredEpisode | None = None

    def holds(self, row: StoredEpisode) -> bool:
        """Say whether the row may change."""
        is_carried = self.carried is not None and row.id == self.carried.id
        return is_carried or self.from_us <= row.episode.started_us < self.until_us


@dataclass(frozen=True, slots=True)
class Revision:
    """A row that keeps its identity and gets new content."""

    row: StoredEpisode
    after: Episode


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A row that is no episode of its own any more; `merged_into` is the row that took its readings over."""

    row: StoredEpisode
    merged_into: UUID | None


@dataclass(frozen=True, slots=True)
class Changes:
    """What becomes of the stored rows; a row that stays as it is appears nowhere.

    `closed` were open and have an end now. `extended` are all other changes: further readings, a moved
    start or end, the first part of a split. `opened` may have an end already. Apply `withdrawn` first where
    rows may not overlap.
    """

    opened: list[Episode] = field(default_factory=list)
    extended: list[Revision] = field(default_factory=list)
    closed: list[Revision] = field(default_factory=list)
    withdrawn: list[Withdrawal] = field(default_factory=list)


def find_episodes(
    at_us: NDArray[np.int64],
    values: NDArray[np.float64],
    segments: Iterable[Segment],
    window: Window = Window(),
) -> list[Episode]:
    """List the episodes of one limit that start in the window or are carried into it, in order.

    `at_us` is strictly rising and holds all readings from the window's start (of a measure: from its reach
    before it) to the first at or after its end; more does no harm. `segments` are those of the one limit; a
    measure looks back over the start of one, for readings know no limits. Of a measure the extreme is the
    measure's.
    """
    times = list(segments)
    if times and not times[0].limit.is_plain:
        at_us, values = measured(times[0].limit, at_us, values)
    episodes: list[Episode] = []
    for segment in times:
        carried = window.carried.episode if window.carried else None
        if carried is not None and not segment.covers(carried.started_us):
            carried = None
        first, last = np.searchsorted(at_us, (max(segment.start_us, window.from_us), segment.end_us))
        found = _episodes_of(at_us[first:last], values[first:last], segment, carried)
        episodes += [episode for episode in found if episode.started_us < window.until_us]
    return episodes


def measured(
    limit: Limit, at_us: NDArray[np.int64], values: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return what a limit looks at, at each reading where it is known."""
    found = limit.measure.of(at_us, values)
    known = np.isfinite(found)
    return at_us[known], found[known]


def affected_window(
    stored: Iterable[StoredEpisode], first_us: int, last_us: int, next_us: int | None
) -> Window:
    """Say what to judge again for one limit after readings from `first_us` to `last_us` were added.

    Readings that were there before may be among them, so the span of a whole frame will do.
    `next_us` is the instant of the first reading after `last_us`, None if there is none. Of the limit's
    live rows `stored` must hold those with an end after `first_us`, or none, and a start until `last_us` or
    at `next_us`.
    """
    from_us, until_us, carried = first_us, last_us + 1, None
    for row in stored:
        episode = row.episode
        if episode.started_us <= first_us < episode.end_us:
            if episode.last_outside_us < first_us:
                carried = row
            else:
                from_us = episode.started_us
        # Whatever goes on from a new reading goes on into an episode that begins right after it.
        if episode.started_us <= last_us < episode.end_us or episode.started_us == next_us:
            until_us = max(until_us, episode.end_us)
    return Window(from_us, until_us, carried)


def window_of_phase_change(stored: Iterable[StoredEpisode], changed_us: int) -> Window:
    """Say which readings must be judged again for one limit when its segments changed from `changed_us` on.

    `stored` must hold the limit's live rows with an end at or after `changed_us`, or none.
    """
    # One step earlier, so that an episode cut off at that very instant is taken up again.
    return affected_window(stored, changed_us - 1, OPEN_END_US - 1, None)


def rejudge(
    at_us: NDArray[np.int64],
    values: NDArray[np.float64],
    segments: Iterable[Segment],
    stored: Iterable[StoredEpisode],
    window: Window,
) -> Changes:
    """Bring the stored rows of one limit in line with the readings of a window (see `find_episodes`)."""
    touched = [row for row in stored if window.holds(row)]
    return reconcile(touched, find_episodes(at_us, values, segments, window))


def reconcile(existing: Iterable[StoredEpisode], episodes: Sequence[Episode]) -> Changes:
    """Match the rows of one limit with the episodes that are there now; both cover the same stretch of time.

    A row goes on as the first episode that holds readings of it and that no earlier row goes on as. So of a
    split the earlier part keeps the row, of a merger the earlier row stays.
    """
    changes = Changes()
    waiting = deque(sorted(existing, key=lambda row: row.episode.started_us))
    absorbed: dict[UUID, UUID] = {}
    for episode in episodes:
        holder: StoredEpisode | None = None
        while waiting and waiting[0].episode.started_us <= episode.last_outside_us:
            row = waiting[0]
            is_shared = _share_readings(row.episode, episode)
            if is_shared and holder is None:
                holder = waiting.popleft()
                continue
            if is_shared and holder is not None:
                absorbed[row.id] = holder.id
            if row.episode.last_outside_us > episode.last_outside_us:
                break  # it may go on as a later episode
            changes.withdrawn.append(Withdrawal(waiting.popleft(), absorbed.get(row.id)))
        _note(changes, holder, episode)
    changes.withdrawn.extend(Withdrawal(row, absorbed.get(row.id)) for row in waiting)
    return changes


def _note(changes: Changes, holder: StoredEpisode | None, episode: Episode) -> None:
    if holder is None:
        changes.opened.append(episode)
    elif holder.episode.ended_us is None and episode.ended_us is not None:
        changes.closed.append(Revision(holder, episode))
    elif holder.episode != episode:
        changes.extended.append(Revision(holder, episode))


def _share_readings(one: Episode, other: Episode) -> bool:
    return (
        one.direction == other.direction
        and one.started_us <= other.last_outside_us
        and other.started_us <= one.last_outside_us
    )


def _episodes_of(
    at_us: NDArray[np.int64], values: NDArray[np.float64], segment: Segment, carried: Episode | None
) -> list[Episode]:
    limit = segment.limit
    side, beyond = sides(segment, at_us, values)
    closing_us = None if segment.end_us == OPEN_END_US else segment.end_us
    edges = [0, *(np.flatnonzero(np.diff(side)) + 1).tolist(), len(side)]
    ends = [*at_us[edges[1:-1]].tolist(), closing_us]
    episodes = []
    if carried is not None and (len(side) == 0 or side[0] != _SIDE[carried.direction]):
        episodes.append(_until(carried, limit, int(at_us[0]) if len(at_us) else closing_us))
        carried = None
    for (start, stop), ended_us in zip(pairwise(edges), ends, strict=True):
        if start < stop and side[start] != 0:
            place = start + int(beyond[start:stop].argmax())
            episode = Episode(
                limit_id=limit.id,
                direction="high" if side[start] > 0 else "low",
                started_us=int(at_us[start]),
                last_outside_us=int(at_us[stop - 1]),
                ended_us=None,
                extreme=float(values[place]),
                extreme_us=int(at_us[place]),
                count=stop - start,
                is_excursion=False,
                alert_due_us=int(at_us[start]) + limit.delay_s * 1_000_000,
            )
            if carried is not None:
                episode, carried = _together(segment, carried, episode), None
            episodes.append(_until(episode, limit, ended_us))
    return episodes


def _together(segment: Segment, earlier: Episode, later: Episode) -> Episode:
    """Join two stretches of one side; of equal extremes the earlier counts."""
    is_further = _beyond(segment, later) > _beyond(segment, earlier)
    return replace(
        earlier,
        last_outside_us=later.last_outside_us,
        extreme=later.extreme if is_further else earlier.extreme,
        extreme_us=later.extreme_us if is_further else earlier.extreme_us,
        count=earlier.count + later.count,
    )


def _beyond(segment: Segment, episode: Episode) -> float:
    end = segment.limit.end_at(episode.extreme_us, segment.origin, episode.direction)
    return (episode.extreme - end) * _SIDE[episode.direction]


def _until(episode: Episode, limit: Limit, ended_us: int | None) -> Episode:
    known_end_us = episode.last_outside_us if ended_us is None else ended_us
    has_lasted = known_end_us - episode.started_us >= limit.min_duration_s * 1_000_000
    return replace(episode, ended_us=ended_us, is_excursion=has_lasted)
