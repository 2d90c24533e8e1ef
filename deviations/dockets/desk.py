"""How a kind of docket is kept: its table, numbers and steps; what the actions on all of them share.

The functions that write run inside an action only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Max

from batches.environment.access import is_on_floor, require_floor, role_at
from deviations.models.docket import Docket, DocketEntry, DocketLink
from portal import ledger
from portal.access import available, require_role, require_state, require_version
from portal.action import current_action, instant
from portal.actor import Actor, Side
from portal.errors import Conflict, Invalid, NotFound
from portal.facts import Fact
from portal.models import Program, Record, RecordQuerySet
from portal.states import Audience, Transitions

# A sponsor's numbers are drawn apart: neither side reads from its own how many the other has.
MARK: Final = {Side.MANUFACTURER: "", Side.SPONSOR: "S"}


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that a docket states: its name and value for machines, label and words for people.

    What `is_inside` is for this reader alone, and no part of what is signed, printed or exported.
    """

    name: str
    label: str
    value: Any
    words: str
    url: str = ""
    is_inside: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """One kind of docket: `name` is its type, `path` where it is read, `prefix` how its numbers begin.

    `steps` gives the life cycle of one docket, `said` what it states beside title and description, times in a
    zone. `kinds` are the kinds of its
    facts, `wanted` the steps that wait for whoever may take them. What `is_of_site` stands in the
    manufacturer's own space.
    """

    name: str
    path: str
    prefix: str
    model: Any
    states: Any
    steps: Callable[[Any], Transitions]
    moved: Callable[[str, str, str], Fact]
    said: Callable[[Actor, Any, str], list[Said]]
    kinds: tuple[str, ...]
    ended: tuple[str, ...]
    wanted: tuple[str, ...] = ()
    clocks: tuple[str, ...] = ()
    # The words of what an entry may come to.
    outcomes: Any = None
    is_of_site: bool = False


_desks: Final[dict[str, Desk]] = {}


def keep(desk: Desk) -> Desk:
    """Let dockets of a kind be kept."""
    _desks[desk.name] = desk
    return desk


def desk_of(name: str) -> Desk:
    """Return how a kind of docket is kept; raises LookupError."""
    return _desks[name]


def desks() -> list[Desk]:
    """Return all kinds."""
    return list(_desks.values())


def dockets_of(desk: Desk, actor: Actor) -> RecordQuerySet[Any]:
    """Return the dockets of a kind that the actor may read: those of the site on its floor alone."""
    rows = desk.model.objects.visible_to(actor)
    if desk.is_of_site and not is_on_floor(actor, actor.organisation_id):
        rows = rows.none()
    return rows  # type: ignore[no-any-return]  # of a model that is not known here


def get_docket(desk: Desk, actor: Actor, docket_id: UUID) -> Any:
    """Return one docket; raises NotFound."""
    found: Any = dockets_of(desk, actor).with_id(docket_id)
    if found is None:
        raise NotFound
    return found


def lock_docket(desk: Desk, actor: Actor, docket_id: UUID, *, to: str, version: int | None) -> Any:
    """Hand out a locked docket for one step, in fixed order: visible, role, state, version.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion.
    """
    found = hold_docket(desk, actor, docket_id)
    step = desk.steps(found)[to]
    words = f"{to} this {desk.name}".replace("_", " ")
    if desk.is_of_site:
        require_floor(actor, found.space_id, *step.roles, to=words)
    else:
        require_role(actor, found.space_id, *step.roles, to=words)
    require_state(found, step, to)
    require_version(found, version)
    return found


def hold_docket(desk: Desk, actor: Actor, docket_id: UUID) -> Any:
    """Hand out a locked docket whatever its state; raises NotFound."""
    rows = dockets_of(desk, actor).select_for_update(of=("self",), no_key=True)
    found: Any = rows.with_id(docket_id)
    if found is None:
        raise NotFound
    return found


def open_steps(desk: Desk, actor: Actor, docket: Any) -> list[str]:
    """Return the steps the actor may take now, but for what is signed."""
    table = {name: step for name, step in desk.steps(docket).items() if step.signature is None}
    if desk.is_of_site:
        return [name for name, step in table.items() if _on_floor(actor, docket, step)]
    shut = {"share"} if docket.audience == Audience.SHARED else set()
    return [name for name in available(actor, docket, table) if name not in shut]


def _on_floor(actor: Actor, docket: Any, step: Any) -> bool:
    return docket.state in step.sources and bool(role_at(actor, docket.space_id, *step.roles))


def next_number(desk: Desk, actor: Actor, program: Program, side: Side) -> str:
    """Return the next number of the side's year, under the program's lock.

    A side reads all of its own, so that counting them draws each number once.
    """
    year = instant().astimezone(ZoneInfo(program.zone)).year
    known = desk.model.objects.visible_to(actor).filter(space_id=program.pk, side=side)
    drawn = known.filter(number__startswith=f"{desk.prefix}-{year}-").count()
    return f"{desk.prefix}-{year}-{MARK[side]}{drawn + 1:04}"


