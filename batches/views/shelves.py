"""Shelving an alarm of a batch: a form, an action, back to the batch."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from batches.actions.shelves import shelve_alarm, unshelve_alarm
from batches.queries import batch_detail
from batches.views.batch import BatchPage
from batches.views.shelf_card import ShelveForm, UnshelveForm, limit_choices
from portal.action import instant, reading
from portal.actor import Actor
from portal.errors import DomainError
from portal.forms import explain
from portal.pages import PageRequest


class ShelveAlarm(BatchPage):
    """Shelve an alarm; what was typed is never lost."""

    asked_at: datetime

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the batch."""
        return HttpResponseRedirect(f"/batches/{kwargs['batch_id']}/#batch-shelves")

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Validate, act, go back; whatever is refused is said on the page."""
        asked, batch_id = cast("PageRequest", request), kwargs["batch_id"]
        form = self.form(asked, batch_id)
        if form.is_valid():
            try:
                words = self.act(asked.actor, batch_id, dict(form.cleaned_data))
            except DomainError as error:
                if not error.errors:
                    raise
                explain(form, error)
            else:
                messages.success(asked, words)
                return HttpResponseRedirect(f"/batches/{batch_id}/#batch-shelves", status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"shelve_form": form}, **kwargs)

    def form(self, asked: PageRequest, batch_id: UUID) -> Any:
        """Return the form as it was sent."""
        with reading(asked.actor):
            limits = limit_choices(batch_detail(asked.actor, batch_id))
            self.asked_at = instant()
        return ShelveForm(asked.POST, limits=limits, auto_id="shelve-%s")

    def act(self, actor: Actor, batch_id: UUID, given: dict[str, Any]) -> str:
        """Call the action; return what is said then."""
        limit_id, until = UUID(given["limit"]), self.asked_at + timedelta(hours=given["hours"])
        shelve_alarm(actor, batch_id, limit_id=limit_id, until=until, reason=given["reason"])
        return _("The alarm is shelved. Readings and excursions are recorded as ever.")


class UnshelveAlarm(ShelveAlarm):
    """Take an alarm off the shelf."""

    def form(self, asked: PageRequest, batch_id: UUID) -> Any:
        """Return the form as it was sent; the batch is only where it leads back to."""
        return UnshelveForm(asked.POST)

    def act(self, actor: Actor, batch_id: UUID, given: dict[str, Any]) -> str:
        """Call the action; return what is said then."""
        unshelve_alarm(actor, given["shelf"], version=given["version"])
        return _("The alarm is in service again.")
