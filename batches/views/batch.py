"""The page of one batch: what happened in it, as far as this reader may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, ClassVar, Final

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _

from batches.excursion_rows import worst_first
from batches.forms import DiscontinueForm, PhaseForm, StepForm
from batches.models import Batch, Excursion, Limit, Parameter
from batches.queries import BatchDetail, ParameterState, batch_detail, running_since
from batches.queries.countdown import countdown_of
from batches.queries.disposition import disposition_of
from batches.queries.gateways import marked_stretches
from batches.queries.references import references_for
from batches.saying import bound_words, crossing, extreme_words
from batches.slots import BatchDeviation, batch_signals, deviations_of, facts_of
from batches.states import TRANSITIONS, BatchState, DataKind, ExcursionState, LimitKind
from batches.views.charts import chart_of, reference_lines
from batches.views.disposition import card_of
from batches.views.hold_card import holds_card
from batches.views.places import Place, place_of
from batches.views.shelf_card import shelves_card
from batches.views.tiles import class_tags, shelf_tags, signal_tags
from batches.views.timeline import timeline
from batches.views.watches import watch_markers
from batches.views.words import (
    BINDS,
    excursion_state,
    how_often,
    length_of,
    phase_note,
    range_now,
    range_words,
    sampled,
    state_words,
    tone_of,
)
from portal.access import available
from portal.action import instant
from portal.actor import Actor
from portal.pages import Page, PageRequest
from portal.queries.rooms import Room, list_rooms
from portal.shell import may_report
from portal.states import Audience
from portal.views.decisions import decisions_of
from portal.views.exporting import exports_of
from portal.views.holds import holds_of
from portal.views.strips import strip_of

PARTS: Final = ("stand", "curve", "parameters", "outside", "deviations", "signals", "aside")
# The newest stand open, older ones behind a line that unfolds.
EXCURSIONS_SHOWN: Final = 8
EXCURSIONS_MOST: Final = 100
MARKED_MOST: Final = 12
Context = dict[str, Any]


class BatchPage(Page):
    """One batch; each live part of the page is asked for again by its name."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/batch.html"
    looks_at: ClassVar[str] = "batch_id"
    step: ClassVar[str] = ""

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the batch with everything its page shows."""
        actor, now = request.actor, instant()
        detail = batch_detail(actor, kwargs["batch_id"])
        batch = detail.batch
        rooms = list_rooms(actor)
        place = place_of(batch, rooms)
        deviations = deviations_of(actor, batch.pk)
        facts = facts_of(actor, [batch.pk])[batch.pk]
        rows = excursion_rows(detail.excursions, now)
        about = [batch.pk, *(each.id for each in deviations)]
        decisions = decisions_of(actor, batch.space_id, about, about=batch.pk)
        part = request.GET.get("part", "")
        return {
            "batch": batch,
            "address": f"/batches/{batch.pk}/",
            "program": rooms[batch.space_id].program if batch.space_id in rooms else None,
            "place": place,
            "state": state_words(batch, facts),
            "tags": class_tags(facts, f"/deviations/?batch={batch.pk}")
            + signal_tags(facts, batch.pk)
            + shelf_tags(facts, batch.pk),
            "phase_note": phase_note(batch, running_since(detail.runs), now),
            "phases": phase_states(detail, place.zone),
            "chart": _chart(actor, detail, place.zone, now) if has_data(detail) else None,
            "parameters": [parameter_row(each, detail, place.zone, now) for each in detail.parameters],
            "excursions": rows[:EXCURSIONS_SHOWN],
            "earlier_excursions": rows[EXCURSIONS_SHOWN:],
            "excursions_left_out": len(detail.excursions) - len(rows),
            "deviations": deviation_rows(deviations),
            "signals": batch_signals(actor, batch.space_id, batch.pk),
            "facts": batch_facts(detail, place, rooms.get(batch.space_id)),
            "elapsed": (batch.ended_at or now) - batch.started_at if batch.started_at else None,
            "exports": exports_of(actor, batch.space_id, batch.pk),
            "decisions": decisions,
            "held": holds_of(actor, batch.space_id, batch.pk, within=()),
            "disposing": disposing(actor, batch, now),
            "standing": holds_card(actor, batch, place.zone),
            "shelved": shelves_card(actor, detail, place.zone),
            "marked": marked_stretches(actor, batch.pk)[-MARKED_MOST:],
            "then_zone": place.zone,
            "happenings": timeline(actor, detail, deviations, place.zone, decisions=decisions["lines"]),
            **strip_of(
                actor,
                batch.pk,
                rooms[batch.space_id].program if batch.space_id in rooms else None,
                place.zone,
                within=[*about, *(each["excursion"].pk for each in rows)],
            ),
            "steps": [offer(name, detail, place) for name in available(actor, batch, TRANSITIONS)],
            "open_step": self.step,
            "may_report": may_report(actor),
            "partial": part if part in PARTS else "",
        }


def _chart(actor: Actor, detail: BatchDetail, zone: str, now: datetime) -> Context:
    """Return the chart of the batch with what watches noticed on it."""
    chart = chart_of(detail, zone, now)
    return chart | {
        "markers": [*chart["markers"], *watch_markers(actor, detail.batch)],
        "references": reference_lines(references_for(actor, detail.batch)),
    }


def disposing(actor: Actor, batch: Batch, now: datetime) -> Context:
    """Return the card of the disposition."""
    standing = disposition_of(actor, batch)
    return card_of(actor, standing, countdown_of(actor, standing, now))


def has_data(detail: BatchDetail) -> bool:
    """Say whether anything was measured that this reader may see."""
    return any(each.latest is not None for each in detail.parameters)


def phase_states(detail: BatchDetail, zone: str) -> list[Context]:
    """Return the phases in order of execution for `state_line.html`, each with when it ran."""
    batch = detail.batch
    runs = {run.phase_id: run for run in detail.runs}
    is_over = batch.state in {BatchState.COMPLETE, BatchState.DISCONTINUED}
    states = []
    for phase in detail.phases:
        run = runs.get(phase.pk)
        is_now = phase.pk == batch.phase_id
        state = "done" if run is not None else "ahead"
        if is_now:
            state = "now"
            if is_over:
                state = "ended" if batch.state == BatchState.DISCONTINUED else "done"
        states.append(
            {
                "name": phase.title,
                "state": state,
                "started_at": run.started_at if run is not None else None,
                "ended_at": run.ended_at if run is not None else None,
                "zone": zone,
            }
        )
    return states


def parameter_row(state: ParameterState, detail: BatchDetail, zone: str, now: datetime) -> Context:
    """Return a parameter with its newest value and the limits of the present phase."""
    parameter, latest, batch = state.parameter, state.latest, detail.batch
    applying = state.ranges(batch.phase_id)
    open_ones = [
        each
        for each in detail.excursions
        if each.parameter_id == parameter.pk and each.state == ExcursionState.OPEN
    ]
    gravest = next(iter(worst_first(open_ones)), None)
    is_sample = parameter.data_kind != DataKind.ONLINE
    runs = batch.state == BatchState.IN_PROCESS
    say = partial(_range, detail, now, parameter)
    return {
        "parameter": parameter,
        "kind": parameter.get_kind_display(),
        "how_often": how_often(parameter),
        "value": f"{latest.value:.{parameter.decimals}f}" if latest is not None else "",
        "at": latest.at if latest is not None else None,
        "when": sampled(latest.at, zone, now) if is_sample and latest is not None else "",
        "stale_after": state.stale_after_s if runs else None,
        "nor": _range_or(say, applying, LimitKind.NOR, LimitKind.ALERT),
        "action": say(applying.get(LimitKind.ACTION)),
        "par": _range_or(say, applying, LimitKind.PAR, LimitKind.SPEC),
        "outside": gravest,
        "outside_words": crossing(gravest) if gravest is not None else "",
        "outside_tone": tone_of(gravest) if gravest is not None else "",
        "private": Audience(parameter.audience).label if parameter.audience != Audience.SHARED else "",
    }


def _range_or(
    say: Callable[[Limit | None], str], applying: Mapping[str, Limit], kind: LimitKind, stand_in: LimitKind
) -> str:
    """Return a limit's range, or that of what stands in for it with its name."""
    if kind in applying or stand_in not in applying:
        return say(applying.get(kind))
    return f"{stand_in.label}: {say(applying[stand_in])}"


