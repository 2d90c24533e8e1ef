"""A version run over what happened: as numbers beside those of the version in force, and as a picture."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, Final
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.action import instant
from portal.actor import Actor
from portal.agreements.annexes import held_in
from portal.agreements.backtest import Line, Outcome, backtest
from portal.agreements.durations import CALENDARS, Duration
from portal.agreements.signing import get_agreement
from portal.agreements.terms import Terms
from portal.business_time.calendars import Calendar
from portal.business_time.counting import due_at
from portal.clocks.timing import calendar_at, calendar_side
from portal.models import AgreementVersion, Program
from portal.pages import Page, PageRequest
from portal.queries.agreements import find_in_force, programs_of
from portal.slots import past_cases
from portal.terms import terms_at

OVER: Final = timedelta(days=365)
LISTED_MAX: Final = 40
WIDTH, ROW, LEFT, RADIUS_MAX = 960, 34, 190, 13
WEEKS: Final = OVER.days // 7 + 1
STEP: Final = (WIDTH - LEFT - 2 * RADIUS_MAX) / WEEKS
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
        lines = _run(actor, version, programs, now)
        before = _run(actor, None, programs, now)
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
            "stated": len({line.case.id for line in lines if line.case.is_stated}),
            "picture": picture(lines, before, now),
            "against": present.label if present is not None else _("the default rules"),
            **_listed(lines, before),
            "zone": programs[0].zone if programs else "UTC",
        }


def _run(
    actor: Actor, version: AgreementVersion | None, programs: Iterable[Program], now: datetime
) -> list[Line]:
    """Return what a version makes of the last year in each program; without one, what is in force there."""
    found: list[Line] = []
    for program in programs:
        if version is None:
            terms = terms_at(actor, program.pk, now)
        else:
            terms = Terms(None, held_in(actor, version, program.pk))
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


def _listed(lines: Sequence[Line], before: Sequence[Line]) -> dict[str, Any]:
    """Return the cases that this version would have made otherwise, then the others that went wrong."""
    now, then = _by_case(lines), _by_case(before)
    differ = [
        _case(now.get(key, []), then.get(key, [])) for key in {**now, **then} if _differ(key, now, then)
    ]
    same = [_case(found, []) for key, found in now.items() if not _differ(key, now, then)]
    bad = [each for each in same if each["lines"]]
    return {
        "differ": sorted(differ, key=_newest)[:LISTED_MAX],
        "same": sorted(bad, key=_newest)[:LISTED_MAX],
        "differ_count": len(differ),
        "same_count": len(bad),
        "more": max(0, len(differ) - LISTED_MAX) + max(0, len(bad) - LISTED_MAX),
    }


def _by_case(lines: Iterable[Line]) -> dict[UUID, list[Line]]:
    found: dict[UUID, list[Line]] = {}
    for line in lines:
        found.setdefault(line.case.id, []).append(line)
    return found


def _differ(key: UUID, now: Mapping[UUID, list[Line]], then: Mapping[UUID, list[Line]]) -> bool:
    return {each.outcome for each in now.get(key, ())} != {each.outcome for each in then.get(key, ())}


def _case(lines: Sequence[Line], before: Sequence[Line]) -> dict[str, Any]:
    """Return one deviation with what would have happened; with `before`, all of it and how it was."""
    shown = lines if before else [each for each in lines if each.outcome not in FINE]
    return {
        "case": next(each.case for each in (*lines, *before)),
        "lines": [{"line": each, "words": OUTCOMES[each.outcome]} for each in shown],
        "before": [OUTCOMES[each.outcome] for each in before],
    }


def _newest(shown: Mapping[str, Any]) -> float:
    return -float(shown["case"].aware_at.timestamp())


def _weekly(lines: Iterable[Line], now: datetime) -> dict[str, Counter[int]]:
    found: dict[str, Counter[int]] = {code: Counter() for code in OUTCOMES}
    for line in lines:
        found[line.outcome][min(WEEKS - 1, max(0, (now - line.case.aware_at).days // 7))] += 1
    return found


def picture(lines: Iterable[Line], before: Iterable[Line], now: datetime) -> dict[str, Any]:
    """Return the timeline: a row an outcome, a dot a week, as large as there were many; a ring is before."""
    found, rings = _weekly(lines, now), _weekly(before, now)
    shown = [code for code in OUTCOMES if found[code] or rings[code]]
    counts = [count for code in shown for each in (found[code], rings[code]) for count in each.values()]
    most = max(counts, default=1)

    def dots(counted: Counter[int]) -> list[dict[str, Any]]:
        return [
            {
                "x": round(WIDTH - RADIUS_MAX - week * STEP, 1),
                "r": round(max(2.5, RADIUS_MAX * math.sqrt(count / most)), 1),
                "count": count,
            }
            for week, count in sorted(counted.items())
        ]

    rows = [
        {
            "words": OUTCOMES[code],
            "tone": "" if code in FINE else "bad",
            "y": ROW * at + ROW // 2 + 4,
            "dots": dots(found[code]),
            "rings": dots(rings[code]) if rings[code] != found[code] else [],
        }
        for at, code in enumerate(shown)
    ]
    months = [
        {
            "x": round(WIDTH - RADIUS_MAX - back * 30.4 / 7 * STEP, 1),
            "at": now - timedelta(days=30.4 * back),
            "anchor": "middle" if back else "end",
        }
        for back in range(0, 12, 2)
    ]
    height = ROW * len(rows) + 28
    return {"rows": rows, "months": months, "width": WIDTH, "height": height, "left": LEFT}
