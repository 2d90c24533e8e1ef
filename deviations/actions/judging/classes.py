"""Change the class of a deviation, confirm it blind, and settle what the sides differ on (domain 2b)."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from deviations.access import class_of, lock_deviation, lock_for_signature
from deviations.clauses.authority import narrowed, require_by_clause
from deviations.clauses.naming import own_name
from deviations.judging.classes import (
    follow_class,
    is_stricter,
    put_class,
    standing_after,
    stricter,
)
from deviations.judging.confirming import confirming, words_of
from deviations.judging.facts import (
    ClassGiven,
    ClassOpened,
    ClassWordGiven,
    ReclassificationProposed,
    Reclassified,
)
from deviations.judging.states import (
    CLASS_CLOCK,
    CLASS_DISAGREEMENT_CLOCK,
    OPENING_LOOK,
    ClassStanding,
)
from deviations.models import ClassWord, Deviation, Judgement, Precedent, Reclassification
from deviations.states import DISAGREEMENT_CLOCK, JUDGED, TRANSITIONS, JudgementKind
from deviations.telling import BOTH, ask_both_heads
from deviations.texts import check_texts
from deviations.timelines import time_by_clause
from portal import ledger
from portal.access import require_role
from portal.action import action, current_action, instant
from portal.actor import Actor, Role, Side
from portal.clocks import Timing, end_clocks, start_clock
from portal.errors import Invalid, InvalidTransition, NotFound, Refused
from portal.models import Clock, Signature
from portal.states import CDMO_QUALITY_HEAD, SYSTEM, Audience, Classification, ClockState
from portal.terms import terms_at

DIFFERENT: Final = "class.differs"


@action("class.change")
def reclassify(
    actor: Actor,
    deviation_id: UUID,
    *,
    classification: Classification,
    rationale: str,
    version: int | None,
    own_class: str = "",
) -> Deviation:
    """Give another provisional class, with a reason of 20..4000 characters; the history stays.

    A stricter one holds at once, with the notice, holds and clocks of its rules beside those that ran. A
    lower one is proposed, inside the CDMO, and holds once CDMO QA or its head, not who proposed it, signs it
    as approved. Never after the end, nor once the confirmed class was opened. Raises: NotFound, Refused,
    InvalidTransition, StaleVersion, Invalid. Records: class.changed v1 and what follows, or
    class.lower_proposed v1. Source: domain 2b (down only with a second signature).
    """
    deviation = lock_deviation(actor, deviation_id, to="reclassify", version=version)
    check_texts({"rationale": rationale})
    before = _require_open(actor, deviation)
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    require_by_clause(actor, deviation, terms, "triage", classification)
    own_class = own_name(terms, Side.MANUFACTURER, classification, own_class)
    if classification == before:
        words = f"It is {before} already."
        raise Invalid("Give another class.", errors={"classification": [words]})
    if is_stricter(classification, before):
        put_class(
            actor,
            deviation,
            JudgementKind.PROVISIONAL,
            classification=classification,
            rationale=rationale,
            own_class=own_class,
        )
        fact = Reclassified(before=before, classification=classification, code=actor.code(deviation.space_id))
        ledger.record(deviation, fact, classification=classification)
        follow_class(actor, deviation, classification, before=before)
        return deviation
    Reclassification.objects.create(
        space_id=deviation.space_id,
        audience=Audience.MANUFACTURER,
        deviation=deviation,
        before=before,
        classification=classification,
        own_class=own_class,
        rationale=rationale,
        given_by=actor.person_id,
        given_code=actor.code(deviation.space_id),
        given_at=instant(),
    )
    # On the own chain alone: the sponsor learns of it when it holds.
    proposed = ReclassificationProposed(before=before, classification=classification)
    ledger.record(deviation, proposed, audience=Audience.MANUFACTURER, classification=Classification(before))
    return deviation


def lower_class(actor: Actor, proposed: Reclassification, signature: Signature) -> None:
    """Give the lower class that is being signed; a shared step of the ceremony.

    Raises: InvalidTransition where another class was given since, or the record has ended. Records:
    class.changed v1, batch.hold_lifted v1.
    """
    current_action()
    deviation = lock_for_signature(actor, proposed.deviation_id)
    if deviation.state not in JUDGED:
        raise InvalidTransition(
            f"{deviation.number} is {deviation.state}; its class stands.", state=str(deviation.state)
        )
    newer = Reclassification.objects.visible_to(actor).filter(
        deviation=deviation, given_at__gt=proposed.given_at
    )
    if _require_open(actor, deviation) != proposed.before or newer.exists():
        detail = "Another class was given or proposed since; propose it anew."
        raise InvalidTransition(detail, state=str(deviation.state))
    put_class(
        actor,
        deviation,
        JudgementKind.PROVISIONAL,
        classification=proposed.classification,
        rationale=proposed.rationale,
        own_class=proposed.own_class,
        code=proposed.given_code,
    )
    fact = Reclassified(before=proposed.before, classification=proposed.classification, code=signature.code)
    classification = Classification(proposed.classification)
    ledger.record(deviation, fact, classification=classification)
    follow_class(actor, deviation, classification, before=proposed.before)


def _require_open(actor: Actor, deviation: Deviation) -> Classification:
    """Return the class in force, while one side may change it; raises InvalidTransition."""
    before = class_of(actor, deviation)
    if deviation.class_standing or before is None:
        detail = f"The confirmed class of {deviation.number} was opened; one side changes it no more."
        raise InvalidTransition(detail, state=str(deviation.state))
    return before


@action("class.confirm")
def confirm_class(
    actor: Actor,
    deviation_id: UUID,
    *,
    classification: Classification,
    rationale: str,
    version: int | None,
) -> Deviation:
    """Give the own side's confirmed class, once, with a reason of 20..4000 characters.

    Where the clause says blind, it stays with the own side until the other's is in: nothing that both sides
    read changes, no version, clock, count or entry. The system opens both together. Raises: NotFound,
    Refused, InvalidTransition, StaleVersion, Invalid. Records: class.given v1, on the own chain alone.
    Source: domain 2b; ICH Q9(R1) 5.1 (subjectivity).
    """
    deviation = lock_deviation(actor, deviation_id, to="confirm_class", version=version)
    check_texts({"rationale": rationale})
    provisional = class_of(actor, deviation)
    found = confirming(actor, deviation, provisional)
    if found is None:
        detail = f"No clause asks for a confirmed class of {deviation.number} now."
        raise InvalidTransition(detail, state=str(deviation.state))
    roles = narrowed(TRANSITIONS["confirm_class"].roles, found.rule.by)
    require_role(actor, deviation.space_id, *roles, to="confirm the class")
    side = _side_of(actor, deviation.space_id, roles)
    if words_of(actor, deviation).filter(side=side).exists():
        detail = f"Your side has given its confirmed class of {deviation.number}; it is given once."
        raise InvalidTransition(detail, state=str(deviation.state))
    own = Audience(side) if found.rule.is_blind else Audience.SHARED
    put_class(
        actor,
        deviation,
        JudgementKind.BLIND,
        classification=classification,
        rationale=rationale,
        side=side,
        audience=own,
    )
    ledger.record(deviation, ClassGiven(side=side), audience=own, classification=provisional)
    # Looked at by the system, at once and whoever gave it: this transaction reads the own side alone.
    start_clock(
        deviation,
        kind=OPENING_LOOK,
        clause=found.clause.code,
        terms=terms_at(actor, deviation.space_id, deviation.recorded_at).version,
        side=side,
        due_at=instant(),
        audience=Audience(side),
    )
    return deviation


def _side_of(actor: Actor, space_id: UUID, roles: tuple[Role, ...]) -> Side:
    """Return the side for which the actor speaks; raises Refused for who reads both sides' own words."""
    if actor.side(space_id) == Side.BOTH or len({seat.side for seat in actor.seats.get(space_id, ())}) > 1:
        raise Refused("Whoever sits on both sides gives no class that is blind to one of them.")
    return next(
        side for side in BOTH if actor.holds(space_id, *(each for each in roles if each.side == side))
    )


