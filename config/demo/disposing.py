"""Take the finished copies to their end: reviewed by both sides, then decided step by step, each signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from batches.access import get_batch
from batches.actions.disposing import decide_disposition
from batches.actions.reviewing import look_at, review_sections
from batches.disposition.signing import Word
from batches.models import Batch, Disposition
from batches.queries.disposition_signing import decision_to_sign
from batches.queries.reviewing import review_of
from config.demo.crew import Crew, setup_actor
from config.demo.signing import prove_as, ready_to_sign
from portal.action import reading
from portal.actor import Actor


@dataclass(frozen=True, slots=True)
class Step:
    """Who signs what at a step, and why."""

    person: str
    step: str
    decision: str
    reason: str
    market: str = ""
    answer: str = ""


REVIEWERS: Final[Mapping[str, tuple[str, str]]] = {"B-2391": ("cdmo_qa", "sponsor_qa")}
ENDS: Final[Mapping[str, tuple[Step, ...]]] = {
    "B-2391": (
        Step(
            "cdmo_quality_head",
            "cdmo",
            "released",
            "Record reviewed; temperature deviation closed, all results in the band of 22 reference batches.",
        ),
        Step(
            "sponsor_quality_head",
            "sponsor",
            "released",
            "No registered detail changed; released, one stability time point added.",
        ),
        Step(
            "sponsor_qp",
            "qp_certification",
            "certified",
            "Registered specification met; the deviation was unexpected, investigated and without impact.",
            market="EU",
            answer=(
                "Discovered by the alarm while the batch was made. The cause, a worn positioner seal, is new:"
                " earlier excursions of the temperature had other causes."
            ),
        ),
    ),
    "F-0371": (
        Step(
            "cdmo_quality_head",
            "cdmo",
            "rejected",
            "Grade A growth with a coincident barrier breach; sterility assurance is lost for the whole lot.",
        ),
        Step(
            "sponsor_quality_head",
            "sponsor",
            "rejected",
            "We concur: a passed sterility test does not restore assurance. Clinical supply is not affected.",
        ),
    ),
    "P-0084": (
        Step(
            "sponsor_cmc",
            "physician_request",
            "recorded",
            "18:55 received through the sponsor: the physician asks for the lot; conditioning is done.",
        ),
        Step(
            "cdmo_qp",
            "risk_evaluation",
            "recorded",
            "Viability 68.2 %, limit 70 %; all other tests within. Benefit outweighs risk; no certificate.",
        ),
        Step(
            "sponsor_cmc",
            "physician_acceptance",
            "recorded",
            "20:48 the physician accepts the risk evaluation and asks for shipment to the infusion slot.",
        ),
        Step(
            "sponsor_quality_head",
            "supply",
            "supplied",
            "The sponsor agrees to supply at the physician's request; the authority is told within 48 hours.",
        ),
    ),
}


def are_disposed(numbers: Mapping[str, Batch]) -> bool:
    """Say whether each of them has its end."""
    setup = setup_actor()
    with reading(setup):
        rows = Disposition.objects.visible_to(setup).filter(batch__number__in=ENDS)
        return rows.count() >= sum(len(steps) for number, steps in ENDS.items() if number in numbers)


def dispose(crew: Crew, batches: Mapping[str, Batch]) -> None:
    """Review and decide what has not come to its end; a load cut short goes on."""
    for number, steps in ENDS.items():
        if number not in batches:
            continue
        batch = batches[number]
        setup = setup_actor()
        with reading(setup):
            done = Disposition.objects.visible_to(setup).filter(batch=batch)
            known = set(done.values_list("step", "market"))
        if not known:
            for key in REVIEWERS.get(number, ()):
                _review(crew[key], batch)
        for each in steps:
            if (each.step, each.market) not in known:
                _decide(crew[each.person], batch, each)


def _review(person: Actor, batch: Batch) -> None:
    with reading(person):
        found = review_of(person, get_batch(person, batch.pk))
        keys = [each.key for each in found.unseen]
        sections = [each.section.code for each in found.sections]
    look_at(person, batch.pk, keys=keys)
    review_sections(person, batch.pk, sections=sections)


def _decide(person: Actor, batch: Batch, step: Step) -> None:
    """Sign a step as it is shown; the signer's statement is accepted before the first time."""
    ready_to_sign(person, step.person)
    word = Word(step.step, step.decision, step.reason, step.market, answer=step.answer)
    with reading(person):
        found = decision_to_sign(person, batch.pk, word)
    prove_as(
        person,
        step.person,
        lambda **proof: decide_disposition(
            person,
            batch.pk,
            step=word.step,
            decision=word.decision,
            reason=word.reason,
            market=word.market,
            answer=word.answer,
            digest=found.digest,
            **proof,
        ),
    )
