"""Whether data come: of each running batch the age of each parameter's newest datum, and what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from batches.models import Batch, FrameAnswer, Latest, Parameter
from batches.queries.batches import STALE_AFTER, list_batches
from batches.states import BatchState
from portal.action import instant
from portal.actor import Actor, Side
from portal.slots import Feed, FeedLine

MOST: Final = 50
ANSWERS_MOST: Final = 500
CODES_SHOWN: Final = 3


def list_feeds(actor: Actor) -> list[Feed]:
    """Return the feeds of the batches in process, in order of number, at most fifty; four queries.

    Rows refused are those of frames sent under a key in the last 96 hours, for the manufacturer alone.
    """
    running = list_batches(actor, state=BatchState.IN_PROCESS).order_by("number", "id")
    batches = list(running.select_related(None)[:MOST])
    ids = [each.pk for each in batches]
    newest = Latest.objects.visible_to(actor).filter(batch_id__in=ids)
    at = {
        (batch, parameter): at
        for batch, parameter, at in newest.values_list("batch_id", "parameter_id", "at")
    }
    measured = Parameter.objects.visible_to(actor).filter(
        recipe_version_id__in={each.recipe_version_id for each in batches}
    )
    parameters = list(measured.order_by("ordinal", "code"))
    refused = _refused(actor, ids)
    return [_feed(actor, each, parameters, at, refused) for each in batches]


def _feed(
    actor: Actor,
    batch: Batch,
    parameters: Sequence[Parameter],
    newest: Mapping[tuple[UUID, UUID], datetime],
    refused: Mapping[UUID, Counter[str]],
) -> Feed:
    sends = actor.side(batch.space_id) == Side.MANUFACTURER
    codes = refused.get(batch.pk, Counter())
    return Feed(
        number=batch.number,
        url=f"/batches/{batch.pk}/",
        program_id=batch.space_id,
        lines=tuple(
            _line(each, newest.get((batch.pk, each.pk)), batch.started_at)
            for each in parameters
            if each.recipe_version_id == batch.recipe_version_id
        ),
        refused=codes.total() if sends else None,
        refused_codes=tuple(code for code, _ in codes.most_common(CODES_SHOWN)),
    )


def _line(parameter: Parameter, at: datetime | None, started_at: datetime | None) -> FeedLine:
    stale_after_s, since = STALE_AFTER * parameter.expected_interval_s, at or started_at
    return FeedLine(
        code=parameter.code,
        title=parameter.title,
        at=at,
        interval_s=parameter.expected_interval_s,
        stale_after_s=stale_after_s,
        is_late=since is not None and (instant() - since).total_seconds() > stale_after_s,
    )


def _refused(actor: Actor, batch_ids: Sequence[UUID]) -> Mapping[UUID, Counter[str]]:
    """Return how often each code of refusal was told of late, by batch."""
    answers = FrameAnswer.objects.visible_to(actor).filter(batch_id__in=batch_ids).exclude(refused=[])
    found: dict[UUID, Counter[str]] = {}
    rows = answers.order_by("-received_at", "pk").values_list("batch_id", "refused")
    for batch_id, refused in rows[:ANSWERS_MOST]:
        found.setdefault(batch_id, Counter()).update(each["code"] for each in refused)
    return found
