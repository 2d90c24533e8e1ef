"""The schedule as a picture: a row for each suite, a column for each day; drawn on the server as SVG.

Places are SVG attributes: the content security policy forbids inline styles. Only numbers and escaped words
enter it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from batches.queries.schedule import Scheduled
from batches.schedule.states import SlotState

WIDTH: Final = 1120
LABEL: Final = 132
ROW: Final = 54
HEAD: Final = 30
BAR: Final = 18
LEAST: Final = 3
# Below this width a bar has no room for its words.
ROOM_FOR_WORDS: Final = 64
# Up to so many days each has its date.
DATED_DAYS: Final = 14
CHARACTER: Final = 6.6


@dataclass(frozen=True, slots=True)
class Window:
    """The days that a picture shows, from midnight at the reader's place."""

    since: datetime
    days: int

    @property
    def until(self) -> datetime:
        """Return the end of the last day."""
        return self.since + timedelta(days=self.days)

    def x(self, at: datetime) -> float:
        """Return the place of an instant, held inside the picture."""
        share = (at - self.since) / (self.until - self.since)
        return round(LABEL + min(max(share, 0.0), 1.0) * (WIDTH - LABEL), 1)

    def holds(self, start: datetime, end: datetime) -> bool:
        """Say whether anything of a stretch lies in it."""
        return start < self.until and end > self.since


def picture_of(found: Sequence[Scheduled], window: Window, now: datetime, zone: str) -> SafeString:
    """Return the picture: planned as an outline, taken as a solid bar, expected beyond it hatched."""
    suites = sorted({each.slot.suite for each in found})
    height = HEAD + ROW * max(len(suites), 1)
    rows = [_row(place, suite, found, window, now) for place, suite in enumerate(suites)]
    return format_html(
        '<svg class="schedule" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}{}</svg>',
        WIDTH,
        height,
        _("Schedule of suites"),
        _hatching(),
        _days(window, height, zone),
        mark_safe("".join(rows)),  # noqa: S308 - put together by format_html above
        _now(window, now, height),
    )


def _hatching() -> SafeString:
    return mark_safe(
        '<defs><pattern id="schedule-ahead" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)"><rect class="schedule-hatch" width="3" height="6"/></pattern></defs>'
    )


def _days(window: Window, height: int, zone: str) -> SafeString:
    every = 1 if window.days <= DATED_DAYS else 7
    marks = []
    for day in range(window.days):
        at = window.since + timedelta(days=day)
        # A day that the clock's change makes an hour longer still begins at midnight.
        local = at.astimezone(ZoneInfo(zone))
        words = f"{local:%-d %b}" if day % every == 0 else ""
        marks.append((window.x(at), height, window.x(at) + 4, words))
    return format_html_join(
        "",
        '<path class="schedule-day" d="M{} 0V{}"/><text class="schedule-date" x="{}" y="19">{}</text>',
        marks,
    )


def _row(place: int, suite: str, found: Sequence[Scheduled], window: Window, now: datetime) -> SafeString:
    top = HEAD + place * ROW
    bars = [_bar(each, top, window, now) for each in found if each.slot.suite == suite]
    return format_html(
        '<path class="schedule-line" d="M0 {}H{}"/><text class="schedule-suite" x="2" y="{}">{}</text>{}',
        top,
        WIDTH,
        top + ROW / 2 + 4,
        suite,
        mark_safe("".join(bars)),  # noqa: S308 - put together by format_html below
    )


def _bar(each: Scheduled, top: int, window: Window, now: datetime) -> SafeString:
    slot, expected = each.slot, each.expected
    parts = []
    if window.holds(slot.planned_start, slot.planned_end):
        parts.append(_rect("schedule-planned", slot.planned_start, slot.planned_end, top + 6, window))
    if slot.state != SlotState.CANCELLED and window.holds(expected.start, expected.end):
        began, ended = slot.actual_start, slot.actual_end
        css = "schedule-late" if each.later else "schedule-ahead"
        parts.append(_rect(css, expected.start, expected.end, top + 28, window))
        if began is not None and ended is None and began < now:
            parts.append(_rect("schedule-taken", began, min(now, expected.end), top + 28, window))
        elif began is not None and ended is not None:
            css = "schedule-taken schedule-over-late" if each.later else "schedule-taken"
            parts.append(_rect(css, began, ended, top + 28, window))
    left = window.x(slot.planned_start)
    wide = window.x(slot.planned_end) - left
    words = slot.batch.number if slot.batch is not None else slot.title
    room = int((wide - 8) / CHARACTER)
    if wide >= ROOM_FOR_WORDS and room > 0:
        parts.append(
            format_html(
                '<text class="schedule-words" x="{}" y="{}">{}</text>', left + 5, top + 19, words[:room]
            )
        )
    return format_html(
        '<a href="#slot-{}"><title>{}, {}</title>{}</a>', slot.pk, words, slot.title, _join(parts)
    )


def _rect(css: str, start: datetime, end: datetime, y: int, window: Window) -> SafeString:
    left = window.x(start)
    wide = max(window.x(end) - left, LEAST)
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="3"/>', css, left, y, round(wide, 1), BAR
    )


def _join(parts: Sequence[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((each,) for each in parts))


def _now(window: Window, now: datetime, height: int) -> SafeString | str:
    if not window.since <= now <= window.until:
        return ""
    return format_html('<path class="schedule-now" d="M{} 0V{}"/>', window.x(now), height)
