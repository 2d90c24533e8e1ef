"""What can go wrong with batches and their readings."""

from __future__ import annotations

from portal.errors import InvalidTransition


class BatchNotRunning(InvalidTransition):
    """Readings came for a batch that has not started or is over."""

    code, title = "batch_not_running", "Batch not running"
