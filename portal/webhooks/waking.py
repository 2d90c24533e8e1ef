"""The sender of webhooks is woken when a chain has grown; without that the next sweep wakes it."""

from __future__ import annotations

import functools
from typing import Final

import structlog
from celery import Celery
from kombu.exceptions import KombuError
from redis import RedisError

from portal.webhooks.running import list_due

TASK: Final = "portal.send_webhooks"
log = structlog.get_logger(__name__)


@functools.cache
def _broker() -> Celery:
    """Return the way to the workers from a process that is none."""
    app = Celery("relay", set_as_current=False)
    app.config_from_object("django.conf:settings", namespace="CELERY")
    return app


def wake_sender() -> bool:
    """Wake the sender where a webhook waits; says whether it did. A run that is under way takes it along."""
    if not list_due(1):
        return False
    try:
        _broker().send_task(TASK, expires=10, retry=False)
    except (KombuError, RedisError, OSError) as error:
        log.warning("task_not_woken", task=TASK, error=type(error).__name__)
        return False
    return True
