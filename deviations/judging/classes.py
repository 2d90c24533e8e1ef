"""The class of a deviation beyond the provisional one: what a change brings about, who confirms it, blind.

Each side's confirmed class is a row of its own chain until the other's is in: nothing that both sides read
changes before. The system opens both, and never whoever gave the second, so that giving looks alike for both.
Shared steps; those that write run inside an action only.
"""

from __future__ import annotations

from typing import Final

from deviations.clauses.disclosing import disclose_by_clause
from deviations.clauses.governing import notices_for, run_notice_clock, strictest
from deviations.clauses.sending import hold_because_of, send_at_once, tell_class
from deviations.clauses.triggers import triggers_of
from deviations.judging.confirming import confirming
from deviations.judging.impact import ask_anew
from deviations.judging.states import CLASS_CLOCK, ClassStanding
from deviations.models import Deviation, Judgement
from deviations.states import JudgementKind
from deviations.telling import BOTH
from deviations.timelines import OF_TRIAGE, tighten_timelines, time_by_clause
from portal.action import current_action, instant
from portal.actor import Actor
from portal.agreements.terms import Terms
from portal.clocks import start_clock
from portal.models import Clock
from portal.states import Audience, Classification
from portal.terms import terms_at

STRICTNESS: Final = (Classification.MINOR, Classification.MAJOR, Classification.CRITICAL)


def is_stricter(one: str, other: str | None) -> bool:
    """Say whether a class is stricter than another, or than none."""
    return other is None or STRICTNESS.index(Classification(one)) > STRICTNESS.index(Classification(other))


def stricter(one: str, other: str) -> Classification:
    """Return the stricter one of two classes."""
    return Classification(one if is_stricter(one, other) else other)


def put_class(
    actor: Actor,
    deviation: Deviation,
    kind: JudgementKind,
    *,
    classification: str,
    rationale: str,
    side: str = Audience.MANUFACTURER,
    audience: str | None = None,
    own_class: str = "",
    code: str = "",
) -> Judgement:
    """Write down a word on the class; a shared step."""
    current_action()
    return Judgement.objects.create(
        space_id=deviation.space_id,
        audience=audience or deviation.audience,
        deviation=deviation,
        kind=kind,
        side=side,
        classification=classification,
        rationale=rationale,
        own_class=own_class,
        code=code or actor.code(deviation.space_id),
        given_at=instant(),
    )


def follow_class(
    actor: Actor, deviation: Deviation, classification: Classification, *, before: str | None
) -> None:
    """Let the rules of another class act: notice, holds, clocks; a shared step.

    A stricter rule starts a clock of its own beside the one whose place it takes; none is rewritten, and a
    laxer one changes no clock that runs. A stricter class asks for the conclusion on the impact anew. The
    caller has written the class. Records: batch.held v1, batch.hold_lifted v1, notice.released v2,
    alert.raised v1.
    """
    current_action()
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    is_up = is_stricter(classification, before)
    if is_up and deviation.impact_concluded_at is not None:
        ask_anew(deviation)
    rules = notices_for(terms, classification, triggers_of(actor, deviation))
    needs_notice = not rules or any(each.rule.within is not None for each in rules)
    deviation.needs_notice = needs_notice or (is_up and deviation.needs_notice)
    deviation.bump()
    deviation.save(update_fields=["needs_notice", "impact_concluded_at", "class_standing", "version"])
    hold_because_of(actor, deviation, terms, classification)
    if is_up:
        _tighten(actor, deviation, terms, classification)


def _tighten(actor: Actor, deviation: Deviation, terms: Terms, classification: Classification) -> None:
    if deviation.audience == Audience.SHARED:
        tell_class(actor, deviation, terms, classification)
    elif not send_at_once(actor, deviation, terms, classification):
        rules = notices_for(terms, classification, triggers_of(actor, deviation))
        governing = strictest(actor, deviation, terms, rules)
        run_notice_clock(actor, deviation, governing, classification)
        disclose_by_clause(actor, deviation, terms)
    tighten_timelines(actor, deviation, OF_TRIAGE, classification)


def start_class_clocks(actor: Actor, deviation: Deviation, classification: str | None) -> None:
    """Let the time run until which both sides give their confirmed class, counted from the report; once.

    One clock a side, read by both, met for both when the classes are opened: neither shows who has given one.
    """
    current_action()
    found = confirming(actor, deviation, classification)
    if found is None or found.rule.within is None:
        return
    rows = Clock.objects.visible_to(actor).filter(subject_id=deviation.pk, kind=CLASS_CLOCK)
    if rows.exists():
        return
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    timing = time_by_clause(actor, deviation, found.rule.within, instant())
    for side in BOTH:
        start_clock(
            deviation,
            kind=CLASS_CLOCK,
            clause=found.clause.code,
            terms=terms.version,
            side=side,
            due_at=timing.due_at,
            audience=deviation.audience,
            timing=timing,
            inputs={"classification": classification} if classification is not None else {},
        )


def standing_after(given: dict[str, str]) -> ClassStanding:
    """Return what becomes of two words on the class."""
    return ClassStanding.AGREED if len(set(given.values())) == 1 else ClassStanding.DIFFERS
