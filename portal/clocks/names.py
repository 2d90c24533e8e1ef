"""What clocks ask for, in words; each app names the kinds it starts."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

_NAMES: Final[dict[str, str | Promise]] = {"ladder": gettext_lazy("Acknowledge")}

_OWN_ITEMS: Final[set[str]] = set()
_FIXED: Final[set[str]] = set()
_NEVER_LONGER: Final[set[str]] = set()


def name_clock(
    kind: str,
    words: str | Promise,
    *,
    has_own_item: bool = False,
    is_fixed: bool = False,
    is_extended: bool = True,
) -> None:
    """Say what clocks of a kind ask for, and whether their app puts what waits into the inbox itself.

    The time of a fixed one is set by the matter: it neither rests nor gets longer. No clause of extensions
    speaks of one that `is_extended` never: the other side is told in time or late.
    """
    _NAMES[kind] = words
    if has_own_item:
        _OWN_ITEMS.add(kind)
    if is_fixed:
        _FIXED.add(kind)
    if not is_extended:
        _NEVER_LONGER.add(kind)


def fixed_kinds() -> list[str]:
    """Return the kinds whose time is set by the matter."""
    return sorted(_FIXED)


def is_fixed(kind: str) -> bool:
    """Say whether the time of such a clock is set by the matter."""
    return kind in _FIXED


def is_extendable(kind: str) -> bool:
    """Say whether a clause may give such a clock more time."""
    return kind not in _FIXED and kind not in _NEVER_LONGER


def kinds_with_own_item() -> list[str]:
    """Return the kinds of which an app puts what waits into the inbox itself."""
    return sorted(_OWN_ITEMS)


def name_of(kind: str) -> str:
    """Return what a clock of the kind asks for."""
    return str(_NAMES.get(kind) or kind.replace(".", " ").replace("_", " ").capitalize())
