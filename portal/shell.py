"""What every page needs around its content: navigation, who is signed in, where the socket starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.action import instant, is_open
from portal.actor import Actor, Side
from portal.models import Member, Organisation, Program
from portal.queries.inspections import concerns_inspections
from portal.queries.integrations import looks_after_links
from portal.slots import Slot
from portal.states import ADMINISTRATORS
from portal.streams import audiences_of


@dataclass(frozen=True, slots=True)
class NavCount:
    """A count beside an entry of the navigation; `is_mine` when it waits for this reader."""

    count: int
    words: str = ""
    is_mine: bool = False


nav_counts: Final[Slot[[Actor], Mapping[str, NavCount]]] = Slot("nav_counts")
# Record types that have a page; the socket's news link there.
LINKS: Final = {
    "deviation": "/deviations/{id}/",
    "batch": "/batches/{id}/",
    "identity_stop": "/identity-stops/{id}/",
    "alert": "/alerts/{id}/",
    "excursion": "/excursions/{id}/",
    "lot": "/lots/{id}/",
    "recipe_version": "/recipes/{id}/",
    "recipeversion": "/recipes/{id}/",
    # As the stream calls it, and as its own row does.
    "decisionrequest": "/decisions/{id}/",
    "decision_request": "/decisions/{id}/",
    "earlysignal": "/signals/{id}/",
    "early_signal": "/signals/{id}/",
    "capa": "/capa/{id}/",
    "inquiry": "/inquiries/{id}/",
    "measure": "/capa/measures/{id}/",
    "query": "/queries/{id}/",
    "change": "/changes/{id}/",
    "complaint": "/complaints/{id}/",
    "lab_investigation": "/laboratory-investigations/{id}/",
    "labinvestigation": "/laboratory-investigations/{id}/",
    "site_event": "/site-events/{id}/",
    "siteevent": "/site-events/{id}/",
    "impact_statement": "/impact-statements/{id}/",
    "impactstatement": "/impact-statements/{id}/",
    "agreement_version": "/agreement/{id}/",
    "drill": "/drills/{id}/",
    "roster": "/rosters/{id}/",
}
# key, label, icon, address, letter after g
PLACES: Final = (
    ("home", "Home", "house", "/", "h"),
    ("board", "Board", "layout-grid", "/board/", "b"),
    ("batches", "Batches", "flask-conical", "/batches/", "a"),
    ("deviations", "Deviations", "triangle-alert", "/deviations/", "d"),
    ("escalations", "Escalations", "stairs", "/escalations/", "e"),
    ("decisions", "Decisions", "signpost", "/decisions/", "c"),
)
PARTNERSHIP_PLACES: Final = (
    ("recipes", "Master records", "book-open", "/recipes/", "r"),
    ("schedule", "Schedule", "calendar-range", "/schedule/", "s"),
    ("monitoring", "Rooms and utilities", "wind", "/monitoring/", "w"),
    ("agreement", "Agreement", "file-text", "/agreement/", "q"),
    ("ledger", "Ledger", "shield", "/ledger/", "l"),
)
NOTICES: Final = ("notices", "My notifications", "bell", "/notices/", "")
INSPECTIONS: Final = ("inspections", "Inspections", "eye", "/inspections/", "")
INTEGRATIONS: Final = ("integrations", "Integrations", "plug", "/integrations/", "")
ADMINISTRATION: Final = ("administration", "Administration", "users", "/administration/", "m")
MAY_REPORT: Final = ("operator", "shift_lead", "qa", "msat", "qc", "quality_head")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the frame of a page; empty where nobody is signed in or nothing may be read."""
    actor: Actor | None = getattr(request, "actor", None)
    if actor is None or not is_open():
        return {"shell": {}, "actor": actor}
    counts: dict[str, NavCount] = {}
    for found in nav_counts(actor):
        counts |= found
    administers = any(
        role.code in seat.roles for role in ADMINISTRATORS for held in actor.seats.values() for seat in held
    )
    inspects = concerns_inspections(actor)
    below = (
        *PARTNERSHIP_PLACES,
        NOTICES,
        *((INSPECTIONS,) if inspects else ()),
        *((INTEGRATIONS,) if looks_after_links(actor) else ()),
        *((ADMINISTRATION,) if administers else ()),
    )
    return {
        "actor": actor,
        "now": instant(),
        "viewer_zone": zone_of(request),
        "shell": {
            "home_url": "/",
            "new_deviation_url": "/deviations/new/" if may_report(actor) else "",
            "search_url": "/deviations/",
            "items": [_entry(place, counts) for place in PLACES],
            "partnership": [_entry(place, counts) for place in below],
            "person": _person(actor),
            "stream": _stream(actor),
        },
    }


def zone_of(request: HttpRequest) -> str:
    """Return the reader's own time zone, in which times are shown and typed where no site is meant."""
    return str(getattr(request.user, "zone", "UTC"))


def may_report(actor: Actor) -> bool:
    """Say whether the actor has a seat from which a deviation is logged."""
    return any(
        seat.side == Side.MANUFACTURER and seat.roles & set(MAY_REPORT)
        for held in actor.seats.values()
        for seat in held
    )


def _entry(place: tuple[str, str, str, str, str], counts: Mapping[str, NavCount]) -> dict[str, Any]:
    key, label, icon, url, go = place
    found = counts.get(key, NavCount(0))
    return {
        "key": key,
        "label": _(label),
        "icon": icon,
        "url": url,
        "go": go,
        "count": found.count,
        "count_words": found.words if found.count else "",
        "mine": found.is_mine,
    }


def _person(actor: Actor) -> dict[str, str]:
    member = Member.objects.visible_to(actor).filter(person_id=actor.person_id).first()
    employer = Organisation.objects.visible_to(actor)
    organisation = employer.with_id(actor.organisation_id) if actor.organisation_id else None
    name = organisation.name if organisation else _invited_by(actor)
    code = next((seat.code for held in actor.seats.values() for seat in held if seat.code), "")
    lenders = sorted({each.code for space in actor.seats for each in actor.lenders(space)})
    if lenders:
        # First whose delegate one is: the line is short.
        code = _("for %(codes)s, %(code)s") % {"code": code, "codes": ", ".join(lenders)}
    return {
        "name": member.name if member else code,
        "role": code,
        "organisation": name,
        "url": "/security/",
    }


def _invited_by(actor: Actor) -> str:
    """Return the name of the company a guest is invited by, as the guest's program has it."""
    for each in Program.objects.visible_to(actor):
        names = {Side.SPONSOR: each.sponsor_name, Side.MANUFACTURER: each.manufacturer_name}
        if (side := actor.side(each.pk)) in names:
            return names[side]
    return ""


def _stream(actor: Actor) -> dict[str, Any]:
    programs = list(Program.objects.visible_to(actor).values_list("pk", flat=True).order_by("pk"))
    heads = {program: dict.fromkeys(audiences_of(actor, program), 0) for program in programs}
    with connection.cursor() as cursor:
        cursor.execute(
            "select space_id, audience, head from ledger.chain where space_id = any (%s)", [programs]
        )
        for program, audience, head in cursor.fetchall():
            if audience in heads[program]:
                heads[program][audience] = head
    return {
        "url": "/ws/stream/",
        "events_url": "/api/v1/events/",
        "sign_in_url": "/account/login/",
        "spaces": [{"program": str(program), "after": after} for program, after in heads.items()],
        "links": LINKS,
    }
