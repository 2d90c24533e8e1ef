"""Periodic work of the batches app; each task may run twice or late."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

import structlog
from celery import shared_task
from django.db import OperationalError, connection

from batches.actions.carrying import carry_monitoring
from batches.actions.links import carry_link
from batches.actions.readings import judge_missing
from batches.actions.seals import seal_readings
from batches.actions.shelves import end_shelf
from batches.errors import BatchNotRunning
from batches.watched.working import judge_batch, learn_model
from portal.actor import system_actor
from portal.errors import NotFound, Unavailable

BATCHES_A_RUN: Final = 500
LINKS_A_RUN: Final = 500
# Each takes up to seconds of the worker; what is left waits for the next run.
MODELS_A_RUN: Final = 1
WATCHED_A_RUN: Final = 20
WATCHING_S: Final = 1.0
log = structlog.get_logger(__name__)


@shared_task(name="batches.seal_readings", ignore_result=True)
def seal_all_readings() -> int:
    """Seal what no entry covers yet, batch by batch; return how many. One that cannot be stops no other."""
    with connection.cursor() as cursor:
        cursor.execute("select space_id, batch_id from door.unsealed(%s)", [BATCHES_A_RUN])
        waiting = cursor.fetchall()
    return sum(seal_batch(space_id=space_id, batch_id=batch_id) for space_id, batch_id in waiting)


def seal_batch(*, space_id: UUID, batch_id: UUID) -> int:
    """Seal the readings of one batch; one that is busy or fails is logged and waits for the next run."""
    sealed = 0
    with _put_off("seal", NotFound, batch=batch_id):
        seal_readings(system_actor("sealer", space_id), batch_id)
        sealed += 1
    return sealed


@contextmanager
def _put_off(what: str, *passing: type[Exception], **which: UUID) -> Iterator[None]:
    """Let what is busy or fails wait for the next run, and stop no other: contention and outages pass.

    `passing` is what passes beside them; whatever else comes is a fault and is logged as one.
    """
    named = {name: str(record_id) for name, record_id in which.items()}
    put_off, failed = f"{what}_put_off", f"{what}_failed"
    passes: tuple[type[Exception], ...] = (Unavailable, OperationalError, *passing)
    try:
        yield
    except passes as error:
        log.warning(put_off, **named, error=type(error).__name__)
    except Exception:
        log.exception(failed, **named)


@shared_task(name="batches.find_missing", ignore_result=True)
def find_missing() -> int:
    """Judge the batches to which nothing came for longer than a limit allows; return how many."""
    with connection.cursor() as cursor:
        cursor.execute("select space_id, batch_id from door.silent(%s)", [BATCHES_A_RUN])
        waiting = cursor.fetchall()
    return sum(judge_silent_batch(space_id=space_id, batch_id=batch_id) for space_id, batch_id in waiting)


def judge_silent_batch(*, space_id: UUID, batch_id: UUID) -> int:
    """Judge missing data of one batch; one that is busy, ended or fails waits for the next run."""
    judged = 0
    with _put_off("missing", NotFound, BatchNotRunning, batch=batch_id):
        judge_missing(system_actor("sweep", space_id), batch_id)
        judged += 1
    return judged


@shared_task(name="batches.end_shelves", ignore_result=True)
def end_shelves() -> int:
    """Put alarms into service again whose shelf is over; return how many. One that fails stops no other."""
    with connection.cursor() as cursor:
        cursor.execute("select space_id, shelf_id from door.shelves_over(%s)", [BATCHES_A_RUN])
        waiting = cursor.fetchall()
    return sum(_end_one(space_id, shelf_id) for space_id, shelf_id in waiting)


def _end_one(space_id: UUID, shelf_id: UUID) -> int:
    ended = 0
    with _put_off("shelf", NotFound, shelf=shelf_id):
        ended += int(end_shelf(system_actor("sweep", space_id), shelf_id) is not None)
    return ended


@shared_task(name="batches.learn_watches", ignore_result=True)
def learn_watches() -> int:
    """Learn the watch models that people asked for, one a run; return how many were looked at."""
    with connection.cursor() as cursor:
        cursor.execute("select space_id, model_id from door.watches_asked(%s)", [MODELS_A_RUN])
        waiting = cursor.fetchall()
    learnt = 0
    for space_id, model_id in waiting:
        with _put_off("watch", NotFound, watch=model_id):
            learn_model(space_id, model_id)
            learnt += 1
    return learnt


@shared_task(name="batches.judge_watches", ignore_result=True)
def judge_watches() -> int:
    """Judge batches of which another place is over, for about a second; return how many.

    One that fails stops no other. What is left waits for the next run, so that alerts never wait for it.
    """
    until = time.monotonic() + WATCHING_S
    with connection.cursor() as cursor:
        cursor.execute("select space_id, batch_id from door.watched(%s)", [WATCHED_A_RUN])
        waiting = cursor.fetchall()
    judged = 0
    for space_id, batch_id in waiting:
        with _put_off("watch", NotFound, batch=batch_id):
            judge_batch(space_id, batch_id)
            judged += 1
        if time.monotonic() > until:
            break
    return judged


@shared_task(name="batches.carry_links", ignore_result=True)
def carry_links() -> int:
    """Tell the other ends of links how lots stand now; return how many. One that cannot be stops no other."""
    with connection.cursor() as cursor:
        cursor.execute("select space_id, link_id, other_space from door.links_due(%s)", [LINKS_A_RUN])
        waiting = cursor.fetchall()
    carried = 0
    for space_id, link_id, other_space in waiting:
        with _put_off("link", link=link_id):
            carried += carry_link(system_actor("sweep", space_id, other_space), link_id) is not None
    return carried


@shared_task(name="batches.carry_monitoring", ignore_result=True)
def carry_sessions() -> int:
    """Tell batches what sessions that cover them found; return how many. One that fails stops no other."""
    with connection.cursor() as cursor:
        cursor.execute("select space_id, coverage_id, program from door.monitoring_due(%s)", [LINKS_A_RUN])
        waiting = cursor.fetchall()
    carried = 0
    for space_id, coverage_id, program in waiting:
        with _put_off("monitoring", coverage=coverage_id):
            carried += carry_monitoring(system_actor("sweep", space_id, program), coverage_id) is not None
    return carried


@shared_task(
    name="batches.make_partitions",
    ignore_result=True,
    autoretry_for=(OperationalError,),
    max_retries=3,
    default_retry_delay=30,
)
def make_partitions() -> int:
    """Make the partitions of readings for the coming months; warn when readings lie in the default one."""
    with connection.cursor() as cursor:
        cursor.execute("select batches.make_partitions(portal.instant(), 1, 3), batches.strays()")
        made, strays = cursor.fetchone()
    if strays:
        log.warning("readings_without_partition", rows=strays)
    return int(made)
