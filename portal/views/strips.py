"""The strip of clocks beside a record: its own, the open ones of what belongs to it, receipts wanted."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from portal.action import instant
from portal.actor import Actor
from portal.models import Program, Record
from portal.queries.alerts import AlertLine, Escalation, alert_lines, list_alerts
from portal.queries.clocks import OPEN, clock_lines, list_clocks
from portal.shell import LINKS
from portal.states import AlertState
from portal.terms import clause_link
from portal.views.clocks import clock_shown, face, pace, part
from portal.views.ladders import ball, kind_words, roles_words

Shown = dict[str, Any]
# So many stand open, the others behind a line that unfolds.
SHOWN: Final = 6


def strip_of(
    actor: Actor,
    own_id: UUID,
    program: Program | None,
    zone: str,
    *,
    within: Collection[UUID] = (),
    without: UUID | None = None,
) -> dict[str, Sequence[Shown]]:
    """Return the clocks of a record, what runs first, nearest due first; five queries.

    Of the records `within` it only what is not over. `without` is an alert that the page itself is about.
    """
    now = instant()
    wanted = Q(subject_id=own_id) | Q(OPEN, subject_id__in=within)
    lines = clock_lines(actor, list(list_clocks(actor).filter(wanted).order_by("due_at", "pk")))
    shown = [
        clock_shown(actor, each, program, zone, now) | {"of": _of(each.subject, own_id)} for each in lines
    ]
    asking = list_alerts(actor, state=AlertState.OPEN).filter(subject_id__in=[own_id, *within])
    shown += [
        receipt_clock(actor, each, program, zone, now) | {"of": _of(each.subject, own_id)}
        for each in alert_lines(actor, list(asking.order_by("raised_at", "pk")))
        if each.next_at is not None and each.alert.pk != without
    ]
    shown.sort(key=lambda each: (bool(each["is_over"]), each["due_at"]))
    return {"clocks": shown[:SHOWN], "more_clocks": shown[SHOWN:]}


def receipt_clock(
    actor: Actor, line: AlertLine, program: Program | None, zone: str, now: datetime, *, name: str = ""
) -> Shown:
    """Return the time a receipt may take as one more clock: until who is told next, and whose turn it is."""
    alert, due_at = line.alert, line.next_at
    if alert.acknowledged_at is not None:
        words = _("given %s") % face(alert.acknowledged_at, zone, now)
    else:
        words = "" if due_at is not None else _("no reply")
    return {
        "name": name or _("Acknowledge: %s") % kind_words(alert),
        "url": "" if name else LINKS["alert"].format(id=alert.pk),
        "due_at": due_at or alert.raised_at,
        "state": "met" if words else pace(due_at or alert.raised_at, now),
        "is_over": bool(words),
        "ball": ball(actor, program, alert.space_id, str(alert.side)),
        "clause": clause_link(alert.space_id, alert.clause, alert.terms) or _("none by clause"),
        "basis": "" if words else _("then the next role is told"),
        "part": part(alert.raised_at, due_at, now) if due_at is not None else 100,
        "ended_words": words,
        "zone": zone,
    }


def receipt_moves(found: Escalation) -> list[Shown]:
    """Return what has happened on the way to a receipt, oldest first: each step taken, and the answer."""
    moves = [
        {
            "at": each.taken_at,
            "words": _("Step %(n)s: %(roles)s") % {"n": each.number + 1, "roles": roles_words(each.roles)},
        }
        for each in found.steps
        if each.taken_at is not None
    ]
    alert = found.alert
    if alert.acknowledged_at is not None:
        moves.append({"at": alert.acknowledged_at, "words": _("acknowledged"), "code": alert.acknowledged_by})
    elif found.ended_at is not None:
        moves.append({"at": found.ended_at, "words": _("no reply, the ladder has ended")})
    return moves


def _of(subject: Record | None, own_id: UUID) -> Shown | None:
    """Return which record a clock runs for, where that is another one than the page's."""
    if subject is None or subject.pk == own_id:
        return None
    url = LINKS[subject.type].format(id=subject.pk) if subject.type in LINKS else ""
    return {"number": subject.number or subject.title, "url": url}