@action("class.open")
def open_classes(actor: Actor, clock_id: UUID) -> Clock:
    """Open both sides' confirmed classes once both are in; until then nothing is told to anybody.

    Called by the sweep for each that was given, perhaps twice or late. The same class holds as confirmed; of
    different ones the stricter drives clocks and blocks until both heads of quality have decided. Raises:
    NotFound, Refused. Records: class.opened v1, and what follows from a stricter class.
    Source: quality agreement 5.6; domain 2b.
    """
    look = Clock.objects.visible_to(actor).filter(pk=clock_id, kind=OPENING_LOOK).first()
    if look is None:
        raise NotFound
    require_role(actor, look.space_id, SYSTEM, to="open the classes")
    deviation = lock_for_signature(actor, look.subject_id)
    clock = Clock.objects.visible_to(actor).select_for_update(no_key=True).get(pk=clock_id)
    if clock.state != ClockState.RUNNING:
        return clock
    given = {str(each.side): each for each in words_of(actor, deviation)}
    if len(given) == len(BOTH) and not deviation.class_standing and deviation.state in JUDGED:
        _open(actor, deviation, given)
    clock.end(ClockState.MET, instant())
    clock.save(update_fields=["state", "ended_at", "next_at", "version"])
    return clock


def _open(actor: Actor, deviation: Deviation, given: dict[str, Judgement]) -> None:
    before = class_of(actor, deviation)
    for each in given.values():
        if each.audience != Audience.SHARED:
            each.disclose()
            each.save(update_fields=["audience", "version", "rationale"])
    own, theirs = given[Side.MANUFACTURER].classification, given[Side.SPONSOR].classification
    holds = stricter(own, theirs)
    standing = standing_after({side: str(each.classification) for side, each in given.items()})
    differs = standing == ClassStanding.DIFFERS
    clause, timing = _time_to_decide(actor, deviation, holds) if differs else ("", None)
    opened = ClassOpened(
        manufacturer=own,
        sponsor=theirs,
        classification=holds,
        clause=clause,
        due_at=timing.due_at if timing is not None else None,
    )
    ledger.record(deviation, opened, classification=holds)
    deviation.stand(standing)
    _confirm(actor, deviation, holds, because=_because(own, theirs), before=before)
    end_clocks(deviation, kind=CLASS_CLOCK, state=ClockState.MET)
    if differs:
        ask_both_heads(deviation, DIFFERENT, clause=clause, classification=holds)


