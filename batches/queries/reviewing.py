"""The review of a batch record: its exceptions, its sections, who looked at what, what was asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _

from batches.executed.order import latest_of, leaves_of, next_of
from batches.models import (
    Batch,
    BatchHold,
    ExceptionLook,
    LotUse,
    PhaseRun,
    ProcedureStep,
    ReviewNote,
    SampleResult,
    SectionReview,
    StepEntry,
    StepExecution,
)
from batches.queries.around_findings import around_findings
from batches.queries.excursions import list_excursions, up_to_date
from batches.queries.holds import hold_words
from batches.reviewing.exceptions import (
    EVENTS,
    MATERIALS,
    RESULTS,
    Finding,
    Reviewed,
    Section,
    Word,
    reviewed,
    unseen,
)
from batches.reviewing.states import ExceptionKind
from batches.saying import bound_words, crossing, extreme_words
from batches.slots import deviations_of
from batches.states import (
    DataKind,
    EntryState,
    ExcursionState,
    ExecutionState,
    Level,
    LimitKind,
    ResultFlag,
    ResultState,
    StandState,
)
from portal.actor import Actor
from portal.states import Audience

GRAVE: Final = frozenset({LimitKind.PAR, LimitKind.ACTION, LimitKind.SPEC})


@dataclass(frozen=True, slots=True)
class Review:
    """The review of one batch as one reader may see it; `looks` is of the reader's own side alone."""

    batch: Batch
    sections: Sequence[Reviewed]
    findings: Sequence[Finding]
    looks: Mapping[str, ExceptionLook]
    notes: Sequence[ReviewNote]
    is_enforced: bool

    @property
    def unseen(self) -> list[Finding]:
        """Return what nobody of the own side looked at as it stands."""
        return unseen(self.findings, {key: each.mark for key, each in self.looks.items()})

    @property
    def open_questions(self) -> list[ReviewNote]:
        """Return the questions that are not settled."""
        return [each for each in self.notes if each.kind == "question" and each.state != "settled"]


def review_of(actor: Actor, batch: Batch) -> Review:
    """Return the review of a batch: exceptions by time, sections in the order of the record."""
    steps = list(
        ProcedureStep.objects.visible_to(actor)
        .filter(recipe_version_id=batch.recipe_version_id)
        .order_by("ordinal", "id")
    )
    sections = sections_of(steps)
    findings = sorted(_findings(actor, batch, _places(steps, sections)), key=lambda each: (each.at, each.key))
    return Review(
        batch=batch,
        sections=reviewed(sections, findings, newest_words(actor, batch)),
        findings=findings,
        looks=own_looks(actor, batch),
        notes=list(ReviewNote.objects.visible_to(actor).filter(batch=batch).order_by("said_at", "id")),
        is_enforced=is_enforced(actor, batch),
    )


def sections_of(steps: Sequence[ProcedureStep]) -> list[Section]:
    """Return the sections of a record: unit procedures, or phases where there are none; then the rest."""
    parts = [each for each in steps if each.level == Level.UNIT_PROCEDURE]
    parts = parts or [each for each in steps if each.level == Level.PHASE]
    return [
        *(Section(each.code, each.title) for each in parts),
        Section(MATERIALS, _("Materials")),
        Section(RESULTS, _("Results")),
        Section(EVENTS, _("Deviations, holds and surroundings")),
    ]


def _places(steps: Sequence[ProcedureStep], sections: Sequence[Section]) -> dict[UUID, str]:
    """Return the section of each step: its own, or that of what stands above it."""
    by_id = {each.pk: each for each in steps}
    codes = {each.code for each in sections}
    found: dict[UUID, str] = {}
    for each in steps:
        node: ProcedureStep | None = each
        while node is not None and node.code not in codes:
            node = by_id.get(node.parent_id) if node.parent_id is not None else None
        found[each.pk] = node.code if node is not None else EVENTS
    return found


def newest_words(actor: Actor, batch: Batch) -> dict[str, dict[str, Word]]:
    """Return what each side said last of each section."""
    rows = SectionReview.objects.visible_to(actor).filter(batch=batch).order_by("reviewed_at", "id")
    found: dict[str, dict[str, Word]] = {}
    for each in rows:
        word = Word(each.side, each.mode, each.mark, each.code, each.reviewed_at)
        found.setdefault(each.section, {})[str(each.side)] = word
    return found


