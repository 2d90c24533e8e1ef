"""Clocks that broke their worker three times: set apart, told to people, put back when the cause is gone."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.facts import ClockPutBack, ClockSetApart
from portal.models import Alert, Clock, ClockTry, Record
from portal.states import SYSTEM, ClockState

SET_APART: Final = "clock.set_apart"


@action("clock.set_apart")
def set_clock_apart(actor: Actor, clock_id: UUID) -> Clock | None:
    """Stop calling a clock; it stays on its record and its time goes on.

    None while somebody holds it, or when it does not run any more. Raises: Refused.
    Records: clock.set_apart v1.
    """
    clocks = Clock.objects.visible_to(actor).select_for_update(skip_locked=True)
    clock: Clock | None = clocks.filter(pk=clock_id, state=ClockState.RUNNING).first()
    if clock is None or clock.next_at is None:
        return None
    require_role(actor, clock.space_id, SYSTEM, to="set a clock apart")
    clock.next_at = None
    clock.bump()
    clock.save(update_fields=["next_at", "version"])
    ledger.record(clock, ClockSetApart(kind=clock.kind, side=str(clock.side), due_at=clock.due_at))
    return clock


@action("clock.tell_set_apart")
def tell_set_apart(actor: Actor, clock_id: UUID) -> Alert | None:
    """Ask the side that holds the ball to look at a clock that was set apart.

    None for the ladder of such an alert itself: it would go round in circles. Raises: Refused.
    Records: alert.raised v1.
    """
    clock = Clock.objects.visible_to(actor).with_id(clock_id)
    if clock is None:
        return None
    require_role(actor, clock.space_id, SYSTEM, to="tell of a clock")
    own = Alert.objects.visible_to(actor).with_id(clock.alert_id) if clock.alert_id else None
    if own is not None and own.kind == SET_APART:
        return None
    subject = Record.objects.visible_to(actor).get(pk=clock.subject_id)
    return raise_alert(
        subject,
        kind=SET_APART,
        side=Side(clock.side),
        audience=str(clock.audience),
        clause=str(clock.clause),
        title=_("%s: a deadline could not be acted on by itself; act by hand and tell who runs Covalent")
        % (subject.number or _("A record")),
    )


@action("clock.put_back")
def put_clock_back(actor: Actor, clock_id: UUID) -> Clock | None:
    """Let the sweep call a clock again that was set apart, from now on; None for one that was not.

    Raises: Refused. Records: clock.put_back v1.
    """
    tried = ClockTry.objects.select_for_update().filter(pk=clock_id, set_apart_at__isnull=False).first()
    clocks = Clock.objects.visible_to(actor).select_for_update()
    clock: Clock | None = clocks.filter(pk=clock_id, state=ClockState.RUNNING, next_at=None).first()
    if tried is None or clock is None:
        return None
    require_role(actor, clock.space_id, SYSTEM, to="put a clock back")
    tried.delete()
    clock.next_at = instant()
    clock.bump()
    clock.save(update_fields=["next_at", "version"])
    ledger.record(clock, ClockPutBack(kind=clock.kind))
    return clock
