"""How a retest plan is signed: by QA, before any retest, never by who planned it."""

from __future__ import annotations

from typing import Any, Final

from deviations.dockets.laboratory.rules import INVESTIGATIONS
from deviations.dockets.laboratory.states import APPROVERS, LabState
from deviations.dockets.signing import signable
from portal import ledger
from portal.actor import Actor
from portal.models import Signature
from portal.signable import Rule
from portal.states import Meaning

RULES: Final = {Meaning.APPROVED: Rule(APPROVERS, (LabState.PLANNED,), may_be_author=False)}


def _is_author(actor: Actor, found: Any) -> bool:
    return actor.is_one_of(found.space_id, person_id=found.planned_by)


def _approve(_actor: Actor, found: Any, signature: Signature) -> None:
    found.plan_approved_at, found.state = signature.signed_at, LabState.RETESTING
    found.save(update_fields=["plan_approved_at", "state"])
    ledger.record(found, INVESTIGATIONS.moved("approve_plan", "", signature.code))


INVESTIGATION: Final = signable(INVESTIGATIONS, RULES, is_author=_is_author, signed=_approve)
