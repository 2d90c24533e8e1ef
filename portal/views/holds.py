"""Legal holds: the page that lists, places and releases them, and what a record's own page says of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.action import reading
from portal.actions.holding import place_hold, release_hold
from portal.actor import Actor
from portal.errors import DomainError, NotFound, Refused
from portal.forms import PlaceHoldForm, explain
from portal.models import LegalHold, Record
from portal.pages import Page, PageRequest
from portal.queries.holds import Period, find_holdable, list_holds, list_holds_over, periods_of
from portal.queries.rooms import Room, list_rooms
from portal.shell import LINKS
from portal.states import HOLDERS, Audience, HoldState, hold_transitions
from portal.terms import clause_link

SHOWN_MAX: Final = 200
# What the form says -> what the action takes.
AUDIENCES: Final = {"own": "", "shared": Audience.SHARED}


def may_hold(actor: Actor) -> bool:
    """Say whether the reader places holds in any program."""
    return any(actor.holds(space_id, *HOLDERS) for space_id in actor.seats)


def holds_of(
    actor: Actor, space_id: UUID, record_id: UUID, within: Collection[UUID | None]
) -> dict[str, Any]:
    """Return for `holds.html` what stands on a record and on what it lies within; one query."""
    over = [record_id, space_id, *(each for each in within if each is not None)]
    lines = list(list_holds_over(actor, over))
    has_own = any(each.record_id == record_id and _may_release(actor, each) for each in lines)
    may_place = actor.holds(space_id, *HOLDERS) and not has_own
    place_url = f"{reverse('holds')}?record={record_id}#place" if may_place else ""
    return {"lines": lines, "record_id": record_id, "place_url": place_url}


def _may_release(actor: Actor, hold: LegalHold) -> bool:
    return actor.holds(hold.space_id, *hold_transitions(hold.side)["release"].roles)


class HoldsPage(Page):
    """The holds the reader's side may know of, and the form that places one."""

    here: ClassVar[str] = "ledger"
    template_name: ClassVar[str] = "portal/holds.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return holds, standing ones first, and the form for who may place one."""
        actor, rooms = request.actor, list_rooms(request.actor)
        rows = list(list_holds(actor)[: SHOWN_MAX + 1])
        periods = _periods(actor, rows[:SHOWN_MAX])
        return {
            "lines": [_line(actor, each, rooms, periods) for each in rows[:SHOWN_MAX]],
            "refused_id": kwargs.get("hold_id"),
            "is_more": len(rows) > SHOWN_MAX,
            "form": _form(actor, rooms, about=_asked_for(actor, request.GET.get("record", ""))),
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Place a hold."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            form = _form(asked.actor, list_rooms(asked.actor), asked.POST)
        if form is None:
            raise Refused(_("A legal hold is placed by the head of quality or by regulatory affairs."))
        if form.is_valid() and _placed(asked.actor, form):
            messages.success(asked, _("The hold stands."))
            return HttpResponseRedirect(reverse("holds"), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"form": form})


def _placed(actor: Actor, form: PlaceHoldForm) -> bool:
    """Place what the form says; False when it was refused, in words beside the form."""
    given = form.cleaned_data
    with reading(actor):
        record = find_holdable(actor, UUID(given["program"]), given["number"])
    if record is None:
        form.add_error("number", _("No program, batch or deviation here is called so."))
        return False
    try:
        place_hold(actor, record.pk, reason=given["reason"], audience=AUDIENCES[given["audience"]])
    except (Refused, NotFound):
        raise
    except DomainError as error:
        explain(form, error)
        return False
    return True


def _form(
    actor: Actor, rooms: dict[UUID, Room], data: Any = None, *, about: Record | None = None
) -> PlaceHoldForm | None:
    programs = [
        (str(each.program.pk), each.program.code)
        for each in rooms.values()
        if actor.holds(each.program.pk, *HOLDERS)
    ]
    if not programs:
        return None
    initial = {"program": str(about.space_id), "number": about.number} if about is not None else {}
    return PlaceHoldForm(data, programs=sorted(programs, key=lambda each: each[1]), initial=initial)


def _asked_for(actor: Actor, record_id: str) -> Record | None:
    try:
        return Record.objects.visible_to(actor).with_id(UUID(record_id))
    except ValueError:
        return None


def _periods(actor: Actor, holds: Sequence[LegalHold]) -> dict[UUID, Period]:
    by_space: dict[UUID, dict[UUID, Record]] = defaultdict(dict)
    for each in holds:
        by_space[each.space_id][each.record_id] = each.record
    found: dict[UUID, Period] = {}
    for space_id, records in by_space.items():
        found |= periods_of(actor, space_id, records.values())
    return found


def _line(
    actor: Actor, hold: LegalHold, rooms: dict[UUID, Room], periods: dict[UUID, Period]
) -> dict[str, Any]:
    room, period = rooms[hold.space_id], periods[hold.record_id]
    stands = hold.state == HoldState.PLACED
    return {
        "hold": hold,
        "program": room.program.code,
        "zone": room.zone,
        "url": LINKS[hold.record.type].format(id=hold.record_id) if hold.record.type in LINKS else "",
        "kept": period.kept.words,
        "clause": clause_link(hold.space_id, period.clause, period.terms),
        "stands": stands,
        "private": hold.get_audience_display() if hold.audience != Audience.SHARED else "",
        "may_release": stands and _may_release(actor, hold),
    }


class ReleaseHold(HoldsPage):
    """Release a hold."""

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Lead back to the page."""
        return HttpResponseRedirect(reverse("holds"))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Release it, with a reason."""
        asked = cast("PageRequest", request)
        version = asked.POST.get("version", "")
        release_hold(
            asked.actor,
            kwargs["hold_id"],
            reason=asked.POST.get("reason", ""),
            version=int(version) if version.isdecimal() and len(version) < 10 else None,  # noqa: PLR2004 - fits an integer
        )
        messages.success(asked, _("The hold is released."))
        return HttpResponseRedirect(reverse("holds"), status=303)
