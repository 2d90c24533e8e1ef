"""What a decision request says, as plain values, and what makes it complete (clause 9.1)."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from portal.actor import Role, Side
from portal.errors import Invalid
from portal.states import DECISION_ANSWERERS, DecisionState

NONE_OF_THESE: Final = "none"
ENDED_STATES: Final = (DecisionState.ANSWERED, DecisionState.LOST, DecisionState.WITHDRAWN)
OPTIONS_MIN, OPTIONS_MAX = 1, 8
CODE_MAX: Final = 3
EVIDENCE_MAX: Final = 20
# field -> least and most characters
LENGTHS: Final[Mapping[str, tuple[int, int]]] = {
    "title": (5, 200),
    "details": (0, 8000),
    "recommendation": (0, 2000),
    "meanwhile": (3, 1000),
    "if_lost": (3, 1000),
}
REASON_MIN, REASON_MAX = 3, 2000
# The head of quality closes every list: there the ladder ends, and somebody must be able to answer.
HEAD: Final = "quality_head"
ANSWERERS: Final[Mapping[str, tuple[str, ...]]] = {
    Side.SPONSOR: ("cmc", "qa", HEAD),
    Side.MANUFACTURER: ("client_lead", "qa", HEAD),
}


@dataclass(frozen=True, slots=True)
class Option:
    """One way to go on, as buttons and signatures name it."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the choice rests on: a file of the record that it is about, or another record of the program."""

    type: str
    id: UUID


@dataclass(frozen=True, slots=True)
class Wording:
    """A decision request as its side wrote it; `recommended` is the code of an option, or nothing.

    `lost_at` is the time after which the choice is lost. `roles` are those of the other side who may answer.
    """

    title: str
    options: tuple[Option, ...]
    lost_at: datetime
    meanwhile: str
    if_lost: str
    details: str = ""
    recommended: str = ""
    recommendation: str = ""
    evidence: tuple[Evidence, ...] = ()
    roles: tuple[str, ...] = field(default=())


def read_options(stored: str) -> tuple[Option, ...]:
    """Return options as they were stored; none of what stands in the place of words that cannot be read."""
    try:
        return tuple(Option(code, words) for code, words in json.loads(stored))
    except ValueError:
        return ()


def write_options(options: Sequence[Option]) -> str:
    """Return options as they are stored."""
    return json.dumps([[each.code, each.words] for each in options], ensure_ascii=False)


def other_side(side: str) -> Side:
    """Return the side that is asked."""
    return Side.SPONSOR if side == Side.MANUFACTURER else Side.MANUFACTURER


def answerers_of(side: str, codes: Collection[str]) -> tuple[Role, ...]:
    """Return the roles of a side that may answer, as its request names them."""
    return tuple(each for each in DECISION_ANSWERERS if each.side == side and each.code in codes)


def roles_asked(side: str, given: Collection[str]) -> list[str]:
    """Return who of the side may answer: those named, else its usual ones; its head of quality always."""
    codes = {*(given or ANSWERERS[side]), HEAD}
    return [each.code for each in DECISION_ANSWERERS if each.side == side and each.code in codes]


def require_wording(given: Wording, side: str, now: datetime) -> None:
    """Raise Invalid, with a sentence for each field, unless the wording is what clause 9.1 asks for."""
    wrong: dict[str, list[str]] = {}
    for name, words in _wrong(given, side, now):
        wrong.setdefault(name, []).append(words)
    if wrong:
        raise Invalid("The question is not complete yet.", errors=wrong)


def require_words(given: str, field: str) -> None:
    """Raise Invalid unless a reason or a message was written."""
    if not REASON_MIN <= len(given.strip()) <= REASON_MAX:
        words = f"In {REASON_MIN} to {REASON_MAX} characters."
        raise Invalid(words, errors={field: [words]})


def _wrong(given: Wording, side: str, now: datetime) -> Iterator[tuple[str, str]]:
    for name, (least, most) in LENGTHS.items():
        if not least <= len(getattr(given, name).strip()) <= most:
            yield name, f"In {least} to {most} characters."
    yield from _wrong_options(given, side)
    if given.lost_at <= now:
        yield "lost_at", "A time to come: after it the choice is lost."
    known = {each.code for each in DECISION_ANSWERERS if each.side == other_side(side)}
    if not set(given.roles) <= known:
        yield "roles", f"Roles of the other side: {', '.join(sorted(known))}."
    if len(given.evidence) > EVIDENCE_MAX:
        yield "evidence", f"At most {EVIDENCE_MAX}."


def _wrong_options(given: Wording, side: str) -> Iterator[tuple[str, str]]:
    codes = [each.code for each in given.options]
    if not OPTIONS_MIN <= len(codes) <= OPTIONS_MAX:
        yield "options", f"Name {OPTIONS_MIN} to {OPTIONS_MAX} options."
    if len(set(codes)) < len(codes) or NONE_OF_THESE in codes:
        yield "options", "Each option has a code of its own."
    if any(not code.isalnum() or len(code) > CODE_MAX for code in codes):
        yield "options", f"A code is one to {CODE_MAX} letters or digits."
    least, most = 2, 500
    if any(not least <= len(each.words.strip()) <= most for each in given.options):
        yield "options", f"Each option in {least} to {most} characters."
    if given.recommended and given.recommended not in codes:
        yield "recommended", "Recommend one of the options."
    if given.recommended and not given.recommendation.strip():
        yield "recommendation", "Say why it is recommended."
    if not given.recommended and side == Side.MANUFACTURER:
        yield "recommended", "Clause 9.1 asks for the manufacturer's recommendation."