def _because(own: str, theirs: str) -> str:
    if own == theirs:
        return f"Both sides, each without the other's word: {own}."
    return f"CDMO {own}, sponsor {theirs}: the stricter one holds until both heads of quality have decided."


def _confirm(
    actor: Actor, deviation: Deviation, classification: Classification, *, because: str, before: str | None
) -> None:
    put_class(
        actor,
        deviation,
        JudgementKind.CONFIRMED,
        classification=classification,
        rationale=because,
        side=Audience.SHARED,
    )
    follow_class(actor, deviation, classification, before=before)


def _time_to_decide(
    actor: Actor, deviation: Deviation, classification: Classification
) -> tuple[str, Timing | None]:
    """Start the clock until which both heads decide, by the clause on disagreements; returns both."""
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    found = terms.timeline(DISAGREEMENT_CLOCK, classification)
    if found is None:
        return "", None
    timing = time_by_clause(actor, deviation, found.rule.within, instant())
    start_clock(
        deviation,
        kind=CLASS_DISAGREEMENT_CLOCK,
        clause=found.clause.code,
        terms=terms.version,
        side=Side(found.rule.held_by),
        due_at=timing.due_at,
        audience=deviation.audience,
        timing=timing,
        inputs={"classification": classification},
    )
    return found.clause.code, timing


@action("class.decide")
def decide_class(
    actor: Actor, deviation_id: UUID, *, classification: Classification, text: str, version: int | None
) -> Deviation:
    """Say, as a side's head of quality, what the class is where the sides differ, and why.

    `text` is 3..4000 characters. The newest word of each side holds; both saying the same decides, and the
    later one's words are kept as precedent. Raises: NotFound, Refused, InvalidTransition, StaleVersion,
    Invalid. Records: class.word v1, and what follows from another class. Source: quality agreement 5.6.
    """
    deviation = lock_deviation(actor, deviation_id, to="decide_class", version=version)
    check_texts({"text": text})
    if deviation.class_standing != ClassStanding.DIFFERS:
        detail = f"The sides do not differ on the class of {deviation.number}."
        raise InvalidTransition(detail, state=str(deviation.state))
    before = class_of(actor, deviation)
    side = Side.MANUFACTURER if actor.holds(deviation.space_id, CDMO_QUALITY_HEAD) else Side.SPONSOR
    now = instant()
    ClassWord.objects.create(
        space_id=deviation.space_id,
        audience=Audience.SHARED,
        deviation=deviation,
        side=side,
        classification=classification,
        text=text,
        code=actor.code(deviation.space_id),
        given_at=now,
    )
    rows = ClassWord.objects.visible_to(actor).filter(deviation=deviation).order_by("given_at", "id")
    newest = {str(each.side): each.classification for each in rows}
    is_decided = len(newest) == len(BOTH) and len(set(newest.values())) == 1
    fact = ClassWordGiven(side=side, classification=classification, is_decided=is_decided)
    ledger.record(deviation, fact, classification=classification if is_decided else before)
    if not is_decided:
        deviation.bump()
        deviation.save(update_fields=["version"])
        return deviation
    given = {str(each.side): each.classification for each in words_of(actor, deviation)}
    Precedent.objects.create(
        space_id=deviation.space_id,
        audience=Audience.SHARED,
        deviation=deviation,
        classification=classification,
        manufacturer_class=given[Side.MANUFACTURER],
        sponsor_class=given[Side.SPONSOR],
        text=text,
        decided_at=now,
    )
    deviation.stand(ClassStanding.DECIDED)
    _confirm(actor, deviation, Classification(classification), because=text, before=before)
    end_clocks(deviation, kind=CLASS_DISAGREEMENT_CLOCK, state=ClockState.MET)
    return deviation
