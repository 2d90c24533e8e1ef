"""What stands around a deviation, gathered from sealed entries: what a copy's chains tell, nothing beside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from batches.models import Batch, Excursion, Lot, LotUse, StepExecution
from batches.printing.executed import Executed
from batches.queries import BatchDetail, batch_then
from batches.queries.window import Curve, curves_within
from batches.states import ExcursionState
from deviations.models import Deviation
from deviations.queries.similar import Similar, similar_then
from portal.actor import Actor
from portal.errors import NotFound
from portal.models import Alert, DecisionMessage, DecisionRequest, Receipt
from portal.past import Past, join
from portal.states import Audience, DecisionState

BEFORE, AFTER = timedelta(hours=4), timedelta(hours=3)
WINDOW_MOST: Final = timedelta(days=3)
POINTS: Final = 5000
# Who else stood on the same equipment, this long before and after.
NEIGHBOURS: Final = timedelta(days=30)
SIMILAR_MOST: Final = 10
LOTS_MOST: Final = 500


@dataclass(frozen=True, slots=True)
class Alarm:
    """A judged signal that asked for receipt, with who was told."""

    alert: Alert
    receipts: Sequence[Receipt]


@dataclass(frozen=True, slots=True)
class Thread:
    """A decision request about the deviation with what was said to it."""

    request: DecisionRequest
    messages: Sequence[DecisionMessage]


class Evidence:
    """What stands around a deviation in a window of time, as of an instant and by some chains.

    Without a batch, or where the batch was not there for these chains, there is none of what belongs to it.
    """

    def __init__(
        self, actor: Actor, deviation: Deviation, at: datetime, chains: Collection[str] | None
    ) -> None:
        self.actor, self.deviation, self.at, self.chains = actor, deviation, at, chains
        self.past = Past(actor, deviation.space_id, at, chains)
        self.batch = self._batch()
        self.since, self.until = self._window()
        self.curves = self._curves()
        self.excursions = [
            each
            for each in (self.batch.excursions if self.batch else ())
            if each.state != ExcursionState.WITHDRAWN and self._touches(each.started_at, each.ended_at)
        ]
        self.alarms = self._alarms()
        self.executed = self._executed()
        self.lots, self.makers = self._genealogy()
        self.neighbours = self._neighbours()
        self.threads = self._threads()
        self.similar: Sequence[Similar] = similar_then(self.past, deviation, most=SIMILAR_MOST)

    @property
    def people(self) -> dict[str, set[str]]:
        """Return who acted in the window, by code: what they did."""
        found: dict[str, set[str]] = defaultdict(set)
        executed = self.executed
        for step in executed.attempts if executed else ():
            found[step.started_code].add("started")
            found[step.performed_code].add("performed")
            found[step.verified_code].add("verified")
        for entry in executed.entries if executed else ():
            found[entry.code].add("entered")
            found[entry.verified_code].add("verified")
        for alarm in self.alarms:
            for receipt in alarm.receipts:
                if receipt.acknowledged_at is not None:
                    found[receipt.code].add("acknowledged")
        found[self.deviation.reporter_code].add("reported")
        found.pop("", None)
        return dict(sorted(found.items()))

    @property
    def row_ids(self) -> set[UUID]:
        """Return the rows whose entries go into the pack beside those of the deviation."""
        rows: Iterable[Any] = (
            *self.excursions,
            *(each.alert for each in self.alarms),
            *(receipt for each in self.alarms for receipt in each.receipts),
            *self.lots,
            *(each.request for each in self.threads),
            *(message for each in self.threads for message in each.messages),
        )
        return {each.pk for each in rows} | (self.executed.row_ids if self.executed else set())

    def _batch(self) -> BatchDetail | None:
        if self.deviation.batch_id is None:
            return None
        try:
            return batch_then(self.actor, self.deviation.batch_id, self.at, chains=self.chains)
        except NotFound:
            return None

    def _window(self) -> tuple[datetime, datetime]:
        deviation, ends = self.deviation, [self.deviation.occurred_at, self.deviation.detected_at]
        opened: Excursion | None = deviation.excursion
        if opened is not None:
            ends.append(opened.ended_at or opened.last_outside_at)
        since = deviation.occurred_at - BEFORE
        until = max(since, min(max(ends) + AFTER, since + WINDOW_MOST, self.at))
        return since, until

    def _touches(self, began: datetime, ended: datetime | None) -> bool:
        return began < self.until and (ended is None or ended >= self.since)

    def _curves(self) -> list[Curve]:
        if self.batch is None or self.since >= self.until:
            return []
        found = curves_within(self.batch, self.since, self.until, audiences=self.past.chains, points=POINTS)
        opened = self.deviation.excursion
        first = opened.parameter_id if opened is not None else None
        return sorted(found, key=lambda each: each.parameter.pk != first)

    def _alarms(self) -> list[Alarm]:
        about = [self.deviation.pk, *(each.pk for each in self.excursions)]
        alerts = self.past.related(Alert, subject_id__in=about)
        receipts = defaultdict(list)
        for each in self.past.related(Receipt, alert_id__in=[alert.pk for alert in alerts]):
            receipts[each.alert_id].append(each)
        return [
            Alarm(each, sorted(receipts[each.pk], key=lambda one: (one.told_at, one.pk)))
            for each in sorted(alerts, key=lambda one: (one.raised_at, one.pk))
        ]

    def _executed(self) -> Executed | None:
        """Return the steps and entries of the window, results of samples since it began, all materials."""
        if self.batch is None:
            return None
        found = Executed(self.past, self.batch.batch)
        found.attempts = [each for each in found.attempts if self._touches(each.started_at, each.ended_at)]
        found.entries = [each for each in found.entries if self.since <= each.at < self.until]
        found.results = [each for each in found.results if each.sampled_at >= self.since]
        return found

    def _genealogy(self) -> tuple[list[Lot], dict[UUID, str]]:
        """Return the lots that lead to the batch, and the numbers of the batches that made some of them."""
        found: dict[UUID, Lot] = {}
        made: set[UUID] = set()
        uses = [each for each in (self.executed.uses if self.executed else ()) if each.withdrawn_at is None]
        # Level by level, as of then and by the copy's chains alone: a walk over the present rows would cross
        # what one side keeps for itself.
        while fresh := {each.lot_id for each in uses} - found.keys():
            level = self.past.rows(Lot, fresh)
            if not level or len(found) > LOTS_MOST:
                break
            found |= {each.pk: each for each in level}
            makers = [
                each.produced_by_id
                for each in level
                if each.produced_by_id is not None and each.produced_by_id not in made
            ]
            made.update(makers)
            used = self.past.related(LotUse, batch__in=makers)
            uses = [each for each in used if each.withdrawn_at is None]
        lots = sorted(found.values(), key=lambda each: (each.number, each.pk))
        return lots, {each.pk: each.number for each in self.past.rows(Batch, made)}

    def _neighbours(self) -> list[tuple[str, StepExecution]]:
        """Return what other batches of the program did on the window's equipment, by equipment and time."""
        own = {each for step in (self.executed.attempts if self.executed else ()) for each in step.equipment}
        own_batch = self.deviation.batch_id
        if not own or own_batch is None:
            return []
        on_it = Q()
        for each in own:
            on_it |= Q(equipment__contains=[each])
        rows = StepExecution.objects.visible_to(self.actor).filter(
            on_it,
            space_id=self.deviation.space_id,
            started_at__gte=self.since - NEIGHBOURS,
            started_at__lt=self.until + NEIGHBOURS,
        )
        other = rows.exclude(batch_id=own_batch).values_list("pk", flat=True)
        found = self.past.rows(StepExecution, list(other))
        batches = {each.pk: each for each in self.past.rows(Batch, {each.batch_id for each in found})}
        for each in found:
            join(each, batch=batches.get(each.batch_id))
        lines = [(name, each) for each in found for name in each.equipment if name in own and each.batch]
        return sorted(lines, key=lambda line: (line[0], line[1].started_at, line[1].pk))

    def _threads(self) -> list[Thread]:
        asked = [
            each
            for each in self.past.related(DecisionRequest, subject_id=self.deviation.pk)
            if each.state != DecisionState.DRAFTED and each.audience == Audience.SHARED
        ]
        said = defaultdict(list)
        for each in self.past.related(DecisionMessage, request_id__in=[one.pk for one in asked]):
            said[each.request_id].append(each)
        return [
            Thread(each, sorted(said[each.pk], key=lambda one: (one.said_at, one.pk)))
            for each in sorted(asked, key=lambda one: (one.number, one.pk))
        ]
