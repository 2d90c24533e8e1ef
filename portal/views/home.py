"""Home: what needs me now, over all partners, by time left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.actor import Actor
from portal.clocks.names import name_of
from portal.models import DecisionRequest
from portal.pages import PageRequest
from portal.queries import alert_lines, list_alerts, list_inbox
from portal.queries.clocks import ClockLine, others_clocks
from portal.queries.decisions import DECISION_ALERTS, asked_by
from portal.queries.news import since_last_look
from portal.queries.rooms import Room, list_rooms
from portal.rosters.drills import DRILL
from portal.slots import InboxItem
from portal.states import AlertState
from portal.terms import clause_link, clause_words
from portal.views.ladders import ball, banner, detail_of, sits_on
from portal.views.looked_at import LookedAtPage

OTHERS_MAX: Final = 20
# Without a class it is asked for before a minor one goes on.
TAGS: Final[Mapping[str, str | Promise]] = {
    "triage": gettext_lazy("no class yet"),
    "sign_master": gettext_lazy("master record to sign"),
    "disposition": gettext_lazy("disposition to sign"),
    "coa": gettext_lazy("certificate"),
    "decision": gettext_lazy("decision"),
    "decision.question": gettext_lazy("question"),
    "decision.answered": gettext_lazy("answer"),
    "decision.lost": gettext_lazy("no reply"),
    "early_signal": gettext_lazy("early signal"),
    "shelf_life": gettext_lazy("shelf life"),
    "lot_expires": gettext_lazy("expiry"),
    "report.draft": gettext_lazy("draft report"),
    "report.review": gettext_lazy("report"),
    "change": gettext_lazy("change"),
    "complaint": gettext_lazy("complaint"),
    "lab_investigation": gettext_lazy("laboratory"),
    "query": gettext_lazy("query"),
    "impact_statement": gettext_lazy("impact statement"),
    "site_event": gettext_lazy("site event"),
    "watch": gettext_lazy("early signal"),
    "proposal": gettext_lazy("second word"),
    "review": gettext_lazy("review"),
    "signature": gettext_lazy("signature"),
    "agreement": gettext_lazy("agreement"),
}
# More stand behind a link: nobody works through five hundred lines, and each costs.
SHOWN_FIRST: Final = 50
RANKS: Final = {"critical": 0, "major": 1, "minor": 3}


class HomePage(LookedAtPage):
    """One inbox, then what waits for the other side."""

    here: ClassVar[str] = "home"
    template_name: ClassVar[str] = "portal/home.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the rows by time left, and what is new; of a part that renews itself that part alone."""
        actor = request.actor
        if request.GET.get("part") == "news":
            return {"since": since_last_look(actor), "partial": "news"}
        rooms, waits = list_rooms(actor), sorted(list_inbox(actor), key=_order)
        shown = waits if request.GET.get("all") else waits[:SHOWN_FIRST]
        return {
            "since": None if request.htmx else since_last_look(actor),
            "items": [_row(actor, each, rooms) for each in shown],
            "waits": len(waits),
            "more": len(waits) - len(shown),
            "address": request.get_full_path(),
            "others": _others(actor, rooms),
            "rooms": sorted(rooms.values(), key=lambda each: each.program.code),
            "partial": "inbox" if request.htmx else "",
        }


def _order(item: InboxItem) -> tuple[bool, float, int, str]:
    """Sort by time left; what has none by class, then by number."""
    due = item.due_at.timestamp() if item.due_at is not None else 0.0
    return item.due_at is None, due, RANKS.get(item.classification or "", 2), item.number


def _row(actor: Actor, item: InboxItem, rooms: Mapping[UUID, Room]) -> dict[str, Any]:
    room = rooms.get(item.space_id) if item.space_id is not None else None
    program = room.program if room is not None else None
    where = [program.code, _partner(actor, program)] if program is not None else []
    return {
        "item": item,
        "tone": item.classification or ("warn" if item.subject_type == "alert" else ""),
        "tag": "" if item.classification else _tag(item),
        "detail": detail_of(*where, item.why, _clause(item)),
        "acknowledge_url": f"{item.url}acknowledge/" if item.subject_type == "alert" else "",
    }


def _clause(item: InboxItem) -> str:
    """Return the clause by which something waits, as a link to where it is read."""
    if item.space_id is None:
        return clause_words(item.clause, item.terms)
    return clause_link(item.space_id, item.clause, item.terms)


def _partner(actor: Actor, program: Any) -> str:
    """Return the company across the border."""
    is_sponsor = sits_on(actor, program.pk, "sponsor")
    return str(program.manufacturer_name if is_sponsor else program.sponsor_name)


def _tag(item: InboxItem) -> str:
    """Return the word for what has no class; an unclassified deviation says so."""
    if item.kind == DRILL:
        return _("DRILL")
    if item.subject_type == "clock":
        return _("deadline")
    return str(TAGS.get(item.kind, _("live alert")))


def _others(actor: Actor, rooms: Mapping[UUID, Room]) -> list[dict[str, Any]]:
    """Return what waits for the other side, receipts and clocks, least time left first."""
    found = list_alerts(actor, state=AlertState.OPEN).order_by("raised_at", "pk")
    found = found.exclude(kind__in=DECISION_ALERTS)
    theirs = [each for each in found[: 2 * OTHERS_MAX] if not sits_on(actor, each.space_id, str(each.side))]
    lines = sorted(
        alert_lines(actor, theirs[:OTHERS_MAX]), key=lambda each: (each.next_at is None, each.next_at)
    )
    shown = [_decision(actor, each, rooms.get(each.space_id)) for each in asked_by(actor)[:OTHERS_MAX]]
    for line in lines:
        room = rooms.get(line.alert.space_id)
        whose = ball(
            actor, room.program if room is not None else None, line.alert.space_id, str(line.alert.side)
        )
        # Whose turn it is not, needs no colour but the class's.
        shown.append({**banner(actor, line, room), "tone": line.alert.classification or "", "ball": whose})
    shown += [_others_clock(actor, line, rooms) for line in others_clocks(actor, OTHERS_MAX)]
    return sorted(shown, key=lambda each: (each["due_at"] is None, each["due_at"]))


def _others_clock(actor: Actor, line: ClockLine, rooms: Mapping[UUID, Room]) -> dict[str, Any]:
    clock, room = line.clock, rooms.get(line.clock.space_id)
    program = room.program if room is not None else None
    number = line.subject.number if line.subject is not None else ""
    where = program.code if program is not None else ""
    return {
        "tone": "",
        "word": _("deadline"),
        "title": f"{number} {name_of(clock.kind)}".strip(),
        "url": f"/clocks/{clock.pk}/",
        "detail": detail_of(where, clause_link(clock.space_id, clock.clause, clock.terms)),
        "ball": ball(actor, program, clock.space_id, str(clock.side)),
        "due_at": clock.due_at,
    }


def _decision(actor: Actor, request: DecisionRequest, room: Room | None) -> dict[str, Any]:
    """Return a request that the other side has to answer, whoever of it has seen it."""
    program = room.program if room is not None else None
    return {
        "tone": "",
        "word": str(TAGS["decision"]),
        "title": f"{request.number}: {request.title}",
        "url": f"/decisions/{request.pk}/",
        "detail": program.code if program is not None else "",
        "ball": ball(actor, program, request.space_id, request.other_side),
        "due_at": request.lost_at,
    }
