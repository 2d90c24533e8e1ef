"""Who has duty at Norrsund and at Arvo in the demo, and how they are reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from config.demo.companies import ARVO, ARVO_AT_NORRSUND, MALMO
from config.demo.crew import Crew, find_person
from portal.action import reading
from portal.actions.rostering import note_absence, set_duty_card, set_roster, set_stand_in
from portal.actor import Side
from portal.models import Roster
from portal.rosters.hours import DutyHours
from portal.rosters.plan import Rotation
from portal.states import Audience


@dataclass(frozen=True, slots=True)
class Turns:
    """Who takes turns in a role of a side; `by` keeps the roster."""

    by: str
    side: Side
    role: str
    people: Sequence[str]
    days: int = 4
    hours: str = ""


_ROSTERS: Final = (
    Turns("cdmo_quality_head", Side.MANUFACTURER, "qa", ("cdmo_qa", "cdmo_fill_qa")),
    Turns("cdmo_quality_head", Side.MANUFACTURER, "quality_head", ("cdmo_quality_head",)),
    Turns(
        "cdmo_quality_head",
        Side.MANUFACTURER,
        "client_lead",
        ("cdmo_client_lead",),
        hours="mon-fri 08:00-18:00",
    ),
    Turns("sponsor_quality_head", Side.SPONSOR, "qa", ("sponsor_qa", "sponsor_second_qa")),
    Turns("sponsor_quality_head", Side.SPONSOR, "cmc", ("sponsor_cmc",), hours="mon-fri 08:00-18:00"),
    Turns("sponsor_quality_head", Side.SPONSOR, "quality_head", ("sponsor_quality_head",)),
)
# key: side, languages, telephone (of the numbers set aside for stories), whether the other side reads it.
_CARDS: Final = {
    "cdmo_qa": (Side.MANUFACTURER, "Swedish, English", "+46 40 628 04 07", True),
    "cdmo_fill_qa": (Side.MANUFACTURER, "English", "+353 20 911 0102", False),
    "cdmo_quality_head": (Side.MANUFACTURER, "Swedish, English, German", "+46 40 628 04 01", True),
    "cdmo_client_lead": (Side.MANUFACTURER, "Swedish, English", "+46 40 628 04 22", True),
    "sponsor_qa": (Side.SPONSOR, "English, Spanish", "+1 617 555 0103", True),
    "sponsor_cmc": (Side.SPONSOR, "English", "+1 617 555 0112", True),
    "sponsor_quality_head": (Side.SPONSOR, "English, French", "+1 617 555 0101", False),
}


def has_rosters(crew: Crew) -> bool:
    """Say whether a load before has kept them."""
    reader = crew["cdmo_quality_head"]
    with reading(reader):
        return Roster.objects.visible_to(reader).exists()


def keep_rosters(crew: Crew, moment: datetime) -> None:
    """Keep the rosters of one partnership, with somebody who stands in and somebody who is away."""
    space = ARVO_AT_NORRSUND.id
    # The first of each order has duty while the demo is new, and hands it over within the week.
    begins_on = (moment - timedelta(days=2)).date()
    zones = {Side.MANUFACTURER: MALMO.zone, Side.SPONSOR: ARVO.zone}
    kept = {}
    for each in _ROSTERS:
        people = tuple(_id(key) for key in each.people)
        turns = Rotation(people, zones[each.side], begins_on, time(7), each.days, DutyHours.parse(each.hours))
        kept[each.side, each.role] = set_roster(
            crew[each.by], space, side=each.side, role=each.role, rotation=turns
        )
    for key, (side, languages, telephone, is_shared) in _CARDS.items():
        set_duty_card(
            crew[key],
            space,
            person_id=_id(key),
            languages=languages,
            telephone=telephone,
            audience=Audience.SHARED if is_shared else str(side),
        )
    begins_at = moment.replace(hour=6, minute=0) + timedelta(days=3)
    for change, by, side in (
        (set_stand_in, "cdmo_quality_head", Side.MANUFACTURER),
        (note_absence, "sponsor_second_qa", Side.SPONSOR),
    ):
        person_id = _id("cdmo_qa" if side == Side.MANUFACTURER else by)
        ends_at = begins_at + timedelta(days=1)
        change(
            crew[by],
            kept[side, "qa"].pk,
            person_id=person_id,
            begins_at=begins_at,
            ends_at=ends_at,
            version=1,
        )


def _id(key: str) -> UUID:
    person = find_person(key)
    if person is None:
        raise LookupError(key)
    return person.pk
