"""Routes of the deviations API, under /api/v1/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from deviations.api import (
    analysis,
    capa,
    deviations,
    digital,
    dockets,
    inquiry,
    mirror,
    monthly,
    reporting,
    signals,
)

urlpatterns: list[URLPattern | URLResolver] = [
    *deviations.urlpatterns,
    *analysis.urlpatterns,
    *mirror.urlpatterns,
    *digital.urlpatterns,
    *reporting.urlpatterns,
    *signals.urlpatterns,
    *capa.urlpatterns,
    *inquiry.urlpatterns,
    *dockets.urlpatterns,
    *monthly.urlpatterns,
]
