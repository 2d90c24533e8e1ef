"""What of batches waits in somebody's inbox: master records and dispositions to sign, certificates."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from batches.disposition.plan import chain, next_step, plan_of
from batches.disposition.states import OUT_OF_SPECIFICATION, DecisionState
from batches.laboratory.states import ACCEPTERS, COMPARERS, CoaState
from batches.models import Batch, Coa, Disposition, RecipeVersion
from batches.queries.disposition import given_of
from batches.recipes.signing import RECIPE, is_checked
from batches.states import RecipeState
from portal.actor import Actor
from portal.signable import open_meanings
from portal.slots import InboxItem
from portal.states import Meaning, SeatSide
from portal.terms import terms_at

ITEMS_MAX: Final = 50


def _item(  # noqa: PLR0917 - the members of one item
    row: RecipeVersion | Batch | Coa, kind: str, subject: str, why: str, side: str, url: str, number: str
) -> InboxItem:
    return InboxItem(
        subject_type=subject,
        subject_id=row.pk,
        number=number,
        title=str(row.title),
        kind=kind,
        why=why,
        clause="",
        side=side,
        due_at=None,
        url=url,
        classification=None,
        space_id=row.space_id,
    )


def recipes_to_sign(actor: Actor) -> list[InboxItem]:
    """Return the master records that wait for the actor's signature: approval, or a second check."""
    rows = RecipeVersion.objects.visible_to(actor).filter(
        state__in=[RecipeState.IN_REVIEW, RecipeState.APPROVED], submitted_at__isnull=False
    )
    return [each for row in rows.order_by("submitted_at", "id")[:ITEMS_MAX] for each in _recipe(actor, row)]


def _recipe(actor: Actor, row: RecipeVersion) -> Iterator[InboxItem]:
    meanings = set(open_meanings(actor, row, RECIPE))
    waits = meanings & {Meaning.APPROVED, Meaning.REVIEWED}
    if not waits:
        return
    is_sponsors = Meaning.APPROVED in waits
    if not is_sponsors and is_checked(actor, row):
        return
    why = _("Waits for the sponsor's approval") if is_sponsors else _("Waits for a second person's signature")
    side = str(SeatSide.SPONSOR if is_sponsors else SeatSide.MANUFACTURER)
    yield _item(row, "sign_master", "recipe_version", why, side, RECIPE.address(row), row.label)


def coas_waiting(actor: Actor) -> list[InboxItem]:
    """Return the certificates whose differences the actor may answer, or which they may accept."""
    rows = Coa.objects.visible_to(actor).filter(state__in=[CoaState.OPEN, CoaState.ANSWERED])
    found = []
    for row in rows.order_by("entered_at", "id")[:ITEMS_MAX]:
        is_open = row.state == CoaState.OPEN
        if not actor.holds(row.space_id, *(COMPARERS if is_open else ACCEPTERS)):
            continue
        if not is_open and actor.is_one_of(row.space_id, person_id=row.entered_by, code=row.code):
            continue
        why = _("Differs from the record; each difference wants a reason") if is_open else _("Compared")
        url = f"/batches/{row.batch_id}/laboratory/" if row.batch_id else f"/lots/{row.lot_id}/laboratory/"
        found.append(_item(row, "coa", "coa", why, row.side, f"{url}#coa-{row.pk}", row.number))
    return found


def dispositions_to_sign(actor: Actor) -> list[InboxItem]:
    """Return the dispositions that have begun and whose next step the actor signs; the oldest first."""
    rows = Disposition.objects.visible_to(actor).filter(state=DecisionState.STANDING)
    begun: dict[UUID, list[Disposition]] = {}
    for row in rows.select_related("batch").order_by("decided_at", "id"):
        begun.setdefault(row.batch_id, []).append(row)
    found = []
    for standing in list(begun.values())[-ITEMS_MAX:]:
        batch: Batch = standing[0].batch
        is_out = any(each.step in OUT_OF_SPECIFICATION for each in standing)
        began: datetime = batch.started_at or batch.planned_start
        plan = plan_of(terms_at(actor, batch.space_id, began), out_of_specification=is_out)
        link = next_step(chain(plan, [given_of(each) for each in standing]))
        if link is None or not actor.holds(batch.space_id, *link.planned.roles):
            continue
        words = " ".join(part for part in (str(link.planned.step.label), link.planned.market) if part)
        url = f"/batches/{batch.pk}/disposition/"
        side = next(iter(link.planned.sides), "")
        found.append(_item(batch, "disposition", "batch", words, side, url, batch.number))
    return found
