"""Who may open a stream, and whether they still may: session of the same origin, or bearer key."""

from __future__ import annotations

import functools
import hashlib
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth import get_user
from django.db import connection
from django.http import HttpRequest, parse_cookie
from django.http.request import split_domain_port, validate_host
from django.utils import timezone

from portal.actor import Actor, Origin, gather_seats
from portal.api.authentication import actor_by_key
from portal.displays import COOKIE, Display, display_by_key
from portal.middleware import actor_of, was_signed_out
from portal.models import Person
from portal.second_factors import has_shown_one
from portal.sessions import SessionStore, row_key_of

SIGNED_OUT: Final = 4401
WITHDRAWN: Final = 4403
FORBIDDEN: Final = 403
SEEN_AT_MOST: Final = 4096


class TurnedAway(Exception):
    """Not let in; `code` closes the socket, or is an HTTP status before there is one."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, eq=False)
class Pass:
    """Who was let in and on what grounds; `renew` asks again and raises TurnedAway."""

    actor: Actor
    epoch: int
    password_mark: str
    # When a seat of the person begins or ends by its dates, None while none will.
    turns_at: datetime | None
    renew: Callable[[], Pass]
    session_key: str | None = None
    key_digest: bytes | None = None
    # A screen on the wall: it hears that something happened and not what, and watches what it shows.
    display: Display | None = None


def admit(headers: Mapping[str, str], *, as_display: bool = False) -> Pass:
    """Let a bearer key in, or a session or a display whose request comes from our own pages.

    Raises: TurnedAway.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    origin = Origin(
        request_id=uuid.uuid4().hex, agent=headers.get("user-agent", "")[:200], route="WS /ws/stream/"
    )
    if scheme.lower() == "bearer":
        return _admit_key(token.strip(), origin)
    # A browser sends the session's cookie whoever wrote the page; it also says, truly, whose page it is.
    if not is_own_origin(headers.get("origin"), headers.get("host", "")):
        raise TurnedAway(FORBIDDEN if "origin" in headers else SIGNED_OUT)
    cookies = parse_cookie(headers.get("cookie", ""))
    if as_display:
        return _admit_display(cookies.get(COOKIE, ""), origin)
    return admit_session(cookies.get(settings.SESSION_COOKIE_NAME, ""), origin)


def is_own_origin(origin: str | None, host: str) -> bool:
    """Say whether an Origin header is exactly the address the request was sent to, and that is ours."""
    scheme = "https" if settings.IS_SECURE else "http"
    if origin is None or origin != f"{scheme}://{host}":
        return False
    return validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS)


def _admit_key(token: str, origin: Origin) -> Pass:
    asked_at = _now()
    actor = actor_by_key(token)
    if actor is None:
        raise TurnedAway(SIGNED_OUT)
    if actor.scopes is not None and "read" not in actor.scopes:
        raise TurnedAway(WITHDRAWN)
    person = Person.objects.only("access_epoch", "password").get(pk=actor.person_id)
    return Pass(
        actor.via(origin),
        person.access_epoch,
        _mark(person.password),
        _turn_of(person.pk, asked_at),
        functools.partial(_admit_key, token, origin),
        key_digest=hashlib.sha256(token.encode()).digest(),
    )


def _admit_display(token: str, origin: Origin) -> Pass:
    asked_at = _now()
    display = display_by_key(token)
    if display is None:
        raise TurnedAway(SIGNED_OUT)
    person = Person.objects.only("access_epoch", "password").get(pk=display.actor.person_id)
    return Pass(
        display.actor.via(origin),
        person.access_epoch,
        _mark(person.password),
        _turn_of(person.pk, asked_at),
        functools.partial(_admit_display, token, origin),
        key_digest=hashlib.sha256(token.encode()).digest(),
        display=display,
    )


def admit_session(session_key: str, origin: Origin) -> Pass:
    """Let a session in that is neither over nor without a second factor. Raises: TurnedAway."""
    request = HttpRequest()
    request.session = SessionStore(session_key)
    person = get_user(request) if session_key else None
    if (
        not isinstance(person, Person)
        or is_over(request.session)
        or not has_shown_one(person, request.session)
    ):
        raise TurnedAway(SIGNED_OUT)
    if was_signed_out(person, request.session.get("began_at", 0.0)):
        raise TurnedAway(SIGNED_OUT)
    asked_at = _now()
    return Pass(
        actor_of(person).via(origin),
        person.access_epoch,
        _mark(person.password),
        _turn_of(person.pk, asked_at),
        functools.partial(admit_session, session_key, origin),
        session_key=session_key,
    )


