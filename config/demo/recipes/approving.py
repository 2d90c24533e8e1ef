"""The way of a recipe into force: QA drafts, both heads of quality sign, QA puts it in force."""

from __future__ import annotations

from uuid import UUID

from batches.actions.recipes import draft_recipe, make_recipe_effective, submit_recipe
from batches.models import RecipeVersion
from batches.recipes.signing import RECIPE, is_checked
from batches.states import RecipeState
from config.demo.companies import TB22
from config.demo.crew import Crew
from config.demo.recipes.writing import Recipe
from config.demo.signing import sign_as
from portal.action import reading
from portal.states import Meaning


def put_in_force(crew: Crew, recipe: Recipe, author: str) -> UUID:
    """Return the version in force; a load that was cut short goes on where it stopped."""
    found = submit(crew, recipe, author)
    qa = crew[author]
    if found.state == RecipeState.IN_REVIEW:
        head = "rival_quality_head" if recipe.project is TB22 else "sponsor_quality_head"
        sign_as(crew[head], head, RECIPE, found.pk, Meaning.APPROVED)
    return make_recipe_effective(qa, found.pk, version=found.version).pk


def submit(crew: Crew, recipe: Recipe, author: str) -> RecipeVersion:
    """Return the version in review, checked by the CDMO's head of quality."""
    qa = crew[author]
    with reading(qa):
        rows = RecipeVersion.objects.visible_to(qa).filter(space_id=recipe.project.id, number=recipe.number)
        open_states = [RecipeState.DRAFT, RecipeState.IN_REVIEW, RecipeState.APPROVED]
        found = rows.filter(state__in=open_states).order_by("drafted_at").first()
    if found is None:
        found = draft_recipe(qa, recipe.project.id, spec=recipe.spec())
    if found.state == RecipeState.DRAFT:
        found = submit_recipe(qa, found.pk, version=found.version)
    with reading(qa):
        checked = is_checked(qa, found)
    if not checked:
        key = "cdmo_quality_head"
        sign_as(crew[key], key, RECIPE, found.pk, Meaning.REVIEWED)
    return found