def own_looks(actor: Actor, batch: Batch) -> dict[str, ExceptionLook]:
    """Return the last look of the reader's own side at each exception."""
    rows = ExceptionLook.objects.visible_to(actor).filter(batch=batch).order_by("looked_at", "id")
    return {each.key: each for each in rows}


def _findings(actor: Actor, batch: Batch, places: Mapping[UUID, str]) -> Iterator[Finding]:
    yield from _excursions(actor, batch, places)
    yield from _events(actor, batch)
    yield from around_findings(actor, batch)
    yield from _materials(actor, batch)
    yield from _steps(actor, batch, places)
    yield from _entries(actor, batch, places)
    yield from _results(actor, batch)


def _steps(actor: Actor, batch: Batch, places: Mapping[UUID, str]) -> Iterator[Finding]:
    """Find steps that were left out, given up, repeated, entered late, or not checked by a second person."""
    rows = StepExecution.objects.visible_to(actor).filter(batch=batch).select_related("step")
    for each in rows.order_by("started_at", "id"):
        said = {
            ExecutionState.SKIPPED: _("left out"),
            ExecutionState.ABORTED: _("given up"),
        }.get(ExecutionState(each.state), _("attempt %s") % each.attempt if each.attempt > 1 else "")
        unchecked = each.state == ExecutionState.PERFORMED and each.step.needs_second_check
        late = _("entered late") if each.is_late else ""
        words = [str(word) for word in (said, late, _("no second check") if unchecked else "") if word]
        if words:
            yield Finding(
                key=f"step:{each.pk}",
                kind=ExceptionKind.CHECK if unchecked and len(words) == 1 else ExceptionKind.STEP,
                section=places.get(each.step_id, EVENTS),
                at=each.started_at,
                words=f"{each.title}: {', '.join(words)}",
                context=" ".join(str(text) for text in (each.reason, each.late_reason) if text),
                url=f"/batches/{batch.pk}/record/",
                mark=str(each.version),
                private=_private(each.audience),
            )


def _entries(actor: Actor, batch: Batch, places: Mapping[UUID, str]) -> Iterator[Finding]:
    """Find entries that were corrected, made late, or lie outside a limit (Annex 11 8.2)."""
    # Of thousands of entries the few that say something: the rest is not read.
    telling = Q(replaces__isnull=False) | Q(is_late=True) | ~Q(outside="")
    rows = StepEntry.objects.visible_to(actor).filter(telling, batch=batch, state=EntryState.STANDING)
    rows = rows.select_related("execution")
    for each in rows.order_by("at", "id"):
        said = [
            _("corrected") if each.replaces_id is not None else "",
            _("entered late") if each.is_late else "",
            _("outside %s") % each.get_outside_display() if each.outside else "",
        ]
        words = [str(word) for word in said if word]
        if words:
            step_id = each.execution.step_id if each.execution is not None else None
            value = f"{each.value.normalize():f} {each.unit}".strip() if each.value is not None else each.text
            yield Finding(
                key=f"entry:{each.pk}",
                kind=ExceptionKind.ENTRY,
                section=places.get(step_id, EVENTS) if step_id is not None else EVENTS,
                at=each.at,
                words=f"{each.title}: {', '.join(words)}",
                context=" ".join(str(text) for text in (value, each.reason, each.late_reason) if text),
                url=f"/batches/{batch.pk}/record/",
                tone="warn" if each.outside else "",
                mark=str(each.version),
                private=_private(each.audience),
            )


def _results(actor: Actor, batch: Batch) -> Iterator[Finding]:
    """Find results out of specification or trend, and those that were declared invalid."""
    rows = SampleResult.objects.visible_to(actor).filter(batch=batch).select_related("parameter")
    for each in rows.order_by("sampled_at", "id"):
        is_invalid = each.state == ResultState.INVALIDATED
        if not each.flag and not is_invalid and not each.is_late:
            continue
        late = _("late") if each.is_late else ""
        said = [
            _("declared invalid") if is_invalid else "",
            each.get_flag_display() if each.flag else "",
            late,
        ]
        yield Finding(
            key=f"result:{each.pk}",
            kind=ExceptionKind.RESULT,
            section=RESULTS,
            at=each.sampled_at,
            words=f"{each.title}: {', '.join(str(word) for word in said if word)}",
            context=f"{each.qualifier}{each.value.normalize():f} {each.unit} {each.invalid_reason}".strip(),
            tone="warn" if each.flag == ResultFlag.OOS else "",
            mark=str(each.version),
            private=_private(each.audience),
        )


