"""What the worker does by the clock. A task may run twice, late, or be killed: state is in the database."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Final, cast
from uuid import UUID

import structlog
from celery import Task, shared_task
from celery.signals import worker_ready
from django.conf import settings
from django.db import OperationalError, connection
from django.db.models import DateTimeField, Func
from kombu.exceptions import OperationalError as BrokerError

from portal.action import reading
from portal.actions.alerts import postpone_clock
from portal.actions.invitations import claim_links, note_link_sent
from portal.actions.mailing import Recipient, claim_checkpoint_mail, note_checkpoint_mail
from portal.actions.notices import claim_digest, note_digest
from portal.actions.publishing import LogForked, hold_checkpoint, publish_checkpoint
from portal.actions.rostering import look_for_gaps
from portal.actions.set_apart import set_clock_apart, tell_set_apart
from portal.actor import system_actor
from portal.checkpoint_mail import HOW, collect, compose_checkpoints
from portal.clocks import handler_of, many_handler_of
from portal.clocks.trying import (
    TRIES_MAX,
    WORK_SECONDS,
    begin_tries,
    end_tries,
    fail_tries,
    note_set_apart,
    suspects,
    undo_tries,
    within,
)
from portal.courier import code_of
from portal.errors import KeyUnavailable, Unavailable
from portal.links import Link, compose
from portal.log_keys import LogKeyError
from portal.models import Clock, Person
from portal.notices.carrying import carry_all
from portal.notices.leases import channels_waiting
from portal.notices.morning import compose_morning, count_for
from portal.retention import SWEPT
from portal.webhooks import running
from portal.webhooks.running import list_due

CLOCKS_AT_ONCE: Final = 1000
# In one transaction, where a kind allows it: whoever else writes on the chain waits no longer than that.
CLOCKS_TOGETHER: Final = 100
# The next tick goes on where this one stops; well inside a task's limit.
SWEEP_SECONDS: Final = 20.0
# Each may wait for the mail server's time-out, all within a task's limit.
LINKS_AT_ONCE: Final = 3
# Well inside a letter's lease and a task's limit.
COURIER_SECONDS: Final = 30.0
CHAINS_AT_ONCE: Final = 200
PUBLISH_SECONDS: Final = 20.0
# The last mail begun may wait for the mail server's time-out, all within a task's limit.
MAIL_SECONDS: Final = 20.0
REST_AFTER_FAILURE: Final = timedelta(seconds=5)
REST_WITHOUT_KEY: Final = timedelta(seconds=60)
log = structlog.get_logger(__name__)


def due(kind: str, most: int) -> Mapping[UUID, Sequence[UUID]]:
    """Return the ids of what is due through the door, gathered by space, the longest overdue first."""
    with connection.cursor() as cursor:
        cursor.execute("select id, space_id from door.due(%s, %s)", [kind, most])
        rows = cursor.fetchall()
    found: dict[UUID, list[UUID]] = {}
    for row_id, space_id in rows:
        found.setdefault(space_id, []).append(row_id)
    return found


def batched(ids: Iterable[UUID], size: int) -> Iterator[tuple[UUID, ...]]:
    """Yield ids in tuples of at most `size`."""
    rest = iter(ids)
    while found := tuple(islice(rest, size)):
        yield found


@shared_task(name="portal.sweep")
def sweep() -> int:
    """Act on every due clock, and send the courier off when messages wait; returns how many were moved."""
    until = time.monotonic() + SWEEP_SECONDS
    if list_due(1):
        _wake(send_webhooks)
    called, seen = 0, set[UUID]()
    while time.monotonic() < until:
        found = due("clock", CLOCKS_AT_ONCE)
        fresh = {space_id: [each for each in ids if each not in seen] for space_id, ids in found.items()}
        if not any(fresh.values()):
            break
        for space_id, clock_ids in fresh.items():
            seen.update(clock_ids)
            called += sweep_space(space_id=space_id, clock_ids=clock_ids, until=until)
    if (
        channels_waiting()
        or Person.objects.filter(
            link_next_at__lte=Func(function="portal.instant", output_field=DateTimeField())
        ).exists()
    ):
        _send_courier()
    return called


def sweep_space(*, space_id: UUID, clock_ids: Sequence[UUID], until: float) -> int:
    """Act on due clocks of one space, in their order, neighbours of a kind together where it allows that."""
    actor = system_actor("sweep", space_id)
    with reading(actor):
        rows = Clock.objects.visible_to(actor).filter(pk__in=clock_ids)
        kinds = dict(rows.values_list("pk", "kind"))
    # What broke a worker goes by itself, after all that did not.
    doubtful = suspects(clock_ids)
    known = [each for each in clock_ids if each in kinds and each not in doubtful]
    called = 0
    for kind, of_kind in groupby(known, key=lambda each: kinds[each]):
        for together in batched(of_kind, CLOCKS_TOGETHER):
            if time.monotonic() < until:
                called += call_clocks(space_id=space_id, clock_ids=together, kind=kind, until=until)
    for clock_id in clock_ids:
        if clock_id in doubtful and clock_id in kinds and time.monotonic() < until:
            called += call_clock(space_id=space_id, clock_id=clock_id, kind=kinds[clock_id])
    return called


def call_clocks(*, space_id: UUID, clock_ids: Sequence[UUID], kind: str, until: float) -> int:
    """Call what a kind does with many due clocks; without that, or where it fails, take them one by one."""
    handler = many_handler_of(kind)
    if handler is not None:
        begun = [each for each, tries in begin_tries(space_id, clock_ids).items() if tries <= TRIES_MAX]
        try:
            with within(WORK_SECONDS):
                done = handler(system_actor("sweep", space_id), begun)
        except Exception:
            log.exception("clocks_failed", space=str(space_id), kind=kind, count=len(begun))
            # Which of them it was shows when each goes by itself.
            undo_tries(begun)
            clock_ids = begun
        else:
            end_tries(begun)
            return done
    return sum(
        call_clock(space_id=space_id, clock_id=clock_id, kind=kind)
        for clock_id in clock_ids
        if time.monotonic() < until
    )


def _send_courier() -> None:
    """Wake the courier; without a broker the next sweep does, and what was swept stays swept."""
    _wake(deliver)


def _wake(task: Task[..., int]) -> None:
    try:
        task.apply_async(expires=10)
    except BrokerError as error:
        log.warning("task_not_woken", task=task.name, error=type(error).__name__)


def call_clock(*, space_id: UUID, clock_id: UUID, kind: str) -> int:
    """Call the handler of one due clock; one that fails is logged, rests and stops no other.

    The third try that kills, hangs or fails is the last: the clock is set apart and people are told.
    """
    actor = system_actor("sweep", space_id)
    tries = begin_tries(space_id, [clock_id]).get(clock_id)
    if tries is None:
        # Another sweep is at work on it.
        return 0
    if tries > TRIES_MAX:
        set_apart(space_id=space_id, clock_id=clock_id)
        return 0
    try:
        with within(WORK_SECONDS):
            found = handler_of(kind)(actor, clock_id)
    except KeyUnavailable as error:
        log.warning("clock_without_key", clock=str(clock_id), kind=kind, reason=error.reason)
        undo_tries([clock_id])
        postpone_clock(actor, clock_id, rest=REST_WITHOUT_KEY)
        return 0
    except (OperationalError, Unavailable):
        # Contention or an outage passes: the next tick asks again.
        log.warning("clock_busy", clock=str(clock_id), kind=kind)
        undo_tries([clock_id])
        return 0
    except Exception as error:
        log.exception("clock_failed", clock=str(clock_id), kind=kind, tries=tries)
        fail_tries([clock_id], type(error).__name__)
        if tries < TRIES_MAX:
            postpone_clock(actor, clock_id, rest=REST_AFTER_FAILURE)
        else:
            set_apart(space_id=space_id, clock_id=clock_id)
        return 0
    # Without a result somebody else held the record: that is no fault of the clock's.
    (undo_tries if found is None else end_tries)([clock_id])
    return 1


def set_apart(*, space_id: UUID, clock_id: UUID) -> None:
    """Stop calling a clock and tell people; where even that fails, the operators' measure tells."""
    actor = system_actor("sweep", space_id)
    if set_clock_apart(actor, clock_id) is None:
        undo_tries([clock_id])
        return
    note_set_apart(clock_id)
    log.error("clock_set_apart", clock=str(clock_id), space=str(space_id))
    try:
        tell_set_apart(actor, clock_id)
    except Exception:
        log.exception("clock_set_apart_untold", clock=str(clock_id))


