"""What is new in each running batch since a person last looked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from portal.action import instant
from portal.actor import Actor
from portal.looks import LastLook, last_look
from portal.queries.alerts import list_alerts
from portal.slots import News, RunningBatch, batch_of, news, running

LINES_A_BATCH: Final = 3
ALERTS_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class BatchNews:
    """What came about in a batch: counts by kind, the newest lines, how many more there are."""

    batch: RunningBatch
    counts: Mapping[str, int]
    lines: tuple[News, ...]
    more: int


@dataclass(frozen=True, slots=True)
class SinceLastLook:
    """Batches with news, the newest first; those without any, by number; since when."""

    look: LastLook
    told: tuple[BatchNews, ...]
    quiet: tuple[RunningBatch, ...]


def since_last_look(actor: Actor) -> SinceLastLook:
    """Return what is new per running batch; a fixed number of queries for any number of batches."""
    batches = {each.id: each for found in running(actor) for each in found}
    look = last_look(actor, batches.keys(), instant())
    found = [each for provided in news(actor, look.batches) for each in provided] if batches else []
    found += alert_news(actor, look.batches, {each.subject_id for each in found}) if batches else []
    by_batch: dict[UUID, list[News]] = {}
    # Of the same instant the providers' order stands: the gravest first.
    for each in sorted(found, key=lambda each: each.at, reverse=True):
        by_batch.setdefault(each.batch_id, []).append(each)
    told = tuple(_told(batches[batch_id], lines) for batch_id, lines in by_batch.items())
    quiet = tuple(each for each in batches.values() if each.id not in by_batch)
    return SinceLastLook(look, told, quiet)


def _told(batch: RunningBatch, lines: list[News]) -> BatchNews:
    # An alert about a line that stands there anyway is counted, not said twice.
    shown = [each for each in lines if each.words]
    counts = Counter(each.kind for each in lines)
    return BatchNews(batch, counts, tuple(shown[:LINES_A_BATCH]), max(len(shown) - LINES_A_BATCH, 0))


def alert_news(actor: Actor, since: Mapping[UUID, datetime], told: set[UUID]) -> list[News]:
    """Return the alerts that asked the reader's side; of a record in `told` without words."""
    rows = list_alerts(actor, side="mine").filter(raised_at__gt=min(since.values()))
    alerts = list(rows.order_by("-raised_at", "pk")[:ALERTS_MOST])
    subjects = {each.subject_id for each in alerts}
    places = {key: place for known in batch_of(actor, since.keys(), subjects) for key, place in known.items()}
    return [
        News(
            batch_id=places[each.subject_id],
            subject_id=each.pk,
            kind="alert",
            words="" if each.subject_id in told else each.title,
            url=f"/alerts/{each.pk}/",
            at=each.raised_at,
            classification=each.classification or "",
        )
        for each in alerts
        if each.subject_id in places and each.raised_at > since[places[each.subject_id]]
    ]
