"""What somebody would sign at a step of a disposition."""

from __future__ import annotations

from uuid import UUID

from batches.access import get_batch
from batches.disposition.signing import Word, signable_for, take_word
from batches.queries.disposition import disposition_of
from portal.action import instant
from portal.actor import Actor
from portal.queries.security import read_security
from portal.queries.signatures import Ceremony, own_signer
from portal.signable import STATEMENT, content_of, digest_of, open_meanings


def decision_to_sign(actor: Actor, batch_id: UUID, word: Word) -> Ceremony:
    """Return what would be signed by deciding so. Raises: NotFound, Invalid, NotItsTurn, Blocked."""
    standing = disposition_of(actor, get_batch(actor, batch_id))
    row = take_word(actor, standing, word, instant())
    signable = signable_for(standing, row)
    shown = signable.show(actor, row)
    signer, security = own_signer(actor), read_security(actor)
    return Ceremony(
        record=row,
        shown=shown,
        meanings=open_meanings(actor, row, signable),
        digest=digest_of(content_of(row, signable.type, shown)),
        signer=signer,
        needs_statement=signer is None or signer.statement != STATEMENT,
        ways=security.ways,
        locked_until=security.locked_until,
    )
