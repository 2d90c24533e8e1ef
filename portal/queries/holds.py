"""Legal holds: which there are, which stand over a record, and all that they keep."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.apps import apps
from django.db import connection
from django.db.models import QuerySet

from portal.actor import Actor
from portal.models import Alert, LegalHold, Record
from portal.retention import class_of
from portal.slots import batch_of
from portal.states import HELD_TYPES, HoldState


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that must not be archived, its retention class, and since when the oldest hold stands."""

    record_id: UUID
    type: str
    retention: str
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
    kept = []
    for each in records.values():
        about = subjects.get(each.pk, each.pk)
        places = (each.pk, about, above.get(about), space_id)
        if times := [since[place] for place in places if place in since]:
            kept.append(Kept(each.pk, each.type, _retention_of(each.type), min(times)))
    return sorted(kept, key=lambda each: (each.type, str(each.record_id)))


def _retention_of(record_type: str) -> str:
    name = record_type.replace("_", "")
    model = next(each for each in apps.get_models() if each._meta.model_name == name)
    return class_of(model._meta.db_table).title
