"""Since you last looked: a sheet per batch, on screen and on paper."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Final
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.action import instant
from portal.actor import Side
from portal.models import Person
from portal.pages import PageRequest
from portal.queries.since import Sheet, since_sheets
from portal.slots import News
from portal.views.looked_at import LookedAtPage

MORNING: Final = time(7)
DAYS_MOST: Final = 92
LOOK, YESTERDAY = "look", "yesterday"
# Kind of a line: its word, and the tone of its tag where one asks for attention.
KINDS: Final[dict[str, tuple[str | Promise, str]]] = {
    "milestone": (_("moved on"), ""),
    "excursion": (_("excursion"), "warn"),
    "deviation": (_("deviation"), ""),
    "result": (_("result"), ""),
    "alert": (_("alert"), "warn"),
    "notice": (_("notice"), ""),
    "answer": (_("answer"), "fine"),
    "signature": (_("signature"), "fine"),
    "phase": (_("by plan"), ""),
    "clock": (_("due"), ""),
    "decision": (_("decision"), "warn"),
    "signal": (_("early signal"), "warn"),
}
SIDES: Final[dict[str, str | Promise]] = {
    Side.MANUFACTURER: _("the CDMO's turn"),
    Side.SPONSOR: _("the sponsor's turn"),
}


@dataclass(frozen=True, slots=True)
class Span:
    """What was asked for: its key, since when (None: since the last look), and whether it was understood."""

    key: str
    since: datetime | None
    on: str = ""
    is_understood: bool = True


def span_of(asked: str, zone: str, now: datetime) -> Span:
    """Return the span that an address names: the last look, yesterday at 07:00 or a date of the viewer's."""
    local = now.astimezone(ZoneInfo(zone))
    if asked in ("", LOOK):
        return Span(LOOK, None)
    if asked == YESTERDAY:
        morning = datetime.combine(local.date() - timedelta(days=1), MORNING, ZoneInfo(zone))
        return Span(YESTERDAY, morning)
    try:
        day = date.fromisoformat(asked)
    except ValueError:
        return Span(LOOK, None, is_understood=False)
    if not timedelta(0) <= local.date() - day <= timedelta(days=DAYS_MOST):
        return Span(LOOK, None, is_understood=False)
    return Span("date", datetime.combine(day, time(0), ZoneInfo(zone)), day.isoformat())


class SincePage(LookedAtPage):
    """What happened, what came in, what is ahead; each batch on a sheet of its own when printed."""

    here: ClassVar[str] = "home"
    template_name: ClassVar[str] = "portal/since.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the sheets of the span that was asked for."""
        person = Person.objects.get(pk=request.actor.person_id)
        now = instant()
        span = span_of(request.GET.get("span", ""), person.zone, now)
        found = since_sheets(request.actor, span.since)
        today = now.astimezone(ZoneInfo(person.zone)).date()
        return {
            "span": span,
            "found": found,
            "sheets": [_shown(each) for each in found.sheets],
            "today": today.isoformat(),
            "earliest": (today - timedelta(days=DAYS_MOST)).isoformat(),
        }


def _shown(sheet: Sheet) -> dict[str, Any]:
    return {
        "sheet": sheet,
        "parts": [
            (_("What happened"), [_line(each) for each in sheet.happened]),
            (_("What came in"), [_line(each) for each in sheet.came_in]),
        ],
        "coming": [
            {"line": each, "word": KINDS[each.kind][0], "tone": KINDS[each.kind][1]}
            | {"side": SIDES.get(each.side, "")}
            for each in sheet.coming
        ],
    }


def _line(line: News) -> dict[str, Any]:
    word, tone = KINDS[line.kind]
    # A class brings its own word and colour.
    return {
        "line": line,
        "word": "" if line.classification else word,
        "kind": word,
        "tone": line.classification or tone,
    }
