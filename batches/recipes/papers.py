"""What a draft says, outside the ledger: whole for the CDMO, in part for the sponsor once shown."""

from __future__ import annotations

from batches.models import RecipePaper, RecipeVersion
from batches.recipes.document import read_own, to_text
from batches.recipes.rows import read_rows
from batches.specs import RecipeSpec
from batches.states import RecipeState
from portal.action import current_action
from portal.actor import Actor
from portal.sealing import require_readable
from portal.states import Audience


def write_papers(recipe: RecipeVersion, spec: RecipeSpec) -> None:
    """Keep what a draft says now, in place of what it said; a shared step."""
    current_action()
    said = {Audience.MANUFACTURER: spec} | ({Audience.SHARED: spec.shared()} if recipe.is_shared else {})
    known = {each.audience: each for each in RecipePaper.objects.filter(recipe_version=recipe)}
    for audience, part in said.items():
        paper = known.get(audience) or RecipePaper(
            space_id=recipe.space_id, audience=audience, recipe_version=recipe
        )
        paper.text = to_text(part)
        paper.save()


def drop_papers(recipe: RecipeVersion) -> None:
    """Forget what a draft said; a shared step."""
    current_action()
    RecipePaper.objects.filter(recipe_version=recipe).delete()


def read_spec(actor: Actor, recipe: RecipeVersion) -> RecipeSpec:
    """Return what a version says, as far as the actor may see it; of a draft given up only its names.

    Raises: KeyUnavailable.
    """
    if recipe.state != RecipeState.DRAFT:
        return read_rows(actor, recipe)
    papers = RecipePaper.objects.visible_to(actor).filter(recipe_version=recipe)
    # The whole one first, for whom it is there to be read.
    paper = papers.order_by("audience").first()
    if paper is None:
        return RecipeSpec(recipe.number, recipe.title, recipe.product)
    require_readable(paper.text)
    return read_own(paper.text).in_order()
