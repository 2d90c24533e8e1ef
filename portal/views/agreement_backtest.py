"""A version run over what happened: as numbers beside those of the version in force, and as a picture."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.action import instant
from portal.actor import Actor
from portal.agreements.backtest import Line, Outcome, backtest
from portal.agreements.document import Document
from portal.agreements.durations import CALENDARS, Duration
from portal.agreements.signing import get_agreement
from portal.agreements.terms import Terms, default_terms
from portal.business_time.calendars import Calendar
from portal.business_time.counting import due_at
from portal.clocks.timing import calendar_at, calendar_side
from portal.models import Program
from portal.pages import Page, PageRequest
from portal.queries.agreements import find_in_force, programs_of
from portal.slots import past_cases

OVER: Final = timedelta(days=365)
LISTED_MAX: Final = 100
WIDTH, ROW, LEFT, RADIUS_MAX = 960, 34, 190, 13
OUTCOMES: Final[dict[Outcome, Any]] = {
    "notice_in_time": gettext_lazy("Notice in time"),
    "notice_late": gettext_lazy("Notice late"),
    "notice_open": gettext_lazy("Notice not due yet"),
    "in_list": gettext_lazy("In a list"),
    "no_clause": gettext_lazy("No clause on a notice"),
    "ladder_climbed": gettext_lazy("Ladder climbed"),
    "ladder_ended": gettext_lazy("Ladder ended without receipt"),
    "opening_late": gettext_lazy("Opened late"),
    "summary_late": gettext_lazy("Preliminary summary late"),
    "closing_late": gettext_lazy("Closed late"),
    "disposition_blocked": gettext_lazy("Disposition blocked"),
}
FINE: Final = ("notice_in_time", "notice_open", "in_list")


class BacktestPage(Page):
    """What a version would have made of the last year."""

    here: ClassVar[str] = "agreement"
    template_name: ClassVar[str] = "portal/agreement_backtest.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return counts of the version and of the one in force, the picture, and the worst lines."""
        actor, now = request.actor, instant()
        version = get_agreement(actor, kwargs["agreement_id"])
        programs = programs_of(actor, version)
        present = find_in_force(actor, version.space_id, now)
        lines = _run(actor, version.document, programs, now)
        present_document = present.document if present is not None else default_terms().document
        before = _run(actor, present_document, programs, now)
        counts, others = _counts(lines), _counts(before)
        return {
            "version": version,
            "present": present,
            "rows": [
                {"words": words, "count": counts[code], "before": others[code], "bad": code not in FINE}
                for code, words in OUTCOMES.items()
            ],
            "told": _told(counts),
            "cases": len({line.case.id for line in lines}),
            "picture": picture(lines, now),
            "lines": [
                {"line": line, "words": OUTCOMES[line.outcome]}
                for line in sorted(lines, key=lambda each: each.case.aware_at, reverse=True)
                if line.outcome not in FINE
            ][:LISTED_MAX],
            "zone": programs[0].zone if programs else "UTC",
        }


def _run(actor: Actor, document: Document, programs: Iterable[Program], now: datetime) -> list[Line]:
    terms = Terms(None, document)
    found: list[Line] = []
    for program in programs:
        cases = [case for cases in past_cases(actor, program.pk, now - OVER) for case in cases]
        found += backtest(terms, cases, partial(_due_at, _calendars(actor, program, now)), now).lines
    return found


def _calendars(actor: Actor, program: Program, now: datetime) -> dict[str, Calendar]:
    """Return the calendars by which a program's durations count now."""
    found: dict[str, Calendar] = {}
    for name in CALENDARS:
        row = calendar_at(actor, program.pk, calendar_side(Duration(1, "business_days", name)), now)
        found[name] = Calendar(program.zone) if row is None else Calendar.of(row.content, number=row.number)
    return found


def _due_at(calendars: Mapping[str, Calendar], duration: Duration, since: datetime) -> datetime:
    return due_at(duration, since, calendars[duration.calendar])


def _counts(lines: Iterable[Line]) -> Counter[str]:
    return Counter(line.outcome for line in lines)


def _told(counts: Counter[str]) -> str:
    notices = sum(counts[each] for each in ("notice_in_time", "notice_late", "notice_open"))
    return _("%(notices)d notices, %(late)d late, %(blocked)d dispositions blocked") % {
        "notices": notices,
        "late": counts["notice_late"],
        "blocked": counts["disposition_blocked"],
    }


def picture(lines: Iterable[Line], now: datetime) -> dict[str, Any]:
    """Return the timeline: a row an outcome, a dot a week, as large as there were many."""
    weeks = OVER.days // 7 + 1
    found: dict[str, Counter[int]] = {code: Counter() for code in OUTCOMES}
    for line in lines:
        found[line.outcome][min(weeks - 1, max(0, (now - line.case.aware_at).days // 7))] += 1
    shown = [code for code in OUTCOMES if found[code]]
    most = max((count for code in shown for count in found[code].values()), default=1)
    step = (WIDTH - LEFT - 2 * RADIUS_MAX) / weeks
    rows = [
        {
            "words": OUTCOMES[code],
            "tone": "" if code in FINE else "bad",
            "y": ROW * at + ROW // 2 + 4,
            "dots": [
                {
                    "x": round(WIDTH - RADIUS_MAX - week * step, 1),
                    "r": round(max(2.5, RADIUS_MAX * math.sqrt(count / most)), 1),
                    "count": count,
                }
                for week, count in sorted(found[code].items())
            ],
        }
        for at, code in enumerate(shown)
    ]
    months = [
        {"x": round(WIDTH - RADIUS_MAX - back * 30.4 / 7 * step, 1), "at": now - timedelta(days=30.4 * back)}
        for back in range(0, 12, 2)
    ]
    height = ROW * len(rows) + 28
    return {"rows": rows, "months": months, "width": WIDTH, "height": height, "left": LEFT}
