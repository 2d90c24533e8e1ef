"""`/metrics` for Prometheus, by a token of its own; whoever has none is told that there is nothing."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from itertools import chain
from typing import Final

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from portal.metrics import Reading, exposition, gauges

# Kombu's names: the list of what waits, the hash of what was taken and is not ended.
UNACKED: Final = "unacked"


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with every measure. Without a token in the settings there is no such address."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    wanted = settings.METRICS_TOKEN
    if not wanted or scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), wanted.encode()):
        raise Http404
    return HttpResponse(exposition([*_of_rows(), *_of_queue()]), content_type=CONTENT_TYPE_LATEST)


def _of_rows() -> list[Reading]:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select name, label, value from door.gauges()")
            found = [Reading(f"covalent_{name}", label, value) for name, label, value in cursor.fetchall()]
        return [Reading("covalent_database_up", "", 1), *found, *chain.from_iterable(gauges())]
    except DatabaseError:
        return [Reading("covalent_database_up", "", 0)]


def _of_queue() -> Iterator[Reading]:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        waiting, taken = client.llen(settings.CELERY_TASK_DEFAULT_QUEUE), client.hlen(UNACKED)
    except redis.RedisError:
        yield Reading("covalent_redis_up", "", 0)
        return
    finally:
        client.close()
    yield Reading("covalent_redis_up", "", 1)
    yield Reading("covalent_queue_messages", "waiting", float(waiting))
    yield Reading("covalent_queue_messages", "taken", float(taken))


urlpatterns = [path("metrics", metrics, name="metrics")]
