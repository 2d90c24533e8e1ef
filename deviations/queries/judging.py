"""How a deviation is judged, as the reader's side may see it: impact, scope, class, ties, risk, hints."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from batches.models import Batch, Parameter
from deviations.access import is_visible
from deviations.clauses.authority import narrowed
from deviations.clauses.triggers import CPP_OUTSIDE_PAR, PATIENT_LOT, triggers_of
from deviations.judging.confirming import confirming, words_of
from deviations.judging.guard import what_judging_waits_for
from deviations.judging.impact import assessments_of, deviation_scope
from deviations.judging.states import CandidateOutcome, ClassStanding, Criterion, TieKind, topic_order
from deviations.judging.ties import ties_of
from deviations.models import (
    ClassWord,
    Deviation,
    DeviationTie,
    ImpactAssessment,
    ImpactFinding,
    Precedent,
    Reclassification,
    RiskForm,
    ScopeCandidate,
)
from deviations.states import JUDGED, TRANSITIONS
from portal.actor import Actor, Side
from portal.agreements.words import ABOUT
from portal.models import Signature
from portal.past import Past, join
from portal.queries.signatures import SignatureLine, line_of
from portal.signable import open_meanings, signable_of
from portal.states import Classification

PRECEDENTS_MAX: Final = 5
SAME_MAX: Final = 5
YEAR: Final = timedelta(days=365)
# How the two are called where things are signed.
ASSESSMENT: Final = "impact_assessment"
LOWER: Final = "reclassification"
# What is known of a deviation -> the criterion that it speaks for.
SPEAKS_FOR: Final = {
    CPP_OUTSIDE_PAR: Criterion.CPP,
    PATIENT_LOT: Criterion.PATIENT,
    "grade_a_growth": Criterion.STERILITY,
    "identity_mismatch": Criterion.PATIENT,
    "data_integrity": Criterion.INTEGRITY,
}
# The steps in which a class is given: where hints and precedents are of use.
GIVING: Final = frozenset({"triage", "reclassify", "confirm_class", "decide_class"})


@dataclass(frozen=True, slots=True)
class ImpactLine:
    """What a side said of the impact, topic by topic; `may_sign`: this reader's signature is missing."""

    assessment: ImpactAssessment
    findings: Sequence[ImpactFinding]
    signatures: Sequence[SignatureLine]
    is_newest: bool
    may_sign: bool


@dataclass(frozen=True, slots=True)
class LowerLine:
    """A lower class that was proposed inside the CDMO."""

    proposed: Reclassification
    signatures: Sequence[SignatureLine]
    may_sign: bool


@dataclass(frozen=True, slots=True)
class TieLine:
    """What ties the record to another one; `is_child` where this one was merged into that."""

    tie: DeviationTie
    other: Deviation
    is_child: bool


@dataclass(frozen=True, slots=True)
class Hint:
    """What speaks for a criterion of the class; it gives none."""

    criterion: Criterion
    because: str


@dataclass(frozen=True, slots=True)
class Judging:
    """All of it. `risk` is the own side's newest form; `waits_for` says what closing waits for."""

    impacts: Sequence[ImpactLine] = ()
    candidates: Sequence[ScopeCandidate] = ()
    ties: Sequence[TieLine] = ()
    words: Sequence[ClassWord] = ()
    lowered: Sequence[LowerLine] = ()
    risk: RiskForm | None = None
    precedents: Sequence[Precedent] = ()
    hints: Sequence[Hint] = ()
    waits_for: str = ""


NOTHING: Final = Judging()


def judging_of(
    actor: Actor, deviation: Deviation, classification: Classification | None, steps: Iterable[str]
) -> Judging:
    """Return how a deviation is judged; hints and precedents where this reader gives a class."""
    assessments = list(assessments_of(actor, deviation))
    findings = (
        ImpactFinding.objects.visible_to(actor).filter(assessment__in=assessments) if assessments else []
    )
    proposed = Reclassification.objects.visible_to(actor).filter(deviation=deviation)
    lowered = list(proposed.order_by("-given_at", "-id"))
    signed = _signed(actor, [each.pk for each in (*assessments, *lowered)])
    is_giving = bool(GIVING & set(steps))
    candidates = [each for each in deviation_scope(actor, deviation) if is_visible(actor, each.batch)]
    risks = RiskForm.objects.visible_to(actor).filter(about_id=deviation.pk).order_by("-given_at", "-id")
    words = ClassWord.objects.visible_to(actor).filter(deviation=deviation).order_by("given_at", "id")
    return Judging(
        impacts=_impacts(actor, deviation, assessments, findings, signed),
        candidates=candidates,
        ties=_ties(actor, deviation),
        words=list(words) if deviation.class_standing else (),
        lowered=_lowered(actor, deviation, lowered, signed, classification),
        risk=risks.first(),
        precedents=precedents_of(actor, deviation.space_id) if is_giving else (),
        hints=hints_of(actor, deviation, candidates) if is_giving else (),
        waits_for=what_judging_waits_for(actor, deviation, classification)
        if deviation.state in JUDGED
        else "",
    )


