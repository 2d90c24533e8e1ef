"""How many people look at a batch now: asked by its page and by the board while they are seen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.http import HttpRequest, JsonResponse

from batches.access import get_batch
from batches.queries.batches import list_batches
from batches.states import BatchState
from batches.views.board import chosen_program
from portal.pages import Page, PageRequest
from portal.presence import look
from portal.queries.rooms import list_rooms


class Looking(Page):
    """Who asks is counted; the answer is two numbers for each batch, and null when nobody can tell."""

    def places(self, request: PageRequest, **kwargs: Any) -> Mapping[UUID, UUID]:
        """Return the batches that are looked at, and their spaces. Raises: NotFound."""
        raise NotImplementedError

    def get(self, request: HttpRequest, **kwargs: Any) -> JsonResponse:
        """Count, and answer."""
        counts = look(self.request.actor, self.places(self.request, **kwargs))
        said = None if counts is None else {str(batch_id): each for batch_id, each in counts.items()}
        return JsonResponse({"looking": said}, headers={"Cache-Control": "no-store"})


class LookingAtBatch(Looking):
    """The page of one batch."""

    def places(self, request: PageRequest, **kwargs: Any) -> Mapping[UUID, UUID]:
        """Return this batch."""
        batch = get_batch(request.actor, kwargs["batch_id"])
        return {batch.pk: batch.space_id}


class LookingAtBoard(Looking):
    """The board: who looks at it looks at each of its tiles."""

    def places(self, request: PageRequest, **_kwargs: Any) -> Mapping[UUID, UUID]:
        """Return the batches in process, of all programs or of the chosen one."""
        chosen = chosen_program(request, list_rooms(request.actor))
        running = list_batches(request.actor, program_id=chosen, state=BatchState.IN_PROCESS)
        return dict(running.order_by("pk").values_list("pk", "space_id"))
