"""When a batch can be disposed of: what is missing, who holds it, what decides the date; pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is missing. `finish` says when it is done if it may begin at an instant.

    `side` holds the ball; `why` says where the time comes from; `after` names what has to be done before.
    """

    code: str
    words: str
    side: str
    finish: Callable[[datetime], datetime]
    after: tuple[str, ...] = ()
    why: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """An item with when it can begin and is expected to be done; critical: a day more is a day later."""

    item: Item
    begins: datetime
    ends: datetime
    is_critical: bool


@dataclass(frozen=True, slots=True)
class Countdown:
    """What is missing, in the order of its dates; `at` is the one date, None when nothing is missing."""

    lines: Sequence[Line]
    at: datetime | None

    @property
    def path(self) -> list[Line]:
        """Return what decides the date, in order."""
        return [each for each in self.lines if each.is_critical]

    @property
    def holders(self) -> list[str]:
        """Return who holds something that could be done now."""
        return list(dict.fromkeys(each.item.side for each in self.lines if not each.item.after))


def lasting(takes: timedelta) -> Callable[[datetime], datetime]:
    """Return the finish of what takes so long once it begins."""
    return lambda begins: begins + takes


def until(at: datetime) -> Callable[[datetime], datetime]:
    """Return the finish of what is expected at an instant, or as soon as it may begin."""
    return lambda begins: max(begins, at)


def countdown(items: Sequence[Item], now: datetime) -> Countdown:
    """Return when everything is done; an item waits for those in `after` that are missing too.

    Items come in an order in which each follows what it waits for.
    """
    begins: dict[str, datetime] = {}
    ends: dict[str, datetime] = {}
    for each in items:
        begins[each.code] = max([ends[code] for code in each.after if code in ends], default=now)
        ends[each.code] = max(each.finish(begins[each.code]), begins[each.code])
    critical = _critical(items, ends)
    lines = [
        Line(each, begins[each.code], ends[each.code], each.code in critical)
        for each in sorted(items, key=lambda each: (ends[each.code], items.index(each)))
    ]
    return Countdown(lines, max(ends.values(), default=None))


def _critical(items: Sequence[Item], ends: Mapping[str, datetime]) -> set[str]:
    """Return the chain of items that leads to the last date, walked back from it."""
    by_code = {each.code: each for each in items}
    found: set[str] = set()
    last = max(items, key=lambda each: (ends[each.code], items.index(each)), default=None)
    while last is not None:
        found.add(last.code)
        before = [by_code[code] for code in last.after if code in by_code]
        last = max(before, key=lambda each: ends[each.code], default=None)
    return found
