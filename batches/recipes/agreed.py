"""Who reads a parameter: where a signed clause says it, the master record says the same."""

from __future__ import annotations

from uuid import UUID

from batches.specs import RecipeSpec
from portal.action import instant
from portal.actor import Actor
from portal.agreements.rules import Disclosure
from portal.errors import Invalid
from portal.states import Audience
from portal.terms import terms_at


def require_agreed(actor: Actor, program_id: UUID, spec: RecipeSpec) -> None:
    """Raise Invalid where a parameter has other readers than the signed agreement gives it.

    Of several clauses the one that names the parameter holds; without a signed one the record decides.
    """
    terms = terms_at(actor, program_id, instant())
    if terms.is_default:
        return
    wrong = []
    for each in spec.parameters:
        found = terms.find(Disclosure, of="parameter", parameter=each.code, state=None)
        if found is not None and found.rule.to != each.audience:
            readers = "both sides read" if found.rule.to == Audience.SHARED else "the CDMO alone reads"
            wrong.append(
                f"{each.code}: by clause {found.clause.code}, agreement v{terms.version}, {readers} it."
            )
    if wrong:
        raise Invalid(wrong[0], code="recipe_not_as_agreed", errors={"parameters": wrong})
