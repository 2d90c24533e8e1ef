"""The watch of story A: learned from the year's good batches, signed by both sides, heard at night."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from batches.actions.watches import ask_watch_model
from batches.models import Batch, WatchModel
from batches.watched.signing import WATCH_MODEL
from batches.watched.states import WatchState
from batches.watched.working import judge_batch, learn_model
from config.demo.companies import AV101
from config.demo.crew import Crew
from config.demo.lots import FINISHED, FROZEN_LOT
from config.demo.recipes import DRUG_SUBSTANCE
from config.demo.signing import sign_as
from deviations.actions.signals import answer_signal
from deviations.models import EarlySignal
from deviations.states import SignalState
from portal.action import reading
from portal.states import Meaning

AUTHOR, APPROVER, ANSWERER = "cdmo_qa", "sponsor_qa", "cdmo_shift_lead"
# The valve is what swings when it no longer follows.
SWINGS: Final = ("VALVE",)
ANSWER: Final = "Seen, automation on call at 06:00."


def is_watched(crew: Crew) -> bool:
    """Say whether the watch is in force and what it heard is answered."""
    actor = crew[ANSWERER]
    with reading(actor):
        models = WatchModel.objects.visible_to(actor).filter(recipe_number=DRUG_SUBSTANCE.number)
        told = EarlySignal.objects.visible_to(actor).filter(batch__number=FROZEN_LOT.number)
        return (
            models.filter(state=WatchState.IN_FORCE).exists()
            and told.filter(state=SignalState.ANSWERED).exists()
        )


def watch(crew: Crew, batches: Mapping[str, Batch]) -> None:
    """Learn the watch, sign it, let it judge the running batch, and answer; a load cut short goes on."""
    model = _find(crew) or _ask(crew, batches)
    if model.state == WatchState.ASKED:
        model = learn_model(model.space_id, model.pk)
    if model.state == WatchState.DRAFTED:
        sign_as(crew[AUTHOR], AUTHOR, WATCH_MODEL, model.pk, Meaning.AUTHORED)
        model = _fresh(crew, model.pk)
    if model.state == WatchState.PROPOSED:
        sign_as(crew[APPROVER], APPROVER, WATCH_MODEL, model.pk, Meaning.APPROVED)
    batch = batches[FROZEN_LOT.number]
    # The worker may have been quicker; then nothing is left to tell.
    judge_batch(batch.space_id, batch.pk)
    _answer(crew, batch)


def _ask(crew: Crew, batches: Mapping[str, Batch]) -> WatchModel:
    good = [
        batches[lot.number].pk for lot in FINISHED if lot.recipe is DRUG_SUBSTANCE and not lot.discontinued
    ]
    return ask_watch_model(
        crew[AUTHOR], AV101.id, recipe_number=DRUG_SUBSTANCE.number, batches=good, swings=SWINGS
    )


def _find(crew: Crew) -> WatchModel | None:
    actor = crew[AUTHOR]
    with reading(actor):
        rows = WatchModel.objects.visible_to(actor).filter(recipe_number=DRUG_SUBSTANCE.number)
        return rows.order_by("-revision").first()


def _fresh(crew: Crew, model_id: UUID) -> WatchModel:
    actor = crew[AUTHOR]
    with reading(actor):
        return WatchModel.objects.visible_to(actor).get(pk=model_id)


def _answer(crew: Crew, batch: Batch) -> None:
    """Let the shift lead answer what the watch told first, as on the night of the story."""
    lead = crew[ANSWERER]
    with reading(lead):
        rows = EarlySignal.objects.visible_to(lead).filter(batch=batch, state=SignalState.OPEN)
        first = rows.order_by("noticed_at", "number").first()
    if first is not None:
        answer_signal(lead, first.pk, answer=ANSWER, version=first.version)
