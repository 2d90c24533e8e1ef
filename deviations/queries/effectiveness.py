"""What an effectiveness check asks for, counted: batches that ended, and deviations or excursions like it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from batches.models import Batch, Excursion
from batches.states import BatchState, ExcursionState
from deviations.capa.states import EvidenceSource
from deviations.models import Capa, Deviation, EffectivenessCheck
from deviations.states import DeviationState
from portal.actor import Actor

NUMBERS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class Counted:
    """Batches completed in the window, how many there were of what is counted, and their numbers.

    `found` is None where nothing is counted and a person states it from evidence.
    """

    batches: int
    found: int | None
    numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Window:
    """Where and when is counted, and of rows with which audience."""

    space_id: UUID
    since: datetime
    until: datetime
    readers: Collection[str]


def count_for(
    actor: Actor, capa: Capa, check: EffectivenessCheck, *, until: datetime, readers: Collection[str]
) -> Counted:
    """Return what has come about since the window began, of rows whose audience is one of the readers'.

    Two queries. Titles are sealed while private, so words are looked for among those of the window.
    """
    since = check.starts_at
    if since is None:
        return Counted(0, None, ())
    window = Window(capa.space_id, since, until, readers)
    batches = Batch.objects.visible_to(actor).filter(
        space_id=window.space_id,
        audience__in=window.readers,
        state=BatchState.COMPLETE,
        ended_at__range=(window.since, window.until),
    )
    numbers = _numbers(actor, check, window)
    if numbers is None:
        return Counted(batches.count(), None, ())
    return Counted(batches.count(), len(numbers), tuple(numbers[:NUMBERS_MAX]))


def _numbers(actor: Actor, check: EffectivenessCheck, window: Window) -> list[str] | None:
    matching = str(check.matching)
    match check.source:
        case EvidenceSource.EXCURSIONS:
            rows = Excursion.objects.visible_to(actor).filter(
                space_id=window.space_id,
                audience__in=window.readers,
                parameter__code=matching,
                started_at__range=(window.since, window.until),
                merged_into=None,
            )
            found = rows.exclude(state=ExcursionState.WITHDRAWN).order_by("started_at", "pk")
            return [each.number or str(each.title) for each in found]
        case EvidenceSource.DEVIATIONS:
            words = matching.casefold()
            logged = Deviation.objects.visible_to(actor).filter(
                space_id=window.space_id,
                audience__in=window.readers,
                occurred_at__range=(window.since, window.until),
            )
            kept = logged.exclude(state=DeviationState.CANCELLED).order_by("occurred_at", "pk")
            return [each.number for each in kept if words in str(each.title).casefold()]
        case _:
            return None
