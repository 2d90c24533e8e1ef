"""Is it alive, and may it take work? Two addresses that need no login and tell nothing else."""

from __future__ import annotations

from typing import Final

import redis
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.record_table import WALLS_DOWN

FRESH_SECONDS: Final = 15
PROCESSES: Final = ("relay", "worker")
PRODUCTION_CLOCK: Final = "select clock_timestamp()"
log = structlog.get_logger(__name__)

# More than the application role may be: any of these rows would open the walls (ground 2).
TOO_MUCH: Final = """
select (r.rolsuper or r.rolbypassrls or r.rolcreaterole or r.rolcreatedb)
    or session_user <> current_user
    or exists (select 1 from pg_class c where c.relowner = r.oid and c.relpersistence = 'p')
    or exists (select 1 from pg_proc p where p.proowner = r.oid)
    or exists (select 1 from pg_namespace n where n.nspowner = r.oid)
    or exists (select 1 from pg_auth_members m where m.member = r.oid)
from pg_roles r where r.rolname = current_user
"""


def faults() -> list[str]:
    """Return what keeps this process from taking work, by code; empty when it is ready."""
    return [*_database_faults(), *_redis_faults()]


def _database_faults() -> list[str]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(TOO_MUCH)
            found = ["role_too_strong"] if cursor.fetchone() != (False,) else []
            cursor.execute("select prosrc from pg_proc where oid = 'portal.instant()'::regprocedure")
            found += ["clock_replaced"] if cursor.fetchone() != (PRODUCTION_CLOCK,) else []
            cursor.execute(WALLS_DOWN)
            found += ["walls_down"] if cursor.fetchall() else []
            cursor.execute(
                "select process from portal_heartbeat"
                " where process = any(%s) and seen_at > clock_timestamp() - make_interval(secs => %s)",
                [list(PROCESSES), FRESH_SECONDS],
            )
            seen = {row[0] for row in cursor.fetchall()}
    except DatabaseError:
        return ["database_away"]
    return found + [f"{process}_silent" for process in PROCESSES if process not in seen]


def _redis_faults() -> list[str]:
    client = redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        client.ping()
    except redis.RedisError:
        return ["redis_away"]
    finally:
        client.close()
    return []


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """Answer that this process serves."""
    return JsonResponse({"status": "alive"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answer whether work may come; what is wrong stands in the log, not in the answer."""
    found = faults()
    if found:
        log.warning("not_ready", faults=found)
        return JsonResponse({"status": "not_ready"}, status=503)
    return JsonResponse({"status": "ready"})


urlpatterns = [
    path("healthz", alive, name="healthz"),
    path("readyz", ready, name="readyz"),
]
