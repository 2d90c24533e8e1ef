"""The list of deviations: saved filters, search, ageing, next clock."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deviations.mirroring.states import SETTLERS
from deviations.models import Deviation
from deviations.queries import lines_of
from deviations.queries.listing import DeviationLine
from deviations.queries.saved_filters import FILTERS, Deadline, deadlines_of, filter_deviations
from deviations.states import OPEN_STATES
from deviations.views.dockets import docket_links
from portal.action import instant
from portal.actor import Actor
from portal.clocks.names import name_of
from portal.pages import Page, PageRequest
from portal.queries.rooms import Room, list_rooms
from portal.states import Audience
from portal.views.ladders import ball

PAGE: Final = 50
WORDS_MAX: Final = 60
NAMES: Final = {
    "open": gettext_lazy("Open"),
    "mine": gettext_lazy("Mine to do"),
    "grave": gettext_lazy("Major and critical"),
    "late": gettext_lazy("Notice late"),
    "closed": gettext_lazy("Ended"),
    "all": gettext_lazy("All"),
}


class DeviationsPage(Page):
    """A cursor page of a saved filter, newest first."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/deviations.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the rows of the filter with class, deadline and age; a fixed number of queries."""
        actor = request.actor
        chosen = request.GET.get("filter", "open")
        chosen = chosen if chosen in FILTERS else "open"
        words = request.GET.get("q", "").replace("\x00", "").strip()[:WORDS_MAX]
        rows = filter_deviations(actor, chosen, words=words)
        cursor = _cursor(request.GET.get("after", ""))
        if cursor is not None:
            at, last = cursor
            rows = rows.filter(Q(recorded_at__lt=at) | Q(recorded_at=at, pk__lt=last))
        found = list(rows.order_by("-recorded_at", "-id")[: PAGE + 1])
        shown = found[:PAGE]
        kept = {"filter": chosen, **({"q": words} if words else {})}
        return {
            "rows": _rows(actor, shown),
            "docket_links": docket_links(actor),
            "filters": [(name, label, _link({**kept, "filter": name})) for name, label in NAMES.items()],
            "chosen": chosen,
            "words": words,
            "is_first": cursor is None,
            "may_mirror": any(actor.holds(space_id, *SETTLERS) for space_id in actor.seats),
            "newest_url": _link(kept) if cursor is not None else "",
            "older_url": _link({**kept, "after": _place(shown[-1])}) if len(found) > PAGE else "",
            "partial": "list" if request.htmx else "",
            "here_url": request.get_full_path(),
        }


def _rows(actor: Actor, shown: list[Deviation]) -> list[dict[str, Any]]:
    rooms, now = list_rooms(actor), instant()
    deadlines = deadlines_of(actor, [each.pk for each in shown])
    return [
        _row(actor, line, rooms[line.deviation.space_id], deadlines.get(line.deviation.pk), now)
        for line in lines_of(actor, shown)
    ]


def _row(
    actor: Actor, line: DeviationLine, room: Room, deadline: Deadline | None, now: datetime
) -> dict[str, Any]:
    deviation = line.deviation
    whose = ball(actor, room.program, deviation.space_id, deadline.side) if deadline is not None else ""
    return {
        "deviation": deviation,
        "classification": line.classification,
        "program": room.program,
        "is_private": deviation.audience != Audience.SHARED,
        "is_open": deviation.state in OPEN_STATES,
        "age": (deviation.ended_at or now) - deviation.aware_at,
        "deadline": deadline,
        "clock": _("%(what)s: %(who)s") % {"what": name_of(deadline.kind), "who": whose}
        if deadline is not None
        else "",
    }


def _link(given: dict[str, str]) -> str:
    return f"?{urlencode(given)}"


def _place(last: Deviation) -> str:
    return f"{last.recorded_at.isoformat()}~{last.pk}"


def _cursor(given: str) -> tuple[datetime, UUID] | None:
    """Return the place after which a page begins; one that nobody gave begins at the newest."""
    at, _tilde, last = given.partition("~")
    try:
        found = datetime.fromisoformat(at), UUID(last)
    except ValueError:
        return None
    return found if found[0].tzinfo is not None else None
