"""Carry messages over every channel. They say that something waits, and never what (design 9).

The channels run side by side: one whose server hangs holds up no other.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, connections
from django.utils.translation import gettext as _

from portal.actions.deliveries import Letter, claim_deliveries, note_sent, put_off_delivery
from portal.actor import system_actor
from portal.courier import carry
from portal.notices import chat
from portal.notices.devices import devices_of, forget
from portal.notices.leases import channels_waiting, courier_run
from portal.notices.push import PushFailed, push
from portal.states import Channel

AT_ONCE: Final = 100
# Well inside a task's limit, with the one message begun last.
SECONDS: Final = 30.0
Carried = Iterator[tuple[Letter, str]]
log = structlog.get_logger(__name__)


def carry_all(*, until: float | None = None) -> int:
    """Carry what is due over all channels; returns how many messages went."""
    end = until or time.monotonic() + SECONDS
    waiting = channels_waiting()
    sent: dict[str, int] = {}

    def run(channel: str) -> None:
        sent[channel] = carry_channel(channel, until=end)

    def run_beside(channel: str) -> None:
        try:
            run(channel)
        except Exception:
            log.exception("channel_failed", channel=channel)
        finally:
            connections.close_all()

    beside = [threading.Thread(target=run_beside, args=(each,), daemon=True) for each in waiting[1:]]
    for each in beside:
        each.start()
    try:
        if waiting:
            run(waiting[0])
    finally:
        for each in beside:
            each.join()
    return sum(sent.values())


def carry_channel(channel: str, *, until: float) -> int:
    """Carry what is due over one channel, in portions, until nothing is due or the time is over."""
    sent = 0
    with courier_run(channel) as run:
        while time.monotonic() < until:
            letters = [
                letter
                for space_id, ids in _portion(channel).items()
                for letter in claim_deliveries(
                    system_actor("courier", space_id), space_id, delivery_ids=ids, courier_id=run
                )
            ]
            if not letters:
                break
            for letter, error in CARRIERS[channel](letters, until):
                sent += _note(letter, error)
    return sent


def _portion(channel: str) -> Mapping[UUID, list[UUID]]:
    """Return what to claim next, by space: fresh messages together; one that lost its courier goes alone."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, space_id, is_suspect from door.waiting_messages(%s, %s)", [channel, AT_ONCE]
        )
        rows = cursor.fetchall()
    chosen = [row for row in rows if not row[2]] or rows[:1]
    found: dict[UUID, list[UUID]] = {}
    for row_id, space_id, _is_suspect in chosen:
        found.setdefault(space_id, []).append(row_id)
    return found


def _note(letter: Letter, error: str) -> int:
    actor = system_actor("courier", letter.space_id)
    if not error:
        note_sent(actor, letter.delivery_id, attempt=letter.attempt)
        return 1
    log.warning("letter_not_sent", delivery=str(letter.delivery_id), channel=letter.channel, error=error)
    put_off_delivery(actor, letter.delivery_id, attempt=letter.attempt, error=error)
    return 0


def _mail(letters: Iterable[Letter], until: float) -> Carried:
    return carry(letters, until=until)


def _push(letters: Iterable[Letter], until: float) -> Carried:
    for letter in letters:
        if time.monotonic() > until:
            break
        yield letter, _push_one(letter)


def _push_one(letter: Letter) -> str:
    """Push to every browser of a person; one that takes it is enough. Returns the last error's code."""
    words = {
        "title": "Covalent",
        "body": _("One notification waits in Covalent."),
        "url": f"/alerts/{letter.alert_id}/",
        "tag": str(letter.delivery_id),
    }
    said = json.dumps(words).encode()
    error, is_taken = "no_device", False
    for device in devices_of(letter.person_id):
        try:
            push(
                device.endpoint,
                p256dh=device.p256dh,
                auth=device.auth,
                said=said,
                is_urgent=letter.is_urgent,
            )
            is_taken = True
        except PushFailed as fault:
            error = fault.code
            if fault.is_gone:
                forget(device.id)
    return "" if is_taken else error


def _chat(letters: Iterable[Letter], until: float) -> Carried:
    for letter in letters:
        if time.monotonic() > until:
            break
        body = _("One notification waits in Covalent.") + f"\n{settings.SITE_URL}/alerts/{letter.alert_id}/"
        try:
            chat.send(letter.addresses, title="Covalent", body=body)
        except chat.ChatFailed as fault:
            yield letter, fault.code
        else:
            yield letter, ""


CARRIERS: Final[Mapping[str, Callable[[Iterable[Letter], float], Carried]]] = {
    Channel.EMAIL: _mail,
    Channel.PUSH: _push,
    Channel.CHAT: _chat,
}