def _range(detail: BatchDetail, now: datetime, parameter: Parameter, limit: Limit | None) -> str:
    """Return a limit's range as it is now: a course counts from its phase, or from the start of the batch."""
    began = detail.batch.started_at
    if limit is not None and limit.phase_id is not None:
        began = next((each.started_at for each in detail.runs if each.phase_id == limit.phase_id), None)
    if began is None or detail.batch.state != BatchState.IN_PROCESS:
        return range_words(parameter, limit)
    return range_now(parameter, limit, now - began)


def excursion_rows(excursions: Sequence[Excursion], now: datetime) -> list[Context]:
    """Return the newest excursions, each in words, latest start first."""
    newest = sorted(excursions, key=lambda each: (each.started_at, each.pk), reverse=True)
    return [
        {
            "excursion": each,
            "words": crossing(each),
            "tone": "" if each.state == ExcursionState.WITHDRAWN else tone_of(each),
            "lasted": length_of(each, now),
            "extreme": extreme_words(each),
            "bound": bound_words(each),
            "state": excursion_state(each),
            "is_open": each.state == ExcursionState.OPEN,
            "private": Audience(each.audience).label if each.audience != Audience.SHARED else "",
        }
        for each in newest[:EXCURSIONS_MOST]
    ]


def deviation_rows(deviations: Sequence[BatchDeviation]) -> list[Context]:
    """Return deviations as the table shows them; an internal one says who reads it."""
    return [
        {
            "number": each.number,
            "url": each.url,
            "title": each.title,
            "classification": each.classification,
            "state": each.state,
            "occurred_at": each.occurred_at,
            "private": Audience(each.audience).label if each.audience != Audience.SHARED else "",
        }
        for each in deviations
    ]


