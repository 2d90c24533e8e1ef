"""What deviations have in common: ageing, Pareto, trend and a heat map, counted in the database.

A fixed number of queries over a window of months; each answers at most as many rows as a picture has marks.
Only what the reader may see is counted, so that two sides rightly read different numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import TruncMonth

from deviations.models import Deviation, Judgement
from deviations.states import OPEN_STATES, JudgementKind
from portal.action import instant
from portal.actor import Actor

MONTHS: Final = 12
BARS_MAX: Final = 10
ROWS_MAX: Final = 12
# An age band ends before so many days; the last one is open.
BANDS: Final = (8, 15, 31, 61)
UNCLASSED: Final = "none"
CLASSES: Final = ("critical", "major", "minor", UNCLASSED)
BY: Final[Mapping[str, str]] = {"asset": "asset", "step": "phase__title", "equipment": "batch__equipment"}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a Pareto: how many, and which share it makes with those before it."""

    name: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the trend: how many deviations were found (date of discovery), by class."""

    begins: datetime
    counts: Mapping[str, int]

    @property
    def total(self) -> int:
        """Return how many there were."""
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True)
class Heat:
    """How many deviations each place had in each month; the places with most first."""

    months: Sequence[datetime]
    rows: Sequence[tuple[str, Sequence[int]]]

    @property
    def most(self) -> int:
        """Return the largest count."""
        return max((each for _name, counts in self.rows for each in counts), default=0)


@dataclass(frozen=True, slots=True)
class Analysis:
    """The pictures of a window: `ages` counts open ones by band, `total` all of the window."""

    since: datetime
    total: int
    ages: Sequence[tuple[str, int]]
    pareto: Sequence[Bar]
    others: int
    trend: Sequence[Month]
    heat: Heat


def analyse(
    actor: Actor, *, program_id: UUID | None = None, by: str = "step", months: int = MONTHS
) -> Analysis:
    """Return the pictures of the last months as far as the actor may see; seven queries.

    `by` is what the Pareto and the heat map group: `asset`, `step` or `equipment`.
    """
    since = month_before(instant(), months - 1)
    rows = Deviation.objects.visible_to(actor)
    if program_id is not None:
        rows = rows.filter(space_id=program_id)
    # What was found since was recorded since: the index of the list narrows it.
    window = rows.filter(recorded_at__gte=since, detected_at__gte=since)
    named = window.exclude(**{BY[by]: ""}).exclude(**{f"{BY[by]}__isnull": True})
    counted = list(
        named.values_list(BY[by]).annotate(n=Count("pk")).order_by("-n", BY[by])[: max(BARS_MAX, ROWS_MAX)]
    )
    total = window.count()
    return Analysis(
        since=since,
        total=total,
        ages=_ages(rows),
        pareto=_pareto(counted[:BARS_MAX], total),
        others=total - sum(n for _name, n in counted[:BARS_MAX]),
        trend=_trend(actor, window, since, months, program_id),
        heat=_heat(named, [name for name, _n in counted[:ROWS_MAX]], since, months, BY[by]),
    )


def month_before(at: datetime, back: int) -> datetime:
    """Return when the month began that lies so many months before that of an instant, in UTC."""
    number = at.year * 12 + at.month - 1 - back
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC)


def _months(since: datetime, count: int) -> list[datetime]:
    return [month_before(since, -each) for each in range(count)]


def _ages(rows: QuerySet[Deviation]) -> list[tuple[str, int]]:
    now = instant()
    bands = Case(
        *(When(aware_at__gt=now - timedelta(days=days), then=Value(n)) for n, days in enumerate(BANDS)),
        default=Value(len(BANDS)),
        output_field=IntegerField(),
    )
    still = rows.filter(state__in=OPEN_STATES).annotate(band=bands)
    found = dict(still.values_list("band").annotate(n=Count("pk")).order_by())
    starts = (0, *BANDS)
    names = [f"{start}-{end - 1} d" for start, end in zip(starts, BANDS, strict=False)]
    return [(name, found.get(n, 0)) for n, name in enumerate([*names, f"{BANDS[-1]} d +"])]


def _pareto(counted: Sequence[tuple[str, int]], total: int) -> list[Bar]:
    found, so_far = [], 0
    for name, n in counted:
        so_far += n
        found.append(Bar(name, n, so_far / total if total else 0))
    return found


def _trend(
    actor: Actor, window: QuerySet[Deviation], since: datetime, months: int, program_id: UUID | None
) -> list[Month]:
    month = TruncMonth("detected_at", tzinfo=UTC)
    totals = dict(window.annotate(m=month).values_list("m").annotate(n=Count("pk")).order_by())
    given = Judgement.objects.visible_to(actor).filter(
        kind=JudgementKind.PROVISIONAL,
        deviation__recorded_at__gte=since,
        deviation__detected_at__gte=since,
    )
    if program_id is not None:
        given = given.filter(space_id=program_id)
    later = Q(given_at__gt=OuterRef("given_at")) | Q(given_at=OuterRef("given_at"), pk__gt=OuterRef("pk"))
    newer = Judgement.objects.visible_to(actor).filter(
        later,
        kind=JudgementKind.PROVISIONAL,
        space_id=OuterRef("space_id"),
        deviation_id=OuterRef("deviation_id"),
    )
    of_month = TruncMonth("deviation__detected_at", tzinfo=UTC)
    classed: dict[datetime, dict[str, int]] = {}
    newest = given.filter(~Exists(newer)).annotate(m=of_month)
    for at, name, n in newest.values_list("m", "classification").annotate(n=Count("pk")).order_by():
        classed.setdefault(at, {})[name] = n
    found = []
    for begins in _months(since, months):
        counts = {name: classed.get(begins, {}).get(name, 0) for name in CLASSES}
        counts[UNCLASSED] = max(0, totals.get(begins, 0) - sum(counts.values()))
        found.append(Month(begins, counts))
    return found


def _heat(
    named: QuerySet[Deviation], names: Sequence[str], since: datetime, months: int, column: str
) -> Heat:
    month = TruncMonth("detected_at", tzinfo=UTC)
    rows = named.filter(**{f"{column}__in": names}).annotate(m=month, name=F(column))
    counts = {
        (name, at): n for name, at, n in rows.values_list("name", "m").annotate(n=Count("pk")).order_by()
    }
    shown = _months(since, months)
    return Heat(shown, [(name, [counts.get((name, at), 0) for at in shown]) for name in names])
