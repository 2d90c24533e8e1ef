"""Master records: the CDMO drafts and submits, the sponsor approves by signature, the CDMO puts in force.

Signing is `portal.actions.signing`; what a signature does to a recipe stands in `batches.recipes.signing`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Max

from batches.access import lock_program
from batches.facts import (
    RecipeAuthored,
    RecipeDrafted,
    RecipeEdited,
    RecipeMadeEffective,
    RecipeReturned,
    RecipeShared,
    RecipeSubmitted,
    RecipeSuperseded,
    RecipeWithdrawn,
)
from batches.models import RecipeVersion
from batches.recipes.agreed import require_agreed
from batches.recipes.checks import require_sound
from batches.recipes.document import digest_of, unread
from batches.recipes.papers import drop_papers, read_spec, write_papers
from batches.recipes.rows import enter_rows
from batches.recipes.signing import get_recipe, is_checked
from batches.specs import RecipeSpec
from batches.states import RECIPE_AUTHORS, RECIPE_TRANSITIONS, RecipeState
from portal import ledger
from portal.access import lock_record, require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid
from portal.states import SYSTEM, Audience

REASON_MIN: Final = 10
REASON_MAX: Final = 4000
# Sealed words are written again when their row is shared.
WORDS: Final = ("title", "product")


@action("recipe.draft")
def draft_recipe(
    actor: Actor, program_id: UUID, *, spec: RecipeSpec, based_on_id: UUID | None = None
) -> RecipeVersion:
    """Begin a draft, which only the CDMO reads until it is shown or submitted.

    What it says stands outside the ledger. With `based_on_id` it goes on from that version. Raises:
    NotFound, Refused, Invalid. Records: recipe.drafted v1.
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *RECIPE_AUTHORS, SYSTEM, to="draft recipes")
    if based_on_id is not None:
        get_recipe(actor, based_on_id)
    require_sound(spec)
    draft = RecipeVersion(
        space_id=program.pk,
        audience=Audience.MANUFACTURER,
        based_on_id=based_on_id,
        drafted_by=actor.person_id,
        drafted_code=actor.code(program.pk),
        drafted_at=instant(),
        number=spec.number,
        title=spec.title,
        product=spec.product,
    )
    draft.save(force_insert=True)
    write_papers(draft, spec.in_order())
    ledger.record(draft, RecipeDrafted(based_on=based_on_id))
    return draft


@action("recipe.draft_from_version")
def draft_from_version(actor: Actor, recipe_id: UUID) -> RecipeVersion:
    """Begin a draft with what another version says, for its next revision.

    Raises: NotFound, Refused. Records: recipe.drafted v1.
    """
    found = get_recipe(actor, recipe_id)
    require_role(actor, found.space_id, *RECIPE_AUTHORS, SYSTEM, to="draft recipes")
    spec = replace(read_spec(actor, found), number=found.number)
    draft = RecipeVersion(
        space_id=found.space_id,
        audience=Audience.MANUFACTURER,
        based_on=found,
        drafted_by=actor.person_id,
        drafted_code=actor.code(found.space_id),
        drafted_at=instant(),
        number=spec.number,
        title=spec.title,
        product=spec.product,
    )
    draft.save(force_insert=True)
    write_papers(draft, spec)
    ledger.record(draft, RecipeDrafted(based_on=found.pk))
    return draft


@action("recipe.edit")
def edit_recipe(actor: Actor, recipe_id: UUID, *, spec: RecipeSpec, version: int | None) -> RecipeVersion:
    """Take another wording in place of what the draft says.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    recipe.edited v1.
    """
    found = _lock(actor, recipe_id, "edit", version)
    require_sound(spec)
    found.name(spec.number, spec.title, spec.product)
    found.save(update_fields=["number", "version", *WORDS])
    write_papers(found, spec.in_order())
    ledger.record(found, RecipeEdited())
    return found


@action("recipe.share")
def share_recipe(actor: Actor, recipe_id: UUID, *, version: int | None) -> RecipeVersion:
    """Let the sponsor read the draft from here on, without the parameters that are the CDMO's own.

    There is no way back into privacy. Raises: NotFound, Refused, InvalidTransition, VersionMissing,
    StaleVersion, Conflict. Records: recipe.shared v1.
    """
    found = _lock(actor, recipe_id, "share", version)
    if found.is_shared:
        raise Conflict("The sponsor reads this draft already.")
    spec = read_spec(actor, found)
    found.share()
    found.save(update_fields=["audience", "version", *WORDS])
    write_papers(found, spec)
    ledger.record(found, RecipeShared(code=actor.code(found.space_id)))
    return found


@action("recipe.submit")
def submit_recipe(actor: Actor, recipe_id: UUID, *, version: int | None) -> RecipeVersion:
    """Hand a draft to the sponsor's review; it gets its revision and is never rewritten.

    One version of a number is in review at a time. Parameters of the CDMO alone stay with it; the signed
    clauses on disclosure say which those are. Raises: NotFound, Refused, InvalidTransition, VersionMissing,
    StaleVersion, Conflict, Invalid. Records: recipe.submitted v1. Source: 21 CFR 211.186 (master production
    records).
    """
    lock_program(actor, get_recipe(actor, recipe_id).space_id)
    found = _lock(actor, recipe_id, "submit", version)
    spec = read_spec(actor, found)
    require_sound(spec)
    require_agreed(actor, found.space_id, spec)
    of_number = RecipeVersion.objects.visible_to(actor).filter(space_id=found.space_id, number=found.number)
    open_one = of_number.filter(state__in=[RecipeState.IN_REVIEW, RecipeState.APPROVED]).first()
    if open_one is not None:
        raise Conflict(f"{open_one.label} is in review. Withdraw it, or put it in force, first.")
    revision = (of_number.aggregate(last=Max("revision"))["last"] or 0) + 1
    shared = spec.shared()
    found.not_understood = unread(spec)
    found.digest = digest_of(shared)
    found.submit(revision, instant())
    found.save()
    enter_rows(found, spec)
    drop_papers(found)
    ledger.record(
        found,
        RecipeSubmitted(
            revision=revision,
            digest=found.digest,
            steps=sum(1 for _ in spec.walk()),
            parameters=len(shared.parameters),
        ),
    )
    return found


