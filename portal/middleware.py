"""Between the server and a view: size, session ends, and the actor."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from portal.actor import Actor, Origin, seats_of
from portal.models import Person

Handler = Callable[[HttpRequest], HttpResponse]
TOUCH_EVERY: Final = timedelta(seconds=60)
BODY_BYTES_MAX: Final = {
    "readings": settings.FRAME_BYTES_MAX,
    "attachments": settings.ATTACHMENT_BYTES_MAX + 65_536,
}
BODY_BYTES_DEFAULT: Final = 1024 * 1024


def refuse_oversize(get_response: Handler) -> Handler:
    """Answer 413 by Content-Length before a body is spooled (ground 8)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        kind = next((word for word in BODY_BYTES_MAX if f"/{word}/" in request.path), "")
        most = BODY_BYTES_MAX.get(kind, BODY_BYTES_DEFAULT)
        if "multipart/form-data" in request.headers.get("Content-Type", ""):
            most = max(most, BODY_BYTES_MAX["attachments"])
        length = request.headers.get("Content-Length", "")
        if length.isdigit() and int(length) > most:
            detail = f"The request has {int(length)} bytes; this address takes at most {most}."
            body = {
                "type": "about:blank",
                "title": "Too large",
                "status": 413,
                "code": "too_large",
                "detail": detail,
                "limit": most,
            }
            return JsonResponse(body, status=413, content_type="application/problem+json")
        return get_response(request)

    return middleware


def allow_dictation(get_response: Handler) -> Handler:
    """Let our own pages use the microphone (dictation on the log page) and nothing else of the device."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.headers.setdefault("Permissions-Policy", "microphone=(self), camera=(self), geolocation=()")
        return response

    return middleware


def end_stale_session(get_response: Handler) -> Handler:
    """End a session after 15 idle minutes or 12 hours (11.10(d)); a poll does not keep it alive."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = timezone.now()
            began = request.session.get("began_at") or now.timestamp()
            seen = request.session.get("seen_at") or now.timestamp()
            idle = now.timestamp() - seen > settings.SESSION_IDLE.total_seconds()
            old = now.timestamp() - began > settings.SESSION_ABSOLUTE.total_seconds()
            if idle or old:
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


def origin_of(request: HttpRequest) -> Origin:
    """Return where a request came from; the request id is ours, a client's own is not trusted."""
    request_id = getattr(request, "request_id", None) or uuid.uuid4().hex
    return Origin(
        request_id=str(request_id),
        address=request.META.get("REMOTE_ADDR", ""),
        agent=request.headers.get("User-Agent", "")[:200],
        idempotency_key=request.headers.get("Idempotency-Key", "")[:200],
        route=f"{request.method} {request.path}",
        body_hash=hashlib.sha256(request.body).hexdigest() if request.headers.get("Idempotency-Key") else "",
    )


def actor_of(person: Person) -> Actor:
    """Return the signed-in person as an actor with the seats of this moment."""
    return Actor(person.pk, person.kind, person.organisation_id, seats_of(person.pk))


def has_second_factor(request: HttpRequest) -> bool:
    """Say whether the person has a second factor; with one, nobody is signed in without having shown it."""
    if not request.session.get("second_factor"):
        request.session["second_factor"] = Authenticator.objects.filter(user_id=request.user.pk).exists()
    return bool(request.session["second_factor"])


def know_actor(get_response: Handler) -> Handler:
    """Give every request of a signed-in person its actor; keys are known in the API's authentication."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.actor = None  # type: ignore[attr-defined]  # our own attribute, see ActorRequest
        if request.user.is_authenticated and has_second_factor(request):
            actor = actor_of(request.user).via(origin_of(request))
            request.actor = actor  # type: ignore[attr-defined]  # as above
        return get_response(request)

    return middleware
