"""Shelve the alarm of a limit for a while, and take it off again (ISA-18.2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from batches.access import lock_batch_of, lock_running_batch
from batches.excursion_rows import alert_of_lasting
from batches.facts import AlarmShelved, AlarmUnshelved
from batches.models import AlarmShelf, Batch, Excursion, Limit
from batches.plan import read_plan
from batches.shelving import LONGEST_US, SHORTEST_REASON
from batches.states import SHELF_TRANSITIONS, SHELVERS, ExcursionState, ShelfState
from portal import ledger
from portal.access import lock_record, require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid

LONGEST: Final = timedelta(microseconds=LONGEST_US)


@action("alarm.shelve")
def shelve_alarm(actor: Actor, batch_id: UUID, *, limit_id: UUID, until: datetime, reason: str) -> AlarmShelf:
    """Let the alerts of one limit of a running batch wait until an instant, at most twelve hours ahead.

    `reason` is 10 to 4,000 characters. Readings and excursions are recorded as ever; what is still outside
    when the shelf ends alerts then, what is over by then never does. Raises: NotFound, Refused, Invalid,
    Conflict, BatchNotRunning. Records: alarm.shelved v1. Source: ISA-18.2 (shelving); EU GMP Annex 11.
    """
    batch = lock_running_batch(actor, batch_id)
    require_role(actor, batch.space_id, *SHELVERS, to="shelve an alarm")
    now = instant()
    _check(until, reason, now)
    limit = _limit(actor, batch, limit_id)
    if (
        AlarmShelf.objects.visible_to(actor)
        .filter(batch=batch, limit=limit, state=ShelfState.SHELVED)
        .exists()
    ):
        raise Conflict("The alarm is shelved already; take it off first.", code="shelved_already")
    shelf = AlarmShelf.objects.create(
        space_id=batch.space_id,
        audience=limit.audience,
        batch=batch,
        parameter_id=limit.parameter_id,
        limit=limit,
        reason=reason.strip(),
        shelved_code=actor.code(batch.space_id),
        shelved_at=now,
        until=until,
    )
    fact = AlarmShelved(
        batch_id=batch.pk, parameter=limit.parameter.code, limit_kind=str(limit.kind), until=until
    )
    ledger.record(shelf, fact)
    return shelf


@action("alarm.unshelve")
def unshelve_alarm(actor: Actor, shelf_id: UUID, *, version: int | None) -> AlarmShelf:
    """Take an alarm off the shelf before its end; what is outside alerts at once.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    Records: alarm.unshelved v1, alert.raised v1 where something is outside.
    """
    shelf = lock_record(
        AlarmShelf, actor, shelf_id, to="unshelve", version=version, transitions=SHELF_TRANSITIONS
    )
    _end(actor, shelf, actor.code(shelf.space_id))
    return shelf


@action("alarm.end_shelf")
def end_shelf(actor: Actor, shelf_id: UUID) -> AlarmShelf | None:
    """Note that a shelf is over by its time, and alert of what is outside; harmless when it is not.

    `actor` is `system_actor("sweep", space)`. Raises: Refused. Records: as `unshelve_alarm`.
    """
    rows = AlarmShelf.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    shelf = rows.filter(pk=shelf_id, state=ShelfState.SHELVED, until__lte=instant()).first()
    if shelf is not None:
        _end(actor, shelf, "")
    return shelf


def _end(actor: Actor, shelf: AlarmShelf, code: str) -> None:
    """End a shelf, say what happened meanwhile, and alert of what lasts. The batch is locked for it."""
    batch = lock_batch_of(actor, shelf.batch_id)
    at = min(instant(), shelf.until)
    met = Excursion.objects.visible_to(actor).filter(batch=batch, limit_id=shelf.limit_id, started_at__lt=at)
    met = met.exclude(state=ExcursionState.WITHDRAWN)
    met = met.filter(Q(ended_at=None) | Q(ended_at__gt=shelf.shelved_at))
    lasting = met.filter(state=ExcursionState.OPEN)
    counts = (met.count(), lasting.count())
    shelf.end(code, at, *counts)
    shelf.save(update_fields=["state", "ended_code", "ended_at", "excursions", "lasting", "version"])
    fact = AlarmUnshelved(
        batch_id=batch.pk, by_itself=not code, ended_at=at, excursions=counts[0], lasting=counts[1]
    )
    if counts[1]:
        alert_of_lasting(batch, read_plan(actor, batch), list(lasting.order_by("started_at", "id")))
    ledger.record(shelf, fact)


def _check(until: datetime, reason: str, now: datetime) -> None:
    if not now < until <= now + LONGEST:
        words = "An alarm is shelved for at most twelve hours, and not for none."
        raise Invalid(words, errors={"until": [words]})
    if len(reason.strip()) < SHORTEST_REASON:
        words = f"Say why, in {SHORTEST_REASON} characters or more."
        raise Invalid(words, errors={"reason": [words]})


def _limit(actor: Actor, batch: Batch, limit_id: UUID) -> Limit:
    rows = Limit.objects.visible_to(actor).filter(parameter__recipe_version_id=batch.recipe_version_id)
    found = rows.select_related("parameter").filter(pk=limit_id).first()
    if found is None:
        words = "The recipe of the batch has no such limit."
        raise Invalid(words, errors={"limit": [words]})
    return found
