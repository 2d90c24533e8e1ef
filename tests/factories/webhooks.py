"""Webhooks for tests: set up by one of the cast, sent turn by turn."""

from __future__ import annotations

from dataclasses import replace

from portal.action import reading
from portal.actions.webhooks import add_webhook
from portal.actor import system_actor
from portal.models import Webhook, WebhookAttempt, WebhookCursor
from portal.webhooks import running
from portal.webhooks.sending import take_turn
from tests.conftest import actor
from tests.factories import cast

KEY_SCOPES = {each[0]: frozenset(each[1][5]) for each in cast.SERVICES.items()}


def keeper(key):
    """One of the cast as it comes: a system by its key, with the key's scopes."""
    found = actor(key)
    return replace(found, scopes=KEY_SCOPES[key]) if key in KEY_SCOPES else found


def webhook(receiver, by="sponsor_system", program=cast.PROGRAM, **given):
    """A webhook that is told from now on."""
    return add_webhook(keeper(by), program, url=getattr(receiver, "url", receiver), **given)


def rows(model, space=cast.PROGRAM, **where):
    """Rows of a webhook's machinery, past its side's wall."""
    with reading(system_actor("watchdog", space)) as watcher:
        return list(model.objects.visible_to(watcher).filter(**where).order_by("pk"))


def fresh(found):
    (row,) = rows(Webhook, found.space_id, pk=found.pk)
    return row


def cursor_of(found, stream="entries", chain="shared"):
    (row,) = rows(WebhookCursor, found.space_id, webhook_id=found.pk, stream=stream, chain=chain)
    return row


def tries_of(found):
    """The delivery log, the oldest try first."""
    log = rows(WebhookAttempt, found.space_id, webhook_id=found.pk)
    return sorted(log, key=lambda each: (each.at, each.seq))


def send_all(turns=200):
    """Take the turns that are due one after the other, in this thread; returns how many were taken."""
    taken = 0
    for _ in range(turns):
        due = running.list_due(1)
        if not due:
            return taken
        taken += take_turn(due[0].space_id, due[0].cursor_id)
    raise AssertionError("it never ends")
