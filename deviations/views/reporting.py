"""Giving the facts of a report to an authority, and deciding on a duty; both lead back to the record."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from deviations.access import get_deviation, zone_of
from deviations.actions.regulatory import assess_reporting, decide_reporting
from deviations.forms import DecideForm, FactsForm, StepForm
from deviations.reporting_signing import REPORTING_DECISION
from deviations.views.record import DeviationStep
from portal.access import get_program
from portal.action import reading
from portal.pages import PageRequest


class GiveFacts(DeviationStep):
    """Give the facts by which duties run."""

    step: ClassVar[str] = "reporting"
    form_class: ClassVar[type[StepForm]] = FactsForm
    done: ClassVar[str] = "The facts are given; what they call for runs from when your side knew."

    def bound(self, request: PageRequest, deviation_id: UUID) -> StepForm:
        """Read the time as the clock of the site shows it."""
        with reading(request.actor):
            deviation = get_deviation(request.actor, deviation_id)
            zone = zone_of(get_program(request.actor, deviation.space_id), deviation.batch)
        return FactsForm(request.POST, zone=zone, auto_id="facts_%s")

    def act(self, request: PageRequest, deviation_id: UUID, *, version: int | None) -> None:
        """Give them."""
        assess_reporting(request.actor, deviation_id, **self.form.cleaned_data)


class DecideDuty(DeviationStep):
    """Decide on one duty, then go on to sign that."""

    step: ClassVar[str] = "decide"
    form_class: ClassVar[type[StepForm]] = DecideForm
    done: ClassVar[str] = "Decided; the clock ends with a signature."
    sign_at: str = ""

    def bound(self, request: PageRequest, deviation_id: UUID) -> StepForm:
        """Keep each duty's fields apart."""
        return DecideForm(request.POST, auto_id=f"decide_{request.POST.get('rule', '')[:30]}_%s")

    def act(self, request: PageRequest, deviation_id: UUID, *, version: int | None) -> None:
        """Decide."""
        decided = decide_reporting(request.actor, deviation_id, **self.form.cleaned_data)
        self.sign_at = reverse("sign", args=[REPORTING_DECISION.type, decided.pk])

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Decide, and lead to the signature."""
        answer = super().post(request, **kwargs)
        return HttpResponseRedirect(self.sign_at, status=303) if self.sign_at else answer
