"""The words of a text as they are looked for: short, in order, each once. Pure."""

from __future__ import annotations

import re
from typing import Final

TERMS_MOST: Final = 32
ASKED_MOST: Final = 8
# Numbers alone say nothing of a kind; a code (TV-203) does.
WORD: Final = re.compile(r"[^\W\d_][\w]*(?:-\w+)*")
LETTERS_LEAST: Final = 3
# Frequent in any report, so that they tell none from another.
EMPTY: Final = frozenset(
    # As a text and not as a list: words are read as words.
    re.findall(
        r"\w+",
        "the and for was were with that this from not had has have but its are been into outside during"
        " before after when while which their there then than also only all any one two three min hour hours"
        " day days time batch lot limit range value deviation",
    )
)
ENDINGS: Final = ("ing", "ed", "es", "s", "e")


def terms_of(text: str, *, most: int = TERMS_MOST) -> list[str]:
    """Return the words by which a text is compared with others, in their order, each once."""
    found = (each.casefold() for each in WORD.findall(text))
    kept = (each for each in found if len(each) >= LETTERS_LEAST and each not in EMPTY)
    return list(dict.fromkeys(kept))[:most]


def asked_terms(given: str) -> list[str]:
    """Return what somebody typed into a search as words, at most eight."""
    return list(dict.fromkeys(given.replace("\x00", " ").casefold().split()))[:ASKED_MOST]


def stem(word: str) -> str:
    """Return a word without its ending, roughly: words of sealed texts are compared here alone."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= LETTERS_LEAST:
            return word[: -len(ending)]
    return word
