"""OpenAPI 3.1 of the API and its pages; made once per process, for it depends on nothing but the code."""

from __future__ import annotations

import functools
from typing import Final

from django.http import HttpResponse
from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiJsonRenderer, OpenApiYamlRenderer
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView

from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView
from portal.api.security import KeyScheme, SessionScheme

__all__ = ["KeyScheme", "SchemaDocument", "SessionScheme"]


@functools.cache
def _document(media_type: str) -> bytes:
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]  # the library's is not annotated
    found = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]  # likewise
    renderer = next(each for each in RENDERERS if each.media_type == media_type)
    return bytes(renderer().render(found, renderer_context={}))


class PlainJson(OpenApiJsonRenderer):
    """The document for who asks for JSON."""

    media_type = "application/json"


class PlainYaml(OpenApiYamlRenderer):
    """The document for who asks for YAML."""

    media_type = "application/yaml"


RENDERERS: Final = (OpenApiJsonRenderer, OpenApiYamlRenderer, PlainJson, PlainYaml)


class SchemaDocument(CovalentView):
    """The OpenAPI document."""

    renderer_classes = RENDERERS

    @extend_schema(exclude=True)
    def get(self, request: ActorRequest) -> HttpResponse:
        """Return the document as JSON, or as YAML when the client prefers it."""
        media_type = request.accepted_renderer.media_type
        return HttpResponse(_document(media_type), content_type=media_type)


class Pages(SpectacularSwaggerSplitView):
    """The document as pages, without inline script; they are only read."""

    http_method_names = ("get", "head")


urlpatterns = [
    path("schema/", SchemaDocument.as_view(), name="schema"),
    path("docs/", Pages.as_view(url_name="schema"), name="docs"),
]
