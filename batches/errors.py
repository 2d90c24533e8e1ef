"""What can go wrong with batches and their readings."""

from __future__ import annotations

from portal.errors import DomainError, InvalidTransition


class BatchNotRunning(InvalidTransition):
    """Readings came for a batch that has not started or is over."""

    code, title = "batch_not_running", "Batch not running"


class NothingToMatch(DomainError):
    """A version was named of something that is not here."""

    code, status, title = "nothing_to_match", 412, "Not here"
