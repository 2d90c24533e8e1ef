"""What can go wrong with batches and their readings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

from batches.disposition.states import NOT_FINAL
from portal.errors import Conflict, DomainError, InvalidTransition, Refused

if TYPE_CHECKING:
    from batches.disposition.blocks import Block
    from batches.disposition.plan import Link


class BatchNotRunning(InvalidTransition):
    """Readings came for a batch that has not started or is over."""

    code, title = "batch_not_running", "Batch not running"


class NothingToMatch(DomainError):
    """A version was named of something that is not here."""

    code, status, title = "nothing_to_match", 412, "Not here"


class HeldByClause(Conflict):
    """A hold that a clause placed ends with its cause; nobody lifts it before."""

    code, title = "held_by_clause", "Held by clause"

    @classmethod
    def of(cls, number: str, clause: str) -> Self:
        """Name the record and the clause; the stop of an identity needs none."""
        if not clause:
            return cls(f"{number} holds it; it ends once the quality units of both sides signed.")
        return cls(f"Clause {clause} holds it because of {number}; it ends with that record.")


class IdentityStopped(Conflict):
    """The identity of a patient lot does not agree; nothing goes on until both sides signed."""

    code, title = "identity_stopped", "Everything stops"

    @classmethod
    def of(cls, number: str) -> Self:
        """Name the stop and what ends it."""
        return cls(
            f"{number}: the identity of this lot does not agree. Read both labels again with two people;"
            " then the quality units of both sides sign."
        )


class GovernedByChain(Conflict):
    """A lot that a batch made is judged by the disposition of that batch, not by hand."""

    code, title = "governed_by_disposition", "Governed by the disposition"


class OutOfSequence(Conflict):
    """A step was to begin before those that come first are over (21 CFR 11.10(f))."""

    code, title = "out_of_sequence", "Out of sequence"


class SamePerson(Refused):
    """Who did it, or stands in for who did, does not check it."""

    code, title = "same_person", "A second person is needed"


class Blocked(Conflict):
    """A disposition that something is in the way of; each is named, with who holds the ball."""

    code, title = "disposition_blocked", "Disposition blocked"

    @classmethod
    def by(cls, blocks: Sequence[Block]) -> Self:
        """Name what is in the way."""
        said = " ".join(f"{each.words} ({each.clause})" if each.clause else each.words for each in blocks)
        return cls(f"Nothing is released while this stands. {said}")


class NotItsTurn(InvalidTransition):
    """A step of a disposition was signed already, is final, or waits for another."""

    code, title = "not_its_turn", "Not its turn"

    @classmethod
    def of(cls, link: Link) -> Self:
        """Say how the step stands."""
        name = str(link.planned.step.label)
        if link.given is not None and link.stand == "done" and link.given.decision not in NOT_FINAL:
            said = f"{name} says {link.given.decision.label} since {link.given.at:%Y-%m-%d %H:%M} UTC."
            return cls(f"{said} That is final.", state=str(link.given.decision))
        if link.stand == "off":
            return cls(f"{name} falls away: an earlier step says so.", state="off")
        return cls(f"{name} waits for the steps before it.", state=str(link.stand))
