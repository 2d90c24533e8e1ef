"""What the navigation says of batches."""

from __future__ import annotations

from collections.abc import Mapping

from batches.queries.lines import count_running
from portal.actor import Actor
from portal.shell import NavCount


def batch_counts(actor: Actor) -> Mapping[str, NavCount]:
    """Return how many batches are in process; none of them waits for a person by itself."""
    return {"batches": NavCount(count_running(actor))}
