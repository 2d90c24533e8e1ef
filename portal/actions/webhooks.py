"""Webhooks as their side keeps them: set up, tried out, sent again, secret made anew, off, on, removed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import F

from portal import ledger
from portal.access import get_program, require_state, require_version
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid, NotFound, Refused
from portal.facts import (
    WebhookAdded,
    WebhookDisabled,
    WebhookEnabled,
    WebhookRemoved,
    WebhookReplayed,
    WebhookRotated,
)
from portal.models import Program, Webhook, WebhookAttempt, WebhookCursor
from portal.outgoing import URL_CHARACTERS_MAX
from portal.states import WEBHOOK_TRANSITIONS, Audience, WebhookState, WebhookStream
from portal.streams import ChainKey, heads_of
from portal.webhooks.keeping import side_kept
from portal.webhooks.kinds import EVERY, KIND, KINDS_MAX, wants_checkpoints, wants_entries
from portal.webhooks.signing import make_secret

WEBHOOKS_MAX: Final = 20
OVERLAP: Final = timedelta(hours=24)


@action("webhook.add")
def add_webhook(actor: Actor, program_id: UUID, *, url: str, kinds: Sequence[str] = (EVERY,)) -> Webhook:
    """Tell an address from now on what the actor's side may read in a program; returns it with its secret.

    The secret is in the returned row alone, once. `kinds` are kinds of entries, `deviation.*` for all below a
    word, `*` for all; `ledger.checkpoint` asks for the checkpoints too, the newest at once. The address was
    checked by `require_address`. Raises: NotFound, Refused, Invalid, Conflict. Records: webhook.added v1.
    """
    program = get_program(actor, program_id)
    side = _require_keeper(actor, program)
    chosen = _require_kinds(kinds)
    if not 0 < len(url) <= URL_CHARACTERS_MAX:
        raise Invalid("No address.", errors={"url": ["Give an address of at most 2000 characters."]})
    _require_room(actor, program_id, side)
    webhook = Webhook.objects.create(
        space_id=program_id,
        audience=side,
        side=side,
        url=url,
        secret=make_secret(),
        kinds=chosen,
        owner_id=actor.person_id,
        owner_code=actor.code(program_id),
        made_at=instant(),
    )
    WebhookCursor.objects.bulk_create(_cursors(actor, webhook))
    ledger.record(webhook, WebhookAdded(kinds=tuple(chosen), code=webhook.owner_code))
    return webhook


def _require_keeper(actor: Actor, program: Program) -> str:
    side = side_kept(actor, program)
    if not side:
        raise Refused(
            "Webhooks are set up by a side's quality unit, its administrators, or a key that may have them."
        )
    return side


def _require_kinds(kinds: Iterable[str]) -> list[str]:
    chosen = sorted(set(kinds))
    if not chosen or len(chosen) > KINDS_MAX or not all(KIND.fullmatch(each) for each in chosen):
        words = f"Give 1 to {KINDS_MAX} kinds, like deviation.reported, deviation.* or *."
        raise Invalid(words, errors={"events": [words]})
    return chosen


def _require_room(actor: Actor, program_id: UUID, side: str) -> None:
    """Let those who add come one after the other, and refuse one too many."""
    Program.objects.visible_to(actor).select_for_update(no_key=True).with_id(program_id)
    kept = Webhook.objects.visible_to(actor).filter(space_id=program_id, side=side)
    if kept.exclude(state=WebhookState.REMOVED).count() >= WEBHOOKS_MAX:
        raise Conflict(f"A side has at most {WEBHOOKS_MAX} webhooks in a program. Remove one first.")


def _cursors(actor: Actor, webhook: Webhook) -> list[WebhookCursor]:
    chains, heads = (Audience.SHARED, Audience(webhook.side)), heads_of(actor, webhook.space_id)
    places = [(WebhookStream.TESTS, Audience.SHARED, 0)]
    if wants_entries(webhook.kinds):
        places += [(WebhookStream.ENTRIES, each, heads[each]) for each in chains]
    if wants_checkpoints(webhook.kinds):
        newest = {each: _before_newest(ChainKey(webhook.space_id, each)) for each in chains}
        places += [(WebhookStream.CHECKPOINTS, each, newest[each]) for each in chains]
    return [
        WebhookCursor(
            space_id=webhook.space_id,
            audience=webhook.audience,
            webhook=webhook,
            stream=stream,
            chain=chain,
            after=after,
        )
        for stream, chain, after in places
    ]


def _before_newest(chain: ChainKey) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select coalesce(max(number), 1) - 1 from ledger.checkpoint"
            " where space_id = %s and audience = %s",
            list(chain),
        )
        found: int = cursor.fetchone()[0]
    return found


def _lock(actor: Actor, webhook_id: UUID, to: str, version: int | None = None) -> Webhook:
    """Hand out a locked webhook, in fixed order: visible, kept by the actor, state, version if seen."""
    # No key of it changes: who writes its log meanwhile does not wait for this, nor this for them.
    found = Webhook.objects.visible_to(actor).select_for_update(no_key=True).with_id(webhook_id)
    if found is None or found.state == WebhookState.REMOVED:
        raise NotFound
    if _require_keeper(actor, get_program(actor, found.space_id)) != found.side:
        raise NotFound
    require_state(found, WEBHOOK_TRANSITIONS[to], to)
    if version is not None:
        require_version(found, version)
    return found


def _restart(actor: Actor, webhook: Webhook, **where: str) -> None:
    """Let the streams go on at once; whoever works on one has lost it."""
    rows = WebhookCursor.objects.visible_to(actor).filter(webhook_id=webhook.pk, **where)
    rows.update(next_at=None, attempts=0, failing_since=None, fence=F("fence") + 1)


@action("webhook.test")
def ask_for_test(actor: Actor, webhook_id: UUID) -> Webhook:
    """Send a message that holds nothing; what came of it stands in the delivery log, and it is not repeated.

    Raises: NotFound, Refused, InvalidTransition.
    """
    webhook = _lock(actor, webhook_id, "test")
    tests = WebhookCursor.objects.visible_to(actor).filter(webhook_id=webhook.pk, stream=WebhookStream.TESTS)
    tests.update(asked=F("asked") + 1)
    return webhook


@action("webhook.rotate")
def rotate_secret(
    actor: Actor, webhook_id: UUID, *, overlap: timedelta = OVERLAP, version: int | None = None
) -> Webhook:
    """Make a new secret; until the overlap ends each message is signed by both. Returns it with the secret.

    Raises: NotFound, Refused, InvalidTransition, StaleVersion. Records: webhook.rotated v1.
    """
    webhook = _lock(actor, webhook_id, "rotate", version)
    until = instant() + overlap
    webhook.rotate(make_secret(), until)
    webhook.save(update_fields=["secret", "previous_secret", "previous_until", "version"])
    ledger.record(webhook, WebhookRotated(code=actor.code(webhook.space_id), previous_until=until))
    return webhook


@action("webhook.replay")
def replay_webhook(actor: Actor, webhook_id: UUID, *, after: Mapping[str, int]) -> Webhook:
    """Send again what follows a number of each chain that is named, or go on from there; ids stay the same.

    It may be set forward too, past what a receiver never takes. Raises: NotFound, Refused, InvalidTransition,
    Invalid. Records: webhook.replayed v1.
    """
    webhook = _lock(actor, webhook_id, "replay")
    heads = heads_of(actor, webhook.space_id)
    rows = WebhookCursor.objects.visible_to(actor).filter(webhook_id=webhook.pk, stream=WebhookStream.ENTRIES)
    known = set(rows.values_list("chain", flat=True))
    for chain, number in after.items():
        if chain not in known or not 0 <= number <= heads[chain]:
            words = "Give a number of a chain that this webhook is told of, 0 to its last."
            raise Invalid(words, errors={"after": [words]})
    for chain, number in sorted(after.items()):
        rows.filter(chain=chain).update(after=number)
        _restart(actor, webhook, stream=WebhookStream.ENTRIES, chain=chain)
        told = WebhookReplayed(code=actor.code(webhook.space_id), chain=chain, after=number)
        ledger.record(webhook, told)
    return webhook


@action("webhook.disable")
def disable_webhook(actor: Actor, webhook_id: UUID, *, version: int | None = None) -> Webhook:
    """Send nothing until it is switched on again; what happens meanwhile waits.

    Raises: NotFound, Refused, InvalidTransition, StaleVersion. Records: webhook.disabled v1.
    """
    webhook = _lock(actor, webhook_id, "disable", version)
    webhook.stop(WebhookState.DISABLED, instant())
    webhook.save(update_fields=["state", "stopped_at", "version"])
    ledger.record(webhook, WebhookDisabled(code=actor.code(webhook.space_id)))
    return webhook


@action("webhook.enable")
def enable_webhook(actor: Actor, webhook_id: UUID, *, version: int | None = None) -> Webhook:
    """Go on where it stopped; the actor answers for it from now on.

    Raises: NotFound, Refused, InvalidTransition, StaleVersion. Records: webhook.enabled v1.
    """
    webhook = _lock(actor, webhook_id, "enable", version)
    webhook.enable(actor.person_id, actor.code(webhook.space_id))
    webhook.save(update_fields=["state", "stopped_at", "owner_id", "owner_code", "version"])
    _restart(actor, webhook)
    ledger.record(webhook, WebhookEnabled(code=webhook.owner_code))
    return webhook


@action("webhook.remove")
def remove_webhook(actor: Actor, webhook_id: UUID, *, version: int | None = None) -> Webhook:
    """End it for good: its secret and its delivery log go, that it was stays on the record.

    Raises: NotFound, Refused, StaleVersion. Records: webhook.removed v1.
    """
    webhook = _lock(actor, webhook_id, "remove", version)
    webhook.remove(instant())
    fields = ["state", "stopped_at", "secret", "previous_secret", "previous_until", "version"]
    webhook.save(update_fields=fields)
    WebhookAttempt.objects.visible_to(actor).filter(webhook_id=webhook.pk).delete()
    ledger.record(webhook, WebhookRemoved(code=actor.code(webhook.space_id)))
    return webhook
