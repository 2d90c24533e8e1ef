"""Batches that are reviewed, and people who dispose of them."""

from __future__ import annotations

from datetime import timedelta

from batches.access import get_batch
from batches.actions.cycle import complete_batch
from batches.actions.disposing import decide_disposition
from batches.actions.reviewing import look_at, review_sections
from batches.disposition.signing import Word
from batches.queries.disposition_signing import decision_to_sign
from batches.queries.reviewing import review_of
from portal.action import reading
from portal.actor import Actor, Role, Seat, Side
from tests.factories import batches as make
from tests.factories import cast
from tests.factories.signing import fresh

WHY = "Record reviewed in full; nothing speaks against it."


def complete(actor, batch):
    found = make.fresh(actor, batch)
    return complete_batch(actor, batch.pk, at=make.now(), version=found.version)


def as_role(actor: Actor, side: Side, role: str, space=cast.PROGRAM) -> Actor:
    """The same person with one more role; the cast has no qualified person."""
    seats = {
        target: tuple(
            Seat(target, each.side, each.roles | ({role} if each.side == side else set()), each.code)
            for each in held
        )
        for target, held in actor.seats.items()
    }
    assert any(role in each.roles for each in seats[space]), Role(side, role)
    return Actor(actor.person_id, actor.kind, actor.organisation_id, seats)


def review(actor, batch, **given):
    """Everything of the record looked at and reviewed by the actor's side."""
    with reading(actor):
        found = review_of(actor, get_batch(actor, batch.pk))
        keys = [each.key for each in found.unseen]
        sections = [each.section.code for each in found.sections]
    look_at(actor, batch.pk, keys=keys)
    return review_sections(actor, batch.pk, sections=sections, **given)


def shown(actor, batch, **word):
    with reading(actor):
        return decision_to_sign(actor, batch.pk, Word(**{"reason": WHY} | word))


def decide(actor, batch, step, decision, **given):
    """The decision of the actor at a step, signed as it was shown."""
    word = {"step": step, "decision": decision, "reason": WHY} | given
    digest = shown(actor, batch, **word).digest
    return fresh(lambda **proof: decide_disposition(actor, batch.pk, digest=digest, **word, **proof))


HOUR = timedelta(hours=1)