def batch_facts(detail: BatchDetail, place: Place, room: Room | None) -> list[Context]:
    """Return what stands in the head of the batch record."""
    batch = detail.batch
    recipe = batch.recipe_version
    facts = [
        {"name": _("Product"), "value": recipe.product or recipe.title},
        {
            "name": _("MBR"),
            "value": _("%(number)s, version %(revision)s") % _of(recipe.number, recipe.revision),
            "url": reverse("recipe_page", args=[recipe.pk]),
        },
        {"name": _("Program"), "value": str(room.program.code) if room is not None else ""},
        {"name": _("Site"), "value": place.name},
        {"name": _("Equipment"), "value": batch.equipment},
    ]
    if batch.started_at is None:
        facts.append({"name": _("Planned start"), "at": batch.planned_start, "zone": place.zone})
    else:
        facts.append({"name": _("Started"), "at": batch.started_at, "zone": place.zone})
    if batch.ended_at is not None:
        facts.append({"name": _("Ended"), "at": batch.ended_at, "zone": place.zone})
    if batch.external_id:
        words = " ".join(each for each in (batch.external_id, batch.external_status) if each)
        facts.append({"name": _("Master record"), "value": words})
        if batch.external_as_of is not None:
            facts.append({"name": _("Copy as of"), "at": batch.external_as_of, "zone": place.zone})
    return facts


def _of(number: str, revision: int) -> Context:
    return {"number": number, "revision": revision}


def offer(name: str, detail: BatchDetail, place: Place) -> Context:
    """Return a step that this reader may take: its button, its form, and what it binds."""
    return {
        "name": name,
        "label": str(TRANSITIONS[name].label),
        "binds": _(BINDS[name]),
        "is_final": name in {"complete", "discontinue"},
        "form": step_form(name, detail, place),
    }


def step_form(name: str, detail: BatchDetail, place: Place, data: Any = None) -> forms.Form:
    """Return the form of a step, empty or filled with what was sent."""
    batch: Batch = detail.batch
    given: Context = {"zone": place.zone, "initial": {"version": batch.version}, "auto_id": f"{name}-%s"}
    if name == "phase":
        others = [phase for phase in detail.phases if phase.pk != batch.phase_id]
        present = next((phase.ordinal for phase in detail.phases if phase.pk == batch.phase_id), 0)
        following = next((phase for phase in others if phase.ordinal > present), None)
        given["initial"]["phase"] = following.code if following is not None else ""
        return PhaseForm(data, phases=[(phase.code, phase.title) for phase in others], **given)
    return DiscontinueForm(data, **given) if name == "discontinue" else StepForm(data, **given)
