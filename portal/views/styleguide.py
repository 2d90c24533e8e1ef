"""Every component in every state, in DEBUG only: what screenshots and axe run over first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views import View

from portal.specimens import specimens


class StyleGuide(View):
    """Show the specimens."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Render them all."""
        return render(request, "portal/styleguide.html", specimens(timezone.now()))
