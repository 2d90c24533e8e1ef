"""Send the notice of a deviation: released by a person, or at once by a signed clause that names its trigger.

Shared steps. They write, so they run inside an action only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import uuid4

from batches.holding import disclose_holds_because_of, hold_by_clauses
from batches.models import Batch
from deviations.clauses.governing import impacts_for, notices_for, run_impact_clock, strictest
from deviations.clauses.triggers import is_of_patient_lot, triggers_of
from deviations.facts import NoticeSent
from deviations.judging.impact import CONCLUSION, deviation_scope, disclose_judging
from deviations.judging.states import CandidateOutcome
from deviations.judging.ties import disclose_ties
from deviations.models import Deviation, Notice
from deviations.queries.preview import NoticePreview, compose, content_of
from deviations.states import DISCLOSURE_CLOCK, NOTICE_CLOCK
from deviations.timelines import OF_TRIAGE, disclose_timelines, start_timelines
from portal import ledger
from portal.action import current_action, instant
from portal.actor import Actor, Side
from portal.agreements.rules import Notification
from portal.agreements.terms import Applied, Terms
from portal.alerts import PATIENT_LOT, raise_alert
from portal.clocks import end_clocks
from portal.states import Audience, ClockState
from portal.terms import clause_words, terms_at

# The class of what the sponsor was told before it had one.
CLASSIFIED: Final = "deviation.classified"
SEALED_FIELDS: Final = ("title", "description", "immediate_action", "late_reason", "end_text")


@dataclass(frozen=True, slots=True)
class AtOnce:
    """The signed clause that lets a notice leave without a person, and the trigger it names."""

    clause: str
    terms: int | None
    trigger: str

    @property
    def words(self) -> str:
        """Return who released the notice: the clause, in its version."""
        return clause_words(self.clause, self.terms)


def at_once_by(
    terms: Terms, rules: Sequence[Applied[Notification]], triggers: Sequence[str]
) -> AtOnce | None:
    """Return the first rule that names one of the triggers; only what both sides signed does so."""
    if terms.is_default:
        return None
    for each in rules:
        named = [trigger for trigger in triggers if trigger in each.rule.at_once]
        if named:
            return AtOnce(each.clause.code, terms.version, named[0])
    return None


def send_at_once(actor: Actor, deviation: Deviation, terms: Terms, classification: str | None) -> bool:
    """Send the notice in the name of a clause, where one says so of what is known by now; once.

    Records: as `send_notice`.
    """
    if deviation.audience == Audience.SHARED:
        return False
    triggers = triggers_of(actor, deviation)
    found = at_once_by(terms, notices_for(terms, classification, triggers), triggers)
    if found is None:
        return False
    send_notice(actor, deviation, by=found)
    return True


def send_notice(actor: Actor, deviation: Deviation, *, by: AtOnce | None = None) -> None:
    """Let the notice leave: the record, its class if it has one, its files become shared; clocks follow.

    What leaves is what the preview shows. The sponsor is asked for receipt. `by` is the clause in whose name
    it leaves; without one it is the actor who released it. The deviation is locked.
    Records: notice.released v2, alert.raised v1, both shared.
    """
    current_action()
    preview, now, notice_id = compose(actor, deviation), instant(), uuid4()
    clause = by.clause if by is not None else preview.clause
    released_by = by.words if by is not None else actor.code(deviation.space_id)
    _disclose(preview)
    fact = NoticeSent(
        notice_id=notice_id,
        classification=preview.classification,
        clause=clause,
        detected_at=deviation.detected_at,
        released_at=now,
        terms=preview.terms,
        trigger=by.trigger if by is not None else "",
    )
    # Before the alert's own fact: the entry is announced by its first one, and the news is the notice.
    ledger.record(deviation, fact, classification=preview.classification)
    alert = raise_alert(
        deviation,
        kind="deviation.notice",
        side=Side.SPONSOR,
        title=f"{deviation.number}: {deviation.title}",
        classification=preview.classification,
        clause=clause,
        ladder=PATIENT_LOT if is_of_patient_lot(deviation) else "",
        began_at=deviation.recorded_at,
    )
    Notice.objects.create(
        id=notice_id,
        space_id=deviation.space_id,
        deviation=deviation,
        alert=alert,
        classification=preview.classification,
        clause=clause,
        content=content_of(preview, released_at=now, released_by=released_by, clause=clause),
        released_at=now,
        released_by=released_by,
        trigger=fact.trigger,
    )
    for kind in (NOTICE_CLOCK, DISCLOSURE_CLOCK):
        end_clocks(deviation, kind=kind, state=ClockState.MET)
    disclose_judging(actor, deviation)
    disclose_ties(actor, deviation)
    disclose_timelines(actor, deviation)
    disclose_holds_because_of(actor, deviation.pk)
    _follow_notice(actor, deviation, preview.classification, now)


def tell_class(actor: Actor, deviation: Deviation, terms: Terms, classification: str) -> None:
    """Tell the sponsor the class of what it knew of before it had one, by the ladder of that class.

    Records: alert.raised v1.
    """
    notice = Notice.objects.visible_to(actor).get(deviation=deviation)
    rules = notices_for(terms, classification, triggers_of(actor, deviation))
    raise_alert(
        deviation,
        kind=CLASSIFIED,
        side=Side.SPONSOR,
        title=f"{deviation.number}: {deviation.title}",
        classification=classification,
        clause=rules[0].clause.code if rules else "",
        ladder=PATIENT_LOT if is_of_patient_lot(deviation) else "deviation.notice",
        began_at=deviation.recorded_at,
    )
    _follow_notice(actor, deviation, classification, notice.released_at)


def hold_because_of(actor: Actor, deviation: Deviation, terms: Terms, classification: str | None) -> None:
    """Hold its batch, and those in its scope, as the clauses on triggers and class say, each kind once.

    What ends with the conclusion on the impact is not placed once that was signed. Records: batch.held v1,
    batch.hold_lifted v1.
    """
    found = [terms.hold(trigger=each) for each in triggers_of(actor, deviation)]
    if classification is not None:
        found.append(terms.hold(classification=classification))
    if deviation.impact_concluded_at is not None:
        found = [each for each in found if each is None or each.rule.until != CONCLUSION]
    if not found:
        return
    for batch in _touched(actor, deviation):
        number, version = deviation.number, terms.version
        hold_by_clauses(actor, batch, deviation, number=number, found=found, version=version)


def _touched(actor: Actor, deviation: Deviation) -> list[Batch]:
    """Return the batch that it happened to, and those that are in its scope."""
    own = [deviation.batch] if deviation.batch is not None else []
    if deviation.scoped_at is None:
        return own
    rows = deviation_scope(actor, deviation).filter(outcome=CandidateOutcome.ACCEPTED)
    return [*own, *(each.batch for each in rows)]


def _follow_notice(actor: Actor, deviation: Deviation, classification: str | None, told_at: datetime) -> None:
    """Start what clauses time from the notice: after the release, and again when the class comes later."""
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    if classification is not None:
        start_timelines(actor, deviation, OF_TRIAGE, classification, told_at=told_at)
    rules = impacts_for(terms, classification, triggers_of(actor, deviation))
    governing = strictest(actor, deviation, terms, rules, told_at=told_at)
    run_impact_clock(actor, deviation, governing, classification)


def _disclose(preview: NoticePreview) -> None:
    deviation, judgement = preview.deviation, preview.judgement
    deviation.disclose()
    # Sealed words are written again, now in clear; their columns must go along with the audience.
    deviation.save(update_fields=["audience", "version", *SEALED_FIELDS])
    if judgement is not None:
        judgement.disclose()
        judgement.save(update_fields=["audience", "version", "rationale"])
    if preview.summary is not None:
        preview.summary.audience = Audience.SHARED
        preview.summary.bump()
        preview.summary.save(update_fields=["audience", "version", "text"])
    for each in preview.files:
        each.audience = Audience.SHARED
        each.bump()
        each.save(update_fields=["audience", "version", "name", "file_key"])