def own_side(actor: Actor, space_id: UUID) -> Side:
    """Return the side on which the actor writes in a program; raises NotFound without a seat."""
    side = actor.side(space_id)
    if side is None:
        raise NotFound
    return Side.SPONSOR if side == Side.SPONSOR else Side.MANUFACTURER


def put_docket(
    desk: Desk, actor: Actor, program: Program, *, side: Side, audience: str, fact: Fact | None, **said: Any
) -> Any:
    """Write a new docket of a side with its number; a shared step."""
    current_action()
    docket = desk.model.objects.create(
        space_id=program.pk,
        audience=audience,
        number=next_number(desk, actor, program, side),
        side=side,
        recorded_at=instant(),
        recorded_by=actor.person_id,
        recorded_code=actor.code(program.pk),
        **said,
    )
    if fact is not None:
        ledger.record(docket, fact)
    return docket


def put_entry(actor: Actor, docket: Docket, step: str, text: str, outcome: str = "") -> DocketEntry:
    """Write what was said at a step; a shared step."""
    current_action()
    rows = DocketEntry.objects.visible_to(actor).filter(about_id=docket.pk)
    last = rows.aggregate(last=Max("ordinal"))["last"] or 0
    return DocketEntry.objects.create(
        space_id=docket.space_id,
        audience=docket.audience,
        about_id=docket.pk,
        ordinal=last + 1,
        step=step,
        outcome=outcome,
        text=text.strip(),
        side=own_side(actor, docket.space_id),
        code=actor.code(docket.space_id),
        person=actor.person_id,
        given_at=instant(),
    )


def take(desk: Desk, actor: Actor, docket: Any, step: str, *, text: str = "", outcome: str = "") -> Any:
    """Take a step of a locked docket: what was said, where it leads, the fact; a shared step."""
    current_action()
    if text or outcome:
        put_entry(actor, docket, step, text, outcome)
    target = desk.steps(docket)[step].target or docket.state
    ended_at: datetime | None = instant() if target in desk.ended else None
    docket.move(target, ended_at=ended_at or docket.ended_at)
    docket.save(update_fields=list(docket.MOVED))
    ledger.record(docket, desk.moved(step, outcome, actor.code(docket.space_id)))
    return docket


def share(actor: Actor, docket: Any) -> None:
    """Let the other side read a locked docket, what was said, and links to what both know; no way back."""
    current_action()
    docket.audience = Audience.SHARED
    docket.bump()
    # Sealed words are written again, now in clear; their columns go along with the audience.
    docket.save(update_fields=["audience", "version", *docket.SEALED])
    for entry in DocketEntry.objects.visible_to(actor).filter(about_id=docket.pk).order_by("ordinal"):
        entry.audience = Audience.SHARED
        entry.bump()
        entry.save(update_fields=["audience", "version", "text"])
    for link in DocketLink.objects.visible_to(actor).filter(about_id=docket.pk).order_by("pk"):
        other = Record.objects.visible_to(actor).with_id(link.other_id)
        if other is not None and other.audience == Audience.SHARED:
            _share_link(link)


def link(actor: Actor, docket: Any, other_id: UUID) -> DocketLink:
    """Link a locked docket to another record of its program; both sides read it where both know both.

    Linked again, a link that was the own side's is shared once both are. Raises: Invalid, Conflict.
    """
    current_action()
    other = Record.objects.visible_to(actor).with_id(other_id)
    if other is None or other.space_id != docket.space_id or other.pk == docket.pk:
        words = "There is no such record in this program."
        raise Invalid(words, errors={"other": [words]})
    is_known = Audience.SHARED == docket.audience == other.audience
    found = DocketLink.objects.visible_to(actor).filter(about_id=docket.pk, other_id=other.pk).first()
    if found is not None:
        if not is_known or found.audience == Audience.SHARED:
            raise Conflict(f"{docket.number} is linked to {other.number} already.", code="linked")
        _share_link(found)
        return found
    return DocketLink.objects.create(
        space_id=docket.space_id,
        audience=Audience.SHARED if is_known else own_side(actor, docket.space_id),
        about_id=docket.pk,
        other_id=other.pk,
        linked_code=actor.code(docket.space_id),
        linked_at=instant(),
    )


def note_link(desk: Desk, actor: Actor, docket: Any, made: DocketLink) -> None:
    """Record that a docket was linked, on the chain of who reads the link; a shared step.

    The version rises where both do: it tells the other side nothing of a link that it does not read.
    """
    current_action()
    if made.audience == docket.audience:
        docket.bump()
        docket.save(update_fields=["version"])
    fact = desk.moved("link", "", actor.code(docket.space_id))
    ledger.record(docket, fact, audience=str(made.audience))


def _share_link(found: DocketLink) -> None:
    found.audience = Audience.SHARED
    found.bump()
    found.save(update_fields=["audience", "version"])
