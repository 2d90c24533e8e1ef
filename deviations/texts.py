"""How long the words of a deviation may be, said once for forms, the API and the actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from portal.errors import Invalid

LENGTHS: Final[Mapping[str, tuple[int, int]]] = {
    "title": (3, 200),
    "description": (10, 20_000),
    "immediate_action": (0, 20_000),
    "late_reason": (0, 4_000),
    "rationale": (20, 4_000),
    "summary": (20, 20_000),
    "report": (20, 60_000),
    "text": (3, 4_000),
    "answer": (3, 4_000),
    "reason": (10, 4_000),
    "scope": (10, 4_000),
    "evidence": (10, 20_000),
    "because": (20, 4_000),
    "criteria": (10, 4_000),
    "matching": (0, 200),
    "conclusion": (20, 20_000),
    "finding": (3, 4_000),
    "hazard": (10, 4_000),
    "formality_why": (10, 4_000),
    "owner": (2, 60),
    "asset": (0, 60),
    "place": (2, 120),
    "effects": (0, 4_000),
    "method": (10, 4_000),
    "cause": (0, 4_000),
    "external_id": (0, 120),
    "external_status": (0, 120),
}


def fault_of(field: str, words: str) -> str | None:
    """Say what is wrong with the words of a field, None when they are accepted."""
    least, most = LENGTHS[field]
    if "\x00" in words:
        return "The text holds the character U+0000, which is not accepted anywhere."
    if len(words) > most:
        return f"At most {most} characters; these are {len(words)}."
    if len(words.strip()) < least:
        return f"At least {least} characters."
    return None


def check_texts(given: Mapping[str, str]) -> None:
    """Raise Invalid naming each field whose words are not accepted."""
    faults = {field: fault_of(field, words) for field, words in given.items()}
    errors = {field: [fault] for field, fault in faults.items() if fault is not None}
    if errors:
        names = ", ".join(field.replace("_", " ") for field in errors)
        raise Invalid(f"Not accepted: {names}.", errors=errors)
