"""The release countdown of a batch: the items that are missing, with where their times come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.utils.translation import gettext as _

from batches.disposition.countdown import Countdown, Item, countdown, lasting, until
from batches.disposition.states import Decision
from batches.models import Batch, Limit, Parameter, PhaseRun, SampleResult
from batches.phases import list_phases
from batches.queries.disposition import CDMO, SPONSOR, Standing, outstanding_results
from batches.queries.samples import expected_of
from batches.states import BatchState, DataKind, LimitKind, ResultState
from portal.access import get_program
from portal.actor import Actor
from portal.agreements.durations import Duration
from portal.clocks import time_out
from portal.terms import clause_words, terms_of

# Where no clause gives a time.
A_DAY: Final = Duration(1, "business_days")
EARLIER_MOST: Final = 20


def countdown_of(actor: Actor, standing: Standing, now: datetime) -> Countdown:
    """Return when a batch can be disposed of as things stand, and what decides that date."""
    if standing.outcome in (Decision.REJECTED, Decision.SUPPLIED, Decision.RELEASED):
        return Countdown((), None)
    return countdown(list(_items(actor, standing, now)), now)


def _items(actor: Actor, standing: Standing, now: datetime) -> Iterator[Item]:
    batch = standing.batch
    by_clause = _by_clause(actor, standing)
    last = ""
    for item in _phases(actor, batch, now):
        yield item
        last = item.code
    made = (last,) if last else ()
    before: list[str] = list(made)
    for item in (*_results(actor, batch, made, now), *_deviations(standing)):
        yield item
        before.append(item.code)
    kinds = {each.kind for each in standing.blocks}
    since_end = (batch.ended_at or now) if not made else None
    for kind, activity, side, words in (
        ("review_cdmo", "record_handover", CDMO, _("CDMO reviews the record")),
        ("review_sponsor", "record_review", SPONSOR, _("Sponsor reviews the record")),
    ):
        if kind in kinds:
            finish, why = by_clause(activity, since_end if kind == "review_cdmo" else None)
            url = f"/batches/{batch.pk}/review/"
            after = made if kind == "review_cdmo" else (*made, "review_cdmo")
            yield Item(kind, words, side, finish, after, why, url)
            before.append(kind)
    yield from _signatures(standing, before, by_clause)


def _signatures(
    standing: Standing,
    before: list[str],
    by_clause: Callable[..., tuple[Callable[[datetime], datetime], str]],
) -> Iterator[Item]:
    waits = list(before)
    for link in standing.links:
        given = link.given is not None and link.given.decision not in (
            Decision.CONDITIONAL,
            Decision.REPROCESS,
        )
        if given or link.stand == "off":
            continue
        planned = link.planned
        code = f"{planned.step}:{planned.market}"
        words = str(planned.step.label) + (f", {planned.market}" if planned.market else "")
        finish, why = by_clause("disposition", None)
        url = f"/batches/{standing.batch.pk}/disposition/"
        yield Item(code, words, planned.sides[0], finish, tuple(waits), why, url)
        if not planned.market:
            waits.append(code)


def _by_clause(actor: Actor, standing: Standing) -> Callable[..., tuple[Callable[[datetime], datetime], str]]:
    """Return what gives an activity its time: by its clause, else one business day."""
    batch = standing.batch
    terms = terms_of(actor, batch.space_id, standing.terms)
    zone = batch.site.zone if batch.site is not None else get_program(actor, batch.space_id).zone

    def timed(activity: str, since: datetime | None) -> tuple[Callable[[datetime], datetime], str]:
        found = terms.timeline(activity)
        within = found.rule.within if found is not None else A_DAY
        why = clause_words(found.clause.code, terms.version) if found is not None else _("usually a day")

        def finish(begins: datetime) -> datetime:
            timing = time_out(
                actor, batch.space_id, within, since or begins, zone=zone, site_id=batch.site_id
            )
            return timing.due_at

        return finish, why

    return timed


def _phases(actor: Actor, batch: Batch, now: datetime) -> Iterator[Item]:
    """Return the phases that are not over, by their planned durations."""
    if batch.state not in (BatchState.PLANNED, BatchState.IN_PROCESS):
        return
    runs = PhaseRun.objects.visible_to(actor).filter(batch=batch)
    begun = {each.phase_id: each for each in runs.order_by("started_at")}
    over = {phase_id for phase_id, run in begun.items() if run.ended_at is not None}
    before: tuple[str, ...] = ()
    for phase in list_phases(actor, batch.recipe_version_id):
        if phase.pk in over and phase.pk != batch.phase_id:
            continue
        run = begun.get(phase.pk)
        takes = timedelta(seconds=phase.planned_s)
        if run is not None:
            finish = until(run.started_at + takes)
        elif not before and batch.state == BatchState.PLANNED:
            finish = _from(max(batch.planned_start, now), takes)
        else:
            finish = lasting(takes)
        code = f"phase:{phase.code}"
        yield Item(code, phase.title, CDMO, finish, before, _("planned duration"), f"/batches/{batch.pk}/")
        before = (code,)


def _from(at: datetime, takes: timedelta) -> Callable[[datetime], datetime]:
    return lambda begins: max(begins, at) + takes


def _results(actor: Actor, batch: Batch, after: tuple[str, ...], now: datetime) -> Iterator[Item]:
    """Return the results that are missing: by the date of their sample, else by how long others took."""
    titles = outstanding_results(actor, batch)
    if not titles:
        return
    limits = Limit.objects.visible_to(actor).filter(
        parameter__recipe_version_id=batch.recipe_version_id, kind=LimitKind.SPEC
    )
    parameters: dict[UUID, Parameter] = {
        each.parameter_id: each.parameter for each in limits.select_related("parameter")
    }
    samples = expected_of(actor, batch.pk)
    for each in sorted(parameters.values(), key=lambda each: each.ordinal):
        if each.title in titles and each.data_kind == DataKind.LAB and each.code in samples:
            sample, url = samples[each.code], f"/batches/{batch.pk}/laboratory/"
            words = _("Result: %s") % each.title
            why = _("sample %(number)s, %(state)s, %(laboratory)s") % {
                "number": sample.number,
                "state": sample.get_state_display(),
                "laboratory": sample.laboratory,
            }
            if sample.is_late(now):
                why = _("late: %s") % why
            yield Item(f"result:{each.code}", words, CDMO, until(sample.expected_at), after, why, url)
        elif each.title in titles and each.data_kind == DataKind.LAB:
            usual = _usual(actor, batch, each)
            since = batch.ended_at
            finish = until(since + usual) if since is not None else lasting(usual)
            words = _("Result: %s") % each.title
            yield Item(f"result:{each.code}", words, CDMO, finish, after, _("usual time to result"))


def _usual(actor: Actor, batch: Batch, parameter: Parameter) -> timedelta:
    """Return the middle of how long the last results took, else the interval of the master record."""
    rows = SampleResult.objects.visible_to(actor).filter(
        space_id=batch.space_id, parameter__code=parameter.code
    )
    rows = rows.exclude(state=ResultState.INVALIDATED).order_by("-resulted_at", "id")
    took = sorted(each.resulted_at - each.sampled_at for each in rows[:EARLIER_MOST])
    return took[len(took) // 2] if took else timedelta(seconds=parameter.expected_interval_s)


def _deviations(standing: Standing) -> Iterator[Item]:
    """Return the deviations that block, each by the clock of its closing."""
    blocking = {each.url for each in standing.blocks if each.kind in ("clause", "unclassified")}
    for each in standing.deviations:
        if each.url in blocking:
            finish = until(each.due_at) if each.due_at is not None else lasting(timedelta(0))
            why = _("its closing clock") if each.due_at is not None else _("no clock runs")
            yield Item(f"deviation:{each.id}", each.number, CDMO, finish, (), why, each.url)
