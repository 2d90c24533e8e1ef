"""All routes: health, the API of each app under /api/v1/, the pages of each app at the root."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from portal.api import health, metrics

API = [include(f"{app}.api.urls") for app in ("portal", "batches", "deviations")]

urlpatterns: list[URLPattern | URLResolver] = [
    *health.urlpatterns,
    *metrics.urlpatterns,
    *(path("api/v1/", routes) for routes in API),
    path("account/", include("portal.account_urls")),
    path("", include("deviations.urls")),
    path("", include("batches.urls")),
    path("", include("portal.urls")),
]
handler404 = "portal.api.problems.not_found"
handler500 = "portal.api.problems.server_error"
