"""Queries as they are kept, and the clause that times their answers."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from batches.models import Batch
from deviations.dockets.asking.states import (
    CLOCKS,
    ENDED_QUERIES,
    QUERY_CLOCK,
    RECONSIDERATION_CLOCK,
    QueryKind,
    QueryOutcome,
    QueryState,
    other_side,
    query_transitions,
)
from deviations.dockets.desk import Desk, Said, keep
from deviations.dockets.facts import QueryMoved
from deviations.models import Deviation, MonthlyLine, Query
from portal.access import get_program
from portal.action import instant
from portal.actor import Actor
from portal.clocks import Timing, start_clock, time_out
from portal.dossiers import both_times
from portal.states import Audience
from portal.terms import terms_at


def said_of_query(actor: Actor, query: Any, zone: str) -> list[Said]:
    """Return what is asked, about what, and until when by which clause."""
    batch = Batch.objects.visible_to(actor).with_id(query.batch_id) if query.batch_id else None
    about = Deviation.objects.visible_to(actor).with_id(query.deviation_id) if query.deviation_id else None
    line = MonthlyLine.objects.visible_to(actor).with_id(query.line_id) if query.line_id else None
    found = [Said("kind", _("Kind"), str(query.kind), str(query.get_kind_display()))]
    if batch is not None:
        found.append(Said("batch", _("Batch"), str(batch.pk), batch.number, f"/batches/{batch.pk}/"))
    if about is not None:
        url = f"/deviations/{about.pk}/"
        found.append(Said("deviation", _("Deviation"), str(about.pk), f"{about.number} {about.title}", url))
    if line is not None:
        words = f"{line.number} {line.title}, {line.get_classification_display() or _('no class')}"
        found.append(Said("line", _("On the monthly list"), str(line.pk), words, "/monthly-lists/"))
    if query.wanted_at is not None:
        words = both_times(query.wanted_at, zone)
        found.append(Said("wanted_at", _("Wished by"), query.wanted_at.isoformat(), words))
    words = str(query.clause) or _("none by clause")
    found.append(Said("clause", _("Clause of the answer"), str(query.clause), words))
    return found


QUERIES: Final = keep(
    Desk(
        name="query",
        path="queries",
        prefix="RFI",
        model=Query,
        states=QueryState,
        steps=lambda query: query_transitions(query.side, query.kind),
        moved=lambda step, outcome, code: QueryMoved(step=step, outcome=outcome, code=code),
        said=said_of_query,
        kinds=("query.asked", "query.moved"),
        ended=ENDED_QUERIES,
        wanted=("answer", "close"),
        clocks=CLOCKS,
        outcomes=QueryOutcome,
    )
)


def clock_of(kind: str) -> str:
    """Return the activity that times the answer to a query of a kind."""
    return RECONSIDERATION_CLOCK if kind == QueryKind.RECONSIDERATION else QUERY_CLOCK


def timing_of(actor: Actor, space_id: UUID, kind: str, side: str) -> tuple[str, int | None, Timing | None]:
    """Return clause, version and time in which a side answers from now; no clause, no time."""
    now = instant()
    terms = terms_at(actor, space_id, now)
    found = terms.timeline(clock_of(kind))
    if found is None or found.rule.held_by != side:
        return "", None, None
    zone = get_program(actor, space_id).zone
    return found.clause.code, terms.version, time_out(actor, space_id, found.rule.within, now, zone=zone)


def start_answer_clock(actor: Actor, query: Any) -> Timing | None:
    """Let the time of the answer run, where a clause gives one; a shared step."""
    asked = other_side(query.side)
    clause, version, timing = timing_of(actor, query.space_id, query.kind, asked)
    if timing is not None:
        start_clock(
            query,
            kind=clock_of(query.kind),
            clause=clause,
            terms=version,
            side=asked,
            due_at=timing.due_at,
            audience=Audience.SHARED,
            timing=timing,
        )
    return timing
