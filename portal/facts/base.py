"""The shape of a fact: what an action records, with its name and version."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any, ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Fact:
    """What an action records; `is_news` says whether the stream shows it to people or as a skip."""

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1
    is_news: ClassVar[bool] = True

    def payload(self) -> dict[str, Any]:
        """Return the exact members, instants and ids as text."""
        return {each.name: _text(getattr(self, each.name)) for each in fields(self)}


def _text(value: Any) -> Any:
    match value:
        case date():
            return value.isoformat()
        case UUID():
            return str(value)
        case bool() | None:
            return value
        case tuple() | list():
            return [_text(each) for each in value]
        case _:
            return str(value)
