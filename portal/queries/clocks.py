"""Clocks as people read them: time left, whose ball, by which clause and calendar, and their history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.action import instant
from portal.actor import Actor, Side
from portal.clocks import Extensions, MoreTime
from portal.clocks.names import fixed_kinds, is_fixed, kinds_with_own_item
from portal.clocks.silence import STEPS
from portal.errors import NotFound
from portal.models import BusinessCalendar, Clock, ClockMove, Record
from portal.states import (
    CLOCK_KEEPERS,
    CLOCK_TRANSITIONS,
    SPONSOR_REGULATORY,
    ClockState,
    clock_keepers,
)

# What stays in sight: what runs or rests, and what was not done in time until it is done.
OPEN = Q(state__in=(ClockState.RUNNING, ClockState.PAUSED)) | Q(state=ClockState.BREACHED, done_at=None)
# What comes next of a record: what is overdue first, then what runs; a ladder that has ended is no deadline.
AHEAD = Q(state=ClockState.RUNNING) | Q(state=ClockState.BREACHED, done_at=None, alert=None)


@dataclass(frozen=True, slots=True)
class ClockLine:
    """A clock with its subject, its history oldest first, and the steps this reader may take with it now.

    `subject` is None where the reader may not see the record; `more` is the time a clause gives beyond its
    own, None where none does, or the clock has ended.
    """

    clock: Clock
    subject: Record | None
    moves: tuple[ClockMove, ...]
    steps: tuple[str, ...]
    more: MoreTime | None = None


def list_clocks(
    actor: Actor,
    *,
    program_id: UUID | None = None,
    subject_id: UUID | None = None,
    state: str | None = None,
) -> QuerySet[Clock]:
    """Return the clocks the actor may see, unordered, without those of ladders, which their alerts show.

    `state` is a state, or `open` for all that is not over.
    """
    found = Clock.objects.visible_to(actor).filter(alert=None)
    if program_id is not None:
        found = found.filter(space_id=program_id)
    if subject_id is not None:
        found = found.filter(subject_id=subject_id)
    if state == "open":
        return found.filter(OPEN)
    return found if state is None else found.filter(state=state)


def clock_lines(actor: Actor, clocks: Sequence[Clock]) -> list[ClockLine]:
    """Return clocks with subjects and histories, in the order given; two queries for all, one a version."""
    subjects = Record.objects.visible_to(actor).in_bulk({each.subject_id for each in clocks})
    moves: dict[UUID, list[ClockMove]] = defaultdict(list)
    rows = ClockMove.objects.visible_to(actor).filter(clock__in=[each.pk for each in clocks])
    for move in rows.order_by("at", "pk"):
        moves[move.clock_id].append(move)
    extensions, lines = Extensions(actor), []
    for each in clocks:
        steps, more = clock_steps(actor, each), None
        if "extend" in steps or (each.extensions and each.state == ClockState.RUNNING):
            more = extensions.of(each)
        if each.clause and not (more and more.left):
            steps = tuple(step for step in steps if step != "extend")
        lines.append(ClockLine(each, subjects.get(each.subject_id), tuple(moves[each.pk]), steps, more))
    return lines


def find_clock(actor: Actor, clock_id: UUID) -> ClockLine:
    """Return one clock; raises NotFound, also for a ladder's."""
    found = list_clocks(actor).filter(pk=clock_id).first()
    if found is None:
        raise NotFound
    return clock_lines(actor, [found])[0]


def clock_steps(actor: Actor, clock: Clock) -> tuple[str, ...]:
    """Return the steps the actor may take with a clock as it stands, in table order, whatever its clause."""
    return tuple(
        name
        for name, step in CLOCK_TRANSITIONS.items()
        if clock.state in step.sources
        and actor.holds(clock.space_id, *(role for role in clock_keepers(clock, name) if role.side != "both"))
        and _is_open_to(actor, clock, name)
    )


def _is_open_to(actor: Actor, clock: Clock, name: str) -> bool:
    if name == "resume":
        return True
    is_late = instant() >= clock.due_at
    if name == "move":
        return bool(clock.is_joint)
    if clock.is_regulatory or is_late or is_fixed(clock.kind):
        return False
    asked = clock.pause_asked_by
    if name in ("consent", "decline", "take_back"):
        side = actor.side(clock.space_id)
        return bool(asked) and side is not None and (side == asked) == (name == "take_back")
    return name != "pause" or not asked


def kept_clocks(actor: Actor) -> QuerySet[Clock]:
    """Return the open clocks of the actor's own side that are the actor's to keep, unordered.

    Those of the law are kept by regulatory affairs, who sign the decisions that end them.
    """
    mine = Q(pk__in=[])
    for role in CLOCK_KEEPERS:
        spaces = [space for space in actor.seats if actor.holds(space, role)]
        mine |= Q(side=role.side, space_id__in=spaces, is_regulatory=False)
    duties = [space for space in actor.seats if actor.holds(space, SPONSOR_REGULATORY)]
    mine |= Q(side=SPONSOR_REGULATORY.side, space_id__in=duties, is_regulatory=True)
    return list_clocks(actor).filter(OPEN, mine).exclude(kind__in=kinds_with_own_item())


def others_clocks(actor: Actor, most: int) -> list[ClockLine]:
    """Return open clocks that run against the other sides in the actor's programs, nearest due first."""
    theirs = Q(side=Side.SPONSOR, space_id__in=_only(actor, Side.MANUFACTURER)) | Q(
        side=Side.MANUFACTURER, space_id__in=_only(actor, Side.SPONSOR)
    )
    # What the matter sets a time for is listed as the matter itself.
    rows = list_clocks(actor).filter(OPEN, theirs).exclude(kind__in=fixed_kinds()).order_by("due_at", "pk")
    return clock_lines(actor, list(rows[:most]))


def _only(actor: Actor, side: Side) -> list[UUID]:
    return [space for space, seats in actor.seats.items() if {each.side for each in seats} == {side}]


def find_silence(actor: Actor, subject_id: UUID) -> ClockMove | None:
    """Return what the newest silence about a record led to, None where no clause says it."""
    rows = ClockMove.objects.visible_to(actor).filter(clock__subject_id=subject_id, step__in=STEPS.values())
    return rows.order_by("-at", "-pk").first()


def list_calendars(actor: Actor, *, program_id: UUID | None = None) -> QuerySet[BusinessCalendar]:
    """Return the versions of both sides' calendars in the actor's programs, unordered."""
    found = BusinessCalendar.objects.visible_to(actor).select_related("site")
    return found if program_id is None else found.filter(space_id=program_id)
