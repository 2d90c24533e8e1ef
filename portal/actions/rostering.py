"""Rosters: who of a side has duty in a role, who stands in, who is away, how they are reached."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext as _

from portal import ledger
from portal.access import require_role, require_version
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.errors import Conflict, Invalid, NotFound, Refused
from portal.facts import AbsenceNoted, Fact, GapFound, RosterSet, StandInSet, StretchWithdrawn
from portal.models import DutyCard, Roster, RosterGap, RosterVersion, Space
from portal.rosters.cards import keep_card, places_of
from portal.rosters.cover import Cover, cover_of
from portal.rosters.duty import Span, gaps
from portal.rosters.plan import TURN_DAYS_MAX, Plan, Rotation, Stretch
from portal.states import ACKNOWLEDGERS, ROSTER_KEEPERS, SYSTEM, Audience, of_side

ROSTER_GAP: Final = "roster_gap"
PEOPLE_MAX: Final = 40
STRETCHES_MAX: Final = 200
LANGUAGES_LENGTH: Final = 80
STRETCH_MAX: Final = timedelta(days=400)
# How far ahead a gap in cover is told of.
LOOKS_AHEAD: Final = timedelta(days=7)
TELEPHONE: Final = re.compile(r"\+?[0-9][0-9 ()/.-]{4,28}")


@action("roster.set")
def set_roster(
    actor: Actor, space_id: UUID, *, side: Side, role: str, rotation: Rotation, version: int | None = None
) -> Roster:
    """Say who has duty in a role of one's own side, in a program or in all programs of a partnership.

    Stand-ins and absences that are not over stay. `version` is the one the person saw, none for the first.
    Raises: NotFound, Refused, Invalid, VersionMissing, StaleVersion. Records: roster.set v1.
    """
    _lock_space(actor, space_id)
    _require_keeper(actor, space_id, side)
    _require_rotation(cover_of(space_id), side, role, rotation)
    fact = RosterSet(side=str(side), role=role, people=len(rotation.people))
    found = (
        Roster.objects.visible_to(actor).select_for_update().filter(space_id=space_id, side=side, role=role)
    )
    roster = found.first()
    if roster is not None:
        require_version(roster, version)
        return _change(actor, roster, replace(newest_plan(actor, roster), rotation=rotation), fact)
    if version is not None:
        raise Conflict("This roster does not exist yet; read the page again.")
    roster = Roster.objects.create(space_id=space_id, audience=str(side), side=side, role=role)
    return _keep(actor, roster, Plan(rotation), fact)


@action("roster.stand_in")
def set_stand_in(
    actor: Actor,
    roster_id: UUID,
    *,
    person_id: UUID,
    begins_at: datetime,
    ends_at: datetime,
    version: int | None,
) -> Roster:
    """Let somebody who holds the role have duty from a moment to a moment, whoever's turn it is.

    Raises: NotFound, Refused, Invalid, VersionMissing, StaleVersion. Records: roster.stand_in_set v1.
    """
    roster = _lock_roster(actor, roster_id, version)
    stretch, plan = _stretch_of(actor, roster, Stretch(person_id, begins_at, ends_at))
    fact = StandInSet(roster.role, person_id, begins_at, ends_at)
    return _change(actor, roster, replace(plan, stand_ins=(*plan.stand_ins, stretch)), fact)


def _stretch_of(actor: Actor, roster: Roster, given: Stretch) -> tuple[Stretch, Plan]:
    """Return a stretch that may be written, and the plan from now on. Raises: Invalid, Refused."""
    stretch = _require_stretch(given)
    _require_holder(cover_of(roster.space_id), roster, stretch.person_id)
    plan = newest_plan(actor, roster).since(instant())
    _require_room(plan)
    return stretch, plan


@action("roster.absence")
def note_absence(
    actor: Actor,
    roster_id: UUID,
    *,
    person_id: UUID,
    begins_at: datetime,
    ends_at: datetime,
    version: int | None,
) -> Roster:
    """Note that somebody of a roster is not there; the next in order, or their delegate, has duty then.

    Everybody notes their own. Raises: NotFound, Refused, Invalid, VersionMissing, StaleVersion. Records:
    roster.absence_noted v1.
    """
    roster = _lock_roster(actor, roster_id, version, concerned=person_id)
    stretch, plan = _stretch_of(actor, roster, Stretch(person_id, begins_at, ends_at))
    fact = AbsenceNoted(roster.role, person_id, begins_at, ends_at)
    return _change(actor, roster, replace(plan, away=(*plan.away, stretch)), fact)


@action("roster.withdraw")
def withdraw_stretch(
    actor: Actor, roster_id: UUID, *, person_id: UUID, begins_at: datetime, version: int | None
) -> Roster:
    """Take back that a person stands in or is away from a moment on.

    Raises: NotFound, Refused, VersionMissing, StaleVersion. Records: roster.stretch_withdrawn v1.
    """
    roster = _lock_roster(actor, roster_id, version, concerned=person_id)
    plan = newest_plan(actor, roster)
    left = plan.without(person_id, begins_at)
    if left == plan:
        raise NotFound
    return _change(actor, roster, left, StretchWithdrawn(roster.role, person_id, begins_at))


@action("roster.look_for_gaps")
def look_for_gaps(actor: Actor, roster_id: UUID) -> int:
    """Tell the side's head of quality of each gap of the coming days that they were not told of.

    Called by the sweep, twice or late as it happens; returns how many gaps were new. Raises: Refused.
    Records: roster.gap_found v1 per gap.
    """
    roster = Roster.objects.visible_to(actor).select_for_update().with_id(roster_id)
    if roster is None:
        return 0
    require_role(actor, roster.space_id, SYSTEM, to="look for gaps")
    return _tell_gaps(actor, roster, newest_plan(actor, roster), cover_of(roster.space_id))


@action("duty_card.set")
def set_duty_card(
    actor: Actor, space_id: UUID, *, person_id: UUID, languages: str, telephone: str, audience: str
) -> DutyCard:
    """Say in which languages and under which telephone a person on duty is reached.

    What is said for a partnership is said in each of its programs. Languages are for both sides. The
    telephone is for the own side, or for both where `audience` is shared: a number that is no longer shared
    stands with the own side alone. People say it of themselves, who keeps the rosters of everybody of the
    side. Raises: NotFound, Refused, Invalid. Records: duty_card.set v1.
    """
    _lock_space(actor, space_id)
    side = _side_of(cover_of(space_id), person_id)
    if person_id != actor.person_id or actor.side(space_id) not in (side, Side.BOTH):
        _require_keeper(actor, space_id, side)
    if audience not in (Audience.SHARED, side):
        words = "A telephone is for your own side or for both."
        raise Invalid(words, errors={"audience": [words]})
    if telephone.strip() and not TELEPHONE.fullmatch(telephone.strip()):
        words = "A telephone number has digits, with + before the country."
        raise Invalid(words, errors={"telephone": [words]})
    cards = [
        keep_card(
            actor,
            place,
            person_id,
            side,
            languages=" ".join(languages.split())[:LANGUAGES_LENGTH],
            telephone=telephone.strip(),
            is_shared=audience == Audience.SHARED,
        )
        for place in places_of(actor, space_id)
    ]
    return cards[0]


def newest_plan(actor: Actor, roster: Roster) -> Plan:
    """Return what a roster says now."""
    versions = RosterVersion.objects.visible_to(actor).filter(roster=roster)
    return Plan.of(versions.order_by("-number").values_list("plan", flat=True)[0])


def _change(actor: Actor, roster: Roster, plan: Plan, fact: Fact) -> Roster:
    roster.bump()
    roster.save(update_fields=["version"])
    return _keep(actor, roster, plan, fact)


def _keep(actor: Actor, roster: Roster, plan: Plan, fact: Fact) -> Roster:
    """Write a version of a roster, and tell of the gaps it leaves: these first, since they are news."""
    now = instant()
    plan = plan.since(now)
    RosterVersion.objects.create(
        space_id=roster.space_id,
        audience=roster.audience,
        roster=roster,
        number=roster.version,
        plan=plan.plain(),
        made_by=actor.person_id,
        made_code=actor.code(roster.space_id),
        made_at=now,
    )
    _tell_gaps(actor, roster, plan, cover_of(roster.space_id))
    ledger.record(roster, fact)
    return roster


def _tell_gaps(actor: Actor, roster: Roster, plan: Plan, cover: Cover) -> int:
    now = instant()
    held = cover.holders.get((str(roster.side), roster.role), ())
    told = list(RosterGap.objects.visible_to(actor).filter(roster=roster, ends_at__gt=now))
    fresh = [
        gap
        for gap in gaps(plan, held, now, now + LOOKS_AHEAD)
        # The end of a gap may move on from day to day: it is the same one.
        if not any(each.begins_at < gap.ends_at and gap.begins_at <= each.ends_at for each in told)
    ]
    for gap in fresh:
        _tell_gap(roster, plan, gap)
    return len(fresh)


def _tell_gap(roster: Roster, plan: Plan, gap: Span) -> None:
    begins, ends = (each.astimezone(ZoneInfo(plan.rotation.zone)) for each in (gap.begins_at, gap.ends_at))
    words = {
        "role": roster.role.replace("_", " "),
        "begins": f"{begins:%a %d %b %H:%M}",
        "ends": f"{ends:%a %d %b %H:%M}",
    }
    title = _("Nobody on duty as %(role)s: %(begins)s to %(ends)s") % words
    alert = raise_alert(
        roster, kind=ROSTER_GAP, side=Side(roster.side), title=title, audience=str(roster.audience)
    )
    RosterGap.objects.create(
        space_id=roster.space_id,
        audience=roster.audience,
        roster=roster,
        begins_at=gap.begins_at,
        ends_at=gap.ends_at,
        alert=alert,
    )
    ledger.record(roster, GapFound(role=roster.role, begins_at=gap.begins_at, ends_at=gap.ends_at))


def _lock_space(actor: Actor, space_id: UUID) -> None:
    """Let two hands that say something for the first time come one after the other."""
    if Space.objects.visible_to(actor).select_for_update(no_key=True).with_id(space_id) is None:
        raise NotFound


def _lock_roster(
    actor: Actor, roster_id: UUID, version: int | None, *, concerned: UUID | None = None
) -> Roster:
    """Hand out a locked roster to who keeps it, or to the person whom the change is about."""
    roster = Roster.objects.visible_to(actor).select_for_update().with_id(roster_id)
    if roster is None:
        raise NotFound
    if concerned is None or concerned != actor.person_id:
        _require_keeper(actor, roster.space_id, Side(roster.side))
    require_version(roster, version)
    return roster


def _require_keeper(actor: Actor, space_id: UUID, side: Side) -> None:
    require_role(actor, space_id, *of_side(ROSTER_KEEPERS, side), to="keep this roster")


def _require_rotation(cover: Cover, side: Side, role: str, rotation: Rotation) -> None:
    errors: dict[str, list[str]] = {}
    if role not in {each.code for each in of_side(ACKNOWLEDGERS, side)}:
        errors["role"] = ["A roster is for a role of your side that gives receipts."]
    people = rotation.people
    if not 1 <= len(people) <= PEOPLE_MAX or len(set(people)) != len(people):
        errors["people"] = [f"A rotation has 1 to {PEOPLE_MAX} people, each once."]
    holding = {each.person_id for each in cover.holders.get((str(side), role), ())}
    if not set(people) <= holding:
        errors["people"] = ["Everybody on a roster holds its role here, now or later."]
    if not 1 <= rotation.days <= TURN_DAYS_MAX:
        errors["days"] = [f"A turn lasts 1 to {TURN_DAYS_MAX} days."]
    if rotation.zone not in available_timezones():
        errors["zone"] = ["Name a time zone such as Europe/Stockholm."]
    if errors:
        raise Invalid("The roster cannot be kept so.", errors=errors)


def _require_stretch(stretch: Stretch) -> Stretch:
    now = instant()
    if not stretch.begins_at < stretch.ends_at <= stretch.begins_at + STRETCH_MAX or stretch.ends_at <= now:
        words = "It ends after it begins, and not in the past."
        raise Invalid(words, errors={"ends_at": [words]})
    return stretch


def _require_holder(cover: Cover, roster: Roster, person_id: UUID) -> None:
    held = cover.holders.get((str(roster.side), roster.role), ())
    if person_id not in {each.person_id for each in held}:
        words = "This person does not hold the role of the roster here."
        raise Invalid(words, errors={"person": [words]})


def _require_room(plan: Plan) -> None:
    if len(plan.stand_ins) + len(plan.away) >= STRETCHES_MAX:
        words = "The roster holds too many stand-ins and absences; take back some."
        raise Invalid(words, errors={"person": [words]})


def _side_of(cover: Cover, person_id: UUID) -> Side:
    for (side, _role), held in cover.holders.items():
        if any(each.person_id == person_id for each in held):
            return Side(side)
    raise Refused("Duty cards are of people who have a seat here.")