@action("recipe.send_back")
def send_back_recipe(actor: Actor, recipe_id: UUID, *, reason: str, version: int | None) -> RecipeVersion:
    """Return a version to the CDMO with what it lacks; a next draft may begin with it.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    recipe.returned v1.
    """
    found = _lock(actor, recipe_id, "send_back", version)
    _give_reason(found, reason)
    found.state = RecipeState.RETURNED
    found.save(update_fields=["state"])
    ledger.record(found, RecipeReturned(revision=found.revision or 0, code=actor.code(found.space_id)))
    return found


@action("recipe.withdraw")
def withdraw_recipe(actor: Actor, recipe_id: UUID, *, reason: str, version: int | None) -> RecipeVersion:
    """Give up a version that is not in force; what a draft said is gone.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    recipe.withdrawn v1.
    """
    found = _lock(actor, recipe_id, "withdraw", version)
    _give_reason(found, reason)
    if found.state == RecipeState.DRAFT:
        drop_papers(found)
    found.state = RecipeState.WITHDRAWN
    found.save(update_fields=["state"])
    ledger.record(found, RecipeWithdrawn(code=actor.code(found.space_id)))
    return found


@action("recipe.make_effective")
def make_recipe_effective(
    actor: Actor, recipe_id: UUID, *, version: int | None, effective_from: datetime | None = None
) -> RecipeVersion:
    """Put an approved version in force, at once or from an instant to come; it follows the one before.

    Batches keep the version they began with. A second person of the CDMO must have signed it as reviewed.
    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Conflict, Invalid. Records:
    recipe.made_effective v1, recipe.superseded v1. Source: 21 CFR 211.186(a), 211.100(a).
    """
    lock_program(actor, get_recipe(actor, recipe_id).space_id)
    found = _lock(actor, recipe_id, "make_effective", version)
    if not is_checked(actor, found):
        raise Conflict(
            "Nobody but its author has signed it at the CDMO. A second person signs it as reviewed first"
            " (21 CFR 211.186(a)).",
            code="not_checked",
        )
    now = instant()
    if effective_from is not None and effective_from < now:
        words = "Now, or an instant to come: nothing takes effect backwards."
        raise Invalid(words, errors={"effective_from": [words]})
    since = effective_from or now
    _follow(actor, found, since)
    found.take_effect(since)
    found.save(update_fields=["state", "effective_from"])
    ledger.record(found, RecipeMadeEffective(revision=found.revision or 0, effective_from=since))
    return found


@action("recipe.adopt")
def adopt_recipe(
    actor: Actor, program_id: UUID, *, spec: RecipeSpec, approval: str, effective_from: datetime | None = None
) -> RecipeVersion:
    """Enter a version that both sides approved before they came here; it is in force at once.

    Only the set-up of a program does so. `approval` says where that approval stands; `effective_from` may be
    past. A number that exists gets its next revision. Raises: NotFound, Refused, Invalid.
    Records: recipe.authored v1, recipe.superseded v1.
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, SYSTEM, to="adopt recipes")
    require_sound(spec)
    of_number = RecipeVersion.objects.visible_to(actor).filter(space_id=program.pk, number=spec.number)
    shared, since = spec.shared(), effective_from or instant()
    recipe = RecipeVersion(
        space_id=program.pk,
        number=spec.number,
        revision=(of_number.aggregate(last=Max("revision"))["last"] or 0) + 1,
        title=spec.title,
        product=spec.product,
        approval=approval,
        digest=digest_of(shared),
        not_understood=unread(spec),
    )
    _follow(actor, recipe, since)
    recipe.take_effect(since)
    recipe.save(force_insert=True)
    enter_rows(recipe, spec.in_order())
    codes = tuple(each.code for each in shared.parameters)
    ledger.record(
        recipe, RecipeAuthored(revision=recipe.revision or 0, phases=tuple(spec.phases), parameters=codes)
    )
    return recipe


def _lock(actor: Actor, recipe_id: UUID, to: str, version: int | None) -> RecipeVersion:
    return lock_record(
        RecipeVersion, actor, recipe_id, to=to, version=version, transitions=RECIPE_TRANSITIONS
    )


def _follow(actor: Actor, recipe: RecipeVersion, since: datetime) -> None:
    """Let the version that is in force end where this one begins."""
    rows = RecipeVersion.objects.visible_to(actor).filter(
        space_id=recipe.space_id, number=recipe.number, state=RecipeState.EFFECTIVE
    )
    for old in rows.exclude(pk=recipe.pk).select_for_update(of=("self",)):
        if old.is_scheduled(since):
            raise Conflict(f"{old.label} takes effect later than that; this one follows it.")
        old.follow(since)
        old.save(update_fields=["state", "until"])
        ledger.record(old, RecipeSuperseded(by_id=recipe.pk))


def _give_reason(found: RecipeVersion, reason: str) -> None:
    if not REASON_MIN <= len(reason.strip()) <= REASON_MAX:
        words = f"Say why, in {REASON_MIN} to {REASON_MAX} characters."
        raise Invalid(words, errors={"reason": [words]})
    ledger.give_reason(found, reason.strip())
