"""Webhooks as those read them who keep them: how far each has come, and what came of each try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from portal.actor import Actor
from portal.errors import NotFound
from portal.models import Webhook, WebhookAttempt, WebhookCursor
from portal.states import WebhookState, WebhookStream
from portal.webhooks.keeping import programs_kept

WAITING = """
    select c.id, case c.stream
        when 'tests' then c.asked - c.after
        when 'entries' then coalesce((
            select n.head from ledger.chain n
            where n.space_id = c.space_id and n.audience = c.chain), 0) - c.after
        else (
            select count(*) from ledger.checkpoint k
            where k.space_id = c.space_id and k.audience = c.chain and k.number > c.after)
        end
    from portal_webhookcursor c where c.webhook_id = any (%s)
"""


@dataclass(frozen=True, slots=True)
class StreamLine:
    """How far a webhook has come in one stream; `waiting` counts all that follows, also what is passed over.

    `next_at` is when a failed message is tried again.
    """

    stream: str
    audience: str
    after: int
    waiting: int
    attempts: int
    failing_since: datetime | None
    next_at: datetime | None
    sent_at: datetime | None
    status: int | None
    error: str


@dataclass(frozen=True, slots=True)
class WebhookLine:
    """A webhook with its streams, events first."""

    webhook: Webhook
    streams: tuple[StreamLine, ...]

    @property
    def is_failing(self) -> bool:
        """Say whether the newest try of some stream was not taken."""
        return any(each.failing_since for each in self.streams)


def list_webhooks(actor: Actor, *, program_id: UUID | None = None) -> QuerySet[Webhook]:
    """Return the webhooks that the actor keeps, without those removed, the newest first."""
    spaces = [each for each in programs_kept(actor) if program_id in (None, each)]
    rows = Webhook.objects.visible_to(actor).filter(_of_own_side(actor, spaces))
    return rows.exclude(state=WebhookState.REMOVED).order_by("-made_at", "id")


def _of_own_side(actor: Actor, spaces: Sequence[UUID]) -> Q:
    kept = Q(pk__in=[])
    for space_id in spaces:
        kept |= Q(space_id=space_id, side=str(actor.side(space_id)))
    return kept


def get_webhook(actor: Actor, webhook_id: UUID) -> Webhook:
    """Return a webhook that the actor keeps. Raises: NotFound."""
    found = list_webhooks(actor).filter(pk=webhook_id).first()
    if found is None:
        raise NotFound
    return found


def webhook_lines(actor: Actor, webhooks: Sequence[Webhook]) -> list[WebhookLine]:
    """Return webhooks with how far each has come; two queries for all."""
    ids = [each.pk for each in webhooks]
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [ids])
        waiting: dict[UUID, int] = dict(cursor.fetchall())
    order = list(WebhookStream.values)
    cursors = WebhookCursor.objects.visible_to(actor).filter(webhook_id__in=ids)
    rows = sorted(cursors, key=lambda each: (order.index(each.stream), each.chain != "shared"))
    return [
        WebhookLine(
            webhook, tuple(_line(each, waiting[each.pk]) for each in rows if each.webhook_id == webhook.pk)
        )
        for webhook in webhooks
    ]


def _line(cursor: WebhookCursor, waiting: int) -> StreamLine:
    return StreamLine(
        stream=cursor.stream,
        audience=cursor.chain,
        after=cursor.after,
        waiting=waiting,
        attempts=cursor.attempts,
        failing_since=cursor.failing_since,
        next_at=cursor.next_at if cursor.attempts else None,
        sent_at=cursor.sent_at,
        status=cursor.status,
        error=cursor.error,
    )


def list_attempts(actor: Actor, webhook_id: UUID) -> QuerySet[WebhookAttempt]:
    """Return the delivery log of a webhook that the actor keeps, the newest try first. Raises: NotFound."""
    webhook = get_webhook(actor, webhook_id)
    rows = WebhookAttempt.objects.visible_to(actor).filter(webhook_id=webhook.pk)
    return rows.order_by("-at", "id")
