"""The way of recipes into force: QA drafts, both heads of quality sign, QA puts them in force.

Those of the stories take it; the others were approved on paper before the programs came here.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from batches.actions.recipes import adopt_recipe, draft_recipe, make_recipe_effective, submit_recipe
from batches.models import RecipeVersion
from batches.recipes.signing import RECIPE, is_checked
from batches.states import RecipeState
from config.demo.companies import TB22
from config.demo.crew import Crew, setup_actor
from config.demo.recipes.writing import Recipe
from config.demo.signing import sign_as
from portal.action import reading
from portal.states import Meaning

CHECKER: Final = "cdmo_quality_head"
OPEN: Final = (RecipeState.DRAFT, RecipeState.IN_REVIEW, RecipeState.APPROVED)
ON_PAPER: Final = "on paper, by both heads of quality, before the program came here"
PAPERS_AGE: Final = timedelta(days=540)


def put_in_force(crew: Crew, recipes: Sequence[tuple[Recipe, str]]) -> dict[str, UUID]:
    """Return by number the versions in force of recipes with their authors; a load cut short goes on.

    Most of the time goes into proving who signs, which a second thread does beside the first.
    """
    open_ones = [submit(crew, recipe, author) for recipe, author in recipes]
    heads = [_head_of(recipe) for recipe, _author in recipes]
    for key in {CHECKER, *heads}:
        crew[key]  # made known before there are two threads
    with ThreadPoolExecutor(max_workers=1) as beside:
        checked = beside.submit(_check_apart, crew, open_ones)
        for found, head in zip(open_ones, heads, strict=True):
            if found.state == RecipeState.IN_REVIEW:
                sign_as(crew[head], head, RECIPE, found.pk, Meaning.APPROVED)
        checked.result()
    return {
        recipe.number: make_recipe_effective(crew[author], found.pk, version=found.version).pk
        for found, (recipe, author) in zip(open_ones, recipes, strict=True)
    }


def adopt(recipe: Recipe, moment: datetime) -> UUID:
    """Return the version that the set-up enters as it was approved on paper."""
    return adopt_recipe(
        setup_actor(),
        recipe.project.id,
        spec=recipe.spec(),
        approval=ON_PAPER,
        effective_from=moment - PAPERS_AGE,
    ).pk


def submit(crew: Crew, recipe: Recipe, author: str) -> RecipeVersion:
    """Return the version in review, drafted where it is missing."""
    qa = crew[author]
    with reading(qa):
        rows = RecipeVersion.objects.visible_to(qa).filter(space_id=recipe.project.id, number=recipe.number)
        found = rows.filter(state__in=OPEN).order_by("drafted_at").first()
    if found is None:
        found = draft_recipe(qa, recipe.project.id, spec=recipe.spec())
    if found.state == RecipeState.DRAFT:
        found = submit_recipe(qa, found.pk, version=found.version)
    return found


def check(crew: Crew, recipes: Sequence[RecipeVersion]) -> None:
    """Let the CDMO's head of quality sign what a second person has not checked yet."""
    head = crew[CHECKER]
    for found in recipes:
        with reading(head):
            is_done = is_checked(head, found)
        if not is_done:
            sign_as(head, CHECKER, RECIPE, found.pk, Meaning.REVIEWED)


def _check_apart(crew: Crew, recipes: Sequence[RecipeVersion]) -> None:
    try:
        check(crew, recipes)
    finally:
        connection.close()


def _head_of(recipe: Recipe) -> str:
    return "rival_quality_head" if recipe.project is TB22 else "sponsor_quality_head"