@shared_task(name="portal.deliver")
def deliver() -> int:
    """Carry due messages over their channels, outside any transaction; returns how many were taken."""
    until = time.monotonic() + COURIER_SECONDS
    return send_links() + carry_all(until=until)


def send_links() -> int:
    """Mail the links that wait; one that the server does not take waits on. Returns how many went."""
    courier = system_actor("courier")
    sent = 0
    for person in claim_links(courier, most=LINKS_AT_ONCE):
        link = Link(person.pk, cast("datetime", person.link_made_at))
        try:
            compose(person, link).send()
        except (OSError, ValueError) as error:
            log.warning("link_not_sent", person=str(person.pk), error=code_of(error))
            continue
        note_link_sent(courier, link)
        sent += 1
    return sent


@shared_task(name="portal.send_webhooks")
def send_webhooks() -> int:
    """Tell the systems of either side what happened; returns how many messages were taken."""
    return running.run()


@shared_task(name="portal.publish")
def publish() -> int:
    """Sign a checkpoint of every chain that waits for one; returns how many were signed."""
    until = time.monotonic() + PUBLISH_SECONDS
    with connection.cursor() as cursor:
        cursor.execute("select space_id, audience from door.unpublished(%s)", [CHAINS_AT_ONCE])
        chains = cursor.fetchall()
    signed = 0
    try:
        for space_id, audience in chains:
            if time.monotonic() < until:
                signed += publish_chain(space_id=space_id, audience=audience)
    except LogKeyError as error:
        # No chain can be signed: told once a tick, not once a chain.
        log.error("log_key_missing", error=str(error))  # noqa: TRY400 - no fault of the code
    return signed


