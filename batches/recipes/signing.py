"""How a recipe version is signed: its author, a second person of the CDMO, and the sponsor."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from batches.facts import RecipeApproved
from batches.models import RecipeVersion
from batches.recipes.rows import read_rows
from batches.recipes.words import parts_of
from batches.states import RECIPE_APPROVERS, RECIPE_AUTHORS, RECIPE_RELEASERS, RecipeState
from portal import ledger
from portal.access import get_program, get_visible
from portal.actor import Actor
from portal.errors import NotFound
from portal.models import Signature
from portal.signable import Rule, Shown, Signable
from portal.states import Meaning

READ: Final = (RecipeState.IN_REVIEW, RecipeState.APPROVED)
RULES: Final = {
    Meaning.AUTHORED: Rule(RECIPE_AUTHORS, READ),
    Meaning.REVIEWED: Rule(RECIPE_RELEASERS, READ, may_be_author=False),
    Meaning.APPROVED: Rule(RECIPE_APPROVERS, (RecipeState.IN_REVIEW,)),
}


def get_recipe(actor: Actor, recipe_id: UUID) -> RecipeVersion:
    """Return a recipe version that the actor may see; raises NotFound."""
    return get_visible(RecipeVersion, actor, recipe_id)


def lock_for_signature(actor: Actor, recipe_id: UUID) -> RecipeVersion:
    """Hand out the locked version as it stands; raises NotFound."""
    found = RecipeVersion.objects.visible_to(actor).select_for_update(of=("self",)).with_id(recipe_id)
    if found is None:
        raise NotFound
    return found


def show_recipe(actor: Actor, recipe: RecipeVersion) -> Shown:
    """Return what a signer reads: all that both sides may read of the version, whoever signs."""
    program = get_program(actor, recipe.space_id)
    spec = read_rows(actor, recipe).shared()
    fields = {
        "Master record": f"{recipe.number}, revision {recipe.revision}",
        "Title": recipe.title,
        "Product": recipe.product,
        "Program": program.code,
        "SHA-256 of the canonical JSON": recipe.digest,
        **parts_of(spec),
    }
    return Shown(
        recipe.label, recipe.title, program.zone, {name: text for name, text in fields.items() if text}
    )


def note_signature(_actor: Actor, recipe: RecipeVersion, signature: Signature) -> None:
    """Move the version on by the sponsor's signature; the CDMO's own stand beside it."""
    if signature.meaning != Meaning.APPROVED:
        return
    recipe.state, recipe.approved_at = RecipeState.APPROVED, signature.signed_at
    recipe.save(update_fields=["state", "approved_at"])
    ledger.record(
        recipe, RecipeApproved(revision=recipe.revision or 0, digest=recipe.digest, code=signature.code)
    )


def is_checked(actor: Actor, recipe: RecipeVersion) -> bool:
    """Say whether a second person of the CDMO signed the version as it stands (21 CFR 211.186(a))."""
    rows = Signature.objects.visible_to(actor).filter(subject_id=recipe.pk, meaning=Meaning.REVIEWED)
    return rows.filter(subject_version=recipe.version, side="manufacturer").exists()


def _is_author(actor: Actor, recipe: RecipeVersion) -> bool:
    return actor.is_one_of(recipe.space_id, person_id=recipe.drafted_by, code=recipe.drafted_code)


def _address(recipe: Any) -> str:
    return reverse("recipe_page", args=[recipe.pk])


RECIPE: Final = Signable(
    type="recipe_version",
    rules=RULES,
    find=get_recipe,
    lock=lock_for_signature,
    show=show_recipe,
    is_author=_is_author,
    address=_address,
    signed=note_signature,
)
