"""Periodic work of the batches app; each task may run twice or late."""

from __future__ import annotations

from typing import Final

import structlog
from celery import shared_task
from django.db import OperationalError, connection

from batches.actions.seals import seal_readings
from portal.actor import system_actor
from portal.errors import NotFound, Unavailable

BATCHES_A_RUN: Final = 500
log = structlog.get_logger(__name__)


@shared_task(name="batches.seal_readings", ignore_result=True)
def seal_all_readings() -> int:
    """Seal what no entry covers yet, batch by batch; a busy one waits for the next run. Return how many."""
    with connection.cursor() as cursor:
        cursor.execute("select space_id, batch_id from door.unsealed(%s)", [BATCHES_A_RUN])
        waiting = cursor.fetchall()
    sealed = 0
    for space_id, batch_id in waiting:
        try:
            seal_readings(system_actor("sealer", space_id), batch_id)
            sealed += 1
        except (NotFound, Unavailable) as error:
            log.warning("seal_put_off", batch=str(batch_id), code=error.problem_code)
    return sealed


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
