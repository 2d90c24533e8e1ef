"""What operators measure of clocks that were set apart."""

from __future__ import annotations

from portal.clocks.trying import list_set_apart
from portal.metrics import Reading


def set_apart_clocks() -> list[Reading]:
    """Return how many clocks wait for somebody to look."""
    return [Reading("covalent_clocks_set_apart", "", float(len(list_set_apart())))]
