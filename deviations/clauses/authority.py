"""Who takes a step or signs, where clauses name roles: of those who may anyway, the ones that are named.

A clause never lets somebody act whom the product would not. One that names none of them changes nothing, and
`lint` says so before it is signed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from deviations.clauses.governing import impacts_for, notices_for
from deviations.clauses.triggers import triggers_of
from deviations.models import Deviation
from deviations.states import TRANSITIONS, roles_named
from portal.access import require_role
from portal.actor import Actor, Role
from portal.agreements.rules import Responsibility
from portal.agreements.terms import Terms
from portal.signable import Rule
from portal.states import Meaning
from portal.terms import terms_at

# A signature on a deviation -> the activity whose clause says who gives it.
SIGNED_FOR: Final = {
    Meaning.IMPACT_APPROVED: "product_impact",
    Meaning.APPROVED: "investigation",
}


def narrowed(roles: Sequence[Role], named: Iterable[str]) -> tuple[Role, ...]:
    """Return those of the roles that a clause names; all of them where it names none of them."""
    asked = set(roles_named(named))
    return tuple(each for each in roles if each in asked) or tuple(roles)


def roles_for(
    terms: Terms, step: str, classification: str | None, triggers: Sequence[str]
) -> tuple[Role, ...]:
    """Return who takes a step on a deviation of this class, by the clauses that say so."""
    roles = tuple(TRANSITIONS[step].roles)
    match step:
        case "triage" | "reclassify":
            found = terms.judgement("classification", classification)
            return narrowed(roles, found.rule.by) if found is not None else roles
        case "release_notice":
            for notice in notices_for(terms, classification, triggers):
                roles = narrowed(roles, notice.rule.released_by)
        case "assess_impact":
            for impact in impacts_for(terms, classification, triggers):
                roles = narrowed(roles, impact.rule.by)
    return roles


def require_by_clause(
    actor: Actor, deviation: Deviation, terms: Terms, step: str, classification: str | None
) -> None:
    """Raise Refused unless a clause leaves the step to one of the actor's roles."""
    roles = roles_for(terms, step, classification, triggers_of(actor, deviation))
    require_role(actor, deviation.space_id, *roles, to=step)


def steps_left(
    actor: Actor, deviation: Deviation, classification: str | None, steps: Sequence[str]
) -> list[str]:
    """Return the steps that clauses leave to the actor; before triage it may still become any class."""
    if not set(steps) & {"triage", "release_notice", "assess_impact"}:
        return list(steps)
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    triggers = triggers_of(actor, deviation)
    return [
        each
        for each in steps
        if each == "triage"
        or actor.holds(deviation.space_id, *roles_for(terms, each, classification, triggers))
    ]


def signed_by_clause(actor: Actor, deviation: Deviation, meaning: Meaning, rule: Rule) -> Rule:
    """Return who signs with a meaning, where the signed agreement says it; the product's own rule else."""
    activity = SIGNED_FOR.get(meaning)
    if activity is None:
        return rule
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    found = terms.find(Responsibility, activity=activity)
    if found is None or terms.is_default:
        return rule
    signs = found.rule.signs or {}
    named = [role for role, given in signs.items() if given == meaning]
    if meaning == Meaning.APPROVED:
        named += found.rule.approves
    return replace(rule, roles=narrowed(rule.roles, named))