def publish_chain(*, space_id: UUID, audience: str) -> int:
    """Sign a checkpoint of one chain; one that contradicts its last is told and stops no other.

    Raises: LogKeyError.
    """
    try:
        published = publish_checkpoint(system_actor("sealer", space_id), space_id, audience=audience)
    except LogForked as fork:
        log.error("log_forked", space=str(space_id), audience=audience, detail=fork.detail)  # noqa: TRY400 - no fault of the code
        note_fork(space_id=space_id, audience=audience)
        return 0
    except (OperationalError, Unavailable):
        # Contention or an outage passes: the next tick asks again.
        log.warning("publishing_busy", space=str(space_id), audience=audience)
        return 0
    return int(published is not None)


def note_fork(*, space_id: UUID, audience: str) -> None:
    """Keep that a chain contradicts its checkpoint as long as it does; operators see their number."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into portal_heartbeat (process, seen_at) values (%s, portal.instant())"
            " on conflict (process) do update set seen_at = excluded.seen_at",
            [f"fork {UUID(str(space_id)).hex} {audience[0]}"],
        )


@shared_task(name="portal.mail_checkpoints")
def mail_checkpoints() -> int:
    """Mail the day's checkpoints to those who keep them for their organisation; returns how many went."""
    hour, until = settings.CHECKPOINT_MAIL_HOUR, time.monotonic() + MAIL_SECONDS
    courier, sent = system_actor("courier"), 0
    while hour is not None and time.monotonic() < until:
        recipient = claim_checkpoint_mail(courier, hour=hour)
        if recipient is None:
            break
        sent += mail_checkpoints_to(recipient)
    return sent


def mail_checkpoints_to(recipient: Recipient) -> int:
    """Mail one person; what the server took is noted as held. One that it did not take waits on."""
    sheets = collect(recipient.organisation_id)
    if not sheets:
        return 0
    try:
        compose_checkpoints(recipient, sheets).send()
    except (OSError, ValueError) as error:
        log.warning("checkpoints_not_mailed", person=str(recipient.person_id), error=code_of(error))
        return 0
    for each in sheets:
        if not each.is_held:
            space_id, audience = each.chain
            hold_checkpoint(each.actor, space_id, audience=audience, size=each.size, how=HOW)
    note_checkpoint_mail(system_actor("courier"), recipient)
    return 1


@shared_task(name="portal.mail_mornings")
def mail_mornings() -> int:
    """Send the morning mails that are due; returns how many went. One that the server refuses waits on."""
    until = time.monotonic() + MAIL_SECONDS
    courier, sent = system_actor("courier"), 0
    while time.monotonic() < until and (mail := claim_digest(courier)) is not None:
        try:
            compose_morning(mail, count_for(mail)).send()
        except (OSError, ValueError) as error:
            log.warning("morning_not_mailed", person=str(mail.person_id), error=code_of(error))
            continue
        note_digest(courier, mail)
        sent += 1
    return sent


@shared_task(name="portal.heartbeat")
def heartbeat() -> None:
    """Show that a worker takes and does work; /readyz looks at it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into portal_heartbeat (process, seen_at) values ('worker', portal.instant())"
            " on conflict (process) do update set seen_at = excluded.seen_at"
        )


@worker_ready.connect
def show_up(**_: object) -> None:
    """Let a fresh worker's pool beat at once instead of at the next tick."""
    heartbeat.apply_async(expires=5)


@shared_task(name="portal.tidy")
def tidy() -> None:
    """Delete what is no record and is old enough (`portal.retention`)."""
    with connection.cursor() as cursor:
        for sweep in SWEPT:
            cursor.execute(sweep.statement)


@shared_task(name="portal.look_for_gaps")
def find_gaps() -> int:
    """Tell of gaps in the cover of the coming days that nobody was told of; returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute("select id, space_id from door.rosters()")
        rows = cursor.fetchall()
    found = 0
    for roster_id, space_id in rows:
        try:
            found += look_for_gaps(system_actor("sweep", space_id), roster_id)
        except (OperationalError, Unavailable):
            # Contention or an outage passes: the next tick asks again.
            log.warning("roster_busy", roster=str(roster_id))
    return found
