"""How a change is signed: by its own side, and the other where it approves; never by who drafted it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from deviations.dockets.asking.states import other_side
from deviations.dockets.changing.rules import CHANGES
from deviations.dockets.changing.states import (
    KEEPERS,
    REVIEW_OF_CHANGE,
    ChangeState,
    ChangeWeight,
)
from deviations.dockets.desk import own_side
from deviations.dockets.signing import signable
from portal import ledger
from portal.actor import Actor
from portal.clocks import end_clocks
from portal.models import Signature
from portal.signable import Rule
from portal.states import ClockState, Meaning, of_side

RULES: Final = {Meaning.APPROVED: Rule(KEEPERS, (ChangeState.PROPOSED,), may_be_author=False)}


def _is_author(actor: Actor, change: Any) -> bool:
    return actor.is_one_of(change.space_id, person_id=change.recorded_by)


def _missing(_actor: Actor, change: Any, _meaning: Meaning, rule: Rule) -> Rule:
    """Return the rule for the sides whose approval is missing."""
    roles = of_side(rule.roles, change.side) if change.own_approved_at is None else ()
    if change.weight == ChangeWeight.APPROVE and change.other_approved_at is None:
        roles = (*roles, *of_side(rule.roles, other_side(change.side)))
    return replace(rule, roles=roles)


def _approve(actor: Actor, change: Any, signature: Signature) -> None:
    """Take one side's approval; with the last one that is needed the change is approved."""
    is_own = own_side(actor, change.space_id) == change.side
    if is_own:
        change.own_approved_at = signature.signed_at
    else:
        change.other_approved_at = signature.signed_at
        end_clocks(change, kind=REVIEW_OF_CHANGE, state=ClockState.MET)
    needs_other = change.weight == ChangeWeight.APPROVE
    if change.own_approved_at and (change.other_approved_at or not needs_other):
        change.state = ChangeState.APPROVED
    change.save(update_fields=["state", "own_approved_at", "other_approved_at"])
    ledger.record(change, CHANGES.moved("approve", "own" if is_own else "other", signature.code))


CHANGE: Final = signable(CHANGES, RULES, is_author=_is_author, signed=_approve, by_clause=_missing)
