"""What keeps a batch from being disposed of, and who holds the ball; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from batches.disposition.states import OUT_OF_SPECIFICATION, QP_STEPS, ReleaseStepCode


@dataclass(frozen=True, slots=True)
class Block:
    """One thing in the way, in words; `side` holds the ball, `url` is where it is done."""

    kind: str
    words: str
    side: str
    clause: str = ""
    terms: int | None = None
    url: str = ""


# A patient who needs the lot does not wait for these: the QP's risk evaluation answers them.
NOT_FOR_SUPPLY: Final = frozenset(
    (
        *("clause", "unclassified", "result", "coa", "question", "out_of_specification"),
        *("review_cdmo", "review_sponsor"),
    )
)
# What is asked at some steps alone: of a qualified person, and of each side before its own word.
ASKED_AT: Final = {
    "annex16": QP_STEPS,
    "review_cdmo": frozenset((ReleaseStepCode.CDMO,)),
    "review_sponsor": frozenset((ReleaseStepCode.SPONSOR,)),
}


def blocking(blocks: Iterable[Block], step: str) -> list[Block]:
    """Return which of the blocks are in the way of a favourable decision at a step."""
    is_supply = step in OUT_OF_SPECIFICATION
    if step in (ReleaseStepCode.REQUEST, ReleaseStepCode.ACCEPTANCE):
        # What others have said is written down whenever it is said.
        return []
    return [
        each
        for each in blocks
        if not (is_supply and each.kind in NOT_FOR_SUPPLY)
        and (each.kind not in ASKED_AT or step in ASKED_AT[each.kind])
    ]
