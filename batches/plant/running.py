"""The loop of the simulated plant: find running batches, report what their sensors say, stop when asked."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from batches.plant.catalogue import awaits_replay
from batches.plant.feed import Feed, phase_of
from batches.plant.signal import Story
from batches.rest_client import RequestRefused, RestClient, ServerAway, Stopped

log = logging.getLogger("batches.plant")

# After an absence the plant tells of the last minutes only; the demo's past is loaded, not fed.
CATCH_UP_S: Final = 300.0
FIRST_FAULT_AFTER_S: Final = 60.0
LONGEST_ABSENCE_STEP_S: Final = 30.0
UNAUTHENTICATED: Final = 401


@dataclass(frozen=True, slots=True)
class Settings:
    """How the plant runs; times in seconds."""

    every_s: float = 5.0
    discover_every_s: float = 20.0
    # One stands still at its step of the story; the other is left to readings that somebody else sends.
    frozen: frozenset[str] = frozenset({"B-2417", "B-2420"})
    faulty: str = "B-2418"
    fault_every_s: float = 1060.0
    fault_speed: float = 31.0


@dataclass(slots=True)
class Plant:
    """The running plant. Nothing of it is stored: what a sensor says follows from batch number and time."""

    client: RestClient
    settings: Settings = field(default_factory=Settings)
    clock: Callable[[], float] = time.time
    feeds: dict[str, Feed] = field(default_factory=dict)
    started: float = field(init=False)
    _next_look: float = 0.0
    _skipped: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.started = self.clock()

    def run(self, stop: threading.Event) -> None:
        """Report until `stop` is set; wait out absences of the server.

        Raises: RequestRefused when the key itself is refused.
        """
        absence_s = 0.0
        while not stop.is_set():
            begun = self.clock()
            try:
                sent = self.step(begun)
            except ServerAway as away:
                absence_s = min(max(2 * absence_s, 1.0), LONGEST_ABSENCE_STEP_S)
                log.warning("The server is away; next try in %.0f s. %s", absence_s, away)
                stop.wait(absence_s)
                continue
            except Stopped:
                break
            if absence_s:
                log.info("The server is back; %d readings sent.", sent)
            absence_s = 0.0
            stop.wait(max(0.0, self.settings.every_s - (self.clock() - begun)))

    def step(self, now: float) -> int:
        """Look for batches when it is time to, then report what is due; give the number of readings sent."""
        if now >= self._next_look:
            self.discover(now)
            self._next_look = now + self.settings.discover_every_s
        return sum(self._report(feed, now) for feed in list(self.feeds.values()))

    def discover(self, now: float) -> None:
        """Take up batches that are in process and leave those that no longer are."""
        rows = {str(row["id"]): row for row in self.client.rows("batches/", {"state": "in_process"})}
        for batch_id in self.feeds.keys() - rows.keys():
            log.info("%s is no longer in process.", self.feeds.pop(batch_id).number)
        for batch_id, feed in self.feeds.items():
            if phase_of(rows[batch_id]) != feed.phase:
                feed.follow(self._whole(rows[batch_id]), now)
        for batch_id in rows.keys() - self.feeds.keys() - self._skipped:
            self._take_up(batch_id, rows[batch_id], now)

    def _take_up(self, batch_id: str, row: dict[str, Any], now: float) -> None:
        number = row["number"]
        if number in self.settings.frozen:
            self._skip(batch_id, f"{number} stands still.")
            return
        batch = self._whole(row)
        if not batch.get("parameters") or not batch.get("started_at"):
            self._skip(batch_id, f"{number} has no parameters or no start; it is not fed.")
        elif awaits_replay([parameter["code"] for parameter in batch["parameters"]]):
            self._skip(batch_id, f"{number} is left to a replay.")
        else:
            story = self._story() if number == self.settings.faulty else None
            feed = Feed.of(batch, since=now - CATCH_UP_S, story=story)
            self.feeds[batch_id] = feed
            log.info("%s is fed as %s, %d parameters.", number, feed.model, len(feed.taps))

    def _whole(self, row: dict[str, Any]) -> dict[str, Any]:
        return row if row.get("parameters") else self.client.get(f"batches/{row['id']}/")

    def _skip(self, batch_id: str, why: str) -> None:
        self._skipped.add(batch_id)
        log.info("%s", why)

    def _story(self) -> Story:
        at = self.started + FIRST_FAULT_AFTER_S
        return Story(at, self.settings.fault_speed, self.settings.fault_every_s)

    def _report(self, feed: Feed, now: float) -> int:
        feed.reported_until = max(feed.reported_until, now - CATCH_UP_S)
        readings = feed.due(now)
        if readings:
            body = {"readings": [reading.as_json() for reading in readings]}
            try:
                answer = self.client.post(f"batches/{feed.batch_id}/readings/", body)
            except RequestRefused as refused:
                if refused.status == UNAUTHENTICATED:
                    raise
                # It was completed or withdrawn since the last look; the next one finds it if it comes back.
                log.warning("%s takes no readings: %s", feed.number, refused)
                del self.feeds[feed.batch_id]
                return 0
            if answer["refused"]:
                log.warning(
                    "%s: %d readings refused, first %s",
                    feed.number,
                    len(answer["refused"]),
                    answer["refused"][0],
                )
        feed.reported_until = now
        return len(readings)
