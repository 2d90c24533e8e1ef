"""Dockets as people read them: lists, one whole, what waits for whom, what stands beside another record."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from deviations.dockets.desk import Desk, Said, desks, dockets_of, get_docket, open_steps
from deviations.models import DocketEntry, DocketLink
from portal.actor import Actor
from portal.models import Clock, Program, Record
from portal.queries.clocks import OPEN
from portal.queries.signatures import SignatureLine, signatures_of
from portal.shell import LINKS
from portal.signable import open_meanings, signable_of
from portal.slots import InboxItem

ITEMS_MAX: Final = 200
SITE_ZONE: Final = "UTC"


@dataclass(frozen=True, slots=True)
class DocketLine:
    """One row of a list, with the deadline that comes next or passed, and the steps of this reader."""

    desk: Desk
    docket: Any
    clock: Clock | None
    steps: list[str]


@dataclass(frozen=True, slots=True)
class Linked:
    """A record that a docket belongs to; `url` is empty where it has no page."""

    record: Record
    url: str
    is_private: bool


@dataclass(frozen=True, slots=True)
class DocketDetail:
    """A docket whole, as the reader's side may see it; `program` is None for what is the site's own."""

    desk: Desk
    docket: Any
    program: Program | None
    zone: str
    said: list[Said]
    entries: list[DocketEntry]
    linked: list[Linked]
    clocks: list[Clock]
    signatures: list[SignatureLine]
    steps: list[str]
    may_sign: bool


def list_dockets(
    desk: Desk,
    actor: Actor,
    *,
    program_id: UUID | None = None,
    state: str | None = None,
    side: str | None = None,
    linked_to: UUID | None = None,
) -> QuerySet[Any]:
    """Return the dockets of a kind that the actor may read, unordered; `state` is one, or `open`."""
    rows: QuerySet[Any] = dockets_of(desk, actor)
    if program_id is not None:
        rows = rows.filter(space_id=program_id)
    if side is not None:
        rows = rows.filter(side=side)
    if state == "open":
        rows = rows.exclude(state__in=desk.ended)
    elif state is not None:
        rows = rows.filter(state=state)
    if linked_to is not None:
        links = DocketLink.objects.visible_to(actor).filter(other_id=linked_to)
        rows = rows.filter(pk__in=links.values("about_id"))
    return rows


def docket_lines(desk: Desk, actor: Actor, dockets: Sequence[Any]) -> list[DocketLine]:
    """Return dockets with clock and steps, in the order given; one query for all."""
    clocks = nearest_clocks(desk, actor, [each.pk for each in dockets])
    return [DocketLine(desk, each, clocks.get(each.pk), open_steps(desk, actor, each)) for each in dockets]


def nearest_clocks(desk: Desk, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Clock]:
    """Return the open clock of each docket that is over first; one query, none where no clock is known."""
    if not desk.clocks:
        return {}
    rows = Clock.objects.visible_to(actor).filter(OPEN, subject_id__in=ids, kind__in=desk.clocks)
    found: dict[UUID, Clock] = {}
    for each in rows.order_by("due_at", "pk"):
        found.setdefault(each.subject_id, each)
    return found


def docket_detail(desk: Desk, actor: Actor, docket_id: UUID, *, zone: str = SITE_ZONE) -> DocketDetail:
    """Return one docket whole; what is the site's own in the `zone` of its reader. Raises NotFound."""
    docket = get_docket(desk, actor, docket_id)
    program = Program.objects.visible_to(actor).with_id(docket.space_id)
    zone = program.zone if program is not None else zone
    clocks = Clock.objects.visible_to(actor).filter(subject_id=docket.pk, kind__in=desk.clocks)
    entries = DocketEntry.objects.visible_to(actor).filter(about_id=docket.pk)
    return DocketDetail(
        desk=desk,
        docket=docket,
        program=program,
        zone=zone,
        said=desk.said(actor, docket, zone),
        entries=list(entries.order_by("ordinal")),
        linked=linked_records(actor, docket),
        clocks=list(clocks.order_by("started_at", "pk")),
        signatures=signatures_of(actor, docket.pk, docket.version),
        steps=open_steps(desk, actor, docket),
        may_sign=_may_sign(desk, actor, docket),
    )


