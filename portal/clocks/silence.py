"""What silence leads to when a clock's time is over: the outcome its clause names. Never consent.

The rule is of the version under which the clock started. Where no clause says anything nothing follows.
Shared steps.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from portal.action import current_action
from portal.actor import Actor, Side
from portal.agreements.headings import TIMED
from portal.agreements.rules import NoReply
from portal.agreements.terms import Applied, Terms
from portal.alerts import raise_alert
from portal.clocks.running import line_of
from portal.facts import ClockUnanswered
from portal.models import Clock, ClockMove, Record, SpaceRecord
from portal.states import Classification, ClockStep
from portal.terms import terms_of

UNANSWERED: Final = "clock.unanswered"
HEADS: Final = ("quality_head",)
STEPS: Final[Mapping[str, ClockStep]] = {
    "go_on": ClockStep.NO_REPLY_WENT_ON,
    "wait": ClockStep.NO_REPLY_WAITS,
    "climb": ClockStep.NO_REPLY_CLIMBED,
}


@dataclass(frozen=True, slots=True)
class Silence:
    """What a clause makes of the silence on one clock."""

    outcome: str
    clause: str
    terms: int | None


class Silences:
    """Reads the rules of each version once, for many clocks of one sweep."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor
        self._terms: dict[tuple[UUID, int | None], Terms] = {}

    def of(self, clock: Clock, *, classification: str | None = None) -> Silence | None:
        """Return what silence on a clock leads to, None where no clause says.

        `classification` is that of what it is about, where the clock was started without one.
        """
        if clock.kind not in TIMED:
            return None
        key = (clock.space_id, clock.terms)
        if key not in self._terms:
            self._terms[key] = terms_of(self._actor, *key)
        found = self._terms[key].find(NoReply, activity=clock.kind)
        if found is None:
            return None
        return silence_by(found, classification or clock.inputs.get("classification"), clock.terms)


def silence_by(found: Applied[NoReply], classification: str | None, terms: int | None) -> Silence:
    """Return what a rule makes of silence: what it spares waits, however the others go on.

    Nothing critical ever goes on by silence, whatever a clause says (design 4).
    """
    rule = found.rule
    is_spared = classification is not None and classification in rule.not_for
    is_critical = classification == Classification.CRITICAL and rule.outcome == "go_on"
    outcome = "wait" if is_spared or is_critical else rule.outcome
    return Silence(outcome, found.clause.code, terms)


def note_silence(clock: Clock, silence: Silence) -> ClockUnanswered:
    """Write the outcome into the history of a clock; returns the fact to record."""
    current_action()
    ClockMove.objects.create(
        **line_of(clock, STEPS[silence.outcome]),
        clause=silence.clause,
        terms=silence.terms,
        due_before=clock.due_at,
    )
    return ClockUnanswered(
        kind=clock.kind, outcome=silence.outcome, clause=silence.clause, terms=silence.terms
    )


def ask_heads(clock: Clock, subject: Record | SpaceRecord, silence: Silence) -> None:
    """Ask the heads of quality of the side that kept silent, where the clause says that silence climbs."""
    if silence.outcome != "climb":
        return
    title = getattr(subject, "title", "")
    raise_alert(
        subject,
        kind=UNANSWERED,
        side=Side(clock.side),
        title=f"{getattr(subject, 'number', '')}: {title}",
        audience=str(clock.audience),
        clause=silence.clause,
        ladder="clock",
        first=HEADS,
        began_at=clock.started_at,
    )
