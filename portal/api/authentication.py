"""Who speaks through the API: a bearer key or a signed-in person; both become an Actor."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import DatabaseError, connection
from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal.actor import Actor, gather_seats
from portal.errors import Refused
from portal.middleware import origin_of
from portal.models import Person

TOKEN_CHARACTERS_MAX: Final = 200
log = structlog.get_logger(__name__)
BY_KEY: Final = """
    with k as materialized (select * from door.by_key(%s)){noting}
    select k.person_id, k.organisation_id, k.scopes, k.program_ids, s.space_id, s.side, s.role, s.code,
        s.lender, s.lender_code
    from k left join lateral door.spaces_of(k.person_id) s on true
"""
# When a key last spoke is noted to the minute; most requests write nothing.
NOTING: Final = """, used as (
        insert into portal_keyuse (key_id, used_at) select k.key_id, portal.instant() from k
        where not exists (
            select from portal_keyuse u
            where u.key_id = k.key_id and u.used_at > portal.instant() - interval '1 minute')
        on conflict (key_id) do update set used_at = excluded.used_at)"""


class ActorRequest(Request):
    """A request whose `actor` is known; the type views name."""

    actor: Actor


def actor_by_key(token: str) -> Actor | None:
    """Return the actor of a live key, seated only in its programs; None for any other token."""
    if not token or len(token) > TOKEN_CHARACTERS_MAX:
        return None
    rows = _look_up(hashlib.sha256(token.encode()).digest())
    if not rows:
        return None
    person_id, organisation_id, scopes, program_ids = rows[0][:4]
    bound = {UUID(each) for each in json.loads(program_ids)} | {organisation_id}
    seats = gather_seats(row[4:] for row in rows if row[4] in bound)
    return Actor(person_id, "service", organisation_id, seats, frozenset(json.loads(scopes)))


def _look_up(token_hash: bytes) -> list[tuple[Any, ...]]:
    """Return a live key with its seats, noting that it speaks; where nothing can be written, all the same."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(BY_KEY.format(noting=NOTING), [token_hash])
        except DatabaseError as error:
            log.warning("key_use_not_noted", error=type(error).__name__)
            cursor.execute(BY_KEY.format(noting=""), [token_hash])
        return list(cursor.fetchall())


def _plain(request: Request) -> HttpRequest:
    found: HttpRequest = request._request  # noqa: SLF001 - DRF has no public name for Django's own request
    return found


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
        actor = actor.via(origin_of(_plain(request)))
        request.actor = actor  # type: ignore[attr-defined]  # see ActorRequest
        _plain(request).actor = actor  # type: ignore[attr-defined]  # see ActorRequest
        return Person(pk=actor.person_id), actor

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme in a 401."""
        return 'Bearer realm="covalent"'


class SignedIn(SessionAuthentication):
    """A page of ours calling the API with the session cookie and its CSRF token."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the signed-in person; who has shown no second factor is nobody yet, as on the pages."""
        actor = getattr(_plain(request), "actor", None)
        if actor is None:
            return None
        self.enforce_csrf(request)
        request.actor = actor  # type: ignore[attr-defined]  # see ActorRequest
        return _plain(request).user, actor


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
