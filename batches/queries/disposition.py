"""Where the disposition of a batch stands: its chain of signed steps, and what is in the way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from batches.disposition.blocks import Block
from batches.disposition.plan import Given, Link, chain, next_step, outcome, plan_of
from batches.disposition.states import Decision, DecisionState
from batches.models import Batch, BatchHold, Disposition, Excursion, Latest, Limit, SampleResult
from batches.queries.coas import open_coas
from batches.queries.holds import hold_words
from batches.queries.reviewing import left_to_review, review_of
from batches.slots import BatchDeviation, BatchFacts, deviations_of
from batches.states import (
    BatchState,
    DataKind,
    ExcursionState,
    HoldKind,
    LimitKind,
    ResultFlag,
    ResultState,
    StandState,
)
from portal.actor import Actor
from portal.states import Audience, SeatSide
from portal.terms import terms_at

CDMO: Final = str(Audience.MANUFACTURER)
SPONSOR: Final = str(Audience.SPONSOR)


@dataclass(frozen=True, slots=True)
class Standing:
    """The disposition of a batch as one reader may see it."""

    batch: Batch
    terms: int | None
    links: Sequence[Link]
    rows: Sequence[Disposition]
    blocks: Sequence[Block]
    deviations: Sequence[BatchDeviation]
    out_of_specification: Sequence[str]

    @property
    def outcome(self) -> Decision | None:
        """Return what the chain says of the batch as a whole."""
        return outcome(self.links)

    @property
    def next(self) -> Link | None:
        """Return the step whose signature is awaited."""
        return next_step(self.links)


def standing_rows(actor: Actor, batch_ids: Sequence[UUID]) -> dict[UUID, list[Disposition]]:
    """Return the decisions that stand of each batch, in the order they were given; one query."""
    rows = Disposition.objects.visible_to(actor).filter(batch_id__in=batch_ids, state=DecisionState.STANDING)
    found: dict[UUID, list[Disposition]] = {}
    for each in rows.order_by("decided_at", "id"):
        found.setdefault(each.batch_id, []).append(each)
    return found


def given_of(row: Disposition) -> Given:
    """Return what the chain needs to know of a decision."""
    return Given(
        row.step, row.market, Decision(row.decision), tuple(row.markets), row.decided_at, row.decided_code
    )


def disposition_of(actor: Actor, batch: Batch) -> Standing:
    """Return the chain of a batch with all that is in its way, as far as the actor may see."""
    terms = terms_at(actor, batch.space_id, batch.started_at or batch.planned_start)
    failed = failed_specifications(actor, batch)
    plan = plan_of(terms, out_of_specification=batch.is_patient_lot and bool(failed))
    rows = list(Disposition.objects.visible_to(actor).filter(batch=batch).order_by("decided_at", "id"))
    standing = [given_of(each) for each in rows if each.state == DecisionState.STANDING]
    deviations = deviations_of(actor, batch.pk)
    return Standing(
        batch=batch,
        terms=terms.version,
        links=chain(plan, standing),
        rows=rows,
        blocks=list(_blocks(actor, batch, deviations, failed)),
        deviations=deviations,
        out_of_specification=failed,
    )


def failed_specifications(actor: Actor, batch: Batch) -> list[str]:
    """Return the parameters whose specification the batch failed, by title."""
    rows = Excursion.objects.visible_to(actor).filter(batch=batch, limit_kind=LimitKind.SPEC)
    rows = rows.exclude(state=ExcursionState.WITHDRAWN).select_related("parameter")
    results = SampleResult.objects.visible_to(actor).filter(batch=batch, flag=ResultFlag.OOS)
    valid = results.exclude(state=ResultState.INVALIDATED).select_related("parameter")
    return sorted({str(each.parameter.title) for found in (rows, valid) for each in found})


def outstanding_results(actor: Actor, batch: Batch) -> list[str]:
    """Return the laboratory parameters of the recipe with a specification and without a value, by title."""
    rows = Limit.objects.visible_to(actor).filter(
        parameter__recipe_version_id=batch.recipe_version_id,
        parameter__data_kind=DataKind.LAB,
        kind=LimitKind.SPEC,
    )
    wanted = {each.parameter_id: str(each.parameter.title) for each in rows.select_related("parameter")}
    here = Latest.objects.visible_to(actor).filter(batch=batch, parameter_id__in=wanted)
    results = SampleResult.objects.visible_to(actor).filter(batch=batch, parameter_id__in=wanted)
    valid = results.exclude(state=ResultState.INVALIDATED)
    for found in (here, valid):
        for parameter_id in found.values_list("parameter_id", flat=True):
            wanted.pop(parameter_id, None)
    return sorted(wanted.values())


def words_of(actor: Actor, batch_ids: Sequence[UUID]) -> Mapping[UUID, BatchFacts]:
    """Return what was decided of each batch in words, for lists; batches without a decision are left out."""
    return {
        batch_id: BatchFacts(disposition=_last_word(rows))
        for batch_id, rows in standing_rows(actor, batch_ids).items()
    }


def _last_word(rows: Sequence[Disposition]) -> str:
    """Return the gravest or else the latest word on a batch."""
    rejected = next((each for each in rows if each.decision == Decision.REJECTED and not each.market), None)
    last = rejected or rows[-1]
    step, decision = last.get_step_display(), last.get_decision_display()
    if last.decision == Decision.SUPPLIED:
        return str(decision)
    return _("%(step)s: %(decision)s") % {"step": step, "decision": decision}


def _blocks(
    actor: Actor, batch: Batch, deviations: Sequence[BatchDeviation], failed: Sequence[str]
) -> Iterator[Block]:
    if batch.state not in (BatchState.COMPLETE, BatchState.DISCONTINUED):
        yield Block("running", _("The batch is not complete."), CDMO)
    yield from _holds(actor, batch)
    for each in deviations:
        if each.is_open and each.classification is None:
            words = _("%s has no class yet.") % each.number
            yield Block("unclassified", words, CDMO, url=each.url)
    for title in failed:
        words = _("%s is outside its specification: nothing that fails it is released.") % title
        yield Block("out_of_specification", words, CDMO, clause="21 CFR 211.165(f)")
    laboratory = f"/batches/{batch.pk}/laboratory/"
    for title in outstanding_results(actor, batch):
        yield Block("result", _("Result outstanding: %s.") % title, CDMO, url=laboratory)
    for coa in open_coas(actor, batch.pk):
        words = _("Certificate %(number)s: %(state)s.") % {
            "number": coa.number,
            "state": coa.get_state_display(),
        }
        yield Block("coa", words, CDMO, url=laboratory)
    yield from annex16(batch, deviations)
    yield from _review(actor, batch)


def _review(actor: Actor, batch: Batch) -> Iterator[Block]:
    """Find what of the record is not reviewed, and which questions wait."""
    review, url = review_of(actor, batch), f"/batches/{batch.pk}/review/"
    for side, kind in ((CDMO, "review_cdmo"), (SPONSOR, "review_sponsor")):
        if left := left_to_review(review, side):
            words = _("Not reviewed by the %(side)s: %(sections)s.") % {
                "side": SeatSide(side).label,
                "sections": ", ".join(each.title for each in left),
            }
            yield Block(kind, words, side, url=url)
    for note in review.open_questions:
        is_asked = note.state == "asked"
        side = {CDMO: SPONSOR, SPONSOR: CDMO}[note.side] if is_asked else note.side
        words = (
            _("A question of the review waits for its answer.")
            if is_asked
            else _("A question is not settled.")
        )
        yield Block("question", words, side, url=url)


def _holds(actor: Actor, batch: Batch) -> Iterator[Block]:
    rows = BatchHold.objects.visible_to(actor).filter(batch=batch, state=StandState.STANDING)
    for each in rows.filter(kind=HoldKind.STATUS).order_by("placed_at", "id"):
        if each.cause_id is None:
            yield Block("hold", f"{hold_words(each).capitalize()}: {each.reason}", CDMO)
            continue
        if not each.clause:
            words = _("%s: the identity of the lot does not agree.") % each.cause_number
            yield Block("identity", words, CDMO, url=f"/batches/{batch.pk}/custody/")
            continue
        words = _("%s is open: its impact conclusion is not approved.") % each.cause_number
        yield Block("clause", words, CDMO, each.clause, each.terms, url=f"/deviations/{each.cause_id}/")


def annex16(batch: Batch, deviations: Sequence[BatchDeviation]) -> Iterator[Block]:
    """Find what was known before manufacture began: that is no unexpected deviation (Annex 16, 3.1)."""
    for each in deviations:
        if _was_known(batch.started_at, each):
            words = _("%s was discovered before manufacture began: it is not unexpected.") % each.number
            yield Block("annex16", words, CDMO, clause="Annex 16, 3.1", url=each.url)


def _was_known(started_at: datetime | None, deviation: BatchDeviation) -> bool:
    found = deviation.detected_at
    return started_at is not None and found is not None and found < started_at


def recurring(deviations: Sequence[BatchDeviation]) -> list[BatchDeviation]:
    """Return the deviations that are like an earlier one: a qualified person answers for them in words."""
    return [each for each in deviations if each.recurs_as]