def _signed(actor: Actor, ids: Sequence[UUID]) -> dict[UUID, list[Signature]]:
    found: dict[UUID, list[Signature]] = defaultdict(list)
    if ids:
        rows = Signature.objects.visible_to(actor).filter(subject_id__in=ids)
        for each in rows.order_by("signed_at", "pk"):
            found[each.subject_id].append(each)
    return found


def _impacts(
    actor: Actor | None,
    deviation: Deviation,
    assessments: Sequence[ImpactAssessment],
    findings: Iterable[ImpactFinding],
    signed: dict[UUID, list[Signature]],
) -> list[ImpactLine]:
    """Return the assessments, the newest first; only the newest of a side may still be signed."""
    said: dict[UUID, list[ImpactFinding]] = defaultdict(list)
    for each in findings:
        said[each.assessment_id].append(each)
    lines: list[ImpactLine] = []
    seen: set[str] = set()
    for one in assessments:
        is_newest = one.side not in seen
        seen.add(one.side)
        waits = actor is not None and is_newest and not signed[one.pk] and deviation.state in JUDGED
        may_sign = actor is not None and waits and bool(open_meanings(actor, one, signable_of(ASSESSMENT)))
        signatures = [line_of(each, one.version) for each in signed[one.pk]]
        lines.append(
            ImpactLine(
                one,
                sorted(said[one.pk], key=lambda each: topic_order(each.topic)),
                signatures,
                is_newest,
                may_sign,
            )
        )
    return lines


def _lowered(
    actor: Actor | None,
    deviation: Deviation,
    rows: Sequence[Reclassification],
    signed: dict[UUID, list[Signature]],
    classification: str | None,
) -> list[LowerLine]:
    lines: list[LowerLine] = []
    for each in rows:
        waits = not lines and not signed[each.pk] and each.before == classification
        is_open = waits and deviation.state in JUDGED and not deviation.class_standing
        may_sign = actor is not None and is_open and bool(open_meanings(actor, each, signable_of(LOWER)))
        lines.append(LowerLine(each, [line_of(one, each.version) for one in signed[each.pk]], may_sign))
    return lines


def _ties(actor: Actor, deviation: Deviation) -> list[TieLine]:
    ties = list(ties_of(actor, deviation))
    if not ties:
        return []
    ids = [each.partner(deviation.pk) for each in ties]
    others = Deviation.objects.visible_to(actor).in_bulk(ids)
    return _tie_lines(deviation.pk, ties, others)


def _tie_lines(
    deviation_id: UUID, ties: Iterable[DeviationTie], others: dict[UUID, Deviation]
) -> list[TieLine]:
    return [
        TieLine(each, other, each.kind == TieKind.MERGED and each.deviation_id == deviation_id)
        for each in ties
        for other in [others.get(each.partner(deviation_id))]
        if other is not None
    ]


def judging_then(past: Past, deviation: Deviation) -> Judging:
    """Return how a deviation was judged at an instant, from the chains that are read; nothing can be done."""
    given = past.related(ImpactAssessment, deviation_id=deviation.pk)
    given.sort(key=lambda each: (each.given_at, each.pk), reverse=True)
    ids = [each.pk for each in given]
    lowered = past.related(Reclassification, deviation_id=deviation.pk)
    lowered.sort(key=lambda each: (each.given_at, each.pk), reverse=True)
    signed: dict[UUID, list[Signature]] = defaultdict(list)
    both = [*ids, *(each.pk for each in lowered)]
    for each in past.related(Signature, subject_id__in=both) if both else ():
        signed[each.subject_id].append(each)
    risks = past.related(RiskForm, about_id=deviation.pk)
    words = past.related(ClassWord, deviation_id=deviation.pk)
    findings = past.related(ImpactFinding, assessment_id__in=ids) if ids else []
    return Judging(
        impacts=_impacts(None, deviation, given, findings, signed),
        candidates=_candidates_then(past, deviation),
        ties=_ties_then(past, deviation),
        words=sorted(words, key=lambda each: (each.given_at, each.pk)),
        lowered=_lowered(None, deviation, lowered, signed, None),
        risk=max(risks, key=lambda each: (each.given_at, each.pk), default=None),
    )


