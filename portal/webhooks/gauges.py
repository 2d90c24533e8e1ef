"""What operators measure of webhooks."""

from __future__ import annotations

from django.db import connection

from portal.metrics import Reading


def webhook_gauges() -> list[Reading]:
    """Return how many there are in each state, the longest that one fails, and that an event waits unsent."""
    with connection.cursor() as cursor:
        cursor.execute("select name, label, value from door.webhook_gauges()")
        return [Reading(f"covalent_{name}", label, value) for name, label, value in cursor.fetchall()]
