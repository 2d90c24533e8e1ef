"""The state of an alarm, and what shelving does to it (ISA-18.2, IEC 62682).

Shelving is a person's: it has a reason and an end, and it hides no reading and no excursion. It only puts off
the alert: what is still outside when the shelf ends alerts then, what is over by then never does. Suppression
by design and out of service are the plant's own; nobody is told either way, and all three are shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from batches.episodes import Episode

LONGEST_US: Final = 12 * 3600 * 1_000_000
SHORTEST_REASON: Final = 10


class AlarmState(StrEnum):
    """The states of ISA-18.2, by the names of the standard."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned_unacknowledged"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A stretch, its end not included, in which a limit's alerts wait; taken off early it ends then."""

    from_us: int
    until_us: int
    reason: str

    def __post_init__(self) -> None:
        """Refuse a shelf without end, without reason, or longer than a shift."""
        if not 0 < self.until_us - self.from_us <= LONGEST_US:
            raise ValueError("An alarm is shelved for at most twelve hours, and not for none.")
        if len(self.reason.strip()) < SHORTEST_REASON:
            raise ValueError("Say why the alarm is shelved, in ten characters or more.")

    def covers(self, instant_us: int) -> bool:
        """Say whether alerts wait at an instant."""
        return self.from_us <= instant_us < self.until_us


def alert_due(episode: Episode, shelves: Iterable[Shelf]) -> int | None:
    """Return when an episode alerts, None if it never does: it was over, or nothing told otherwise, by then.

    Shelves that meet or overlap are one.
    """
    due_us = episode.alert_due_us
    for shelf in sorted(shelves, key=lambda each: (each.from_us, each.until_us)):
        if shelf.covers(due_us):
            due_us = shelf.until_us
    return due_us if episode.last_outside_us >= due_us else None


def state_at(
    instant_us: int,
    episodes: Iterable[Episode],
    shelves: Iterable[Shelf] = (),
    *,
    acknowledged_us: Iterable[int] = (),
    is_suppressed: bool = False,
    is_out_of_service: bool = False,
) -> AlarmState:
    """Say in which state the alarm of one limit is.

    Whatever takes it away wins: out of service over suppressed over shelved. An acknowledgement counts for
    every episode that had begun by then; one that is over without any is returned, not acknowledged.
    """
    if is_out_of_service:
        return AlarmState.OUT_OF_SERVICE
    if is_suppressed:
        return AlarmState.SUPPRESSED
    known = list(shelves)
    if any(shelf.covers(instant_us) for shelf in known):
        return AlarmState.SHELVED
    seen_us = max((each for each in acknowledged_us if each <= instant_us), default=None)
    waiting = False
    for episode in episodes:
        due_us = alert_due(episode, known)
        if due_us is None or due_us > instant_us:
            continue
        is_seen = seen_us is not None and seen_us >= due_us
        if episode.end_us > instant_us:
            return AlarmState.ACKNOWLEDGED if is_seen else AlarmState.UNACKNOWLEDGED
        waiting = waiting or not is_seen
    return AlarmState.RETURNED if waiting else AlarmState.NORMAL
