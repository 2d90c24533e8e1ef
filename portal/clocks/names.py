"""What clocks ask for, in words; each app names the kinds it starts."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

_NAMES: Final[dict[str, str | Promise]] = {"ladder": gettext_lazy("Acknowledge")}


def name_clock(kind: str, words: str | Promise) -> None:
    """Say what clocks of a kind ask for."""
    _NAMES[kind] = words


def name_of(kind: str) -> str:
    """Return what a clock of the kind asks for."""
    return str(_NAMES.get(kind) or kind.replace(".", " ").replace("_", " ").capitalize())
