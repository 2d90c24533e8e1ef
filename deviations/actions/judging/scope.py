"""Look for other batches that a deviation may touch, and decide on each (21 CFR 211.192)."""

from __future__ import annotations

from uuid import UUID

from batches.models import Batch
from deviations.access import class_of, lock_deviation
from deviations.clauses.sending import hold_because_of
from deviations.errors import NotInProgram
from deviations.judging.facts import ScopeDecided, ScopeLooked
from deviations.judging.impact import ask_anew, deviation_scope
from deviations.judging.scope import Window, find_candidates
from deviations.judging.states import WINDOW_DAYS, WINDOW_DAYS_MAX, CandidateOutcome, CandidateReason
from deviations.models import Deviation, ScopeCandidate
from deviations.texts import check_texts
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid, NotFound
from portal.terms import terms_at


@action("scope.look")
def look_around(
    actor: Actor, deviation_id: UUID, *, window_days: int = WINDOW_DAYS, version: int | None
) -> Deviation:
    """Look for other batches of the program that it may touch, so many days around what happened.

    Each found one is a candidate with all that makes it one; looking again adds what is new and leaves what
    was decided. Whoever knows of the record reads them. Raises: NotFound, Refused, InvalidTransition,
    StaleVersion, Invalid. Records: scope.looked v1. Source: 21 CFR 211.192.
    """
    deviation = lock_deviation(actor, deviation_id, to="look_around", version=version)
    if not 1 <= window_days <= WINDOW_DAYS_MAX:
        words = f"From 1 to {WINDOW_DAYS_MAX} days."
        raise Invalid("How far around?", errors={"window_days": [words]})
    now = instant()
    found = find_candidates(actor, deviation, Window.around(deviation, window_days, now))
    known = set(deviation_scope(actor, deviation).values_list("batch_id", flat=True))
    fresh = [
        ScopeCandidate(
            space_id=deviation.space_id,
            audience=deviation.audience,
            deviation=deviation,
            batch_id=batch_id,
            reasons=reasons,
            found_at=now,
        )
        for batch_id, reasons in sorted(found.items())
        if batch_id not in known
    ]
    ScopeCandidate.objects.bulk_create(fresh)
    deviation.look_around(now)
    deviation.save(update_fields=["scoped_at", "version"])
    fact = ScopeLooked(found=len(fresh))
    ledger.record(deviation, fact, classification=class_of(actor, deviation))
    return deviation


@action("scope.name")
def name_batch(
    actor: Actor, deviation_id: UUID, *, batch_id: UUID, because: str, version: int | None
) -> Deviation:
    """Name a batch of the program that nothing computed made a candidate, and why, in 3..4000 characters.

    Raises: NotFound, Refused, InvalidTransition, StaleVersion, Invalid, Conflict. Records: scope.looked v1.
    """
    deviation = lock_deviation(actor, deviation_id, to="name_batch", version=version)
    check_texts({"finding": because})
    rows = Batch.objects.visible_to(actor).filter(space_id=deviation.space_id)
    if batch_id == deviation.batch_id or not rows.filter(pk=batch_id).exists():
        raise NotInProgram("batch")
    if deviation_scope(actor, deviation).filter(batch_id=batch_id).exists():
        detail = "That batch is a candidate already."
        raise Conflict(detail, errors={"batch": [detail]})
    now = instant()
    ScopeCandidate.objects.create(
        space_id=deviation.space_id,
        audience=deviation.audience,
        deviation=deviation,
        batch_id=batch_id,
        reasons=[{"kind": str(CandidateReason.NAMED), "common": because.strip()}],
        found_at=now,
    )
    deviation.look_around(now)
    deviation.save(update_fields=["scoped_at", "version"])
    ledger.record(deviation, ScopeLooked(found=1), classification=class_of(actor, deviation))
    return deviation


@action("scope.decide")
def decide_batch(
    actor: Actor,
    deviation_id: UUID,
    *,
    candidate: UUID,
    outcome: CandidateOutcome,
    because: str,
    version: int | None,
) -> Deviation:
    """Say whether a candidate is in the scope of the deviation, and why, in 3..4000 characters.

    The newest word holds. A batch in scope is held as the clauses hold the deviation's own, and asks for the
    conclusion on the impact anew. Raises: NotFound, Refused, InvalidTransition, StaleVersion, Invalid.
    Records: scope.decided v1, batch.held v1. Source: 21 CFR 211.192 (extended to other batches).
    """
    deviation = lock_deviation(actor, deviation_id, to="decide_batch", version=version)
    check_texts({"finding": because})
    rows = deviation_scope(actor, deviation).select_for_update(of=("self",), no_key=True)
    found = rows.with_id(candidate)
    if found is None:
        raise NotFound
    was_in = found.outcome == CandidateOutcome.ACCEPTED
    found.decide(outcome, because, actor.code(deviation.space_id), instant())
    found.save(update_fields=["outcome", "because", "decided_code", "decided_at", "version"])
    is_new = outcome == CandidateOutcome.ACCEPTED and not was_in
    if is_new and deviation.impact_concluded_at is not None:
        ask_anew(deviation)
    else:
        deviation.bump()
    deviation.save(update_fields=["impact_concluded_at", "version"])
    classification = class_of(actor, deviation)
    fact = ScopeDecided(batch_id=found.batch_id, outcome=outcome)
    ledger.record(deviation, fact, classification=classification)
    if is_new:
        terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
        hold_because_of(actor, deviation, terms, classification)
    return deviation
