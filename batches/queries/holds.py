"""Holds on batches, as pages and REST show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from batches.models import BatchHold
from batches.slots import BatchFacts
from batches.states import HoldKind, StandState
from portal.actor import Actor


def list_batch_holds(
    actor: Actor, *, batch_id: UUID | None = None, state: str | None = None
) -> QuerySet[BatchHold]:
    """Return the holds the actor may see, those that stand first, the newest first among them."""
    rows = BatchHold.objects.visible_to(actor)
    if batch_id is not None:
        rows = rows.filter(batch=batch_id)
    if state is not None:
        rows = rows.filter(state=state)
    return rows.order_by("-state", "-placed_at", "id")


def blocks_of(actor: Actor, batch_ids: Sequence[UUID]) -> Mapping[UUID, BatchFacts]:
    """Return what blocks each batch in words; batches that nothing blocks are left out. One query."""
    rows = BatchHold.objects.visible_to(actor).filter(batch_id__in=batch_ids, state=StandState.STANDING)
    found: dict[UUID, list[BatchHold]] = {}
    for each in rows.order_by("placed_at", "id"):
        found.setdefault(each.batch_id, []).append(each)
    return {batch_id: BatchFacts(blocks=_words(holds)) for batch_id, holds in found.items()}


def hold_words(hold: BatchHold) -> str:
    """Return what may not be done, in one line."""
    if hold.kind == HoldKind.PROCESSING:
        return _("do not pass %s") % hold.scope if hold.scope else _("do not pass the next hold point")
    if hold.kind == HoldKind.USE:
        return _("%s out of use") % hold.scope if hold.scope else _("out of use")
    return _("disposition blocked")


def _words(holds: Sequence[BatchHold]) -> tuple[str, ...]:
    """Several holds of one kind are one block with all its causes: disposition blocked (DEV-...)."""
    lines: dict[str, list[str]] = {}
    for each in holds:
        lines.setdefault(hold_words(each), []).append(each.cause_number)
    return tuple(
        f"{words} ({', '.join(causes)})" if (causes := [each for each in numbers if each]) else words
        for words, numbers in lines.items()
    )
