"""A page that is not for every reader: who may not open it is told so and sees nothing else."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from portal.action import reading
from portal.errors import DomainError
from portal.pages import Page, PageRequest


class AlonePage(Page):
    """A page whose refusals stand alone."""

    def refused(self, request: PageRequest, error: DomainError, **_kwargs: Any) -> HttpResponse:
        """Say alone whose step it is: there is no page behind it for this reader."""
        with reading(request.actor):
            context = {"here": self.here, "refusal": error}
            return render(request, "portal/refused.html", context, status=error.status)
