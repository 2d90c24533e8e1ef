"""What the worker does for watches: seconds of computing between a reading of the record and one action.

A run may end anywhere: what is due is found again, and an action that comes twice changes nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q

from batches.access import get_batch
from batches.actions.watches import Judged, keep_watch_model, keep_watch_news
from batches.models import Batch, Limit, WatchDocument, WatchModel, WatchNews
from batches.states import BatchState, LimitMeasure
from batches.watched import judging, learning, tables
from batches.watched.learning import TOO_LITTLE
from batches.watched.signing import get_watch_model
from batches.watched.states import WatchState
from batches.watching.model import Model, TooLittle
from portal.action import reading
from portal.actor import Actor, system_actor
from portal.states import Audience

# When no place is under way a batch is looked at again so long after its last reading.
USUALLY: Final = timedelta(minutes=10)
MODELS_KEPT: Final = 8
_models: dict[UUID, Model] = {}


def learn_model(space_id: UUID, model_id: UUID) -> WatchModel:
    """Learn a model that was asked for. Raises: NotFound."""
    actor = system_actor("sweep", space_id)
    with reading(actor):
        model = get_watch_model(actor, model_id)
        ids = [UUID(batch_id) for batch_id, _ in model.training]
        batches = [get_batch(actor, each) for each in ids]
        gathered = learning.gather(actor, batches, model.swings)
    try:
        learned = learning.learn([each.number for each in batches], *gathered)
    except TooLittle:
        return keep_watch_model(actor, model_id, learned=None, why=TOO_LITTLE)
    return keep_watch_model(actor, model_id, learned=learned)


def judge_batch(space_id: UUID, batch_id: UUID) -> list[WatchNews]:
    """Judge one batch by the model in force; return what is new. Raises: NotFound."""
    actor = system_actor("sweep", space_id)
    with reading(actor):
        batch = get_batch(actor, batch_id)
        row = model_in_force(actor, batch)
        if row is None:
            return []
        model = _read_model(actor, row)
        executed = tables.read_executed(actor, batch)
        table = tables.read_table(model.grid, executed, list(model.lines))
        limits = _limits(actor, batch)
    is_over = batch.state != BatchState.IN_PROCESS
    judged = Judged(
        model_id=row.pk,
        reached_at=tables.instant_of_s(executed.until_s),
        due_at=tables.due_at(model.grid, executed, usually=USUALLY),
        is_over=is_over,
        found=judging.findings(model, executed, table),
        forecasts=[] if is_over else judging.forecasts(model, executed, table, limits),
    )
    return keep_watch_news(actor, batch_id, judged=judged)


def model_in_force(actor: Actor, batch: Batch) -> WatchModel | None:
    """Return the model by which batches of this recipe are watched now."""
    rows = WatchModel.objects.visible_to(actor).filter(
        space_id=batch.space_id, recipe_number=batch.recipe_version.number, state=WatchState.IN_FORCE
    )
    return rows.first()


def _read_model(actor: Actor, row: WatchModel) -> Model:
    """Return what a model learned; kept in memory, as it never changes. Raises: ValueError when it did."""
    if row.pk not in _models:
        document = WatchDocument.objects.visible_to(actor).get(model=row)
        while len(_models) >= MODELS_KEPT:
            _models.pop(next(iter(_models)), None)
        _models[row.pk] = learning.read_document(document.body, row.digest)
    return _models[row.pk]


def _limits(actor: Actor, batch: Batch) -> list[tuple[str, str, float, bool]]:
    """Return the fixed ends of the present phase: parameter, kind, end, whether it is an upper one."""
    rows = (
        Limit.objects.visible_to(actor)
        .filter(
            parameter__recipe_version_id=batch.recipe_version_id,
            audience=Audience.SHARED,
            measure=LimitMeasure.VALUE,
        )
        .filter(Q(phase=None) | Q(phase_id=batch.phase_id))
    )
    found = []
    for each in rows.select_related("parameter").order_by("pk"):
        for end, upward in ((each.low, False), (each.high, True)):
            if end is not None:
                found.append((each.parameter.code, str(each.kind), float(end), upward))
    return found