def is_enforced(actor: Actor, batch: Batch) -> bool:
    """Say whether the record was executed step by step under enforcement, to its last step."""
    steps = ProcedureStep.objects.visible_to(actor).filter(recipe_version_id=batch.recipe_version_id)
    executed = StepExecution.objects.visible_to(actor).filter(batch=batch)
    done = latest_of(executed.select_related("step"))
    return bool(done) and next_of(leaves_of(steps), done) is None


def _excursions(actor: Actor, batch: Batch, places: Mapping[UUID, str]) -> Iterator[Finding]:
    rows = list_excursions(actor, batch_id=batch.pk).exclude(state=ExcursionState.WITHDRAWN)
    runs = list(PhaseRun.objects.visible_to(actor).filter(batch=batch).order_by("started_at"))
    for each in up_to_date(list(rows.order_by("started_at", "id"))):
        is_result = each.parameter.data_kind == DataKind.LAB
        run = next((run for run in reversed(runs) if run.started_at <= each.started_at), None)
        section = RESULTS if is_result else places.get(run.phase_id, EVENTS) if run is not None else EVENTS
        yield Finding(
            key=f"excursion:{each.pk}",
            kind=ExceptionKind.RESULT if is_result else ExceptionKind.EXCURSION,
            section=section,
            at=each.started_at,
            words=crossing(each),
            context=_("Extreme %(extreme)s, limit %(limit)s, %(state)s.")
            % {
                "extreme": extreme_words(each),
                "limit": bound_words(each),
                "state": each.get_state_display(),
            },
            url=f"/excursions/{each.pk}/",
            tone="warn" if each.limit_kind in GRAVE else "watch",
            mark=f"{each.state}",
            private=_private(each.audience),
        )


def _events(actor: Actor, batch: Batch) -> Iterator[Finding]:
    for each in deviations_of(actor, batch.pk):
        yield Finding(
            key=f"deviation:{each.id}",
            kind=ExceptionKind.DEVIATION,
            section=EVENTS,
            at=each.occurred_at,
            words=f"{each.number}: {each.title}",
            context=each.state,
            url=each.url,
            tone=each.classification or "",
            mark=f"{each.is_open} {each.classification}",
            private=_private(each.audience),
        )
    holds = BatchHold.objects.visible_to(actor).filter(batch=batch)
    for hold in holds.order_by("placed_at", "id"):
        yield Finding(
            key=f"hold:{hold.pk}",
            kind=ExceptionKind.HOLD,
            section=EVENTS,
            at=hold.placed_at,
            words=hold_words(hold).capitalize(),
            context=_("Because of %s.") % hold.cause_number if hold.cause_number else str(hold.reason),
            url=f"/batches/{batch.pk}/#batch-holds",
            tone="hold" if hold.state == StandState.STANDING else "",
            mark=str(hold.state),
            private=_private(hold.audience),
        )


def _materials(actor: Actor, batch: Batch) -> Iterator[Finding]:
    uses = LotUse.objects.visible_to(actor).filter(batch=batch).select_related("lot")
    for use in uses.order_by("used_at", "id"):
        if use.withdrawn_at is None and not use.under_quarantine:
            continue
        words = _("%s: the use was taken back") if use.withdrawn_at else _("%s was used under quarantine")
        yield Finding(
            key=f"use:{use.pk}",
            kind=ExceptionKind.MATERIAL,
            section=MATERIALS,
            at=use.withdrawn_at or use.used_at,
            words=words % use.lot.number,
            context=use.code,
            url=f"/lots/{use.lot_id}/",
            mark="withdrawn" if use.withdrawn_at else "used",
            private=_private(use.audience),
        )


def _private(audience: str) -> str:
    return "" if audience == Audience.SHARED else str(Audience(audience).label)


def left_to_review(review: Review, side: str) -> list[Section]:
    """Return the sections that a side has still to review as they stand."""
    return [each.section for each in review.sections if side not in each.words or side in each.changed_for]


def asked_at(notes: Sequence[ReviewNote]) -> datetime | None:
    """Return when the oldest question was asked that waits for an answer."""
    return min((each.said_at for each in notes if each.state == "asked"), default=None)
