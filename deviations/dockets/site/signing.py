"""How an impact statement is signed: by the CDMO's head of quality, also for other product there."""

from __future__ import annotations

from typing import Any, Final

from deviations.dockets.signing import signable
from deviations.dockets.site.rules import STATEMENTS, require_others_assessed
from deviations.dockets.site.states import StatementState
from portal import ledger
from portal.actor import Actor
from portal.models import Signature
from portal.signable import Rule
from portal.states import CDMO_QUALITY_HEAD, Meaning

RULES: Final = {
    Meaning.APPROVED: Rule((CDMO_QUALITY_HEAD,), (StatementState.CONCLUDED,), may_be_author=False)
}


def _is_author(actor: Actor, statement: Any) -> bool:
    return actor.is_one_of(statement.space_id, person_id=statement.concluded_by)


def _sign(actor: Actor, statement: Any, signature: Signature) -> None:
    """Give the one word on other product with the signature on this one."""
    require_others_assessed(actor, statement)
    statement.others_assessed = True
    statement.state, statement.ended_at = StatementState.SIGNED, signature.signed_at
    statement.save(update_fields=["state", "ended_at", "others_assessed"])
    ledger.record(statement, STATEMENTS.moved("sign", "", signature.code))


STATEMENT: Final = signable(STATEMENTS, RULES, is_author=_is_author, signed=_sign)
