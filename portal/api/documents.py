"""OpenAPI 3.1 of the API and its pages; made once per process, for it depends on nothing but the code."""

from __future__ import annotations

import functools

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.renderers import BaseRenderer

from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView
from portal.api.security import KeyScheme, SessionScheme

__all__ = ["KeyScheme", "SchemaDocument", "SessionScheme"]


@functools.cache
def _document(renderer: type[BaseRenderer]) -> bytes:
    found = SchemaGenerator().get_schema(request=None, public=True)
    written: bytes = renderer().render(found, renderer_context={})
    return written


class SchemaDocument(CovalentView):
    """The OpenAPI document."""

    renderer_classes = (OpenApiJsonRenderer, OpenApiYamlRenderer)

    @extend_schema(exclude=True)
    def get(self, request: ActorRequest) -> HttpResponse:
        """Return the document as JSON, or as YAML when the client prefers it."""
        renderer = request.accepted_renderer
        return HttpResponse(_document(type(renderer)), content_type=renderer.media_type)


urlpatterns = [
    path("schema/", SchemaDocument.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
]
