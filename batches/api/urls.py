"""Routes of the batches API, under /api/v1/: one list per topic, each beside its views."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from batches.api import (
    batches,
    custody,
    cycle,
    disposition,
    excursions,
    executed,
    holds,
    links,
    lots,
    papers,
    readings,
    recipes,
    results,
    shelves,
)

urlpatterns: list[URLPattern | URLResolver] = [
    *recipes.urlpatterns,
    *batches.urlpatterns,
    *cycle.urlpatterns,
    *readings.urlpatterns,
    *excursions.urlpatterns,
    *holds.urlpatterns,
    *shelves.urlpatterns,
    *disposition.urlpatterns,
    *custody.urlpatterns,
    *links.urlpatterns,
    *lots.urlpatterns,
    *executed.urlpatterns,
    *results.urlpatterns,
    *papers.urlpatterns,
]
