"""The page of one excursion: what crossed which limit, when, how far, and what surrounds it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from django.utils.translation import gettext as _

from batches.access import get_excursion
from batches.models import Excursion
from batches.queries import BatchDetail, batch_detail
from batches.recipes.rows import limit_spec
from batches.recipes.words import course_in_short, limit_words
from batches.saying import crossing, extreme_words
from batches.slots import deviations_of
from batches.states import Direction, ExcursionState, LimitMeasure
from batches.views.batch import deviation_rows, excursion_rows
from batches.views.charts import excursion_chart
from batches.views.places import place_of
from batches.views.words import excursion_state, length_of, range_words, tone_of
from portal.action import instant
from portal.actor import Actor
from portal.pages import Page, PageRequest
from portal.queries import alert_lines, list_alerts
from portal.queries.rooms import Room, list_rooms
from portal.shell import may_report
from portal.states import Audience
from portal.templatetags.times import duration
from portal.views.ladders import banner
from portal.views.strips import strip_of

# What is shown before and after: half the length of the excursion, but an hour at least.
ROOM_LEAST: Final = timedelta(hours=1)
ALERTS_MAX: Final = 4
Context = dict[str, Any]


class ExcursionPage(Page):
    """One episode outside one limit."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/excursion.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the excursion with its chart and the excursions nested with it."""
        actor, now = request.actor, instant()
        wanted = get_excursion(actor, kwargs["excursion_id"])
        detail = batch_detail(actor, wanted.batch_id)
        excursion = next(each for each in detail.excursions if each.pk == wanted.pk)
        rooms = list_rooms(actor)
        place = place_of(detail.batch, rooms)
        state = next(each for each in detail.parameters if each.parameter.pk == excursion.parameter_id)
        since, until = _window(excursion, now)
        parts = ("excursion",)
        part = request.GET.get("part", "")
        room = rooms.get(excursion.space_id)
        found = [each for each in deviations_of(actor, detail.batch.pk) if each.excursion_id == excursion.pk]
        return {
            "excursion": excursion,
            "batch": detail.batch,
            "place": place,
            "words": crossing(excursion),
            "tone": tone_of(excursion),
            "state": excursion_state(excursion),
            "private": _private(excursion),
            "facts": excursion_facts(excursion, place.zone, now),
            "chart": excursion_chart(detail, state, excursion, place.zone, (since, until)),
            "nested": excursion_rows(_nested(detail, excursion), now),
            "deviations": deviation_rows(found),
            "alerts": _alerts(actor, excursion, room),
            **strip_of(
                actor,
                excursion.pk,
                room.program if room is not None else None,
                place.zone,
                within=[each.id for each in found],
            ),
            "may_report": may_report(actor) and excursion.state != ExcursionState.WITHDRAWN,
            "partial": part if part in parts else "",
        }


def _window(excursion: Excursion, now: datetime) -> tuple[datetime, datetime | None]:
    room = max(length_of(excursion, now) / 2, ROOM_LEAST)
    until = None if excursion.state == ExcursionState.OPEN else _end(excursion) + room
    return excursion.started_at - room, until if until is not None and until < now else None


def _end(excursion: Excursion) -> datetime:
    return excursion.ended_at or excursion.last_outside_at


def _private(excursion: Excursion) -> str:
    return str(Audience(excursion.audience).label) if excursion.audience != Audience.SHARED else ""


def excursion_facts(excursion: Excursion, zone: str, now: datetime) -> list[Context]:
    """Return what was crossed, when, for how long, how far."""
    parameter, unit = excursion.parameter, excursion.parameter.unit
    extreme = _("Highest") if excursion.direction == Direction.HIGH else _("Lowest")
    plain = excursion.limit.is_plain
    limit = f"{range_words(parameter, excursion.limit)} {unit}".strip()
    if not plain:
        limit = limit_words(replace(limit_spec(excursion.limit), rationale=""), unit, course_in_short)
    facts: list[Context] = [
        {"name": str(excursion.get_limit_kind_display()), "value": limit},
        {"name": _("Left at"), "at": excursion.started_at, "zone": zone},
    ]
    if excursion.ended_at is not None:
        facts.append({"name": _("Back inside"), "at": excursion.ended_at, "zone": zone})
    value = extreme_words(excursion)
    facts.append(
        {
            "name": _("Lasted") if excursion.ended_at else _("Lasts"),
            "value": duration(length_of(excursion, now)),
        }
    )
    facts.append({"name": extreme, "value": value})
    facts.append({"name": _("Reached"), "at": excursion.extreme_at, "zone": zone})
    if excursion.limit.measure != LimitMeasure.SILENCE:
        facts.append({"name": _("Readings outside"), "value": str(excursion.readings)})
    facts.append(
        {"name": _("Recorded"), "at": excursion.recorded_at, "zone": zone, "value": _late(excursion)}
    )
    if excursion.alerted_at is not None:
        facts.append({"name": _("Alert raised"), "at": excursion.alerted_at, "zone": zone})
    delay_s = excursion.limit.delay_s
    if delay_s:
        minutes = _("%s min outside before it counts") % round(delay_s / 60)
        facts.append({"name": _("Delay"), "value": minutes})
    return facts


def _late(excursion: Excursion) -> str:
    return _("from readings that came late") if excursion.is_late else ""


def _nested(detail: BatchDetail, excursion: Excursion) -> list[Excursion]:
    """Return the other excursions of the same parameter and direction that overlap this one in time."""
    return [
        each
        for each in detail.excursions
        if each.pk != excursion.pk
        and each.parameter_id == excursion.parameter_id
        and each.direction == excursion.direction
        and each.limit.measure == excursion.limit.measure
        and each.state != ExcursionState.WITHDRAWN
        and each.started_at <= _end(excursion)
        and excursion.started_at <= _end(each)
    ]


def _alerts(actor: Actor, excursion: Excursion, room: Room | None) -> list[Context]:
    found = list_alerts(actor).filter(subject_id=excursion.pk).order_by("-raised_at", "pk")[:ALERTS_MAX]
    url = f"/excursions/{excursion.pk}/"
    shown = [banner(actor, line, room, next_url=url) for line in alert_lines(actor, list(found))]
    # What is asked of the reader stands first.
    return sorted(shown, key=lambda each: not each["acknowledge_url"])
