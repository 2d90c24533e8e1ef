"""The stream by polling and long polling: the socket's messages for those who cannot hold one (contract)."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from asgiref.sync import sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from portal.admission import TurnedAway, admit_session
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, choice_param, uuid_param
from portal.api.problems import problem_response
from portal.chains import LiveChain
from portal.errors import Invalid
from portal.hub import Hub
from portal.middleware import origin_of
from portal.states import Audience
from portal.streams import PAGE, SEQ_MAX, ChainKey, heads_of, message, read_entries

WAIT_MAX_S: Final = 25.0
WAITERS_MAX: Final = 1000
WAITERS_EACH_MAX: Final = 50
OK: Final = 200


class EventMessage(serializers.Serializer[Any]):
    """An entry of a chain: `event` for news, `skip` with place and number alone for what is none."""

    type = serializers.ChoiceField(choices=["event", "skip"])
    program = serializers.UUIDField()
    audience = serializers.ChoiceField(choices=Audience.choices)
    seq = serializers.IntegerField()
    at = serializers.DateTimeField(required=False)
    kind = serializers.CharField(required=False)
    subject = serializers.DictField(required=False)
    classification = serializers.CharField(required=False, allow_null=True)
    title = serializers.CharField(required=False)


class EventPage(serializers.Serializer[Any]):
    """A page of a chain in order; `head` is its last number. `next` is null at the end: poll with `after`."""

    results = EventMessage(many=True)
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    head = serializers.IntegerField()


class EventList(CovalentView):
    """Read on in a chain."""

    @extend_schema(
        operation_id="events_list",
        parameters=[
            OpenApiParameter("program", UUID, required=True, description="Any space the caller is in."),
            OpenApiParameter("audience", str, enum=Audience.values, default="shared"),
            OpenApiParameter("after", int, default=0, description="The last number seen."),
            OpenApiParameter("wait", float, default=0, description="Seconds to wait for news, at most 25."),
        ],
        responses=EventPage,
    )
    def get(self, request: ActorRequest) -> Response:
        """Return the entries of a chain after a number, at most 500; with `wait`, as soon as there is one."""
        key, after = chain_param(request), number_param(request, "after", SEQ_MAX, whole=True)
        number_param(request, "wait", math.inf)
        entries = read_entries(request.actor, key, int(after))
        head = max(heads_of(request.actor, key.space_id)[key.audience], entries[-1].seq if entries else 0)
        data: dict[str, Any] = {"results": [message(key, entry) for entry in entries]}
        data |= {"next": None, "previous": None, "head": head}
        if len(entries) == PAGE:
            place = {"program": key.space_id, "audience": key.audience, "after": entries[-1].seq}
            data["next"] = request.build_absolute_uri(f"{request.path}?{urlencode(place)}")
        return Response(data, headers={"Cache-Control": "no-store"})


def chain_param(request: ActorRequest) -> ChainKey:
    """Return the chain that the query string names. Raises: Invalid."""
    space_id = uuid_param(request, "program")
    if space_id is None:
        raise Invalid("Which program?", errors={"program": ["Give the id of a program you are in."]})
    return ChainKey(space_id, choice_param(request, "audience", Audience.values) or Audience.SHARED)


def number_param(request: ActorRequest, name: str, most: float, *, whole: bool = False) -> float:
    """Return a number from the query string, 0 when absent. Raises: Invalid."""
    given = request.query_params.get(name, "0")
    try:
        number = int(given) if whole else float(given)
    except ValueError:
        number = -1
    if not 0 <= number <= most:
        what = "a whole number" if whole else "a number of seconds"
        raise Invalid(f"{name} is {what}, not below 0.", errors={name: [f"Give {what}, not below 0."]})
    return number


_page: Callable[[HttpRequest], Awaitable[Response]] = sync_to_async(EventList.as_view())


async def events(request: HttpRequest) -> HttpResponse:
    """Answer at once what there is; otherwise wait on the hub, holding no connection of the database."""
    chain = _chain_to_wait_for(request)
    if chain is None:
        return await _page(request)
    hub = Hub.running()
    # Held before it is read: what is sealed in between is not missed.
    held = hub.hold(chain)
    try:
        return await _answer(request, hub, held)
    finally:
        hub.release(held)


async def _answer(request: HttpRequest, hub: Hub, held: LiveChain) -> HttpResponse:
    found = await _page(request)
    if found.status_code != OK or found.data["results"]:
        return found
    person = request.actor.person_id  # type: ignore[attr-defined]  # it was answered, so somebody asked
    if hub.waiting[person] >= WAITERS_EACH_MAX or hub.waiting.total() >= WAITERS_MAX:
        detail = f"At most {WAITERS_EACH_MAX} polls wait at once. Ask again in a moment, or open a socket."
        busy = problem_response(503, "too_many_waiting", detail)
        busy["Retry-After"] = "2"
        return busy
    hub.learn(held, found.data["head"])
    await sync_to_async(connections.close_all)()
    seconds = min(float(request.GET["wait"]), WAIT_MAX_S)
    hub.waiting[person] += 1
    try:
        await hub.wait_beyond(held, int(request.GET.get("after", 0)), seconds)
    finally:
        hub.waiting[person] -= 1
    # A seat, a session or a factor may have ended meanwhile; a key is asked for anew by the view itself.
    await sync_to_async(_admit_anew)(request)
    return await _page(request)


def _admit_anew(request: HttpRequest) -> None:
    try:
        renewed = admit_session(request.session.session_key or "", origin_of(request))
    except TurnedAway:
        request.actor = None  # type: ignore[attr-defined]  # our own attribute, see ActorRequest
    else:
        request.actor = renewed.actor  # type: ignore[attr-defined]  # as above


def _chain_to_wait_for(request: HttpRequest) -> ChainKey | None:
    """Return the chain of a request that wants to wait; one that cannot be read is for the view to refuse."""
    try:
        key = ChainKey(UUID(request.GET["program"]), request.GET.get("audience", Audience.SHARED))
        return key if float(request.GET.get("wait", 0)) > 0 and key.audience in Audience.values else None
    except (KeyError, ValueError):
        return None


# The description of the interface is read from the view behind.
events.cls = EventList  # type: ignore[attr-defined]  # what as_view() leaves on its functions
events.initkwargs = {}  # type: ignore[attr-defined]  # likewise
events.csrf_exempt = True  # type: ignore[attr-defined]  # reads only; DRF judges a session's unsafe methods

urlpatterns = [path("events/", events, name="events")]