def _candidates_then(past: Past, deviation: Deviation) -> list[ScopeCandidate]:
    found = past.related(ScopeCandidate, deviation_id=deviation.pk)
    batches = {each.pk: each for each in past.rows(Batch, [each.batch_id for each in found])}
    for each in found:
        join(each, batch=batches.get(each.batch_id))
    known = [each for each in found if each.batch is not None]
    return sorted(known, key=lambda each: (each.batch.number, each.pk))


def _ties_then(past: Past, deviation: Deviation) -> list[TieLine]:
    ties = past.related(DeviationTie, deviation_id=deviation.pk)
    ties += past.related(DeviationTie, other_id=deviation.pk)
    others = {each.pk: each for each in past.rows(Deviation, [each.partner(deviation.pk) for each in ties])}
    ordered = sorted(ties, key=lambda each: (each.tied_at, each.pk))
    return _tie_lines(deviation.pk, ordered, others)


def precedents_of(actor: Actor, space_id: UUID) -> list[Precedent]:
    """Return how classes were settled in the program, the newest first, at most five."""
    rows = Precedent.objects.visible_to(actor).filter(space_id=space_id).select_related("deviation")
    return [
        each
        for each in rows.order_by("-decided_at", "-id")[:PRECEDENTS_MAX]
        if is_visible(actor, each.deviation)
    ]


def hints_of(actor: Actor, deviation: Deviation, candidates: Sequence[ScopeCandidate]) -> list[Hint]:
    """Return what speaks for which criterion of the class, from what is recorded; it never gives one."""
    found = [
        Hint(SPEAKS_FOR[each], str(ABOUT[each]))
        for each in triggers_of(actor, deviation)
        if each in SPEAKS_FOR
    ]
    touched = [each.batch.number for each in candidates if each.outcome == CandidateOutcome.ACCEPTED]
    if touched:
        found.append(Hint(Criterion.BATCHES, ", ".join(touched)))
    if deviation.excursion is not None:
        same = Parameter.objects.visible_to(actor).filter(pk=deviation.excursion.parameter_id)
        rows = Deviation.objects.visible_to(actor).filter(
            space_id=deviation.space_id,
            excursion__parameter__code__in=same.values("code"),
            occurred_at__range=(deviation.occurred_at - YEAR, deviation.occurred_at),
        )
        others = rows.exclude(pk=deviation.pk).order_by("-occurred_at", "-id")[:SAME_MAX]
        numbers = list(others.values_list("number", flat=True))
        if numbers:
            found.append(Hint(Criterion.REPEAT, ", ".join(numbers)))
    return found


def steps_of_judging(
    actor: Actor,
    deviation: Deviation,
    classification: Classification | None,
    judging: Judging,
    steps: Sequence[str],
) -> list[str]:
    """Return the steps that the judging of the record leaves open."""
    shut: set[str] = set()
    if deviation.class_standing:
        shut.add("reclassify")
    if deviation.class_standing != ClassStanding.DIFFERS:
        shut.add("decide_class")
    if not judging.candidates:
        shut.add("decide_batch")
    if any(each.tie.kind == TieKind.MERGED for each in judging.ties):
        shut.add("merge")
    if judging.waits_for or deviation.class_standing == ClassStanding.DIFFERS:
        shut.add("close")
    if judging.waits_for:
        shut.add("submit_report")
    if "confirm_class" in steps and not _may_confirm(actor, deviation, classification):
        shut.add("confirm_class")
    return [each for each in steps if each not in shut]


def _may_confirm(actor: Actor, deviation: Deviation, classification: Classification | None) -> bool:
    """Say whether the actor's side still gives its class; of the other side's nothing is asked."""
    found = confirming(actor, deviation, classification)
    seats = actor.seats.get(deviation.space_id, ())
    if found is None or len({seat.side for seat in seats}) != 1 or seats[0].side == Side.BOTH:
        return False
    roles = narrowed(TRANSITIONS["confirm_class"].roles, found.rule.by)
    given = words_of(actor, deviation).filter(side=seats[0].side)
    return actor.holds(deviation.space_id, *roles) and not given.exists()
