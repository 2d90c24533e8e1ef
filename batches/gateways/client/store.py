"""The queue of a gateway: one SQLite file for one batch; what is in it survives a cut and a kill.

A frame is in the chain and on the disk in one transaction, with how far a file was read. It leaves when the
portal has answered for it. What the portal does not take is set aside and stays.
"""

from __future__ import annotations

import sqlite3
import threading
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from batches.gateways.chain import first_link, link_of
from batches.gateways.client.clockwork import Moment

Row = dict[str, Any]

TABLES: Final = """
create table if not exists meta (name text primary key, value) without rowid;
create table if not exists frame (
    sequence integer primary key, wall_us integer not null, steady_us integer not null, boot text not null,
    mark text not null, previous blob not null, link blob not null, rows integer not null, body blob not null,
    announced integer not null default 0);
create table if not exists aside (
    id integer primary key, sequence integer not null, at_us integer not null, code text not null,
    detail text not null, body blob not null);
"""
# Room for what is set aside and for the database's own pages.
SLACK: Final = 0.9


class QueueFull(Exception):
    """The queue has as many bytes as it may have; nothing was added."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A frame of the queue."""

    sequence: int
    moment: Moment
    mark: str
    previous: bytes
    link: bytes
    rows: int
    body: bytes


class Store:
    """The queue on disk; safe to share between threads."""

    def __init__(self, path: Path, *, most_bytes: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._most = most_bytes
        self._base = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._base.execute("pragma journal_mode = wal")
        # Whoever is told that a frame is in must find it after a loss of power.
        self._base.execute("pragma synchronous = full")
        self._base.executescript(TABLES)
        with self._transaction():
            if self._meta("chain") is None:
                chain = uuid.uuid4().hex
                self._set(chain=chain, sequence=0, link=first_link(chain), mark="", lost=0, position=0)
        self.chain: str = self._meta("chain")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._base.close()

    def add(self, rows: Sequence[Row], *, position: int | None = None) -> None:
        """Put readings at the end of the chain. Raises: QueueFull."""
        body = orjson.dumps({"readings": rows})
        moment = Moment.now()
        with self._transaction():
            if self._used() + len(body) > SLACK * self._most:
                raise QueueFull
            sequence, previous, mark = self._meta("sequence") + 1, self._meta("link"), self._meta("mark")
            link = link_of(previous, sequence=sequence, recorded_us=moment.wall_us, mark=mark, body=body)
            self._base.execute(
                "insert into frame (sequence, wall_us, steady_us, boot, mark, previous, link, rows, body)"
                " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    sequence,
                    moment.wall_us,
                    moment.steady_us,
                    moment.boot,
                    mark,
                    previous,
                    link,
                    len(rows),
                    body,
                ),
            )
            self._set(sequence=sequence, link=link)
            if position is not None:
                self._set(position=position)

    def oldest(self) -> Waiting | None:
        """Return the frame to send next."""
        with self._lock:
            row = self._base.execute(
                "select sequence, wall_us, steady_us, boot, mark, previous, link, rows, body from frame"
                " order by sequence limit 1"
            ).fetchone()
        if row is None:
            return None
        sequence, wall_us, steady_us, boot, mark, previous, link, rows, body = row
        return Waiting(sequence, Moment(wall_us, steady_us, boot), mark, previous, link, rows, body)

    def unannounced(self, most: int) -> list[tuple[int, bytes]]:
        """Return numbers and links of frames that wait and were not announced yet, oldest first."""
        with self._lock:
            return self._base.execute(
                "select sequence, link from frame where announced = 0 order by sequence limit ?", (most,)
            ).fetchall()

    def note_announced(self, until: int, mark: str) -> None:
        """Note that the portal knows the links up to a number, and its newest mark."""
        with self._transaction():
            self._base.execute("update frame set announced = 1 where sequence <= ?", (until,))
            self._set(mark=mark)

    def answered(self, sequence: int) -> None:
        """Let a frame go that the portal has."""
        with self._transaction():
            self._base.execute("delete from frame where sequence = ?", (sequence,))

    def set_aside(self, frame: Waiting, parts: Sequence[tuple[str, str, bytes]], *, whole: bool) -> None:
        """Keep what the portal does not take, with code and reason; with `whole` the frame leaves with it."""
        with self._transaction():
            self._base.executemany(
                "insert into aside (sequence, at_us, code, detail, body) values (?, ?, ?, ?, ?)",
                [(frame.sequence, Moment.now().wall_us, *each) for each in parts],
            )
            if whole:
                self._base.execute("delete from frame where sequence = ?", (frame.sequence,))

    def lose(self, readings: int) -> int:
        """Count readings for which there was no room; return how many there are."""
        with self._transaction():
            lost: int = self._meta("lost") + readings
            self._set(lost=lost)
            return lost

    def aside(self) -> list[tuple[int, str, str, bytes]]:
        """Return what was set aside: number of its frame, code, reason, what it was."""
        with self._lock:
            rows = self._base.execute("select sequence, code, detail, body from aside order by id")
            return rows.fetchall()

    @property
    def waiting(self) -> int:
        """Return how many frames wait."""
        with self._lock:
            count: int = self._base.execute("select count(*) from frame").fetchone()[0]
            return count

    @property
    def lost(self) -> int:
        """Return how many readings found no room since the queue began."""
        with self._lock:
            lost: int = self._meta("lost")
            return lost

    @property
    def position(self) -> int:
        """Return how many bytes of a file are in the queue or were sent."""
        with self._lock:
            position: int = self._meta("position")
            return position

    @property
    def share(self) -> float:
        """Return how full the queue is, 1 for no room."""
        with self._lock:
            return self._used() / (SLACK * self._most)

    def _used(self) -> int:
        # Pages that were freed are filled again: they are room.
        pages, free, size = (
            self._base.execute(f"pragma {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def _meta(self, name: str) -> Any:
        row = self._base.execute("select value from meta where name = ?", (name,)).fetchone()
        return None if row is None else row[0]

    def _set(self, **values: Any) -> None:
        self._base.executemany(
            "insert into meta (name, value) values (?, ?)"
            " on conflict (name) do update set value = excluded.value",
            list(values.items()),
        )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with self._lock:
            self._base.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._base.execute("rollback")
                raise
            self._base.execute("commit")
