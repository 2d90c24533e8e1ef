"""The clocks of a CAPA: of its measures from approval on, of its check from completion on. Shared steps.

By the clause under which the CAPA was recorded, where one times its side; else by the time that was stated.
They write, so they run inside an action only.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from deviations.capa.states import CHECK_CLOCK, MEASURE_CLOCK, UNFINISHED, WINDOW_CLOCK
from deviations.models import Capa, EffectivenessCheck, Measure
from portal.access import get_program
from portal.action import current_action, instant
from portal.actor import Actor, Side
from portal.agreements.rules import Timeline
from portal.agreements.terms import Applied
from portal.clocks import Timing, end_clocks, start_clock, time_out
from portal.models import Attachment, Clock
from portal.states import Audience, ClockState
from portal.terms import terms_at

# How often a window that may end by batches is looked at.
LOOKED_AT: Final = timedelta(hours=12)


def clause_of(actor: Actor, capa: Capa, activity: str) -> tuple[Applied[Timeline] | None, int | None]:
    """Return the rule that times an activity of the CAPA's own side, and its version; None without one."""
    terms = terms_at(actor, capa.space_id, capa.recorded_at)
    found = terms.timeline(activity)
    return (found, terms.version) if found is not None and found.rule.held_by == capa.side else (None, None)


def latest_check(actor: Actor, capa: Capa) -> tuple[int, str] | None:
    """Return in how many days of completion the clause wants the check, and which; None where none says."""
    found, _version = clause_of(actor, capa, CHECK_CLOCK)
    if found is None or found.rule.within.unit != "calendar_days":
        return None
    return found.rule.within.amount, found.clause.code


def start_measure_clocks(actor: Actor, capa: Capa, measures: Sequence[Measure], since: datetime) -> str:
    """Let the time of each unfinished measure run, its own or the clause's, whichever is over first.

    Returns the clause that times them, empty without one.
    """
    current_action()
    found, version = clause_of(actor, capa, MEASURE_CLOCK)
    timing = _timing(actor, capa, found, since)
    for each in measures:
        if each.state not in UNFINISHED:
            continue
        start_clock(
            each,
            kind=MEASURE_CLOCK,
            clause=found.clause.code if found is not None else "",
            terms=version,
            side=Side(capa.side),
            due_at=min(each.due_at, timing.due_at) if timing is not None else each.due_at,
            audience=each.audience,
            timing=timing,
            inputs={"stated": each.due_at.isoformat()},
        )
    return found.clause.code if found is not None else ""


def start_check_clocks(actor: Actor, capa: Capa, check: EffectivenessCheck, ends_at: datetime) -> None:
    """Let the window run in which data gather, and the time in which its clause wants the judgement."""
    current_action()
    since = instant()
    start_clock(
        capa,
        kind=WINDOW_CLOCK,
        clause="",
        side=Side(capa.side),
        due_at=ends_at,
        next_at=min(ends_at, since + LOOKED_AT) if check.window_batches else ends_at,
        audience=capa.audience,
    )
    found, version = clause_of(actor, capa, CHECK_CLOCK)
    timing = _timing(actor, capa, found, since)
    if found is not None and timing is not None:
        start_clock(
            capa,
            kind=CHECK_CLOCK,
            clause=found.clause.code,
            terms=version,
            side=Side(capa.side),
            due_at=timing.due_at,
            audience=capa.audience,
            timing=timing,
        )


def end_all(capa: Capa, measures: Sequence[Measure]) -> None:
    """Withdraw what still runs for a CAPA that ends before its time."""
    for kind in (WINDOW_CLOCK, CHECK_CLOCK):
        end_clocks(capa, kind=kind, state=ClockState.WITHDRAWN)
    for each in measures:
        end_clocks(each, kind=MEASURE_CLOCK, state=ClockState.WITHDRAWN)


def share_what_hangs_on(actor: Actor, subject_ids: Sequence[UUID]) -> None:
    """Let the other side read clocks and evidence of these records from now on."""
    current_action()
    clocks = Clock.objects.visible_to(actor).filter(subject_id__in=subject_ids)
    for clock in clocks.exclude(audience=Audience.SHARED).select_for_update(no_key=True).order_by("pk"):
        clock.audience = Audience.SHARED
        clock.bump()
        clock.save(update_fields=["audience", "version"])
    files = Attachment.objects.visible_to(actor).filter(subject_id__in=subject_ids)
    for file in files.exclude(audience=Audience.SHARED).order_by("pk"):
        file.audience = Audience.SHARED
        file.bump()
        # Sealed words are written again, now in clear.
        file.save(update_fields=["audience", "version", "name", "file_key"])


def _timing(actor: Actor, capa: Capa, found: Applied[Timeline] | None, since: datetime) -> Timing | None:
    if found is None:
        return None
    zone = get_program(actor, capa.space_id).zone
    return time_out(actor, capa.space_id, found.rule.within, since, zone=zone)