def _may_sign(desk: Desk, actor: Actor, docket: Any) -> bool:
    try:
        signable = signable_of(desk.name)
    except LookupError:
        return False
    return bool(open_meanings(actor, docket, signable))


def linked_records(actor: Actor, docket: Any) -> list[Linked]:
    """Return what a docket belongs to, as far as the actor may see links and records; two queries."""
    links = list(DocketLink.objects.visible_to(actor).filter(about_id=docket.pk).order_by("linked_at", "pk"))
    records = Record.objects.visible_to(actor).in_bulk([each.other_id for each in links])
    return [
        Linked(record, LINKS.get(record.type, "").format(id=record.pk), each.audience != "shared")
        for each in links
        if (record := records.get(each.other_id)) is not None
    ]


def dockets_about(actor: Actor, record_id: UUID, *, field: str = "deviation") -> list[DocketLine]:
    """Return the dockets that are linked to a record or name it, open ones first.

    Two queries, one a kind that names such a record, and two a kind that is found.
    """
    links = DocketLink.objects.visible_to(actor).filter(other_id=record_id)
    ids: dict[str, set[UUID]] = {}
    linked = Record.objects.visible_to(actor).filter(pk__in=links.values("about_id"))
    for type_, pk in linked.values_list("type", "pk"):
        ids.setdefault(type_, set()).add(pk)
    found: list[DocketLine] = []
    for desk in desks():
        own = ids.get(desk.name, set())
        if any(each.name == field for each in desk.model._meta.local_fields):
            rows = list_dockets(desk, actor).filter(**{f"{field}_id": record_id})
            own |= set(rows.values_list("pk", flat=True)[:ITEMS_MAX])
        if own:
            rows = list_dockets(desk, actor).filter(pk__in=own).order_by("recorded_at", "pk")
            found += docket_lines(desk, actor, list(rows[:ITEMS_MAX]))
    return sorted(found, key=lambda each: each.docket.state in each.desk.ended)


def dockets_waiting(actor: Actor) -> list[InboxItem]:
    """Return the dockets with a step that waits for this actor; two queries a kind."""
    found = []
    for desk in desks():
        waiting = _waiting(desk, actor)
        clocks = nearest_clocks(desk, actor, [each.pk for each, _step in waiting])
        found += [_item(desk, docket, step, clocks.get(docket.pk)) for docket, step in waiting]
    return found


def count_dockets(actor: Actor) -> int:
    """Return how many dockets wait for this actor; one query a kind."""
    return sum(len(_waiting(desk, actor)) for desk in desks())


def _waiting(desk: Desk, actor: Actor) -> list[tuple[Any, str]]:
    """Return open dockets with the first of the wanted steps that this actor may take, or sign."""
    if not desk.wanted:
        return []
    rows = list_dockets(desk, actor, state="open").order_by("recorded_at", "pk")[:ITEMS_MAX]
    found = []
    for each in rows:
        steps = open_steps(desk, actor, each)
        step = next((name for name in desk.wanted if name in steps), "")
        if not step and _may_sign(desk, actor, each):
            step = "sign"
        if step:
            found.append((each, step))
    return found


def _item(desk: Desk, docket: Any, step: str, clock: Clock | None) -> InboxItem:
    words = desk.steps(docket)[step].label if step in desk.steps(docket) else _("Read it and sign")
    return InboxItem(
        subject_type=desk.name,
        subject_id=docket.pk,
        number=docket.number,
        title=str(docket.title),
        kind=desk.name,
        why=_("%(step)s: waits for your side") % {"step": words},
        clause=clock.clause if clock is not None else "",
        terms=clock.terms if clock is not None else None,
        side=str(clock.side) if clock is not None else str(docket.side),
        due_at=clock.due_at if clock is not None else getattr(docket, "wanted_at", None),
        url=f"/{desk.path}/{docket.pk}/",
        classification=None,
        space_id=docket.space_id,
    )
