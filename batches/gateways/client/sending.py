"""Send what waits in the queue, in order, each frame until the portal has answered for it."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import orjson

from batches.columns import instant_of
from batches.gateways.client.clockwork import Moment
from batches.gateways.client.store import Store, Waiting
from batches.gateways.clocks import is_off
from batches.rest_client import RequestRefused, RestClient, ServerAway, Stopped

log = logging.getLogger("batches.gateway")

BEAT_S: Final = 10.0
ANNOUNCED_AT_ONCE: Final = 1000
FIRST_DELAY_S: Final = 0.5
LONGEST_DELAY_S: Final = 30.0
SERVER_FAULT: Final = 500
# A frame on which the portal fails each time must not hold up all that follow it for ever.
FAULTS_MOST: Final = 20
# The key, its seat or the batch is not there now: who repairs that finds the queue whole.
KEPT_BACK: Final = frozenset({401, 403, 404})
NOT_YET: Final = "planned"


@dataclass(slots=True)
class Tally:
    """What became of readings, frames and waits."""

    frames: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    aside: int = 0

    def words(self) -> str:
        """Return the sums in a line."""
        return (
            f"{self.frames} frames sent: {self.accepted} readings accepted, {self.duplicates} known already,"
            f" {self.refused} refused, {self.aside} frames set aside"
        )


@dataclass(slots=True)
class Sender:
    """The sending side of a gateway; one thread."""

    client: RestClient
    store: Store
    batch_id: str
    device: str
    stop: threading.Event
    beat_s: float = BEAT_S
    steady: Callable[[], float] = time.monotonic
    tally: Tally = field(default_factory=Tally)
    _next_beat: float = 0.0
    _delay_s: float = FIRST_DELAY_S
    _faults: int = 0
    _is_away: bool = False
    _clock_is_off: bool = False
    woken: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send until `stop` is set; an absence of the portal is waited out."""
        while not self.stop.is_set():
            wait_s = self.step()
            if self._is_away:
                # What comes in meanwhile makes the portal no more ready than it is.
                self.stop.wait(wait_s)
            elif wait_s:
                self.woken.wait(wait_s)
                self.woken.clear()

    def step(self) -> float:
        """Send a heartbeat that is due, and the oldest frame; return how long to wait after it."""
        self._is_away = False
        try:
            if self.steady() >= self._next_beat:
                self.beat()
            frame = self.store.oldest()
            if frame is None:
                return max(0.0, self._next_beat - self.steady())
            self._send(frame)
        except ServerAway as away:
            return self._wait(away)
        except RequestRefused as refused:
            log.warning("The portal does not take it: %s. All is kept; asked again in 30 s.", refused)
            self._is_away = True
            return LONGEST_DELAY_S
        except Stopped:
            return 0.0
        self._delay_s, self._faults = FIRST_DELAY_S, 0
        return 0.0

    def beat(self) -> None:
        """Say that the gateway lives and what waits; what was not announced yet is, before it is sent."""
        while True:
            fresh = self.store.unannounced(ANNOUNCED_AT_ONCE)
            answer = self._post(
                "heartbeat/",
                orjson.dumps(
                    {
                        "device": self.device,
                        "chain": self.store.chain,
                        "clock": instant_of(Moment.now().wall_us).isoformat(),
                        "waiting": self.store.waiting,
                        "lost": self.store.lost,
                        "announced": [{"sequence": number, "link": link.hex()} for number, link in fresh],
                    }
                ),
                {},
            )
            self.store.note_announced(fresh[-1][0] if fresh else 0, str(answer["mark"]))
            if len(fresh) < ANNOUNCED_AT_ONCE:
                break
        self._next_beat = self.steady() + self.beat_s
        self._say_clock(answer)

    def _say_clock(self, answer: dict[str, Any]) -> None:
        off = is_off(timedelta(milliseconds=int(answer["skew_ms"])), was_off=self._clock_is_off)
        if off and not self._clock_is_off:
            log.warning(
                "The clock of this machine is %s of the portal's. Readings keep its time and are marked.",
                answer["clock"],
            )
        elif self._clock_is_off and not off:
            log.warning("The clock of this machine is right again.")
        self._clock_is_off = off

    def _send(self, frame: Waiting) -> None:
        headers = {
            "Gateway-Device": self.device,
            "Gateway-Chain": self.store.chain,
            "Gateway-Sequence": str(frame.sequence),
            "Gateway-Previous": frame.previous.hex(),
            "Gateway-Recorded": instant_of(frame.moment.wall_us).isoformat(),
            "Gateway-Clock": frame.moment.clock_now(Moment.now()).isoformat(),
            "Gateway-Mark": frame.mark,
            # The same for each try: a repeat is told what it was told first.
            "Idempotency-Key": f"{self.store.chain}-{frame.sequence}",
        }
        try:
            answer = self._post("frames/", frame.body, headers)
        except RequestRefused as refused:
            if refused.status in KEPT_BACK or refused.state == NOT_YET:
                raise
            log.warning("Frame %d is set aside and stays in the queue's file: %s", frame.sequence, refused)
            self.store.set_aside(frame, [(refused.code, refused.detail, frame.body)], whole=True)
            self.tally.aside += 1
            return
        self._keep_refused(frame, answer["refused"])
        self.store.answered(frame.sequence)
        self.tally.frames += 1
        self.tally.accepted += int(answer["accepted"])
        self.tally.duplicates += int(answer["duplicates"])

    def _keep_refused(self, frame: Waiting, refused: list[dict[str, Any]]) -> None:
        if not refused:
            return
        rows = orjson.loads(frame.body)["readings"]
        parts = [(each["code"], each["detail"], orjson.dumps(rows[each["row"]])) for each in refused]
        self.store.set_aside(frame, parts, whole=False)
        self.tally.refused += len(refused)
        first = refused[0]
        log.warning(
            "%d readings of frame %d refused, first %s", len(refused), frame.sequence, first["detail"]
        )

    def _post(self, what: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
        return self.client.send(f"batches/{self.batch_id}/{what}", body, headers)

    def _wait(self, away: ServerAway) -> float:
        """Return how long to wait: what the portal asks for, or twice as long as before."""
        # What waits longer than it takes to notice is announced first when the portal is back.
        self._next_beat, self._is_away = 0.0, True
        if away.status == SERVER_FAULT:
            self._faults += 1
            frame = self.store.oldest()
            if self._faults >= FAULTS_MOST and frame is not None:
                log.error("Frame %d is set aside: the portal fails on it.", frame.sequence)
                self.store.set_aside(frame, [("server_fault", str(away), frame.body)], whole=True)
                self.tally.aside, self._faults = self.tally.aside + 1, 0
        wait = self._delay_s * (1 + random.random() / 2) if away.wait_s is None else away.wait_s  # noqa: S311 - no secret
        self._delay_s = min(2 * self._delay_s, LONGEST_DELAY_S)
        log.warning(
            "The portal is away; %d frames wait, next try in %.1f s. %s", self.store.waiting, wait, away
        )
        return wait
