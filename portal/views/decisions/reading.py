"""Decision requests as pages show them: the list, one whole, and a record's own card."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from portal.action import instant
from portal.actor import Actor
from portal.models import DecisionRequest, Program, Record
from portal.pages import Page, PageRequest
from portal.queries.alerts import alert_lines, list_alerts
from portal.queries.clocks import find_silence
from portal.queries.decisions import (
    DecisionDetail,
    decision_detail,
    decision_lines,
    decisions_about,
    list_decisions,
)
from portal.queries.rooms import Room, list_rooms
from portal.shell import LINKS
from portal.states import DECISION_ASKERS, AlertState, Audience, DecisionState
from portal.terms import clause_words, terms_at
from portal.views.alerts import note_opened
from portal.views.ladders import ball, banner, roles_words

SHOWN_MAX: Final = 200
TONES: Final = {
    DecisionState.DRAFTED: "private",
    DecisionState.ASKED: "accent",
    DecisionState.ANSWERED: "fine",
    DecisionState.LOST: "warn",
    DecisionState.WITHDRAWN: "",
}
# Seen first: what waits, then what is being written, then what is over.
RANKS: Final = {DecisionState.ASKED: 0, DecisionState.DRAFTED: 1}
Shown = dict[str, Any]


def decisions_of(actor: Actor, space_id: UUID, record_ids: Collection[UUID], *, about: UUID) -> Shown:
    """Return for `decisions.html` what was asked about a record and what belongs to it; one query."""
    found = decisions_about(actor, record_ids)
    may_ask = actor.holds(space_id, *DECISION_ASKERS)
    return {
        "lines": [brief(each) for each in found],
        "ask_url": f"{reverse('decision_new')}?subject={about}" if may_ask else "",
    }


def brief(request: DecisionRequest) -> Shown:
    """Return a request as lists and cards show it."""
    chosen = request.chosen
    none = _("none of these") if request.is_none_of_these else ""
    return {
        "decision": request,
        "url": LINKS["decision_request"].format(id=request.pk),
        "tone": TONES[DecisionState(request.state)],
        "state": str(request.get_state_display()),
        "is_asked": request.state == DecisionState.ASKED,
        "answer": f"{chosen.code}: {chosen.words}" if chosen is not None else none,
        "by": request.ended_code or request.asked_code or request.author_code,
    }


class DecisionsPage(Page):
    """All requests the reader may see, what waits first, by the time left."""

    here: ClassVar[str] = "decisions"
    template_name: ClassVar[str] = "portal/decisions.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> Shown:
        """Return the lines, at most 200."""
        actor, rooms = request.actor, list_rooms(request.actor)
        rows = list(list_decisions(actor).order_by("-recorded_at", "-id")[: SHOWN_MAX + 1])
        lines = decision_lines(actor, rows[:SHOWN_MAX])
        shown = [
            {
                **brief(line.request),
                "subject": line.subject,
                "subject_url": url_of(line.subject),
                "room": rooms[line.request.space_id],
                "may_answer": line.may_answer,
                "ball": _ball(actor, line.request, rooms[line.request.space_id].program),
            }
            for line in lines
        ]
        return {"lines": sorted(shown, key=_order), "is_more": len(rows) > SHOWN_MAX}


def _order(shown: Shown) -> tuple[int, float]:
    found: DecisionRequest = shown["decision"]
    rank = RANKS.get(DecisionState(found.state), 2)
    return rank, found.lost_at.timestamp() if rank == 0 else 0


def url_of(record: Record | None) -> str:
    """Return the page of a record, empty where it has none."""
    if record is None or record.type not in LINKS:
        return ""
    return LINKS[record.type].format(id=record.pk)


def _ball(actor: Actor, request: DecisionRequest, program: Program) -> str:
    """Return whose turn it is, nobody's once it ended."""
    if request.state == DecisionState.ASKED:
        return ball(actor, program, request.space_id, request.other_side)
    return _("your side") if request.state == DecisionState.DRAFTED else ""


class DecisionPage(Page):
    """One request: what may be chosen, until when, what happens meanwhile, and how it ended."""

    here: ClassVar[str] = "decisions"
    template_name: ClassVar[str] = "portal/decision.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Note the first look at what one was told of, before the page is read."""
        actor: Actor | None = getattr(request, "actor", None)
        if actor is not None and request.method == "GET":
            note_opened(actor, kwargs["decision_id"])
        return super().dispatch(request, *args, **kwargs)

    def context(self, request: PageRequest, **kwargs: Any) -> Shown:
        """Return the request with what its reader may do."""
        found = decision_detail(request.actor, kwargs["decision_id"])
        return {
            **shown_of(request.actor, found),
            "partial": "decision" if request.htmx and request.method == "GET" else "",
        }


def shown_of(actor: Actor, found: DecisionDetail) -> Shown:
    """Return a request whole, in the reader's words."""
    request, program = found.request, found.program
    parties = {"manufacturer": program.manufacturer_name, "sponsor": program.sponsor_name}
    return {
        **brief(request),
        "found": found,
        "program": program,
        "zone": program.zone,
        "subject": found.line.subject,
        "subject_url": url_of(found.line.subject),
        "asker": parties[request.side],
        "asked_party": parties[request.other_side],
        "may_answer": found.line.may_answer,
        "ball": _ball(actor, request, program),
        "clause": clause_words(request.clause, _terms_of(actor, request)),
        "silence": _silence(actor, request),
        "roles": roles_words(request.roles),
        "steps": found.steps,
        "is_draft": request.state == DecisionState.DRAFTED,
        "is_over": request.state == DecisionState.ASKED and request.lost_at <= instant(),
        "records": [(each, url_of(each)) for each in found.records],
        "signatures": found.signatures,
        "sign_url": "",
        "messages_list": [_message(each, program) for each in found.messages],
        "asks": _asks(actor, request, Room(program, program.zone)),
        "private_words": Audience(request.audience).label if request.audience != Audience.SHARED else "",
    }


def _silence(actor: Actor, request: DecisionRequest) -> Shown | None:
    """Return what nobody's answer led to: the outcome and the clause that names it; None where none does."""
    if request.state != DecisionState.LOST:
        return None
    move = find_silence(actor, request.pk)
    if move is None:
        return None
    return {"step": str(move.step), "clause": clause_words(move.clause, move.terms)}


def _terms_of(actor: Actor, request: DecisionRequest) -> int | None:
    """Return the version of the agreement under which it was asked, of a draft that of now."""
    return terms_at(actor, request.space_id, request.asked_at or instant()).version


def _message(each: Any, program: Program) -> Shown:
    initials = {"manufacturer": program.manufacturer_name, "sponsor": program.sponsor_name}[each.side][:2]
    said = {"side": each.side, "by": each.code, "at": each.said_at, "text": each.text}
    return {**said, "initials": initials, "zone": program.zone, "readers": "", "tag": ""}


def _asks(actor: Actor, request: DecisionRequest, room: Room) -> list[Shown]:
    """Return the alerts about it that ask this reader for receipt."""
    rows = list_alerts(actor, side="mine").filter(subject_id=request.pk)
    waiting = list(rows.exclude(state=AlertState.ACKNOWLEDGED).order_by("raised_at", "pk"))
    back = reverse("decision", args=[request.pk])
    lines = [each for each in alert_lines(actor, waiting) if each.may_acknowledge]
    return [banner(actor, each, room, next_url=back) for each in lines]


def seen_version(request: HttpRequest) -> int | None:
    """Return the version the person saw, None when the form was sent without."""
    given = request.POST.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 10 else None  # noqa: PLR2004 - fits an integer
