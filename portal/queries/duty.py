"""Who is on duty on both sides, how they are reached, and what the coming week holds."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from portal.access import get_visible
from portal.actor import Actor, Side
from portal.models import DutyCard, Program, Roster, RosterVersion
from portal.rosters.cover import Cover, Kept, cover_of, covers_of
from portal.rosters.duty import Duty, Holder, Span, spans
from portal.rosters.plan import Plan
from portal.states import ACKNOWLEDGERS, Audience

SIDES = (Side.MANUFACTURER, Side.SPONSOR)
# Those who answer in general, then those who decide.
ROLES: Mapping[Side, tuple[str, ...]] = {
    side: tuple(each.code for each in ACKNOWLEDGERS if each.side == side) for side in SIDES
}


# Languages, telephone, and whether that is shared.
CardWords = tuple[str, str, bool]
NO_CARD: CardWords = ("", "", False)


@dataclass(frozen=True, slots=True)
class Reachable:
    """A person by code, with what the reader may know of how to reach them."""

    person_id: UUID
    code: str
    is_delegate: bool
    languages: str
    telephone: str
    is_shared: bool


@dataclass(frozen=True, slots=True)
class DutyLine:
    """Who answers for one role of a side now.

    With a roster that is the primary, and a backup; without one, everybody who holds the role. `until` is
    when the duty next passes on.
    """

    side: Side
    role: str
    zone: str
    is_rostered: bool
    people: tuple[Reachable, ...]
    backup: Reachable | None
    until: datetime | None


@dataclass(frozen=True, slots=True)
class RosterWeek:
    """One roster over a stretch of time; `programs` are the codes of those that it serves."""

    roster_id: UUID
    side: Side
    role: str
    zone: str
    programs: tuple[str, ...]
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class RosterDetail:
    """A roster as its own side reads it: what it says, who could be on it, and every version."""

    roster: Roster
    plan: Plan
    codes: Mapping[UUID, str]
    now: Duty
    versions: Sequence[RosterVersion]


def on_duty(actor: Actor, space_id: UUID, side: Side, role: str, at: datetime) -> Duty | None:
    """Return who has duty in a role at an instant, None where no roster says or the actor has no seat."""
    return cover_of(space_id).duty(side, role, at) if space_id in actor.seats else None


def duty_lists(actor: Actor, programs: Collection[Program], at: datetime) -> dict[UUID, list[DutyLine]]:
    """Return who answers on either side of each program, role by role; a fixed number of queries."""
    covers = covers_of([each.pk for each in programs])
    cards = _cards(actor, programs)
    found: dict[UUID, list[DutyLine]] = {}
    for program in programs:
        known = {**cards.get(program.partnership_id, {}), **cards.get(program.pk, {})}
        cover = covers[program.pk]
        lines = (_line(cover, known, side, role, at) for side in SIDES for role in ROLES[side])
        found[program.pk] = [each for each in lines if each.is_rostered or each.people]
    return found


def _line(cover: Cover, cards: Mapping[UUID, CardWords], side: Side, role: str, at: datetime) -> DutyLine:
    def reach(holder: Holder) -> Reachable:
        languages, telephone, is_shared = cards.get(holder.person_id, NO_CARD)
        return Reachable(
            holder.person_id, holder.code, holder.lender is not None, languages, telephone, is_shared
        )

    kept, zone = cover.rosters.get((str(side), role)), cover.zones.get(side, "UTC")
    duty = cover.duty(side, role, at)
    if kept is None or duty is None:
        everybody = tuple(reach(each) for each in cover.present(side, role, at))
        return DutyLine(side, role, zone, False, everybody, None, None)  # noqa: FBT003 - no roster
    rotation = kept.plan.rotation
    return DutyLine(
        side=side,
        role=role,
        zone=rotation.zone,
        is_rostered=True,
        people=(reach(duty.primary),) if duty.primary else (),
        backup=reach(duty.backup) if duty.backup else None,
        until=rotation.handover(rotation.turn_at(at) + 1),
    )


def _cards(actor: Actor, programs: Collection[Program]) -> dict[UUID, dict[UUID, CardWords]]:
    """Return languages and telephone by space and person; a private telephone goes before a shared one."""
    spaces = {each.pk for each in programs} | {each.partnership_id for each in programs}
    found: dict[UUID, dict[UUID, CardWords]] = {}
    for card in DutyCard.objects.visible_to(actor).filter(space_id__in=spaces):
        of_space = found.setdefault(card.space_id, {})
        languages, telephone, is_shared = of_space.get(card.person_id, NO_CARD)
        number = str(card.telephone)
        of_space[card.person_id] = (
            card.languages if card.audience == Audience.SHARED else languages,
            number or telephone,
            card.audience == Audience.SHARED if number else is_shared,
        )
    return found


def weeks(
    side: Side,
    programs: Collection[Program],
    covers: Mapping[UUID, Cover],
    begins_at: datetime,
    ends_at: datetime,
) -> list[RosterWeek]:
    """Return every roster of a side of the programs between two instants, once though it serves many.

    `covers` are those of the programs. By role.
    """
    served: dict[UUID, list[str]] = {}
    found: dict[UUID, tuple[str, Kept, Sequence[Holder]]] = {}
    for program in sorted(programs, key=lambda each: each.code):
        cover = covers[program.pk]
        for (of, role), kept in cover.rosters.items():
            if of == side:
                served.setdefault(kept.roster_id, []).append(program.code)
                found[kept.roster_id] = (role, kept, cover.holders.get((of, role), ()))
    return sorted(
        (
            RosterWeek(
                roster_id,
                side,
                role,
                kept.plan.rotation.zone,
                tuple(served[roster_id]),
                tuple(spans(kept.plan, held, begins_at, ends_at)),
            )
            for roster_id, (role, kept, held) in found.items()
        ),
        key=lambda each: (ROLES[side].index(each.role), each.programs),
    )


def list_rosters(actor: Actor) -> list[Roster]:
    """Return the rosters that the actor's own sides keep."""
    return list(Roster.objects.visible_to(actor).order_by("space_id", "side", "role"))


def roster_detail(actor: Actor, roster_id: UUID, at: datetime) -> RosterDetail:
    """Return one roster of the own side. Raises: NotFound."""
    roster = get_visible(Roster, actor, roster_id)
    versions = list(RosterVersion.objects.visible_to(actor).filter(roster=roster).order_by("-number"))
    plan, key = Plan.of(versions[0].plan), (str(roster.side), roster.role)
    cover = cover_of(roster.space_id)
    duty = cover.duty(*key, at) if key in cover.rosters else None
    return RosterDetail(roster, plan, codes_of(cover, *key), duty or Duty(None, None), versions)


def codes_of(cover: Cover, side: str, role: str) -> dict[UUID, str]:
    """Return who holds a role by their own seat, now or later, by code."""
    held = [each for each in cover.holders.get((side, role), ()) if each.lender is None]
    return {each.person_id: each.code for each in sorted(held, key=lambda each: each.code)}
