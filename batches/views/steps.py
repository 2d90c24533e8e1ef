"""The steps of a batch's life: a form, an action, back to the batch."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from batches.actions import cycle
from batches.models import Batch
from batches.queries import batch_detail
from batches.views.batch import BatchPage, Context, step_form
from batches.views.places import place_of
from portal.action import reading
from portal.errors import DomainError, InvalidTransition, NotFound, Refused, StaleVersion
from portal.pages import PageRequest
from portal.queries.rooms import list_rooms


class BatchStep(BatchPage):
    """One step. Asked for by address it is the batch's page with this step's form open."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Validate, act, go back; whatever is refused is said on the page."""
        asked = cast("PageRequest", request)
        batch_id: UUID = kwargs["batch_id"]
        with reading(asked.actor):
            detail = batch_detail(asked.actor, batch_id)
            form = step_form(
                self.step, detail, place_of(detail.batch, list_rooms(asked.actor)), data=asked.POST
            )
        if form.is_valid():
            try:
                batch = self.act(asked, batch_id, form.cleaned_data)
            except (Refused, NotFound, InvalidTransition, StaleVersion):
                raise
            except DomainError as error:
                _explain(form, error)
            else:
                messages.success(asked, self.words(batch))
                return HttpResponseRedirect(f"/batches/{batch.pk}/", status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"sent_form": form}, **kwargs)

    def act(self, request: PageRequest, batch_id: UUID, given: Context) -> Batch:
        """Call the action."""
        raise NotImplementedError

    def words(self, batch: Batch) -> str:
        """Return the words of the confirmation."""
        return _("%(number)s is %(state)s.") % {
            "number": batch.number,
            "state": batch.get_state_display(),
        }


def _explain(form: forms.Form, error: DomainError) -> None:
    for field, sentences in error.errors.items():
        form.add_error(field if field in form.fields else None, list(sentences))
    if not error.errors:
        form.add_error(None, error.detail)


class StartBatch(BatchStep):
    """Begin the execution."""

    step: ClassVar[str] = "start"

    def act(self, request: PageRequest, batch_id: UUID, given: Context) -> Batch:
        """Start it."""
        return cycle.start_batch(request.actor, batch_id, version=given["version"], at=given["at"])


class MovePhase(BatchStep):
    """Move on to a phase."""

    step: ClassVar[str] = "phase"

    def act(self, request: PageRequest, batch_id: UUID, given: Context) -> Batch:
        """Move it."""
        return cycle.move_phase(
            request.actor, batch_id, phase=given["phase"], version=given["version"], at=given["at"]
        )

    def words(self, batch: Batch) -> str:
        """Name the phase."""
        phase = batch.phase.title if batch.phase is not None else ""
        return _("%(number)s is in %(phase)s; its limits apply.") % {"number": batch.number, "phase": phase}


class CompleteBatch(BatchStep):
    """End the execution."""

    step: ClassVar[str] = "complete"

    def act(self, request: PageRequest, batch_id: UUID, given: Context) -> Batch:
        """Complete it."""
        return cycle.complete_batch(request.actor, batch_id, version=given["version"], at=given["at"])


class DiscontinueBatch(BatchStep):
    """Stop for good."""

    step: ClassVar[str] = "discontinue"

    def act(self, request: PageRequest, batch_id: UUID, given: Context) -> Batch:
        """Discontinue it."""
        return cycle.discontinue_batch(
            request.actor, batch_id, version=given["version"], reason=given["reason"], at=given["at"]
        )
