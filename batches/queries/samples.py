"""Where samples are: by batch and across batches, with their results, what is late, what waits for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from batches.laboratory.states import UNDER_WAY
from batches.models import Parameter, Sample, SampleResult
from batches.states import ResultFlag, ResultState
from portal.actor import Actor


@dataclass(frozen=True, slots=True)
class Test:
    """One test of a sample: its name, and its valid result where the record has it."""

    code: str
    title: str
    result: SampleResult | None

    @property
    def is_flagged(self) -> bool:
        """Say whether its result is OOS or OOT."""
        return self.result is not None and self.result.flag != ResultFlag.NONE


@dataclass(frozen=True, slots=True)
class Tracked:
    """A sample with its tests and whether it is late."""

    sample: Sample
    tests: Sequence[Test]
    is_late: bool

    @property
    def done(self) -> int:
        """Return how many of its tests have a result."""
        return sum(each.result is not None for each in self.tests)


def list_samples(
    actor: Actor, *, batch_id: UUID | None = None, under_way: bool | None = None
) -> QuerySet[Sample]:
    """Return samples the actor may see, unordered, with their batches."""
    rows = Sample.objects.visible_to(actor).select_related("batch")
    if batch_id is not None:
        rows = rows.filter(batch=batch_id)
    return rows.filter(state__in=UNDER_WAY) if under_way else rows


def track(actor: Actor, samples: Iterable[Sample], now: datetime) -> list[Tracked]:
    """Return samples with their tests: two queries, whatever their number."""
    found = list(samples)
    titles = _titles(actor, found)
    results = _results(actor, found)
    return [
        Tracked(
            each,
            [
                Test(
                    code,
                    titles.get((each.batch.recipe_version_id, code), code),
                    results.get((each.batch_id, each.number, code)),
                )
                for code in each.tests
            ],
            each.is_late(now),
        )
        for each in found
    ]


def expected_of(actor: Actor, batch_id: UUID) -> dict[str, Sample]:
    """Return by parameter the sample under way whose result comes last, for the countdown."""
    rows = list_samples(actor, batch_id=batch_id, under_way=True).order_by("expected_at", "id")
    return {code: each for each in rows for code in each.tests}


def _titles(actor: Actor, samples: Sequence[Sample]) -> Mapping[tuple[UUID, str], str]:
    recipes = {each.batch.recipe_version_id for each in samples}
    rows = Parameter.objects.visible_to(actor).filter(recipe_version_id__in=recipes)
    return {
        (recipe_id, code): title
        for recipe_id, code, title in rows.values_list("recipe_version_id", "code", "title")
    }


def _results(actor: Actor, samples: Sequence[Sample]) -> Mapping[tuple[UUID, str, str], SampleResult]:
    rows = SampleResult.objects.visible_to(actor).filter(batch__in={each.batch_id for each in samples})
    rows = rows.filter(number__in={each.number for each in samples})
    valid = rows.exclude(state=ResultState.INVALIDATED).select_related("parameter")
    return {
        (each.batch_id, each.number, each.parameter.code): each
        for each in valid.order_by("resulted_at", "id")
    }
