"""Routes of the deviations API, under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from deviations.api import capa, deviations, dockets, monthly, reporting, signals

urlpatterns: list[URLPattern | URLResolver] = [
    *deviations.urlpatterns,
    *reporting.urlpatterns,
    *signals.urlpatterns,
    *capa.urlpatterns,
    *dockets.urlpatterns,
    *monthly.urlpatterns,
]
