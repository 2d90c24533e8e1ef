"""Routes of the portal's API, under /api/v1/: one list per topic, each beside its views."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from portal.api import (
    agreements,
    alerts,
    attachments,
    calendars,
    clocks,
    decisions,
    documents,
    duty,
    events,
    log,
    programs,
    rosters,
    webhooks,
)

urlpatterns: list[URLPattern | URLResolver] = [
    *programs.urlpatterns,
    *alerts.urlpatterns,
    *agreements.urlpatterns,
    *attachments.urlpatterns,
    *clocks.urlpatterns,
    *calendars.urlpatterns,
    *decisions.urlpatterns,
    *duty.urlpatterns,
    *rosters.urlpatterns,
    *events.urlpatterns,
    *log.urlpatterns,
    *webhooks.urlpatterns,
    *documents.urlpatterns,
]
