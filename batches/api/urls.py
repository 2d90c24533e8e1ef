"""Routes of the batches API, under /api/v1/: one list per topic, each beside its views."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from batches.api import (
    aseptic,
    batches,
    coas,
    custody,
    cycle,
    disposition,
    excursions,
    executed,
    footprint,
    gateways,
    holds,
    links,
    lots,
    monitoring,
    papers,
    readings,
    recipes,
    results,
    samples,
    schedule,
    shelves,
    watches,
)

urlpatterns: list[URLPattern | URLResolver] = [
    *recipes.urlpatterns,
    *batches.urlpatterns,
    *cycle.urlpatterns,
    *readings.urlpatterns,
    *gateways.urlpatterns,
    *excursions.urlpatterns,
    *holds.urlpatterns,
    *shelves.urlpatterns,
    *disposition.urlpatterns,
    *custody.urlpatterns,
    *links.urlpatterns,
    *lots.urlpatterns,
    *monitoring.urlpatterns,
    *schedule.urlpatterns,
    *aseptic.urlpatterns,
    *footprint.urlpatterns,
    *executed.urlpatterns,
    *results.urlpatterns,
    *papers.urlpatterns,
    *watches.urlpatterns,
    *samples.urlpatterns,
    *coas.urlpatterns,
]
