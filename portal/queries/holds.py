"""Legal holds: which there are, which stand over a record, and all that they keep."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import QuerySet

from portal.action import instant
from portal.actor import Actor
from portal.agreements import rules
from portal.agreements.terms import Terms
from portal.models import Alert, LegalHold, Record
from portal.retention import NAMED, Retention, class_of
from portal.slots import batch_of, began
from portal.states import HELD_TYPES, HoldState
from portal.terms import terms_in_turn


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that must not be archived, since when the oldest hold stands, and how long it is kept else."""

    record_id: UUID
    type: str
    retention: Retention
    since: datetime


def list_holds(actor: Actor) -> QuerySet[LegalHold]:
    """Return the holds that the actor may know of, standing ones first, then the newest."""
    rows = LegalHold.objects.visible_to(actor).select_related("record")
    return rows.order_by("state", "-placed_at", "id")


def list_holds_over(actor: Actor, record_ids: Collection[UUID]) -> QuerySet[LegalHold]:
    """Return the holds that stand on any of a record, its batch and its program, oldest first."""
    rows = LegalHold.objects.visible_to(actor).filter(record_id__in=record_ids, state=HoldState.PLACED)
    return rows.order_by("placed_at", "id")


def find_holdable(actor: Actor, space_id: UUID, number: str) -> Record | None:
    """Return the program, batch or deviation of that number in a program, None when there is none."""
    rows = Record.objects.visible_to(actor).filter(space_id=space_id, type__in=HELD_TYPES, number=number)
    return rows.order_by("type", "id").first()


def list_spaces() -> list[UUID]:
    """Return the spaces of this installation, whatever is in them."""
    with connection.cursor() as cursor:
        cursor.execute("select distinct space_id from door.heads_since('-infinity') order by space_id")
        return [space_id for (space_id,) in cursor.fetchall()]


def list_kept(actor: Actor, space_id: UUID) -> list[Kept]:
    """Return all that holds keep in a space: of a program everything, of a batch what happened in it."""
    since: dict[UUID, datetime] = {}
    rows = LegalHold.objects.visible_to(actor).filter(space_id=space_id, state=HoldState.PLACED)
    for hold in rows.order_by("placed_at", "id"):
        since.setdefault(hold.record_id, hold.placed_at)
    if not since:
        return []
    records = {each.pk: each for each in Record.objects.visible_to(actor).filter(space_id=space_id)}
    above: dict[UUID, UUID] = {}
    for found in batch_of(actor, since.keys(), records.keys()):
        above |= found
    subjects = dict(Alert.objects.visible_to(actor).filter(space_id=space_id).values_list("pk", "subject_id"))
    times_of = {}
    for each in records.values():
        about = subjects.get(each.pk, each.pk)
        places = (each.pk, about, above.get(about), space_id)
        if times := [since[place] for place in places if place in since]:
            times_of[each.pk] = min(times)
    # What asks for receipt of a record is kept with it.
    whole = {each: subjects.get(each, each) for each in times_of}
    whole = {each: above if records[above].type in NAMED else each for each, above in whole.items()}
    periods = periods_of(actor, space_id, [records[each] for each in {*whole.values()}])
    kept = [Kept(each, records[each].type, periods[whole[each]].kept, times_of[each]) for each in times_of]
    return sorted(kept, key=lambda each: (each.type, str(each.record_id)))


@dataclass(frozen=True, slots=True)
class Period:
    """How long a record is kept: by its class, and by the clause of the version under which it began."""

    kept: Retention
    clause: str
    terms: int | None


def periods_of(actor: Actor, space_id: UUID, records: Collection[Record]) -> dict[UUID, Period]:
    """Return how long records of one space are kept; one query, and one a provider of when they began.

    What never began, as a batch that is planned, is kept by the version in force now.
    """
    found: dict[UUID, datetime] = {}
    for known in began(actor, [each.pk for each in records]):
        found |= known
    terms_at, now = terms_in_turn(actor, space_id), instant()
    return {each.pk: period_of(terms_at(found.get(each.pk, now)), each.type) for each in records}


def period_of(terms: Terms, record_type: str) -> Period:
    """Return how long a version has a kind of record kept, never shorter than its class."""
    kept = class_of(_table_of(record_type))
    asked = terms.find(rules.Retention, of=NAMED[record_type]) if record_type in NAMED else None
    if asked is None:
        return Period(kept, "", terms.version)
    return Period(kept.with_clause(asked.rule), asked.clause.code, terms.version)


@cache
def _table_of(record_type: str) -> str:
    name = record_type.replace("_", "")
    return next(each._meta.db_table for each in apps.get_models() if each._meta.model_name == name)
