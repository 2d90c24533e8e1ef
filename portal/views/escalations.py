"""The Escalations page: who was told, who answered, what comes next."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from portal.action import instant
from portal.pages import Page, PageRequest
from portal.queries import escalations
from portal.queries.rooms import list_rooms
from portal.states import AlertState
from portal.views.ladders import ladder
from portal.views.weeks import week_of

OPEN_MAX: Final = 50
ENDED_MAX: Final = 30
# So many stand open on the page, the others behind a line that unfolds.
OPEN_SHOWN, ENDED_SHOWN = 5, 3


class EscalationsPage(Page):
    """Open ladders first, those of one's own side on top; then those that ended."""

    here: ClassVar[str] = "escalations"
    template_name: ClassVar[str] = "portal/escalations.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the ladders the reader may see."""
        actor, rooms = request.actor, list_rooms(request.actor)
        programs = [each.program for each in rooms.values()]
        running = escalations(actor, state=AlertState.OPEN, most=OPEN_MAX)
        recent = escalations(actor, most=OPEN_MAX)
        ended = [each for each in recent if each.alert.state != AlertState.OPEN][:ENDED_MAX]
        shown = [ladder(actor, each, rooms.get(each.alert.space_id)) for each in running]
        shown.sort(key=lambda each: (not each["is_mine"], each["next_at"] is None, each["next_at"]))
        # What waits for one's own side comes first, with everybody who was told in sight.
        for each in shown[:1]:
            each["is_unfolded"] = each["is_mine"]
        over = [ladder(actor, each, rooms.get(each.alert.space_id)) for each in ended]
        return {
            "running": shown[:OPEN_SHOWN],
            "more_running": shown[OPEN_SHOWN:],
            "ended": over[:ENDED_SHOWN],
            "more_ended": over[ENDED_SHOWN:],
            "week": week_of(programs, instant(), reader=actor.person_id),
            "partial": "ladders" if request.htmx else "",
        }
