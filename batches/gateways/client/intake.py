"""What comes in at the site: lines of a pipe or file, or what an adapter hears; into frames of the queue."""

from __future__ import annotations

import csv
import logging
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import orjson

from batches.gateways.client.store import QueueFull, Row, Store

log = logging.getLogger("batches.gateway")

ROWS_A_FRAME: Final = 1000
FRAME_S: Final = 1.0
ROOM_S: Final = 0.5
FOLLOW_S: Final = 0.5
LINES_AHEAD: Final = 10_000
LINE_BYTES_MAX: Final = 4096
COLUMNS: Final = ("parameter", "at", "value", "unit")


class Source(Protocol):
    """What hands over rows until it ends or the recorder's `stop` is set."""

    def run(self, recorder: Recorder) -> None:
        """Hand over what comes."""


@dataclass(slots=True)
class Recorder:
    """Puts rows into the queue; who can wait for room waits, who cannot is told that there was none."""

    store: Store
    stop: threading.Event
    woken: Callable[[], None]
    recorded: int = 0
    _is_full: bool = False

    def put(self, rows: list[Row]) -> bool:
        """Record rows that nobody can hold back; without room they are lost, and counted."""
        try:
            self._add(rows)
        except QueueFull:
            lost = self.store.lose(len(rows))
            if not self._is_full:
                log.warning("The queue is full: readings are lost from now on (%d in all).", lost)
            self._is_full = True
            return False
        if self._is_full:
            log.warning("The queue has room again; %d readings were lost in all.", self.store.lost)
        self._is_full = False
        return True

    def put_waiting(self, rows: list[Row], position: int | None = None) -> bool:
        """Record rows of who waits while there is no room, as a pipe does; False when asked to stop."""
        while True:
            try:
                self._add(rows, position)
            except QueueFull:
                if not self._is_full:
                    log.warning("The queue is full: nothing more is read until the portal has taken some.")
                self._is_full = True
                if self.stop.wait(ROOM_S):
                    return False
            else:
                self._is_full = False
                return True

    def _add(self, rows: list[Row], position: int | None = None) -> None:
        self.store.add(rows, position=position)
        self.recorded += len(rows)
        self.woken()


@dataclass(slots=True)
class Lines:
    """Rows of NDJSON or CSV lines (header parameter,at,value and maybe unit), in frames of a second.

    `at` may be left out by who sends as it measures. A file is read from where the queue has it; with
    `follow` it is waited for more.
    """

    stream: BinaryIO
    form: str
    keeps_position: bool = False
    follow: bool = False
    unread: int = 0
    _columns: list[str] = field(default_factory=list)

    def run(self, recorder: Recorder) -> None:
        """Read to the end, or until asked to stop."""
        if self.keeps_position and (position := recorder.store.position):
            if self.form == "csv":
                self._columns = self._cells(self.stream.readline())
            self.stream.seek(position)
        lines: queue.Queue[tuple[bytes, int] | None] = queue.Queue(LINES_AHEAD)
        reading = threading.Thread(target=self._read, args=(lines, recorder.stop), daemon=True)
        reading.start()
        for rows, position in self._frames(lines, recorder.stop):
            if not recorder.put_waiting(rows, position if self.keeps_position else None):
                return

    def _read(self, lines: queue.Queue[tuple[bytes, int] | None], stop: threading.Event) -> None:
        position, held = (self.stream.tell(), b"") if self.keeps_position else (0, b"")
        while not stop.is_set():
            line = self.stream.readline(LINE_BYTES_MAX)
            if self.follow and not line.endswith(b"\n"):
                # Half a line: whoever writes the file has not finished it.
                held += line
                stop.wait(FOLLOW_S)
                continue
            if not line and not held:
                break
            whole, held = held + line, b""
            position += len(whole)
            self._hand_on(lines, (whole, position), stop)
        self._hand_on(lines, None, stop)

    @staticmethod
    def _hand_on(
        lines: queue.Queue[tuple[bytes, int] | None], item: tuple[bytes, int] | None, stop: threading.Event
    ) -> None:
        while not stop.is_set():
            try:
                lines.put(item, timeout=0.5)
            except queue.Full:
                continue
            return

    def _frames(
        self, lines: queue.Queue[tuple[bytes, int] | None], stop: threading.Event
    ) -> Iterator[tuple[list[Row], int]]:
        rows: list[Row] = []
        position, due = 0, time.monotonic() + FRAME_S
        while not stop.is_set():
            try:
                item = lines.get(timeout=max(0.01, due - time.monotonic()))
            except queue.Empty:
                item = (b"", position)
            if item is None:
                break
            line, position = item
            if (row := self._row(line)) is not None:
                rows.append(row)
            if len(rows) >= ROWS_A_FRAME or time.monotonic() >= due:
                if rows:
                    yield rows, position
                rows, due = [], time.monotonic() + FRAME_S
        if rows:
            yield rows, position

    def _row(self, line: bytes) -> Row | None:
        text = line.strip()
        if not text:
            return None
        try:
            row = orjson.loads(text) if self.form == "ndjson" else self._of_csv(text)
        except (ValueError, KeyError):
            row = None
        if isinstance(row, dict) and "parameter" in row and "value" in row:
            return row if "at" in row else row | {"at": written_now()}
        if row is not HEADER:
            self.unread += 1
            log.warning("A line cannot be read and is left out: %.100r", text)
        return None

    def _of_csv(self, text: bytes) -> Any:
        cells = self._cells(text)
        if not self._columns:
            if not {"parameter", "value"} <= set(cells) <= set(COLUMNS):
                raise ValueError(text)
            self._columns = cells
            return HEADER
        row: Row = {name: cell for name, cell in zip(self._columns, cells, strict=True) if cell}
        return row | {"value": float(row["value"])}

    @staticmethod
    def _cells(line: bytes) -> list[str]:
        return [each.strip() for each in next(csv.reader([line.decode("utf-8-sig")]))]


HEADER: Final = object()


def written_now() -> str:
    """Return the time of this machine's clock as readings say it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def form_of(path: Path) -> str:
    """Return the form of a file by its name."""
    return "csv" if path.suffix.lower() == ".csv" else "ndjson"
