"""What every view of the API stands on: context, versions, replays, pages, strict input (house-style 6)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, Final, TypeVar, cast
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import DataError, models
from django.http import HttpRequest, HttpResponseBase
from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.action import Replayed, reading
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.errors import Invalid

S = TypeVar("S", bound="serializers.Serializer[Any]")
SAFE: Final = ("GET", "HEAD", "OPTIONS")
KEY_CHARACTERS_MAX: Final = 200
ETAG: Final = re.compile(r'^"(\d{1,9})"$')


class CovalentView(APIView):
    """A view whose safe methods run and render inside `reading(actor)`; writes call one action.

    `scope` is what a key needs for unsafe methods. A view that writes gives
    `represent(actor, id)`, by which its answers and their repeats are rendered; `made_status` is a first
    answer's.
    """

    scope: ClassVar[str] = "write"
    rate: ClassVar[str] = "default"
    made_status: ClassVar[int] = 200
    request: ActorRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Run the handler; a safe one inside one read-only transaction that also renders."""
        self.args, self.kwargs = args, kwargs
        asked = cast("ActorRequest", self.initialize_request(request, *args, **kwargs))
        self.request = asked
        self.headers = self.default_response_headers
        try:
            self.initial(asked, *args, **kwargs)
            handler = getattr(self, str(asked.method).lower(), self.http_method_not_allowed)
            with self._context(asked):
                response = self.finalize_response(asked, self._handled(handler), *args, **kwargs)
                if isinstance(response, Response):
                    response.render()
        except Exception as error:  # noqa: BLE001 - the edge: DRF's handler raises what it does not know
            response = self.finalize_response(asked, self.handle_exception(error), *args, **kwargs)
        self.response = response
        return response

    def _handled(self, handler: Callable[..., Any]) -> Any:
        try:
            return handler(self.request, *self.args, **self.kwargs)
        except Replayed as replayed:
            return self._replay(replayed)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse what no view takes, whatever it asks for."""
        super().initial(request, *args, **kwargs)
        if any("\x00" in part for name, given in request.query_params.lists() for part in (name, *given)):
            detail = "The query holds the character U+0000, which is not accepted anywhere."
            raise Invalid(detail, code="nul_character")
        if len(request.headers.get("Idempotency-Key", "")) > KEY_CHARACTERS_MAX:
            raise Invalid(f"An Idempotency-Key has at most {KEY_CHARACTERS_MAX} characters.", code="bad_key")

    def _context(self, request: Request) -> AbstractContextManager[Any]:
        actor: Actor | None = getattr(request, "actor", None)
        return reading(actor) if actor is not None and request.method in SAFE else nullcontext()

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the JSON members of the record this view writes."""
        raise NotImplementedError(type(self).__name__)

    def answer(self, record: Any, status: int | None = None) -> Response:
        """Render the row an action returned, as its reader sees it now."""
        with reading(self.request.actor):
            data = self.represent(self.request.actor, record.pk)
        return self.respond(data, status)

    def respond(self, data: dict[str, Any], status: int | None = None) -> Response:
        """Answer a write with the JSON members of what it made or changed."""
        return Response(data, status=status or self.made_status, headers=etag(data))

    def _replay(self, replayed: Replayed) -> Response:
        with reading(self.request.actor):
            data = self.represent(self.request.actor, replayed.subject_id)
        # The record may have moved on; a repeat answers the id and version that the first answer had.
        if "version" in data:
            data["version"] = replayed.version
        return Response(data, status=self.made_status, headers={**etag(data), "Idempotent-Replayed": "true"})


def etag(data: dict[str, Any]) -> dict[str, str]:
    """Return the ETag header of a versioned representation."""
    return {"ETag": f'"{data["version"]}"'} if "version" in data else {}


def seen_version(request: Request) -> int | None:
    """Return the version of If-Match, None when not sent; raises Invalid unless it is one strong ETag."""
    given = request.headers.get("If-Match")
    if given is None:
        return None
    match = ETAG.match(given.strip())
    if match is None:
        raise Invalid('If-Match takes one strong ETag as it was read, like "3".', code="bad_if_match")
    return int(match[1])


def uuid_param(request: Request, name: str) -> UUID | None:
    """Return a UUID from the query string, None when absent; raises Invalid."""
    given = request.query_params.get(name)
    if not given:
        return None
    try:
        return UUID(given)
    except ValueError as error:
        raise Invalid("Not an id.", errors={name: ["Give the id of the record, a UUID."]}) from error


def choice_param(request: Request, name: str, choices: Iterable[str]) -> str | None:
    """Return one of the choices from the query string, None when absent; raises Invalid and names them."""
    given, known = request.query_params.get(name), list(choices)
    if given is not None and given not in known:
        raise Invalid(f"Unknown {name}.", errors={name: [f"Choose one of: {', '.join(known)}."]})
    return given


class Page(CursorPagination):
    """Pages of 50, at most 200, by cursor; the order ends in a unique column."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"


class ListView(CovalentView):
    """A cursor page of rows; `ordering` ends in a unique column."""

    ordering: ClassVar[tuple[str, ...]] = ("id",)

    def page(
        self,
        request: Request,
        rows: models.QuerySet[Any],
        represent: Callable[[Sequence[Any]], list[dict[str, Any]]],
    ) -> Response:
        """Answer one page; `represent` gets the rows of the page at once, so that facts come in bulk."""
        pager = Page()
        pager.ordering = self.ordering
        try:
            found = pager.paginate_queryset(rows, request, view=self)
        except (ValidationError, ValueError, DataError) as error:
            raise Invalid(
                "The cursor is none of ours; follow `next`.", errors={"cursor": ["Follow `next`."]}
            ) from error
        return pager.get_paginated_response(represent(found or []))


class Output(serializers.Serializer[Any]):
    """An explicit output; its fields are made once, not for every answer."""

    @classmethod
    def of(cls, value: Any) -> dict[str, Any]:
        """Return the JSON members of one value."""
        return dict(_made(cls).to_representation(value))


@functools.cache
def _made(exchange: type[S]) -> S:
    return exchange()


class Input(serializers.Serializer[Any]):
    """An explicit input: unknown members are refused, nothing is silently ignored (mass assignment)."""

    def to_internal_value(self, data: Any) -> Any:
        """Refuse what is no object or has members that the exchange does not know."""
        if not isinstance(data, dict):
            raise serializers.ValidationError({"body": ["Send one JSON object."]})
        unknown = sorted(str(name)[:60] for name in set(data) - set(self.fields))
        if unknown:
            known = ", ".join(sorted(self.fields))
            raise serializers.ValidationError(
                {name: [f"Not known here. Known are: {known}."] for name in unknown}
            )
        return super().to_internal_value(data)

    @classmethod
    def parse(cls, request: Request) -> dict[str, Any]:
        """Return the validated plain values of the body; raises ValidationError."""
        return dict(_made(cls).run_validation(request.data))


class Text(serializers.CharField):
    """Free text as a person wrote it: trimmed at the ends only, no U+0000, with a stated length."""

    def __init__(self, *, least: int = 1, most: int = 20_000, **kwargs: Any) -> None:
        kwargs.setdefault("min_length", least if least > 1 else None)
        super().__init__(max_length=most, **kwargs)
