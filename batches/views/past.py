"""The page of a batch as the reader's side could see it at an instant."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpResponse
from django.utils.dateparse import parse_datetime

from batches.access import get_batch
from batches.models import Parameter
from batches.printing.executed import Executed, sections_of
from batches.queries import ParameterState, batch_then
from batches.slots import batch_dossiers
from batches.states import LimitKind
from batches.views.batch import BatchPage, batch_facts, excursion_rows, phase_states
from batches.views.places import place_of
from batches.views.words import range_words
from portal.action import reading
from portal.actor import Actor
from portal.errors import DomainError
from portal.pages import Page, PageRequest
from portal.past import Past, moment
from portal.queries.rooms import list_rooms
from portal.states import Audience
from portal.views.past import past_of

Context = dict[str, Any]


class PastBatchPage(Page):
    """One batch as the reader's side could see it at an instant: nothing can be done here."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/past.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the batch as it stood, rebuilt from the ledger."""
        actor, batch_id = request.actor, kwargs["batch_id"]
        rooms = list_rooms(actor)
        zone = place_of(get_batch(actor, batch_id), rooms).zone
        at = moment(request.GET.get("as_of", ""), zone)
        detail = batch_then(actor, batch_id, at)
        batch = detail.batch
        place = place_of(batch, rooms)
        past = Past(actor, batch.space_id, at)
        return {
            "past": past_of(at, place.zone, detail.rests_on, f"/batches/{batch_id}/"),
            "batch": batch,
            "program": rooms[batch.space_id].program if batch.space_id in rooms else None,
            "place": place,
            "phases": phase_states(detail, place.zone),
            "parameters": [_limits(each, batch.phase_id) for each in detail.parameters],
            "excursions": excursion_rows(detail.excursions, at),
            "deviations": _deviations(actor, batch_id, at),
            "parts": [asdict(each) for each in sections_of(Executed(past, batch), place.zone)],
            "facts": batch_facts(detail, place, rooms.get(batch.space_id)),
        }

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Show the record as it stands, and why there is no such past."""
        present = BatchPage()
        with reading(request.actor):
            return present.show(request, status=error.status, extra={"refusal": error}, **kwargs)


def _limits(state: ParameterState, phase_id: UUID | None) -> Context:
    """Return a parameter with the limits of the phase of that time."""
    parameter: Parameter = state.parameter
    applying = state.ranges(phase_id)
    return {
        "parameter": parameter,
        "nor": range_words(parameter, applying.get(LimitKind.NOR)),
        "action": range_words(parameter, applying.get(LimitKind.ACTION)),
        "par": range_words(parameter, applying.get(LimitKind.PAR)),
        "private": Audience(parameter.audience).label if parameter.audience != Audience.SHARED else "",
    }


def _deviations(actor: Actor, batch_id: UUID, at: datetime) -> list[Context]:
    """Return the deviations that were there at the instant, as they stood, each leading to its own past."""
    found = [each.data for given in batch_dossiers(actor, batch_id, at, None) for each in given]
    return [
        {
            "number": each["number"],
            "url": f"/deviations/{each['id']}/?as_of={at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}",
            "title": each["title"],
            "classification": each["classification"],
            "state": str(each["state"]).replace("_", " "),
            "occurred_at": parse_datetime(each["occurred_at"]),
            "private": Audience(each["audience"]).label if each["audience"] != Audience.SHARED else "",
        }
        for each in found
    ]
