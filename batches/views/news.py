"""What Home and the sheets say of batches: which there are, what happened since, what is ahead."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from batches.excursion_rows import worst_first
from batches.models import Batch, Excursion, PhaseRun
from batches.queries import list_batches
from batches.queries.batches import phases_of
from batches.queries.results import Result, list_results
from batches.saying import crossing
from batches.states import BatchState, ExcursionState
from batches.views.places import place_of
from portal.actor import Actor
from portal.ledger_entries import happenings_since
from portal.queries.rooms import Room, list_rooms
from portal.slots import Coming, News, RunningBatch

MOST: Final = 500
URL: Final = "/batches/{}/"
OVER: Final = (BatchState.COMPLETE, BatchState.DISCONTINUED)
_MILESTONES: Final[Mapping[str, Callable[[str], str]]] = {
    "batch.started": lambda phase: _("Started: %s") % phase if phase else _("Started"),
    "batch.phase_entered": lambda phase: _("Phase entered: %s") % phase,
    "batch.completed": lambda _phase: _("Completed"),
    "batch.discontinued": lambda _phase: _("Discontinued"),
}


def running_batches(actor: Actor) -> list[RunningBatch]:
    """Return the batches in process, in order of number; two queries."""
    rooms = list_rooms(actor)
    rows = list_batches(actor, state=BatchState.IN_PROCESS).order_by("number", "id")
    return _named(rows, rooms)


def ended_batches(actor: Actor, since: datetime) -> list[RunningBatch]:
    """Return the batches that ended since an instant, in order of number; two queries."""
    over = list_batches(actor).filter(state__in=OVER, ended_at__gt=since)
    return _named(over.order_by("number", "id")[:MOST], list_rooms(actor))


def _named(batches: Iterable[Batch], rooms: Mapping[UUID, Room]) -> list[RunningBatch]:
    return [
        RunningBatch(each.pk, each.number, each.title, URL.format(each.pk), place_of(each, rooms).zone)
        for each in batches
    ]


def excursion_news(actor: Actor, since: Mapping[UUID, datetime]) -> list[News]:
    """Return the excursions recorded since, the newest five hundred; one query."""
    rows = (
        Excursion.objects.visible_to(actor)
        .filter(batch_id__in=since.keys(), recorded_at__gt=min(since.values()))
        .exclude(state=ExcursionState.WITHDRAWN)
        .select_related("parameter", "limit")
        .order_by("-recorded_at", "pk")[:MOST]
    )
    return [
        News(
            batch_id=each.batch_id,
            subject_id=each.pk,
            kind="excursion",
            words=crossing(each),
            url=f"/excursions/{each.pk}/",
            at=each.recorded_at,
        )
        for each in worst_first(list(rows))
        if each.recorded_at > since[each.batch_id]
    ]


def batch_of_excursions(
    actor: Actor, batch_ids: Collection[UUID], subject_ids: Collection[UUID]
) -> Mapping[UUID, UUID]:
    """Return the batch of each excursion among the records, and a batch for itself; one query."""
    rows = Excursion.objects.visible_to(actor).filter(pk__in=subject_ids, batch_id__in=batch_ids)
    return {each: each for each in batch_ids} | dict(rows.values_list("pk", "batch_id"))


def milestone_news(actor: Actor, since: Mapping[UUID, datetime]) -> list[News]:
    """Return the starts, phases and ends that were recorded since; three queries."""
    batches = {each.pk: each for each in list_batches(actor).filter(pk__in=since.keys())}
    found = happenings_since(actor, batches.keys(), min(since.values()), kinds=_MILESTONES.keys(), most=MOST)
    phases = phases_of(actor, [each.recipe_version_id for each in batches.values()])
    titles = {(recipe, each.code): each.title for recipe, steps in phases.items() for each in steps}
    return [
        News(
            batch_id=each.subject_id,
            subject_id=each.subject_id,
            kind="milestone",
            words=_MILESTONES[each.kind](
                titles.get((batches[each.subject_id].recipe_version_id, str(each.payload.get("phase"))), "")
            ),
            url=URL.format(each.subject_id),
            at=each.sealed_at,
        )
        for each in found
        if each.sealed_at > since[each.subject_id]
    ]


def result_news(actor: Actor, since: Mapping[UUID, datetime]) -> list[News]:
    """Return the at-line and laboratory values received since, each with the time of its sample."""
    batches = {each.pk: each for each in list_batches(actor).filter(pk__in=since.keys())}
    rooms = list_rooms(actor)
    return [
        News(
            batch_id=each.batch_id,
            subject_id=each.parameter.pk,
            kind="result",
            words=_value(each),
            url=URL.format(each.batch_id),
            at=each.received_at,
            detail=_sampled(each.at, place_of(batches[each.batch_id], rooms).zone),
        )
        for each in list_results(actor, batches.values(), since, most=MOST)
    ]


def _value(each: Result) -> str:
    parameter = each.parameter
    return f"{parameter.title} {each.value:.{parameter.decimals}f} {parameter.unit}".strip()


def _sampled(at: datetime, zone: str) -> str:
    return _("sample of %s") % formats.date_format(at.astimezone(ZoneInfo(zone)), "j M H:i")


def planned_phases(actor: Actor, batch_ids: Collection[UUID], until: datetime) -> list[Coming]:
    """Return the phases that begin until an instant if all goes as the recipe plans; three queries."""
    batches = [each for each in list_batches(actor).filter(pk__in=batch_ids) if each.phase_id is not None]
    phases = phases_of(actor, [each.recipe_version_id for each in batches])
    runs = PhaseRun.objects.visible_to(actor).filter(batch_id__in=batch_ids, ended_at=None)
    since = dict(runs.values_list("batch_id", "started_at"))
    found = []
    for batch in batches:
        at = since.get(batch.pk)
        steps = phases.get(batch.recipe_version_id, [])
        here = next((n for n, each in enumerate(steps) if each.pk == batch.phase_id), None)
        if at is None or here is None:
            continue
        for now, following in pairwise(steps[here:]):
            at += timedelta(seconds=now.planned_s)
            if not now.planned_s or at > until:
                break
            words = _("%s begins, by plan") % following.title
            found.append(Coming(batch.pk, "phase", words, URL.format(batch.pk), at))
    return found
