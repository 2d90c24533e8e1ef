"""JSON in: strict, UTF-8, no U+0000, no NaN, no doubled names."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

NESTING_MAX: Final = 64


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    seen = dict(pairs)
    if len(seen) != len(pairs):
        msg = "a member name appears twice in one object"
        raise ValueError(msg)
    return seen


def _no_constant(word: str) -> Any:
    msg = f"{word} is not JSON"
    raise ValueError(msg)


def refuse_nul(value: Any, depth: int = 0) -> None:
    """Refuse U+0000 anywhere: no edge of ours lets it in (ground 4)."""
    if depth > NESTING_MAX:
        detail = f"The JSON is nested deeper than {NESTING_MAX} levels."
        raise ParseError(detail)
    if isinstance(value, str):
        if "\x00" in value:
            detail = "The text holds the character U+0000, which is not accepted anywhere."
            raise ParseError(detail, code="nul_character")
        if any("\ud800" <= letter <= "\udfff" for letter in value):
            detail = "The text holds half a surrogate pair; send valid Unicode."
            raise ParseError(detail, code="bad_unicode")
    elif isinstance(value, Mapping):
        for name, each in value.items():
            refuse_nul(name, depth + 1)
            refuse_nul(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            refuse_nul(each, depth + 1)


class JSONParser(BaseParser):
    """`application/json`, UTF-8."""

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the parsed body; raises ParseError with what is wrong."""
        try:
            text = stream.read().decode("utf-8")
            value = (
                json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant) if text.strip() else {}
            )
        except UnicodeDecodeError as error:
            detail = f"The body is not UTF-8 (byte {error.start})."
            raise ParseError(detail, code="not_utf8") from error
        except RecursionError as error:
            detail = f"The JSON is nested deeper than {NESTING_MAX} levels."
            raise ParseError(detail) from error
        except ValueError as error:
            detail = f"The body is not JSON: {str(error)[:120]}."
            raise ParseError(detail, code="bad_json") from error
        refuse_nul(value)
        return value
