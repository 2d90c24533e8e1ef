"""What the sender of webhooks does with a stream: claim it for a moment, then note how far it has come."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.facts import WebhookStopped
from portal.models import Webhook, WebhookAttempt, WebhookCursor
from portal.sealing import Unreadable, owner_of
from portal.states import SYSTEM, WebhookState, WebhookStream
from portal.streams import ChainKey
from portal.webhooks.messages import Message, Place
from portal.webhooks.verdicts import Answered, Outcome, judge, rest_after

# Longer than one turn takes: a second of sending and a last call that times out.
LEASE: Final = timedelta(seconds=20)
KEY_REST: Final = timedelta(minutes=1)
LOG_KEPT: Final = timedelta(days=30)
_SETTLED: Final = (
    "after", "next_at", "attempts", "failing_since", "sent_at", "last_ms", "status", "error",
)  # fmt: skip
_STOPS: Final = {Outcome.GONE: WebhookState.GONE, Outcome.EXHAUSTED: WebhookState.EXHAUSTED}


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimed stream: from where, to which address, signed by what; worth nothing after its lease."""

    cursor_id: UUID
    fence: int
    attempts: int
    space_id: UUID
    organisation_id: UUID
    side: Side
    url: str
    secrets: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Try:
    """One call; `ended` is by the process's own clock that only runs forward."""

    message: Message
    attempt: int
    answered: Answered
    ended: float


@action("webhook.claim")
def claim_stream(actor: Actor, space_id: UUID, cursor_id: UUID) -> Claim | None:
    """Take one stream of a webhook for a turn; None when it is taken, rests, or sends no more.

    Whoever set it up must be able to read there still: if not, it stops. Raises: Refused. Records:
    webhook.stopped v1.
    """
    require_role(actor, space_id, SYSTEM, to="send webhooks")
    cursors = WebhookCursor.objects.visible_to(actor)
    webhook_id = cursors.filter(pk=cursor_id).values_list("webhook_id", flat=True).first()
    webhook = Webhook.objects.visible_to(actor).with_id(webhook_id) if webhook_id else None
    if webhook is None or webhook.state != WebhookState.ACTIVE:
        return None
    if not _may_be_told(webhook):
        _stop(actor, webhook.pk, WebhookState.WITHDRAWN)
        return None
    cursor = cursors.select_for_update(skip_locked=True).with_id(cursor_id)
    now = instant()
    if cursor is None or (cursor.next_at is not None and cursor.next_at > now):
        return None
    cursor.fence, cursor.taken_at, cursor.next_at = cursor.fence + 1, now, now + LEASE
    is_readable = not any(
        isinstance(each, Unreadable) for each in (webhook.url, webhook.secret, webhook.previous_secret)
    )
    if not is_readable:
        cursor.next_at, cursor.error = now + KEY_REST, "key_away"
    cursor.save(update_fields=["fence", "taken_at", "next_at", "error"])
    return _claim(webhook, cursor, now) if is_readable else None


def _may_be_told(webhook: Webhook) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "select door.may_be_told(%s, %s, %s)", [webhook.owner_id, webhook.space_id, webhook.side]
        )
        return bool(cursor.fetchone()[0])


def _stop(actor: Actor, webhook_id: UUID, state: WebhookState) -> None:
    webhook = Webhook.objects.visible_to(actor).select_for_update(no_key=True).with_id(webhook_id)
    if webhook is None or webhook.state != WebhookState.ACTIVE:
        return
    webhook.stop(state, instant())
    webhook.save(update_fields=["state", "stopped_at", "version"])
    ledger.record(webhook, WebhookStopped(state=state))


def _claim(webhook: Webhook, cursor: WebhookCursor, now: datetime) -> Claim:
    is_overlap = webhook.previous_until is not None and webhook.previous_until > now
    secrets = (webhook.secret, *((webhook.previous_secret,) if is_overlap else ()))
    place = Place(
        stream=cursor.stream,
        chain=ChainKey(webhook.space_id, cursor.chain),
        after=cursor.after,
        asked=cursor.asked,
        kinds=tuple(webhook.kinds),
        webhook_id=webhook.pk,
    )
    return Claim(
        cursor_id=cursor.pk,
        fence=cursor.fence,
        attempts=cursor.attempts,
        space_id=webhook.space_id,
        organisation_id=owner_of(webhook.space_id, webhook.side),
        side=Side(webhook.side),
        url=str(webhook.url),
        secrets=tuple(map(str, secrets)),
        place=place,
    )


@action("webhook.settle")
def settle_stream(actor: Actor, claim: Claim, *, upto: int, tries: Sequence[Try]) -> bool:
    """Note how far a turn came and every try; False when the claim was lost, and nothing is noted.

    All tries but the last were taken. A last one that was not is made again later, or ends the webhook: at
    once when the receiver is gone, after ten tries in 75 hours otherwise. What waits behind it waits on.
    Raises: Refused. Records: webhook.stopped v1.
    """
    require_role(actor, claim.space_id, SYSTEM, to="send webhooks")
    last = tries[-1] if tries else None
    outcome = judge(last.answered, last.attempt) if last is not None else Outcome.TAKEN
    held = WebhookCursor.objects.visible_to(actor).filter(pk=claim.cursor_id, fence=claim.fence)
    if outcome in _STOPS and held.exists():
        # Before the stream, as everybody locks who stops one.
        _stop(actor, claim.place.webhook_id, _STOPS[outcome])
    cursor = held.select_for_update().first()
    if cursor is None:
        return False
    _log_tries(actor, claim, tries)
    cursor.after, cursor.next_at = upto, None
    if any(each.answered.is_taken for each in tries):
        cursor.sent_at = instant()
    if last is not None:
        _note_last(cursor, last, outcome)
    cursor.save(update_fields=_SETTLED)
    return True


def _note_last(cursor: WebhookCursor, last: Try, outcome: Outcome) -> None:
    answered, now = last.answered, instant()
    cursor.status, cursor.error, cursor.last_ms = answered.status, answered.error, answered.ms
    if outcome == Outcome.TAKEN:
        cursor.attempts, cursor.failing_since = 0, None
    elif cursor.stream != WebhookStream.TESTS:
        cursor.attempts, cursor.failing_since = last.attempt, cursor.failing_since or now
        if last.attempt == 1:
            cursor.failing_since = now
        if outcome == Outcome.AGAIN:
            cursor.next_at = now + rest_after(answered, last.attempt, now=now)


def _log_tries(actor: Actor, claim: Claim, tries: Sequence[Try]) -> None:
    now, clock, place = instant(), time.monotonic(), claim.place
    side = str(claim.side)
    WebhookAttempt.objects.bulk_create(
        WebhookAttempt(
            space_id=claim.space_id,
            audience=side,
            webhook_id=place.webhook_id,
            stream=place.stream,
            chain=place.chain.audience,
            seq=each.message.seq,
            kind=each.message.kind,
            message=each.message.id,
            attempt=each.attempt,
            at=now - timedelta(seconds=clock - each.ended),
            ms=each.answered.ms,
            status=each.answered.status,
            error=each.answered.error,
        )
        for each in tries
    )
    kept = WebhookAttempt.objects.visible_to(actor).filter(webhook_id=place.webhook_id)
    kept.filter(at__lt=now - LOG_KEPT).delete()
