"""Versions of master records: what stands before one, and what its reader may do with it."""

from __future__ import annotations

from datetime import datetime

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from batches.models import Batch, RecipeVersion
from batches.states import RECIPE_TRANSITIONS, RecipeState
from portal.access import available
from portal.actor import Actor


def versions_of(actor: Actor, recipe: RecipeVersion) -> QuerySet[RecipeVersion]:
    """Return all versions of a number that the actor may see, drafts first, then the latest revision."""
    rows = RecipeVersion.objects.visible_to(actor).filter(space_id=recipe.space_id, number=recipe.number)
    return rows.order_by(F("revision").desc(nulls_first=True), "-drafted_at", "id")


def find_before(actor: Actor, recipe: RecipeVersion) -> RecipeVersion | None:
    """Return the version that a reader compares this one with: the last that was in force before it."""
    rows = RecipeVersion.objects.visible_to(actor).filter(
        space_id=recipe.space_id,
        number=recipe.number,
        state__in=[RecipeState.EFFECTIVE, RecipeState.SUPERSEDED],
    )
    if recipe.revision is not None:
        rows = rows.filter(revision__lt=recipe.revision)
    return rows.order_by("-revision").first()


def open_steps(actor: Actor, recipe: RecipeVersion) -> list[str]:
    """Return the steps that the actor may take now; a signature and what follows from one are none."""
    found = available(actor, recipe, RECIPE_TRANSITIONS)
    closed = {"approve", "supersede", *(["share"] if recipe.is_shared else [])}
    return [name for name in found if name not in closed]


def batches_of_version(actor: Actor, recipe: RecipeVersion) -> QuerySet[Batch]:
    """Return the batches that keep this version, the latest planned start first."""
    rows = Batch.objects.visible_to(actor).filter(recipe_version=recipe)
    return rows.order_by("-planned_start", "id")


def standing(recipe: RecipeVersion, now: datetime) -> str:
    """Return how a version stands at an instant, which its dates decide once it is approved."""
    if recipe.state == RecipeState.DRAFT and recipe.is_shared:
        return _("draft, shown to the sponsor")
    if recipe.is_scheduled(now):
        return _("approved, takes effect later")
    if recipe.is_in_force(now):
        return _("in force")
    return str(recipe.get_state_display())
