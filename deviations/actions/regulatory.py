"""Duties to report: facts start clocks of the law, a signed decision ends each."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import models

from deviations.access import get_deviation
from deviations.facts import ReportingAssessed, ReportingDecided
from deviations.models import Deviation, ReportingDecision, ReportingFacts
from deviations.reporting import (
    RULES,
    ProductKind,
    Reach,
    ReportingDecisionKind,
    ReportingEvent,
    ReportingRule,
    called_for,
)
from portal import ledger
from portal.access import get_program, require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.clocks import end_clocks, start_clock, time_out
from portal.errors import Invalid, InvalidTransition, NotFound
from portal.models import Clock
from portal.states import SPONSOR_REGULATORY, Audience, ClockState

BECAUSE_MIN: Final = 20
BECAUSE_MAX: Final = 4000


@action("reporting.assess")
def assess_reporting(
    actor: Actor,
    deviation_id: UUID,
    *,
    kinds: Collection[str],
    reach: str,
    events: Collection[str],
    aware_at: datetime,
) -> Deviation:
    """Give the facts of a disclosed deviation, and start the clocks of the law that they call for.

    Clocks run from awareness; one that corrected facts call for no more is withdrawn, one that runs already
    stays as it is. Only the sponsor's side knows. Raises: NotFound, Refused, Invalid. Records:
    reporting.assessed v1, on the sponsor's own chain. Source: domain 1e, 2h.
    """
    deviation = _deviation(actor, deviation_id)
    _check(kinds, reach, events, aware_at)
    ReportingFacts.objects.create(
        space_id=deviation.space_id,
        audience=Audience.SPONSOR,
        deviation=deviation,
        kinds=sorted(kinds),
        reach=reach,
        events=sorted(events),
        aware_at=aware_at,
        given_by=actor.person_id,
        given_code=actor.code(deviation.space_id),
        given_at=instant(),
    )
    wanted = called_for(kinds, reach, events)
    open_kinds = set(_open_clocks(actor, deviation).values_list("kind", flat=True))
    for rule in RULES:
        if rule in wanted and rule.clock not in open_kinds:
            _start(actor, deviation, rule, aware_at)
        elif rule not in wanted and rule.clock in open_kinds:
            end_clocks(deviation, kind=rule.clock, state=ClockState.WITHDRAWN)
    fact = ReportingAssessed(reach=reach, rules=tuple(each.code for each in wanted), aware_at=aware_at)
    ledger.record(deviation, fact, audience=Audience.SPONSOR)
    return deviation


@action("reporting.decide")
def decide_reporting(
    actor: Actor, deviation_id: UUID, *, rule: str, decision: str, because: str
) -> ReportingDecision:
    """Say of one duty whether the deviation is reportable; it stands once it is signed.

    `because` is 20..4000 characters, kept verbatim. A newer decision takes the place of one that nobody has
    signed. Raises: NotFound, Refused, Invalid, InvalidTransition. Records: reporting.decided v1.
    """
    deviation = _deviation(actor, deviation_id)
    errors: dict[str, list[str]] = {}
    if decision not in ReportingDecisionKind.values:
        errors["decision"] = [f"Choose one of: {', '.join(ReportingDecisionKind.values)}."]
    if not BECAUSE_MIN <= len(because.strip()) <= BECAUSE_MAX:
        errors["because"] = [f"Say why, in {BECAUSE_MIN} to {BECAUSE_MAX} characters."]
    if errors:
        raise Invalid("The decision is not complete.", errors=errors)
    clock = _open_clocks(actor, deviation).filter(kind=f"reporting.{rule}").order_by("-started_at").first()
    if clock is None:
        detail = "No clock of this duty waits for a decision here: give the facts first."
        raise InvalidTransition(detail, state="none")
    decided = ReportingDecision.objects.create(
        space_id=deviation.space_id,
        audience=Audience.SPONSOR,
        deviation=deviation,
        clock=clock,
        rule=rule,
        decision=decision,
        because=because.strip(),
        decided_by=actor.person_id,
        decided_code=actor.code(deviation.space_id),
        decided_at=instant(),
    )
    fact = ReportingDecided(rule=rule, decision=decision)
    ledger.record(deviation, fact, audience=Audience.SPONSOR)
    return decided


def end_reporting_clock(actor: Actor, decided: ReportingDecision) -> None:
    """Meet the clock of a decision that is being signed; a shared step. Raises: InvalidTransition."""
    deviation = _deviation(actor, decided.deviation_id)
    if not _open_clocks(actor, deviation).filter(pk=decided.clock_id).exists():
        raise InvalidTransition("This duty has a signed decision already, or runs no more.", state="ended")
    end_clocks(deviation, kind=f"reporting.{decided.rule}", state=ClockState.MET)


def _deviation(actor: Actor, deviation_id: UUID) -> Deviation:
    """Hand out the deviation, held still: two who give facts at once start no clock twice."""
    deviation = get_deviation(actor, deviation_id)
    require_role(actor, deviation.space_id, SPONSOR_REGULATORY, to="decide on reports to authorities")
    rows = Deviation.objects.visible_to(actor).select_for_update(of=("self",), no_key=True)
    if rows.with_id(deviation_id) is None:
        raise NotFound
    return deviation


def _open_clocks(actor: Actor, deviation: Deviation) -> models.QuerySet[Clock]:
    return (
        Clock.objects.visible_to(actor)
        .filter(subject_id=deviation.pk, is_regulatory=True, done_at=None)
        .filter(state__in=(ClockState.RUNNING, ClockState.BREACHED))
    )


def _start(actor: Actor, deviation: Deviation, rule: ReportingRule, aware_at: datetime) -> None:
    zone = get_program(actor, deviation.space_id).zone
    timing = time_out(actor, deviation.space_id, rule.within, aware_at, zone=zone)
    start_clock(
        deviation,
        kind=rule.clock,
        clause="",
        side=Side.SPONSOR,
        due_at=timing.due_at,
        audience=Audience.SPONSOR,
        timing=timing,
        inputs={"source": rule.source},
        is_regulatory=True,
    )


def _check(kinds: Collection[str], reach: str, events: Collection[str], aware_at: datetime) -> None:
    errors: dict[str, list[str]] = {}
    for name, given, known in (
        ("kinds", kinds, ProductKind.values),
        ("reach", [reach], Reach.values),
        ("events", events, ReportingEvent.values),
    ):
        if any(each not in known for each in given):
            errors[name] = [f"Choose among: {', '.join(known)}."]
    if not kinds:
        errors["kinds"] = ["Say what the product is."]
    if aware_at > instant():
        errors["aware_at"] = ["Not in the future."]
    if errors:
        raise Invalid("These facts are not complete.", errors=errors)
