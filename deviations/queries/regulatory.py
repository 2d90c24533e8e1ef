"""Duties to report, as the sponsor's side sees them beside a deviation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from deviations.access import get_deviation
from deviations.models import ReportingDecision, ReportingFacts
from deviations.reporting import RULES, ReportingRule
from portal.actor import Actor
from portal.models import Clock, Signature
from portal.states import SPONSOR_REGULATORY, ClockState


@dataclass(frozen=True, slots=True)
class DutyLine:
    """One duty that ran or runs: its rule, its clock, the newest decision and who signed that."""

    rule: ReportingRule
    clock: Clock
    decision: ReportingDecision | None
    signatures: Sequence[Signature]

    @property
    def is_open(self) -> bool:
        """Say whether a signed decision is still wanted."""
        return self.clock.state in (ClockState.RUNNING, ClockState.BREACHED) and self.clock.done_at is None


@dataclass(frozen=True, slots=True)
class Reporting:
    """The newest facts, the duties they started, and whether the reader decides on them."""

    facts: ReportingFacts | None
    duties: Sequence[DutyLine]
    may_decide: bool


def reporting_of(actor: Actor, deviation_id: UUID) -> Reporting:
    """Return what was said of reports to authorities; four queries. Raises: NotFound."""
    deviation = get_deviation(actor, deviation_id)
    facts = ReportingFacts.objects.visible_to(actor).filter(deviation_id=deviation.pk)
    clocks = Clock.objects.visible_to(actor).filter(subject_id=deviation.pk, is_regulatory=True)
    decisions = ReportingDecision.objects.visible_to(actor).filter(deviation_id=deviation.pk)
    newest = {each.clock_id: each for each in decisions.order_by("decided_at", "pk")}
    signatures = list(
        Signature.objects.visible_to(actor)
        .filter(subject_id__in=[each.pk for each in newest.values()])
        .order_by("signed_at", "pk")
    )
    rules = {each.clock: each for each in RULES}
    duties = []
    for clock in clocks.order_by("due_at", "pk"):
        decided = newest.get(clock.pk)
        signed = [each for each in signatures if decided is not None and each.subject_id == decided.pk]
        if clock.kind in rules:
            duties.append(DutyLine(rules[clock.kind], clock, decided, signed))
    may_decide = actor.holds(deviation.space_id, SPONSOR_REGULATORY)
    return Reporting(facts.order_by("-given_at", "pk").first(), duties, may_decide)
