"""Placing and lifting a hold on a batch: a form, an action, back to the batch."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from batches.actions.holds import lift_batch_hold, place_batch_hold
from batches.views.batch import BatchPage
from batches.views.hold_card import HoldForm, LiftForm
from portal.action import reading
from portal.actor import Actor
from portal.errors import DomainError
from portal.forms import explain
from portal.pages import PageRequest


class HoldBatch(BatchPage):
    """Place a hold; what was typed is never lost."""

    form_class: type[forms.Form] = HoldForm
    form_name = "hold_form"
    words = "The hold stands."

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the batch."""
        return HttpResponseRedirect(f"/batches/{kwargs['batch_id']}/#batch-holds")

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Validate, act, go back; whatever is refused is said on the page."""
        asked, batch_id = cast("PageRequest", request), kwargs["batch_id"]
        form = self.form_class(asked.POST, auto_id=f"{self.form_name}-%s")
        if form.is_valid():
            try:
                self.act(asked.actor, batch_id, dict(form.cleaned_data))
            except DomainError as error:
                if not error.errors:
                    raise
                explain(form, error)
            else:
                messages.success(asked, _(self.words))
                return HttpResponseRedirect(f"/batches/{batch_id}/#batch-holds", status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={self.form_name: form}, **kwargs)

    def act(self, actor: Actor, batch_id: UUID, given: dict[str, Any]) -> None:
        """Call the action."""
        place_batch_hold(actor, batch_id, **given)


class LiftHold(HoldBatch):
    """Lift a hold that a person placed."""

    form_class = LiftForm
    form_name = "lift_form"
    words = "The hold is lifted."

    def act(self, actor: Actor, batch_id: UUID, given: dict[str, Any]) -> None:
        """Call the action."""
        lift_batch_hold(actor, given.pop("hold"), **given)
