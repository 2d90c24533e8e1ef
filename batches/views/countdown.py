"""Where the disposition of one batch stands, in one line: fetched by a row of the list when it is seen."""

from __future__ import annotations

from typing import Any, ClassVar

from batches.access import get_batch
from batches.queries.countdown import countdown_of
from batches.queries.disposition import disposition_of
from batches.views.disposition import ball_of, outcome_words
from batches.views.places import place_of
from portal.action import instant
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms


class CountdownLine(Page):
    """The one date and who holds the ball."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/countdown_line.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the date at which the batch can be disposed of as things stand, and the ball."""
        actor = request.actor
        batch = get_batch(actor, kwargs["batch_id"])
        standing = disposition_of(actor, batch)
        return {
            "batch": batch,
            "outcome": outcome_words(standing) if standing.outcome is not None else "",
            "at": countdown_of(actor, standing, instant()).at,
            "ball": ball_of(standing),
            "zone": place_of(batch, list_rooms(actor)).zone,
        }
