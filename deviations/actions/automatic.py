"""What is an event by itself is logged: growth in Grade A, an identity that does not agree (domain 2e)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from batches.slots import AutomaticEvent, Growth
from deviations.actions.report import Stated, log_stated
from deviations.models import Deviation
from deviations.states import DeviationState
from portal.access import get_program
from portal.action import current_action, instant
from portal.actor import Actor

TRIGGER: Final = "grade_a_growth"
SOON: Final = timedelta(hours=1)
BY_ITSELF: Final = "Logged by itself when the hand-over was entered."


def log_growth(actor: Actor, growth: Growth) -> UUID:
    """Log the growth of a plate as a deviation of the batch, internal to the CDMO, and return its id.

    A deviation of the batch that states growth in Grade A already takes it up: its id is returned. Clauses
    hold the batch and let the notice leave as they say of stated growth in Grade A; nobody has given
    a class yet. A shared step. Records: deviation.reported v1, batch.held v1, notice.released v2.
    Source: EU GMP Annex 1 (2022) 9.31, 10.10 (growth in Grade A is always investigated).
    """
    current_action()
    rows = Deviation.objects.visible_to(actor).filter(batch_id=growth.batch_id, triggers__contains=[TRIGGER])
    known = rows.exclude(state=DeviationState.CANCELLED).order_by("recorded_at", "id").first()
    if known is not None:
        return known.pk
    now = instant()
    until = growth.taken_at or growth.read_at
    count = f"{growth.count.normalize():f}"
    late = now - growth.read_at > SOON
    stated = Stated(
        title=f"Growth in Grade A: {growth.kind} {growth.sample}, {count} {growth.unit}",
        description=(
            f"{count} {growth.unit} on {growth.kind} {growth.sample} at {growth.place}, session"
            f" {growth.session}, exposed {growth.exposed_at:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M} UTC,"
            f" read {growth.read_at:%Y-%m-%d %H:%M} UTC. Limit in Grade A: no growth. Opened by itself when"
            " the reading was entered; not judged yet."
        ),
        occurred_at=growth.exposed_at,
        detected_at=growth.read_at,
        aware_at=growth.read_at,
        batch_id=growth.batch_id,
        late_reason="The reading was entered after the plate was read." if late else "",
        triggers=(TRIGGER,),
    )
    program = get_program(actor, growth.program_id)
    return log_stated(actor, program, stated).deviation.pk


def log_automatic(actor: Actor, event: AutomaticEvent) -> None:
    """Log what happened to a batch by itself, in the transaction of the action that found it; a shared step.

    It is a report like any other, by who found it, and clauses on its trigger hold, tell and time as ever.
    Records: as `report_deviation`. Source: domain 2e.
    """
    current_action()
    late = instant() - event.occurred_at > timedelta(minutes=1)
    stated = Stated(
        title=event.title,
        description=event.description,
        occurred_at=event.occurred_at,
        detected_at=event.occurred_at,
        aware_at=instant(),
        batch_id=event.batch_id,
        late_reason=BY_ITSELF if late else "",
        triggers=(event.trigger,),
    )
    log_stated(actor, get_program(actor, event.space_id), stated)
