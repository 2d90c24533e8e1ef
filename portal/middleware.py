"""Between the server and a view: session ends, and the actor."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.middleware import common
from django.utils import timezone

from portal import metrics
from portal.actor import Actor, Origin, seats_of
from portal.models import Person
from portal.second_factors import has_shown_one

Handler = Callable[[HttpRequest], HttpResponse]
TOUCH_EVERY: Final = timedelta(seconds=60)


def measure(get_response: Handler) -> Handler:
    """Take down how long each answer took, by the name of its route and its status class."""

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = get_response(request)
        match = request.resolver_match
        route = match.view_name if match is not None else "none"
        status = f"{response.status_code // 100}xx"
        metrics.http_seconds.labels(route, status).observe(time.perf_counter() - began)
        metrics.note_pool()
        return response

    return middleware


def allow_dictation(get_response: Handler) -> Handler:
    """Let our own pages use the microphone (dictation on the log page) and nothing else of the device."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", "microphone=(self), camera=(self), geolocation=()")
        return response

    return middleware


class CommonMiddleware(common.CommonMiddleware):
    """Django's own; but a program that forgets the slash is told, not redirected: its body would be lost."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        """Redirect pages only."""
        return not request.path.startswith("/api/") and super().should_redirect_with_slash(request)


def was_signed_out(person: Person, began: float) -> bool:
    """Say whether a session began before its person ended all of them."""
    return person.signed_out_at is not None and began < person.signed_out_at.timestamp()


def end_stale_session(get_response: Handler) -> Handler:
    """End a session after 15 idle minutes or 12 hours (11.10(d)); a poll does not keep it alive."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = timezone.now()
            began = request.session.get("began_at") or now.timestamp()
            seen = request.session.get("seen_at") or now.timestamp()
            idle = now.timestamp() - seen > settings.SESSION_IDLE.total_seconds()
            old = now.timestamp() - began > settings.SESSION_ABSOLUTE.total_seconds()
            if idle or old or was_signed_out(request.user, began):
                logout(request)
            else:
                request.session.setdefault("began_at", began)
                by_itself = request.headers.get("X-Covalent-Background") == "1"
                if (
                    not by_itself
                    and now.timestamp() - request.session.get("seen_at", 0) > TOUCH_EVERY.total_seconds()
                ):
                    request.session["seen_at"] = now.timestamp()
        return get_response(request)

    return middleware


def _said(request: HttpRequest) -> str:
    """Return the digest of what a repeat says again: the query in whatever order, and the body.

    Of a form the fields and files count: its boundary is drawn anew for every sending.
    """
    said = hashlib.sha256(repr(sorted(request.GET.lists())).encode())
    if request.content_type != "multipart/form-data":
        said.update(b"\n" + request.body)
        return said.hexdigest()
    said.update(repr(sorted(request.POST.lists())).encode())
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            content = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            said.update(repr((name, file.name, content)).encode())
    return said.hexdigest()


def origin_of(request: HttpRequest) -> Origin:
    """Return where a request came from; the request id is ours, a client's own is not trusted."""
    request_id = getattr(request, "request_id", None) or uuid.uuid4().hex
    return Origin(
        request_id=str(request_id),
        address=request.META.get("REMOTE_ADDR", ""),
        agent=request.headers.get("User-Agent", "")[:200],
        idempotency_key=request.headers.get("Idempotency-Key", ""),
        route=f"{request.method} {request.path}",
        body_hash=_said(request) if request.headers.get("Idempotency-Key") else "",
    )


def actor_of(person: Person) -> Actor:
    """Return the signed-in person as an actor with the seats of this moment."""
    # A guest acts for no organisation, whoever invited them.
    organisation_id = None if person.is_guest else person.organisation_id
    return Actor(person.pk, person.kind, organisation_id, seats_of(person.pk))


def own_actor(request: HttpRequest, person: Person) -> Actor:
    """Return a person who proves themself or changes by what; their answer is never kept for a repeat."""
    return actor_of(person).via(replace(origin_of(request), idempotency_key="", body_hash=""))


def know_actor(get_response: Handler) -> Handler:
    """Give every request of a signed-in person its actor; keys are known in the API's authentication."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.actor = None  # type: ignore[attr-defined]  # our own attribute, see ActorRequest
        if request.user.is_authenticated and has_shown_one(request.user, request.session):
            actor = actor_of(request.user).via(origin_of(request))
            request.actor = actor  # type: ignore[attr-defined]  # as above
        return get_response(request)

    return middleware
