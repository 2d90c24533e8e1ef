"""Inspections as the inspector and the host's people read them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from portal.access import get_visible
from portal.action import instant
from portal.actor import Actor
from portal.errors import NotFound
from portal.models import Attachment, Handover, Inspection, InspectionRequest, Program
from portal.states import INSPECTION_HOSTS, INSPECTORS

FILES_OFFERED_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class InspectionLine:
    """One inspection with its program."""

    inspection: Inspection
    program: str
    state: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with what was handed over for it."""

    request: InspectionRequest
    answers: list[Handover]


@dataclass(frozen=True, slots=True)
class InspectionDetail:
    """An inspection whole: who hosts it, what was asked, and everything that was handed over."""

    line: InspectionLine
    host: str
    asked: list[Asked]
    handed_over: list[Handover]
    is_inspector: bool
    is_host: bool
    is_over: bool


def list_inspections(actor: Actor) -> list[InspectionLine]:
    """Return the inspections the reader holds or hosts, the latest first."""
    codes = dict(Program.objects.visible_to(actor).values_list("pk", "code"))
    rows = _readable(actor).order_by("-valid_until", "pk")
    return [InspectionLine(each, codes.get(each.space_id, "-"), _state(each)) for each in rows]


def read_inspection(actor: Actor, inspection_id: UUID) -> InspectionDetail:
    """Return one inspection. Raises: NotFound."""
    inspection = _readable(actor).with_id(inspection_id)  # type: ignore[attr-defined]  # our QuerySet
    if inspection is None:
        raise NotFound
    program = get_visible(Program, actor, inspection.space_id)
    handed = list(Handover.objects.visible_to(actor).filter(inspection=inspection).order_by("given_at", "pk"))
    answers: dict[UUID | None, list[Handover]] = defaultdict(list)
    for each in handed:
        answers[each.request_id].append(each)
    requests = InspectionRequest.objects.visible_to(actor).filter(inspection=inspection).order_by("at")
    is_own = inspection.person_id == actor.person_id
    is_sponsor = inspection.audience == "sponsor"
    return InspectionDetail(
        line=InspectionLine(inspection, program.code, _state(inspection)),
        host=program.sponsor_name if is_sponsor else program.manufacturer_name,
        asked=[Asked(each, answers[each.pk]) for each in requests],
        handed_over=handed,
        is_inspector=is_own,
        is_host=actor.holds(inspection.space_id, *INSPECTION_HOSTS),
        is_over=inspection.valid_until <= instant(),
    )


def list_files(actor: Actor, inspection: Inspection) -> list[tuple[UUID, str]]:
    """Return the newest files of the program that the host may hand over."""
    rows = Attachment.objects.visible_to(actor).filter(space_id=inspection.space_id)
    newest = rows.order_by("-attached_at", "pk")[:FILES_OFFERED_MAX]
    return [(each.pk, f"{each.name} ({each.sha256[:12]})") for each in newest]


def concerns_inspections(actor: Actor) -> bool:
    """Say whether the reader inspects or answers inspectors anywhere."""
    return any(actor.holds(space, *INSPECTORS, *INSPECTION_HOSTS) for space in actor.seats)


def _readable(actor: Actor) -> QuerySet[Inspection]:
    """Return the inspections of one's own, and those of programs where one answers inspectors."""
    hosted = [space for space in actor.seats if actor.holds(space, *INSPECTION_HOSTS)]
    found = Inspection.objects.visible_to(actor)
    return found.filter(space_id__in=hosted) | found.filter(person_id=actor.person_id)


def _state(inspection: Inspection) -> str:
    now = instant()
    if inspection.valid_until <= now:
        return "ended"
    return "live" if inspection.valid_from <= now else "coming"
