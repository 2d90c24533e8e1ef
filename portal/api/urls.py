"""Routes of the portal's API, under /api/v1/: one list per topic, each beside its views."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from portal.api import alerts, attachments, events, programs

urlpatterns: list[URLPattern | URLResolver] = [
    *programs.urlpatterns,
    *alerts.urlpatterns,
    *attachments.urlpatterns,
    *events.urlpatterns,
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
]
