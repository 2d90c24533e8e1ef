"""The card of duties to report, beside a deviation: the facts, the clocks of the law, what was decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from deviations.forms import DecideForm, FactsForm
from deviations.queries import DeviationDetail
from deviations.queries.regulatory import DutyLine, Reporting, reporting_of
from deviations.reporting import ProductKind, Reach, ReportingEvent
from deviations.reporting_signing import REPORTING_DECISION
from portal.actor import Actor
from portal.agreements.durations import Duration
from portal.agreements.words import amount_words
from portal.signable import open_meanings
from portal.states import ClockState
from portal.views.clocks import face

Shown = dict[str, Any]


def card_of(actor: Actor, found: DeviationDetail, now: datetime) -> Shown | None:
    """Return the card; None for a side that is not told, and while nobody has anything to say or to do."""
    reporting = reporting_of(actor, found.deviation.pk)
    if not reporting.may_decide and reporting.facts is None:
        return None
    return {
        "facts": _facts(reporting, found.zone, now),
        "duties": [
            _duty(actor, each, found, now, may_decide=reporting.may_decide) for each in reporting.duties
        ],
        "form": _facts_form(reporting, found) if reporting.may_decide else None,
    }


def _facts(reporting: Reporting, zone: str, now: datetime) -> Shown | None:
    given = reporting.facts
    if given is None:
        return None
    kinds, events = dict(ProductKind.choices), dict(ReportingEvent.choices)
    return {
        "kinds": ", ".join(str(kinds.get(each, each)) for each in given.kinds),
        "reach": str(dict(Reach.choices).get(given.reach, given.reach)),
        "events": ", ".join(str(events.get(each, each)) for each in given.events) or _("none of these"),
        "aware_at": given.aware_at,
        "given": f"{given.given_code}, {face(given.given_at, zone, now)}",
    }


def _duty(actor: Actor, line: DutyLine, found: DeviationDetail, now: datetime, *, may_decide: bool) -> Shown:
    decided = line.decision
    is_signed = bool(line.signatures)
    may_sign = decided is not None and not is_signed and open_meanings(actor, decided, REPORTING_DECISION)
    return {
        "code": line.rule.code,
        "title": line.rule.title,
        "source": line.rule.source,
        "basis": amount_words(Duration.of(line.clock.duration)),
        "due_at": line.clock.due_at,
        "is_open": line.is_open,
        "state": _state(line, found.zone, now),
        "tone": "warn" if line.is_open and line.clock.due_at < now else "" if line.is_open else "fine",
        "decision": decided,
        "signed": line.signatures[-1] if is_signed else None,
        "sign_url": reverse("sign", args=[REPORTING_DECISION.type, decided.pk])
        if decided is not None and may_sign and line.is_open
        else "",
        "form": DecideForm(initial={"rule": line.rule.code}, auto_id=f"decide_{line.rule.code}_%s")
        if may_decide and line.is_open
        else None,
    }


def _state(line: DutyLine, zone: str, now: datetime) -> str:
    clock = line.clock
    if clock.state == ClockState.WITHDRAWN:
        return _("the facts call for it no more")
    if line.is_open:
        if clock.due_at < now:
            return _("late since %s") % face(clock.due_at, zone, now)
        return _("waits for a signature") if line.decision is not None else _("waits for a decision")
    if clock.done_at is not None:
        return _("decided late, %s") % face(clock.done_at, zone, now)
    return _("decided %s") % face(clock.ended_at or clock.due_at, zone, now)


def _facts_form(reporting: Reporting, found: DeviationDetail) -> FactsForm:
    given = reporting.facts
    initial = (
        {"kinds": given.kinds, "reach": given.reach, "events": given.events, "aware_at": given.aware_at}
        if given is not None
        else {"aware_at": found.times.disclosed_at}
    )
    return FactsForm(initial=initial, zone=found.zone, auto_id="facts_%s")