def _turn_of(person_id: uuid.UUID, since: datetime) -> datetime | None:
    """Return when the person's seats first change by their dates after an instant before they were read."""
    with connection.cursor() as cursor:
        cursor.execute("select door.turns_at(%s, %s)", [person_id, since])
        found: datetime | None = cursor.fetchone()[0]
        return found


def _mark(password: str) -> str:
    return hashlib.md5(password.encode(), usedforsecurity=False).hexdigest()


def is_over(session: Any) -> bool:
    """Say whether a session was idle or is open for too long (21 CFR 11.10(d)); a socket is no activity."""
    now = timezone.now().timestamp()
    idle_s, open_s = now - session.get("seen_at", now), now - session.get("began_at", now)
    is_idle: bool = idle_s > settings.SESSION_IDLE.total_seconds()
    is_old: bool = open_s > settings.SESSION_ABSOLUTE.total_seconds()
    return is_idle or is_old


@functools.lru_cache(SEEN_AT_MOST)
def _decoded(session_key: str, session_data: str) -> dict[str, Any]:
    found: dict[str, Any] = SessionStore(session_key).decode(session_data)
    return found


def find_doubtful(passes: Iterable[Pass], *, with_seats: bool) -> list[Pass]:
    """Return the passes whose grounds have changed, also by the date of a seat.

    `with_seats` compares the seats themselves: it also notices what was changed past the product.
    """
    given = list(passes)
    now = _now()
    people, sessions, keys = _people(given), _sessions(given), _keys(given)
    seats = _seats(given) if with_seats else {}
    return [
        each
        for each in given
        if people.get(each.actor.person_id) != (each.epoch, each.password_mark)
        or (each.turns_at is not None and each.turns_at <= now)
        or (each.session_key is not None and is_over(sessions.get(each.session_key, ENDED)))
        or (each.key_digest is not None and each.key_digest not in keys)
        or not _keeps_seats(each.actor, seats.get(each.actor.person_id))
    ]


ENDED: Final[Mapping[str, float]] = {"seen_at": 0.0}


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("select portal.instant()")
        now: datetime = cursor.fetchone()[0]
        return now


def _people(passes: list[Pass]) -> dict[uuid.UUID, tuple[int, str]]:
    ids = list({each.actor.person_id for each in passes})
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, access_epoch, md5(password) from portal_person where is_active and id = any (%s)",
            [ids],
        )
        return {person: (epoch, mark) for person, epoch, mark in cursor.fetchall()}


def _sessions(passes: list[Pass]) -> dict[str, dict[str, Any]]:
    keys = {row_key_of(each.session_key): each.session_key for each in passes if each.session_key}
    if not keys:
        return {}
    now: datetime = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "select session_key, session_data from django_session"
            " where session_key = any (%s) and expire_date > %s",
            [list(keys), now],
        )
        return {keys[row_key]: _decoded(keys[row_key], data) for row_key, data in cursor.fetchall()}


def _keys(passes: list[Pass]) -> set[bytes]:
    digests = [each.key_digest for each in passes if each.key_digest]
    if not digests:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "select d from unnest(%s::bytea[]) d where exists (select 1 from door.by_key(d))", [digests]
        )
        return {bytes(digest) for (digest,) in cursor.fetchall()}


def _seats(passes: list[Pass]) -> dict[uuid.UUID, Any]:
    ids = list({each.actor.person_id for each in passes})
    rows: dict[uuid.UUID, list[Any]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(
            "select p, s.space_id, s.side, s.role, s.code, s.lender, s.lender_code"
            " from unnest(%s::uuid[]) p, door.spaces_of(p) s",
            [ids],
        )
        for person, *seat in cursor.fetchall():
            rows[person].append(seat)
    return {person: gather_seats(rows[person]) for person in ids}


def _keeps_seats(actor: Actor, seats: Any) -> bool:
    # A key is bound to some of its account's programs: only what it holds is compared.
    return seats is None or all(seats.get(space) == held for space, held in actor.seats.items())
