"""Monthly lists as people read them, and the preview of the one that may leave next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from deviations.dockets.asking.monthly import Line, digest_of, following, lines_of, month_of
from deviations.models import MonthlyLine, MonthlyList
from portal.access import get_program, get_visible
from portal.action import instant
from portal.actor import Actor
from portal.errors import NotFound
from portal.models import Program, RecordQuerySet
from portal.states import CDMO_QA, CDMO_QUALITY_HEAD

BACK_MOST = 12


@dataclass(frozen=True, slots=True)
class Preview:
    """What will leave of a month, word for word; `digest` is the sign of it."""

    program: Program
    month: date
    lines: list[Line]
    digest: str


def list_monthly(actor: Actor, *, program_id: UUID | None = None) -> RecordQuerySet[MonthlyList]:
    """Return the released lists that the actor may read, unordered."""
    rows = MonthlyList.objects.visible_to(actor)
    return rows.filter(space_id=program_id) if program_id is not None else rows


def get_monthly(actor: Actor, list_id: UUID) -> MonthlyList:
    """Return one released list; raises NotFound."""
    return get_visible(MonthlyList, actor, list_id)


def lines_in(actor: Actor, lists: Sequence[MonthlyList]) -> dict[UUID, list[MonthlyLine]]:
    """Return the lines of lists in order; one query for all."""
    rows = MonthlyLine.objects.visible_to(actor).filter(of_list__in=[each.pk for each in lists])
    found: dict[UUID, list[MonthlyLine]] = {each.pk: [] for each in lists}
    for each in rows.order_by("of_list_id", "ordinal"):
        found[each.of_list_id].append(each)
    return found


def may_release(actor: Actor, program_id: UUID) -> bool:
    """Say whether the actor lets lists of a program leave, and so reads their preview."""
    return actor.holds(program_id, CDMO_QA, CDMO_QUALITY_HEAD)


def preview_month(actor: Actor, program_id: UUID, month: date) -> Preview:
    """Return what would leave of a month that is over; raises NotFound for who does not release, Invalid."""
    program = get_program(actor, program_id)
    if not may_release(actor, program_id):
        raise NotFound
    first = month_of(month, program.zone)
    lines = lines_of(actor, program, first)
    return Preview(program, first, lines, digest_of(lines))


def month_to_release(actor: Actor, program: Program) -> date | None:
    """Return the oldest month of the last year that is over and whose list has not left, None without one."""
    first = instant().astimezone(ZoneInfo(program.zone)).date().replace(day=1)
    last = (first - timedelta(days=1)).replace(day=1)
    released = set(list_monthly(actor, program_id=program.pk).values_list("month", flat=True))
    newest = max(released, default=None)
    if newest is None:
        return last
    after = following(newest)
    return after if after <= last else None
