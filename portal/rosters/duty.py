"""Who has duty at an instant, over a stretch of time, and when nobody has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from uuid import UUID

from portal.rosters.plan import Plan


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds the role from a moment to a moment, by their own seat or lent by `lender`."""

    person_id: UUID
    code: str
    begins_at: datetime
    ends_at: datetime | None = None
    lender: UUID | None = None

    def holds(self, at: datetime) -> bool:
        """Say whether the role is theirs at an instant."""
        return self.begins_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class Duty:
    """Who is on duty and who comes next; no primary is a gap in cover."""

    primary: Holder | None
    backup: Holder | None


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in which the duty does not change."""

    begins_at: datetime
    ends_at: datetime
    duty: Duty


def duty_at(plan: Plan, holders: Sequence[Holder], at: datetime) -> Duty:
    """Return who has duty: who stands in, else whose turn it is, else the next in order who is there.

    There is who holds the role and is not away; for whom is not, the one to whom they lent the role. The
    backup is the next of them.
    """
    standing_in = [each.person_id for each in reversed(plan.stand_ins) if each.holds(at)]
    away = {each.person_id for each in plan.away if each.holds(at)}
    there = [each for each in holders if each.holds(at) and each.person_id not in away]
    found: dict[UUID, Holder] = {}
    for person_id in (*standing_in, *plan.rotation.order_at(at)):
        present = _present(person_id, there)
        if present is not None:
            found.setdefault(present.person_id, present)
    primary, backup, *_ = (*found.values(), None, None)
    return Duty(primary, backup)


def _present(person_id: UUID, there: Sequence[Holder]) -> Holder | None:
    own = (each for each in there if each.person_id == person_id and each.lender is None)
    lent = (each for each in there if each.lender == person_id)
    return next(own, None) or next(lent, None)


def spans(plan: Plan, holders: Sequence[Holder], begins_at: datetime, ends_at: datetime) -> list[Span]:
    """Return the duties from an instant to a later one, in order and without a hole."""
    found: list[Span] = []
    for start, end in pairwise(_turns(plan, holders, begins_at, ends_at)):
        duty = duty_at(plan, holders, start)
        if found and found[-1].duty == duty:
            found[-1] = Span(found[-1].begins_at, end, duty)
        else:
            found.append(Span(start, end, duty))
    return found


def gaps(plan: Plan, holders: Sequence[Holder], begins_at: datetime, ends_at: datetime) -> list[Span]:
    """Return when nobody has duty between two instants."""
    return [each for each in spans(plan, holders, begins_at, ends_at) if each.duty.primary is None]


def _turns(plan: Plan, holders: Sequence[Holder], begins_at: datetime, ends_at: datetime) -> list[datetime]:
    """Return every instant at which the duty may change, the two ends included."""
    inside = {each for each in _moments(plan, holders, begins_at, ends_at) if begins_at < each < ends_at}
    return sorted({begins_at, *inside, ends_at})


def _moments(
    plan: Plan, holders: Sequence[Holder], begins_at: datetime, ends_at: datetime
) -> Iterator[datetime]:
    rotation = plan.rotation
    for turn in range(rotation.turn_at(begins_at), rotation.turn_at(ends_at) + 1):
        yield rotation.handover(turn)
    for stretch in (*plan.stand_ins, *plan.away):
        yield from (stretch.begins_at, stretch.ends_at)
    for holder in holders:
        yield holder.begins_at
        if holder.ends_at is not None:
            yield holder.ends_at
