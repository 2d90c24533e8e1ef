"""One run of the courier at a time for each channel; seen while it lives, followed soon after it died."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID, uuid4

import structlog
from django.db import DatabaseError, connection

from portal.states import Channel

SEEN_EVERY_S: Final = 3.0
_WAITING: Final = """
select c.channel from unnest(%s::text[]) with ordinality c (channel, place)
where exists (select from door.waiting_messages(c.channel, 1))
  and not exists (select from portal_courier k
                  where k.channel = c.channel and k.seen_at > portal.instant() - interval '10 s')
order by c.place
"""
log = structlog.get_logger(__name__)


def channels_waiting() -> list[str]:
    """Return the channels in which a message is due and no courier is at work."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [list(Channel.values)])
        return [channel for (channel,) in cursor.fetchall()]


@contextmanager
def courier_run(channel: str) -> Iterator[UUID]:
    """Be a courier of a channel for a while; a thread shows every three seconds that this run lives."""
    run, over = uuid4(), threading.Event()
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into portal_courier (id, channel, seen_at) values (%s, %s, portal.instant())",
            [run, channel],
        )
    shown = threading.Thread(target=_show, args=(run, over), name=f"courier {channel}", daemon=True)
    shown.start()
    try:
        yield run
    finally:
        over.set()
        shown.join()
        with connection.cursor() as cursor:
            cursor.execute("delete from portal_courier where id = %s", [run])


def _show(run: UUID, over: threading.Event) -> None:
    while not over.wait(SEEN_EVERY_S):
        try:
            with connection.cursor() as cursor:
                cursor.execute("update portal_courier set seen_at = portal.instant() where id = %s", [run])
        except DatabaseError as error:
            # An outage passes; if it does not, another courier takes over.
            log.warning("courier_unseen", error=type(error).__name__)
        finally:
            connection.close()
