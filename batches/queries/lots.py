"""Lots, what is left of them, what batches used and made, and where all of it came from and went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from django.db import connection
from django.db.models import DecimalField, OuterRef, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Coalesce

from batches.lineage import LOTS_MOST, WALKS, Edge, edges_of
from batches.models import Batch, Lot, LotUse
from batches.states import LotState
from portal.access import get_visible
from portal.actor import Actor

NOTHING: Final = Decimal(0)
Direction = Literal["up", "down", "both"]


@dataclass(frozen=True, slots=True)
class Node:
    """One lot of a genealogy."""

    id: UUID
    number: str
    material: str
    title: str
    state: str
    expires_on: date | None
    produced_by: UUID | None


@dataclass(frozen=True, slots=True)
class Genealogy:
    """The lots around one lot, with the batches between them; `is_whole` is false beyond 10,000 lots."""

    lot: Lot
    nodes: Sequence[Node]
    edges: Sequence[Edge]
    batches: Mapping[UUID, str]
    is_whole: bool


def list_lots(
    actor: Actor, *, program_id: UUID | None = None, state: str | None = None, batch_id: UUID | None = None
) -> QuerySet[Lot]:
    """Return the lots the actor may see, unordered, each with `used`; `batch_id` asks for what it made."""
    used = LotUse.objects.visible_to(actor).filter(lot=OuterRef("pk"), withdrawn_at=None).order_by()
    total = used.values("lot").annotate(total=Sum("quantity")).values("total")
    number = DecimalField(max_digits=18, decimal_places=6)
    visible = Lot.objects.visible_to(actor).select_related("produced_by")
    rows: QuerySet[Lot] = visible.annotate(
        used=Coalesce(Subquery(total), Value(NOTHING), output_field=number)
    )
    if program_id is not None:
        rows = rows.filter(space_id=program_id)
    if batch_id is not None:
        rows = rows.filter(produced_by=batch_id)
    return rows if state is None else rows.filter(state=state)


def get_lot(actor: Actor, lot_id: UUID) -> Lot:
    """Return a lot the actor may see, with `used`; raises NotFound."""
    return list_lots(actor).filter(pk=lot_id).first() or get_visible(Lot, actor, lot_id)


def left_of(lot: Lot) -> Decimal:
    """Return what is left of a lot, in its unit; the lot comes from a query of this module."""
    used: Decimal = lot.used  # type: ignore[attr-defined]  # annotated by `list_lots`
    return lot.quantity - used


def is_usable(lot: Lot, today: date) -> bool:
    """Say whether a lot may go into a batch without anybody's leave."""
    fresh = lot.expires_on is None or today <= lot.expires_on
    return fresh and lot.state in {LotState.RELEASED, LotState.RESTRICTED}


def uses_of(actor: Actor, *, batch_id: UUID | None = None, lot_id: UUID | None = None) -> QuerySet[LotUse]:
    """Return what went into a batch, or where a lot went, in the order of use; withdrawn ones too."""
    rows = LotUse.objects.visible_to(actor).select_related("lot", "batch", "phase")
    if batch_id is not None:
        rows = rows.filter(batch=batch_id)
    if lot_id is not None:
        rows = rows.filter(lot=lot_id)
    return rows.order_by("used_at", "id")


def walk(actor: Actor, space_id: UUID, lot_ids: Sequence[UUID], way: Literal["up", "down"]) -> list[UUID]:
    """Return the lots themselves and all that lead to them (`up`) or come of them (`down`)."""
    given: dict[str, Any] = {
        "lots": list(lot_ids),
        "space": space_id,
        "as_sponsor": list(actor.as_sponsor),
        "as_manufacturer": list(actor.as_manufacturer),
        "most": LOTS_MOST + 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(WALKS[way], given)
        return [row[0] for row in cursor.fetchall()]


def genealogy(actor: Actor, lot_id: UUID, way: Direction = "both") -> Genealogy:
    """Return the lots a lot was made of, those made of it, or both. Raises: NotFound."""
    lot = get_lot(actor, lot_id)
    ways: tuple[Literal["up", "down"], ...] = ("up", "down") if way == "both" else (way,)
    found = dict.fromkeys(each for one in ways for each in walk(actor, lot.space_id, [lot.pk], one))
    chosen = list(found)[:LOTS_MOST]
    columns = ("id", "number", "material", "title", "state", "expires_on", "produced_by_id")
    rows = Lot.objects.visible_to(actor).filter(pk__in=_each_of(chosen)).values_list(*columns)
    nodes = sorted((Node(*row) for row in rows), key=lambda each: each.number)
    makers = {each.id: each.produced_by for each in nodes}
    made_by = {each for each in makers.values() if each is not None}
    used = LotUse.objects.visible_to(actor).filter(batch__in=_each_of(made_by), withdrawn_at=None)
    edges = edges_of(used.values_list("lot_id", "batch_id"), makers)
    numbers = Batch.objects.visible_to(actor).filter(pk__in=_each_of(made_by)).values_list("pk", "number")
    return Genealogy(lot, nodes, edges, dict(numbers), len(found) <= LOTS_MOST)


def _each_of(ids: Iterable[UUID]) -> RawSQL:
    """Return ids as one parameter: ten thousand of them would take the ORM longer than the search."""
    return RawSQL("select unnest(%s::uuid[])", [list(ids)])
