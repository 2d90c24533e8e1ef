"""One running batch as the plant sees it: which readings are due, and what they say."""

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Self, TypeAlias

import numpy as np

from batches.plant.catalogue import choose_model, find_signal, walk
from batches.plant.signal import Hold, Signal, Story, Vessel

Json: TypeAlias = Mapping[str, Any]

ONLINE: Final = "online"
LAB: Final = "lab"
DEFAULT_INTERVAL_S: Final = 10.0
# A limit that says where a parameter lives, the narrowest first.
RANGES: Final = ("nor", "alert", "action", "par")


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one parameter at one moment (seconds since 1970)."""

    parameter: str
    at: float
    value: float

    def as_json(self) -> dict[str, object]:
        """Give the form in which the readings endpoint takes it."""
        at = datetime.fromtimestamp(self.at, UTC).isoformat(timespec="milliseconds")
        return {"parameter": self.parameter, "at": at.replace("+00:00", "Z"), "value": self.value}


@dataclass(frozen=True, slots=True)
class Tap:
    """One parameter of a batch with its own rhythm."""

    code: str
    signal: Signal
    interval_s: float
    offset_s: float

    def due(self, vessel: Vessel, started: float, after: float, until: float) -> list[Reading]:
        """List what the sensor said in (`after`, `until`], both in seconds since 1970."""
        first = max(0, math.floor((after - started - self.offset_s) / self.interval_s) + 1)
        last = math.floor((until - started - self.offset_s) / self.interval_s)
        if last < first:
            return []
        at_s = np.arange(first, last + 1, dtype=np.float64) * self.interval_s + self.offset_s
        at_s = at_s[at_s >= self.signal.from_s]
        values = self.signal.values(vessel, at_s).tolist()
        return [
            Reading(self.code, started + at, value) for at, value in zip(at_s.tolist(), values, strict=True)
        ]


@dataclass(slots=True)
class Feed:
    """A batch that the plant reports, up to the moment it has reported it."""

    batch_id: str
    number: str
    model: str
    started: float
    vessel: Vessel
    taps: tuple[Tap, ...]
    reported_until: float
    phase: str | None

    @classmethod
    def of(cls, batch: Json, *, since: float, story: Story | None = None) -> Self:
        """Take a batch of the REST interface; `story.at_s` is in seconds since 1970."""
        started = datetime.fromisoformat(batch["started_at"]).timestamp()
        parameters = [row for row in batch["parameters"] if row.get("data_kind") != LAB]
        model = choose_model([row["code"] for row in parameters])
        if story is not None:
            story = Story(story.at_s - started, story.speed, story.every_s)
        return cls(
            batch_id=str(batch["id"]),
            number=batch["number"],
            model=model,
            started=started,
            vessel=Vessel(seed_of(batch["number"]), story, _hold(batch)),
            taps=tuple(_tap(model, row, phase_of(batch)) for row in parameters),
            reported_until=since,
            phase=phase_of(batch),
        )

    def follow(self, batch: Json, now: float) -> None:
        """Take over the phase of a batch; a set point that moved with it is reached by a ramp."""
        hold, before = _hold(batch), self.vessel.hold
        if hold is not None and before is not None and hold.to_c != before.to_c:
            hold = Hold(before.to_c, hold.to_c, now - self.started)
            self.vessel = replace(self.vessel, hold=hold)
        self.phase = phase_of(batch)

    def due(self, until: float) -> list[Reading]:
        """List the readings between the last report and `until`, oldest first."""
        rows = [
            reading
            for tap in self.taps
            for reading in tap.due(self.vessel, self.started, self.reported_until, until)
        ]
        return sorted(rows, key=lambda reading: (reading.at, reading.parameter))


def seed_of(number: str) -> int:
    """Give each batch number its own seed, the same after every restart."""
    return zlib.crc32(number.encode())


def _hold(batch: Json) -> Hold | None:
    """Read the set point from the middle of the temperature's range, for vessels whose phases move it."""
    for row in batch["parameters"]:
        if row["code"] == "TEMP":
            low, high = range_of(row, phase_of(batch))
            if low is not None and high is not None:
                return Hold((low + high) / 2, (low + high) / 2)
    return None


def _tap(model: str, row: Json, phase: str | None) -> Tap:
    code = row["code"]
    signal = find_signal(model, code) or walk(code, *range_of(row, phase))
    interval_s = float(row.get("expected_interval_s") or DEFAULT_INTERVAL_S)
    # Sensors of one batch do not all speak in one instant; an at-line sample is taken at the full interval.
    share = zlib.crc32(code.encode()) % 10 / 10 if row.get("data_kind") == ONLINE else 0.0
    return Tap(code, signal, interval_s, round(share * interval_s, 3))


def phase_of(batch: Json) -> str | None:
    """Give the code of the current phase, told as text or as an object with a code."""
    phase = batch.get("phase")
    return phase.get("code") if isinstance(phase, Mapping) else phase


def range_of(row: Json, phase: str | None) -> tuple[float | None, float | None]:
    """Find the narrowest range of a parameter in a phase; a limit of the phase goes before a general one."""
    limits = [limit for limit in row.get("limits") or [] if limit.get("phase") in {None, phase}]
    by_kind = {
        limit["kind"]: limit for limit in sorted(limits, key=lambda limit: limit.get("phase") is not None)
    }
    for kind in RANGES:
        if kind in by_kind:
            return _number(by_kind[kind].get("low")), _number(by_kind[kind].get("high"))
    return None, None


def _number(text: object) -> float | None:
    return None if text is None else float(str(text))
