"""What stands in a monthly list: every record of the month by number, told or not (clause 5.3)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from deviations.access import newest_classes
from deviations.models import Deviation
from deviations.states import DeviationState
from portal.action import instant
from portal.actor import Actor
from portal.errors import refuse_field
from portal.models import Program

TITLE_MOST = 200


@dataclass(frozen=True, slots=True)
class Line:
    """One number as it will leave."""

    number: str
    title: str
    recorded_on: date
    classification: str
    is_no_deviation: bool


def month_of(day: date, zone: str) -> date:
    """Return the first day of a month; raises Invalid while it is not over at the site."""
    first = day.replace(day=1)
    if following(first) > instant().astimezone(ZoneInfo(zone)).date():
        refuse_field("month", "A month that is over: until then its numbers are not all known.")
    return first


def following(first: date) -> date:
    """Return the first day of the month after."""
    return first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)


def lines_of(actor: Actor, program: Program, first: date) -> list[Line]:
    """Return the lines of a month, by number, as the actor's side knows them now; two queries."""
    zone = ZoneInfo(program.zone)
    since, until = (datetime.combine(each, time(0), zone) for each in (first, following(first)))
    rows = Deviation.objects.visible_to(actor).filter(
        space_id=program.pk, recorded_at__gte=since, recorded_at__lt=until
    )
    found = list(rows.order_by("number", "pk"))
    classes = newest_classes(actor, [each.pk for each in found])
    return [
        Line(
            number=each.number,
            title=str(each.title)[:TITLE_MOST],
            recorded_on=each.recorded_at.astimezone(zone).date(),
            classification=str(classes.get(each.pk, "")),
            is_no_deviation=each.state == DeviationState.NO_DEVIATION,
        )
        for each in found
    ]


def digest_of(lines: Sequence[Line]) -> str:
    """Return the sign of what was previewed."""
    said = json.dumps([astuple(each) for each in lines], default=str, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()
