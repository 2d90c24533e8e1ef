"""Who speaks through the API: a bearer key or a signed-in person; both become an Actor."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any, Final, cast
from uuid import UUID

from django.db import connection
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal.action import reading
from portal.actor import Actor, seats_of
from portal.errors import Refused
from portal.middleware import actor_of, origin_of
from portal.models import ApiKey, Person

SCOPES: Final = ("read", "write", "readings", "acknowledge", "webhooks")


class ActorRequest(Request):
    """A request whose `actor` is known; the type views name."""

    actor: Actor


def actor_by_key(token: str) -> Actor | None:
    """Return the actor of a live key, seated only in the programs the key is bound to; None for any other token."""
    if not token or len(token) > 200:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "select key_id, person_id from door.by_key(%s)", [hashlib.sha256(token.encode()).digest()]
        )
        row = cursor.fetchone()
    if row is None:
        return None
    key_id, person_id = row
    person = Person.objects.filter(pk=person_id, is_active=True).first()
    if person is None:
        return None
    actor = Actor(person.pk, person.kind, person.organisation_id, seats_of(person.pk))
    with reading(actor):
        key = ApiKey.objects.get(pk=key_id)
    bound = {UUID(each) for each in key.program_ids} | {person.organisation_id}
    seats = {space: held for space, held in actor.seats.items() if space in bound}
    return replace(actor, seats=seats, scopes=frozenset(key.scopes))


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`."""

    def authenticate(self, request: Request) -> tuple[Person, Actor] | None:
        """Return the service account and its actor, None when no bearer token was sent."""
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        actor = actor_by_key(token.strip())
        if actor is None:
            detail = (
                "The key is unknown, expired or revoked. Send a live key as 'Authorization: Bearer <token>'."
            )
            raise AuthenticationFailed(detail)
        actor = actor.via(origin_of(cast("HttpRequest", request._request)))
        request.actor = actor  # type: ignore[attr-defined] - see ActorRequest
        request._request.actor = actor  # type: ignore[attr-defined] - see ActorRequest
        return Person(pk=actor.person_id), actor

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme in a 401."""
        return 'Bearer realm="covalent"'


class SignedIn(SessionAuthentication):
    """A page of ours calling the API with the session cookie and its CSRF token."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the signed-in person."""
        user = getattr(request._request, "user", None)
        if user is None or not user.is_authenticated:
            return None
        self.enforce_csrf(request)
        actor = getattr(request._request, "actor", None) or actor_of(user)
        request.actor = actor.via(origin_of(request._request))  # type: ignore[attr-defined] - see ActorRequest
        return user, request.actor  # type: ignore[attr-defined] - as above


class IsActor(BasePermission):
    """Somebody speaks, and a key does only what its scopes say."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Compare the key's scopes with the one the view asks for this method."""
        actor: Actor | None = getattr(request, "actor", None)
        if actor is None:
            return False
        wanted = "read" if request.method in ("GET", "HEAD", "OPTIONS") else getattr(view, "scope", "write")
        if actor.scopes is not None and wanted not in actor.scopes:
            detail = (
                f"This key has the scopes {', '.join(sorted(actor.scopes))}; the request needs {wanted!r}."
            )
            raise Refused(detail, code="scope_missing")
        return True
