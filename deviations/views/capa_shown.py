"""How a CAPA is shown: its state line, its history, the filters of its list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deviations.capa.states import PLANNERS, CapaDecisionKind, CapaState
from deviations.models import Deviation
from deviations.queries.capa import CapaDetail
from portal.actor import Actor
from portal.ledger_entries import list_happenings
from portal.states import Audience
from portal.views.clocks import face

Shown = dict[str, Any]
Payload = Mapping[str, Any]
HISTORY_MAX: Final = 100
DECISIONS: Final = {
    str(CapaDecisionKind.APPROVE): gettext_lazy("Approve the plan"),
    str(CapaDecisionKind.EFFECTIVE): gettext_lazy("Effective"),
    str(CapaDecisionKind.NOT_EFFECTIVE): gettext_lazy("Not effective: a new linked CAPA is opened"),
    str(CapaDecisionKind.CANCEL): gettext_lazy("Cancel the CAPA"),
}
FILTERS: Final = {
    "open": gettext_lazy("Open"),
    "manufacturer": gettext_lazy("Of the CDMO"),
    "sponsor": gettext_lazy("Of the sponsor"),
    "ended": gettext_lazy("Ended"),
    "all": gettext_lazy("All"),
}


def _state(fact: Payload) -> str:
    given = fact.get("state")
    return str(CapaState(given).label) if given in CapaState.values else ""


WORDS: Final[Mapping[str, Callable[[Payload], str]]] = {
    "capa.planned": lambda fact: (
        _("Opened because the one before was not effective") if fact.get("follows") else _("Planned")
    ),
    "capa.changed": lambda fact: {
        "measure": _("Plan changed: a measure"),
        "check": _("Effectiveness check set"),
        "risk": _("Risk form filled"),
    }.get(str(fact.get("what")), _("Plan changed")),
    "capa.linked": lambda _fact: _("A deviation linked"),
    "capa.decided": lambda fact: _("Decided: %s") % DECISIONS.get(str(fact.get("kind")), ""),
    "capa.approved": lambda fact: _("Approved, %s measures") % fact.get("measures", ""),
    "capa.shared": lambda _fact: _("Shared with the other side"),
    "capa.measure_done": lambda _fact: _("A measure is done"),
    "capa.measure_verified": lambda _fact: _("A measure is verified"),
    "capa.measure_given_back": lambda _fact: _("A measure is open again"),
    "capa.completed": lambda _fact: _("All measures are verified"),
    "capa.data_collected": lambda _fact: _("Effectiveness data collected by the system"),
    "capa.ended": lambda fact: _("Ended: %s") % _state(fact),
    "clock.extended": lambda fact: _("Deadline extended, time %s") % fact.get("extensions", ""),
    "clock.breached": lambda fact: _("Time is over (clause %s)") % fact.get("clause", ""),
    "file.attached": lambda _fact: _("Evidence attached"),
}


def plan_address(actor: Actor, deviation: Deviation) -> str:
    """Return where the reader plans a CAPA for a deviation, empty for who plans none there."""
    may = actor.holds(deviation.space_id, *PLANNERS)
    return f"{reverse('plan_capa')}?deviation={deviation.pk}" if may else ""


def filters_of(given: str) -> tuple[str, list[tuple[str, Any, str]]]:
    """Return the filter that was chosen and all of them: name, words, address."""
    chosen = given if given in FILTERS else "open"
    return chosen, [(name, words, f"?filter={name}") for name, words in FILTERS.items()]


def states_of(found: CapaDetail, now: datetime) -> list[Shown]:
    """Return the state line: what was reached and when, what lies ahead."""
    capa, zone = found.capa, found.program.zone
    line: list[tuple[CapaState, datetime | None]] = [
        (CapaState.PLANNED, capa.recorded_at),
        (CapaState.APPROVED, capa.approved_at),
    ]
    if found.check is not None or capa.state in (CapaState.EFFECTIVE, CapaState.NOT_EFFECTIVE):
        line.append((CapaState.MONITORED, capa.completed_at))
        is_judged = capa.state in (CapaState.EFFECTIVE, CapaState.NOT_EFFECTIVE)
        last = CapaState(capa.state) if is_judged else CapaState.EFFECTIVE
        line.append((last, capa.ended_at if is_judged else None))
    else:
        line.append((CapaState.COMPLETED, capa.completed_at))
    if capa.state == CapaState.CANCELLED:
        line = [each for each in line if each[1] is not None] + [(CapaState.CANCELLED, capa.ended_at)]
    shown = []
    for state, at in line:
        is_now = capa.state == state
        stands = "ended" if state == CapaState.CANCELLED else "now" if is_now else "done" if at else "ahead"
        name = _("Effective?") if state == CapaState.EFFECTIVE and not is_now else str(state.label)
        shown.append({"name": name, "state": stands, "note": face(at, zone, now) if at else ""})
    return shown


def history_of(actor: Actor, found: CapaDetail) -> list[Shown]:
    """Return what happened, newest first, as the sealed entries tell it to this side."""
    capa, zone = found.capa, ZoneInfo(found.program.zone)
    subjects = [capa.pk, *(each.measure.pk for each in found.measures)]
    lines = list_happenings(actor, capa.space_id, subjects, kinds=tuple(WORDS), most=HISTORY_MAX)
    shown, day = [], None
    for each in lines:
        local = each.sealed_at.astimezone(zone)
        shown.append(
            {
                "at": each.sealed_at,
                "words": WORDS[each.kind](each.payload),
                "code": "" if each.seat.startswith("system ") else each.seat,
                "is_private": each.audience != Audience.SHARED,
                "readers": str(Audience(each.audience).label),
                "day": formats.date_format(local, "j F Y") if local.date() != day else "",
            }
        )
        day = local.date()
    return shown
