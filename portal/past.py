"""Records as they stood at an instant, rebuilt from sealed entries and never from the present rows.

A row is what the changes of its chains make it, in the order in which they were written. Whoever does not
follow a chain does not read it here either: what was disclosed later began on the shared chain later, with a
full image. Only ids come from the present: no row is ever deleted, and an audience only widens, so that the
present ids are all there ever were.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils.dateparse import parse_datetime

from portal.action import instant
from portal.actor import Actor
from portal.errors import Invalid, NotFound
from portal.models import SpaceRecord
from portal.sealing import SealedTextField
from portal.states import Audience
from portal.streams import audiences_of

M = TypeVar("M", bound=SpaceRecord)
Image = dict[str, Any]
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)", re.ASCII)

_CHANGES: Final = """
select i.row_id, i.body, e.audience, e.seq
from ledger.item i
join ledger.entry e on e.marker_id = i.marker_id and e.space_id = i.space_id and e.audience = i.audience
where i.class = 'change' and i.name = %s and i.row_id = any (%s)
  and i.space_id = %s and i.audience = any (%s) and e.sealed_at <= %s
order by i.id
"""


def moment(given: str, zone: str = "") -> datetime:
    """Return the instant that an address names, in `zone` where it names none itself.

    Raises: Invalid for what is no time, has no zone, or is still to come.
    """
    try:
        is_whole = MOMENT.fullmatch(given) or (zone and MOMENT.fullmatch(given + "Z"))
        at = parse_datetime(given) if is_whole else None
        at = at.replace(tzinfo=ZoneInfo(zone)) if at is not None and at.tzinfo is None else at
    except (ValueError, OverflowError):
        at = None
    if at is None:
        words = "Give date, time and zone, like 2026-03-01T08:00:00Z."
        raise Invalid("That is no time.", errors={"as_of": [words]}, code="bad_time")
    if at > instant():
        raise Invalid(
            "That time is still to come.", errors={"as_of": ["Give a time in the past."]}, code="bad_time"
        )
    return at


class RestsOn(NamedTuple):
    """How many entries of a chain a view of the past rests on, the first and the last of them."""

    audience: str
    entries: int
    first: int
    last: int


class Past:
    """A space at an instant, as the chains tell it that the actor may follow, or some of them.

    `entries` gathers, by chain, the numbers of the entries that what was read rests on. Raises: NotFound.
    """

    def __init__(
        self, actor: Actor, space_id: UUID, at: datetime, chains: Collection[str] | None = None
    ) -> None:
        followed = audiences_of(actor, space_id)
        self.actor, self.space_id, self.at = actor, space_id, at
        self.chains = [each for each in followed if chains is None or each in chains]
        self.entries: dict[str, set[int]] = {}

    def get(self, model: type[M], record_id: UUID) -> M:
        """Return a row as it stood. Raises: NotFound when it was not there, or not for this reader."""
        found = self.find(model, record_id)
        if found is None:
            raise NotFound
        return found

    def find(self, model: type[M], record_id: UUID | None) -> M | None:
        """Return a row as it stood, None when it was not there for this reader."""
        return next(iter(self.rows(model, [record_id])), None) if record_id is not None else None

    def rows(self, model: type[M], record_ids: Collection[UUID]) -> list[M]:
        """Return those of the rows that were there, as they stood, unordered."""
        if not record_ids:
            return []
        with connection.cursor() as cursor:
            cursor.execute(
                _CHANGES, [model._meta.db_table, list(record_ids), self.space_id, self.chains, self.at]
            )
            changes = cursor.fetchall()
        images: dict[UUID, Image] = {}
        for row_id, body, audience, seq in changes:
            self.entries.setdefault(audience, set()).add(seq)
            # A body that law ordered erased is blank: what it changed is not known here.
            if body is not None:
                _apply(images, row_id, json.loads(bytes(body)))
        return [_row(model, image) for image in images.values() if image.get("id")]

    def related(self, model: type[M], **wanted: Any) -> list[M]:
        """Return the rows that now match, as they stood then, as far as they were there; unordered."""
        ids = model.objects.visible_to(self.actor).filter(**wanted).values_list("pk", flat=True)
        return self.rows(model, list(ids))

    @property
    def rests_on(self) -> list[RestsOn]:
        """Return what was read of each chain."""
        order: Sequence[str] = Audience.values
        return [
            RestsOn(audience, len(numbers := self.entries[audience]), min(numbers), max(numbers))
            for audience in sorted(self.entries, key=order.index)
        ]


def join(row: SpaceRecord, **others: SpaceRecord | None) -> None:
    """Put beside a row of the past the rows that it names, as they stood then."""
    for name, other in others.items():
        field: Any = row._meta.get_field(name)
        field.set_cached_value(row, other)


def _apply(images: dict[UUID, Image], row_id: UUID, change: Mapping[str, Any]) -> None:
    if change["op"] == "delete":
        images.pop(row_id, None)
    elif change["op"] in ("insert", "disclosed"):
        images[row_id] = dict(change["new"])
    else:
        images.setdefault(row_id, {}).update(change["new"] or {})


def _row(model: type[M], image: Image) -> M:
    """Return an image as a row that is not to be saved; an image's numbers are text."""
    values = {
        field.attname: _value(field, image.get(str(field.column))) for field in model._meta.concrete_fields
    }
    return model.from_db(str(connection.alias), list(values), list(values.values()))


def _value(field: Any, stored: Any) -> Any:
    if isinstance(field, SealedTextField):
        return field.from_db_value(stored)
    return None if stored is None else field.to_python(stored)
