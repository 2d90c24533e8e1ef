"""Routes of the portal's API, under /api/v1/: one list per topic, each beside its views."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from portal.api import alerts, attachments, calendars, clocks, documents, events, log, programs

urlpatterns: list[URLPattern | URLResolver] = [
    *programs.urlpatterns,
    *alerts.urlpatterns,
    *attachments.urlpatterns,
    *clocks.urlpatterns,
    *calendars.urlpatterns,
    *events.urlpatterns,
    *log.urlpatterns,
    *documents.urlpatterns,
]
