"""Collect what an effectiveness check asks for when its window is over; judging is a person's."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from deviations.capa.access import check_of, hold_capa
from deviations.capa.clocks import LOOKED_AT
from deviations.capa.facts import EffectivenessCollected
from deviations.capa.states import WINDOW_CLOCK, CapaState
from deviations.models import Capa, EffectivenessCheck, EffectivenessData
from deviations.queries.effectiveness import Counted, count_for
from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.clocks import end_clocks
from portal.models import Clock
from portal.states import SYSTEM, Audience, ClockState


@action("capa.collect")
def collect_effectiveness(actor: Actor, clock_id: UUID) -> Clock | None:
    """Count what a check asks for, once its days are over or so many batches have ended; else look again.

    Called by the sweep, twice or late as it happens; None when somebody did so already. Its own side gets
    the count of all that it knows, and where the CAPA is shared both get that of what both know. It judges
    nothing. Raises: Refused. Records: capa.data_collected v1. Source: domain 2a (effectiveness check).
    """
    rows = Clock.objects.visible_to(actor).select_for_update(skip_locked=True, of=("self",), no_key=True)
    now = instant()
    clock = rows.filter(kind=WINDOW_CLOCK, state=ClockState.RUNNING, next_at__lte=now).with_id(clock_id)
    if clock is None:
        return None
    require_role(actor, clock.space_id, SYSTEM, to="collect effectiveness data")
    capa = hold_capa(actor, clock.subject_id)
    check = check_of(actor, capa)
    if check is None or capa.state != CapaState.MONITORED:
        end_clocks(capa, kind=WINDOW_CLOCK, state=ClockState.WITHDRAWN)
        return clock
    counted = count_for(actor, capa, check, until=now, readers=(Audience.SHARED, Audience(capa.side)))
    is_enough = check.window_batches is not None and counted.batches >= check.window_batches
    if now < clock.due_at and not is_enough:
        clock.next_at = min(clock.due_at, now + LOOKED_AT)
        clock.bump()
        clock.save(update_fields=["next_at", "version"])
        return clock
    _collect(actor, capa, check, counted, now)
    end_clocks(capa, kind=WINDOW_CLOCK, state=ClockState.MET)
    return clock


def _collect(actor: Actor, capa: Capa, check: EffectivenessCheck, counted: Counted, now: datetime) -> None:
    _put(capa, check, counted, capa.side, now)
    if capa.audience == Audience.SHARED:
        known = count_for(actor, capa, check, until=now, readers=(Audience.SHARED,))
        _put(capa, check, known, Audience.SHARED, now)
        counted = known
    check.collected_at = now
    check.bump()
    check.save(update_fields=["collected_at", "version"])
    capa.bump()
    capa.save(update_fields=["version"])
    ledger.record(capa, EffectivenessCollected(batches=counted.batches, found=counted.found))


def _put(capa: Capa, check: EffectivenessCheck, counted: Counted, audience: str, now: datetime) -> None:
    EffectivenessData.objects.create(
        space_id=capa.space_id,
        audience=audience,
        of_check=check,
        batches=counted.batches,
        found=counted.found,
        numbers=list(counted.numbers),
        collected_at=now,
    )
