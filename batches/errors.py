"""What can go wrong with batches and their readings."""

from __future__ import annotations

from typing import Self

from portal.errors import Conflict, DomainError, InvalidTransition, Refused


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
        """Name the record and the clause."""
        return cls(f"Clause {clause} holds it because of {number}; it ends with that record.")


class OutOfSequence(Conflict):
    """A step was to begin before those that come first are over (21 CFR 11.10(f))."""

    code, title = "out_of_sequence", "Out of sequence"


class SamePerson(Refused):
    """Who did it, or stands in for who did, does not check it."""

    code, title = "same_person", "A second person is needed"
