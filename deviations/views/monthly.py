"""The monthly list as a page: what left, and to who releases it what will leave."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from deviations.actions.dockets.monthly import release_monthly_list
from deviations.desks.shapes import counter_of
from deviations.queries.monthly import (
    lines_in,
    list_monthly,
    may_release,
    month_to_release,
    preview_month,
)
from deviations.views.dockets import docket_links
from portal.actor import Side
from portal.errors import Invalid
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms

LISTS_MAX: Final = 36


class MonthlyPage(Page):
    """The released lists of the reader's programs, the newest first."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/monthly.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return lists with their lines, and the previews of those that may leave next."""
        actor = request.actor
        rooms = list_rooms(actor)
        found = list(list_monthly(actor).order_by("-month", "space_id")[:LISTS_MAX])
        lines = lines_in(actor, found)
        previews = []
        for space_id, room in sorted(rooms.items(), key=lambda each: each[1].program.code):
            month = month_to_release(actor, room.program) if may_release(actor, space_id) else None
            if month is not None:
                previews.append(preview_month(actor, space_id, month))
        may_ask = {
            key for key in rooms if actor.side(key) == Side.SPONSOR and counter_of("query").opens(actor, key)
        }
        return {
            "docket_links": docket_links(actor, "monthly"),
            "previews": previews,
            "lists": [
                {
                    "list": each,
                    "program": rooms[each.space_id].program,
                    "lines": lines[each.pk],
                    "may_ask": each.space_id in may_ask,
                }
                for each in found
                if each.space_id in rooms
            ],
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Let a list leave as it was previewed."""
        asked = cast("PageRequest", request)
        try:
            program, month = (
                UUID(asked.POST.get("program", "")),
                date.fromisoformat(asked.POST.get("month", "")),
            )
        except ValueError as error:
            raise Invalid(_("Release a list from its preview.")) from error
        release_monthly_list(asked.actor, program, month=month, digest=asked.POST.get("digest", ""))
        messages.success(asked, _("Released; the sponsor reads it from now on."))
        return HttpResponseRedirect("/monthly-lists/", status=303)
