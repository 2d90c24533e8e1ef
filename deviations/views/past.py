"""The page of a deviation as the reader's side could see it at an instant."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import reverse

from deviations.access import get_deviation, zone_of
from deviations.queries import deviation_then, history
from deviations.views.judging_shown import judging_shown
from deviations.views.record import DeviationPage
from deviations.views.shown import (
    clocks_of,
    history_of,
    judgements_of,
    rounds_shown,
    states_of,
    times_of_page,
)
from portal.access import get_program
from portal.action import reading
from portal.errors import DomainError
from portal.media import INLINE
from portal.pages import Page, PageRequest
from portal.past import moment
from portal.queries.clocks import ClockLine
from portal.states import Audience
from portal.views.ladders import sits_on
from portal.views.past import past_of


class PastDeviationPage(Page):
    """One deviation as the reader's side could see it at an instant: nothing can be done here."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/deviation.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the record as it stood, rebuilt from the ledger."""
        actor, deviation_id = request.actor, kwargs["deviation_id"]
        now = get_deviation(actor, deviation_id)
        zone = zone_of(get_program(actor, now.space_id), now.batch)
        at = moment(request.GET.get("as_of", ""), zone)
        found = deviation_then(actor, deviation_id, at)
        lines = history(actor, deviation_id, until=at)
        return {
            "past": past_of(at, found.zone, found.rests_on, reverse("deviation", args=[deviation_id])),
            "found": found,
            "deviation": found.deviation,
            "signatures": found.signatures,
            "is_private": found.deviation.audience != Audience.SHARED,
            "is_sponsor": sits_on(actor, now.space_id, "sponsor"),
            "states": states_of(found, at),
            "times": times_of_page(found),
            "judgements": judgements_of(found, at),
            "judging": judging_shown(found),
            "rounds": rounds_shown(found),
            "clocks": clocks_of(
                actor, found, [ClockLine(each, None, (), ()) for each in found.clocks], None, at
            ),
            "history": history_of(found, lines),
            "shown_inline": INLINE,
        }

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Show the record as it stands, and why there is no such past."""
        present = DeviationPage()
        with reading(request.actor):
            return present.show(request, status=error.status, extra={"refusal": error}, **kwargs)
