"""What happened, what came in and what is ahead, a sheet for each batch that runs or ended meanwhile."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from portal.action import instant
from portal.actor import Actor
from portal.alerts import LADDER
from portal.looks import last_look
from portal.models import Alert, Clock, Record, Signature
from portal.queries.news import alert_news
from portal.shell import LINKS
from portal.slots import Coming, News, RunningBatch, batch_of, came_in, coming, ended, news, running
from portal.states import ClockState, Meaning

AHEAD: Final = timedelta(hours=24)
ROWS_MOST: Final = 500
LINES_MOST: Final = 60
HAPPENED: Final = frozenset({"milestone", "excursion", "deviation"})


@dataclass(frozen=True, slots=True)
class Sheet:
    """One batch: since when, what happened and what came in (newest first), what is ahead (soonest first)."""

    batch: RunningBatch
    since: datetime
    is_running: bool
    happened: tuple[News, ...]
    came_in: tuple[News, ...]
    more: int
    coming: tuple[Coming, ...]
    counts: Mapping[str, int]

    @property
    def is_quiet(self) -> bool:
        """Say whether nothing is new."""
        return not (self.happened or self.came_in)


@dataclass(frozen=True, slots=True)
class Sheets:
    """The sheets in order of number; `since` is where the span begins, unless a batch was looked at."""

    since: datetime
    now: datetime
    sheets: tuple[Sheet, ...]


def since_sheets(actor: Actor, since: datetime | None = None) -> Sheets:
    """Return the sheets since an instant, or since the reader last looked; a fixed number of queries.

    Of what the reader may see alone, each thing at the time from which this reader could know it.
    """
    now = instant()
    live = {each.id: each for found in running(actor) for each in found}
    look = last_look(actor, live.keys(), now)
    start = since or look.home
    over = {each.id: each for found in ended(actor, start) for each in found}
    batches = {**over, **live}
    spans = dict.fromkeys(batches, start) | (dict(look.batches) if since is None else {})
    lines = _lines(actor, spans) if batches else {}
    ahead = _ahead(actor, live.keys(), now + AHEAD) if live else {}
    ordered = sorted(batches.values(), key=lambda each: (each.number, str(each.id)))
    return Sheets(
        start,
        now,
        tuple(
            _sheet(
                each, spans[each.id], lines.get(each.id, []), ahead.get(each.id, []), is_live=each.id in live
            )
            for each in ordered
        ),
    )


def _sheet(
    batch: RunningBatch, since: datetime, lines: list[News], ahead: list[Coming], *, is_live: bool
) -> Sheet:
    happened = [each for each in lines if each.kind in HAPPENED]
    entered = [each for each in lines if each.kind not in HAPPENED]
    more = max(len(happened) - LINES_MOST, 0) + max(len(entered) - LINES_MOST, 0)
    return Sheet(
        batch,
        since,
        is_live,
        tuple(happened[:LINES_MOST]),
        tuple(entered[:LINES_MOST]),
        more,
        tuple(ahead),
        Counter(each.kind for each in lines),
    )


def _lines(actor: Actor, since: Mapping[UUID, datetime]) -> dict[UUID, list[News]]:
    found = [each for provided in news(actor, since) for each in provided]
    found += alert_news(actor, since, set())
    found += [each for provided in came_in(actor, since) for each in provided]
    by_batch: dict[UUID, list[News]] = {}
    for each in sorted(found, key=lambda each: each.at, reverse=True):
        by_batch.setdefault(each.batch_id, []).append(each)
    return by_batch


def _ahead(actor: Actor, batch_ids: Collection[UUID], until: datetime) -> dict[UUID, list[Coming]]:
    found = [each for provided in coming(actor, batch_ids, until) for each in provided]
    by_batch: dict[UUID, list[Coming]] = {}
    for each in sorted(found, key=lambda each: (each.at, each.kind, each.words)):
        by_batch.setdefault(each.batch_id, []).append(each)
    return by_batch


def _places(actor: Actor, batch_ids: Collection[UUID], subject_ids: Collection[UUID]) -> dict[UUID, UUID]:
    return {
        subject: batch
        for known in batch_of(actor, batch_ids, subject_ids)
        for subject, batch in known.items()
        if batch in batch_ids
    }


@came_in.register
def answers(actor: Actor, since: Mapping[UUID, datetime]) -> list[News]:
    """Return the receipts that either side gave for its alerts; one query and one an app."""
    rows = Alert.objects.visible_to(actor).filter(acknowledged_at__gt=min(since.values()))
    alerts = list(rows.order_by("-acknowledged_at", "pk")[:ROWS_MOST])
    places = _places(actor, since.keys(), {each.subject_id for each in alerts})
    return [
        News(
            batch_id=places[each.subject_id],
            subject_id=each.pk,
            kind="answer",
            words=each.title,
            url=LINKS["alert"].format(id=each.pk),
            at=each.acknowledged_at,
            classification=each.classification or "",
            detail=_("received by %s") % each.acknowledged_by,
        )
        for each in alerts
        if each.subject_id in places
        and each.acknowledged_at is not None
        and each.acknowledged_at > since[places[each.subject_id]]
    ]


@came_in.register
def signatures(actor: Actor, since: Mapping[UUID, datetime]) -> list[News]:
    """Return what was signed about the batches and their records; two queries and one an app."""
    rows = Signature.objects.visible_to(actor).filter(signed_at__gt=min(since.values()))
    signed = list(rows.order_by("-signed_at", "pk")[:ROWS_MOST])
    places = _places(actor, since.keys(), {each.subject_id for each in signed})
    records = Record.objects.visible_to(actor).in_bulk([each.subject_id for each in signed])
    found = []
    for each in signed:
        record = records.get(each.subject_id)
        if record is None or each.subject_id not in places or each.signed_at <= since[places[record.pk]]:
            continue
        found.append(
            News(
                batch_id=places[record.pk],
                subject_id=each.pk,
                kind="signature",
                words=f"{record.number} {Meaning(each.meaning).label}".strip(),
                url=LINKS[record.type].format(id=record.pk) if record.type in LINKS else "",
                at=each.signed_at,
                detail=_("by %s") % each.code,
            )
        )
    return found


@coming.register
def clocks(actor: Actor, batch_ids: Collection[UUID], until: datetime) -> list[Coming]:
    """Return the deadlines that run against the batches' records, overdue ones too.

    A ladder is no deadline: its alert stands among what came in.
    """
    rows = Clock.objects.visible_to(actor).filter(state=ClockState.RUNNING, due_at__lte=until)
    running_clocks = list(rows.exclude(kind=LADDER).order_by("due_at", "pk")[:ROWS_MOST])
    places = _places(actor, batch_ids, {each.subject_id for each in running_clocks})
    records = Record.objects.visible_to(actor).in_bulk(places.keys())
    return [
        Coming(
            batch_id=places[each.subject_id],
            kind="clock",
            words=f"{records[each.subject_id].number} {records[each.subject_id].title}".strip(),
            url=LINKS[records[each.subject_id].type].format(id=each.subject_id)
            if records[each.subject_id].type in LINKS
            else "",
            at=each.due_at,
            side=str(each.side),
            clause=each.clause,
        )
        for each in running_clocks
        if each.subject_id in places and each.subject_id in records
    ]
