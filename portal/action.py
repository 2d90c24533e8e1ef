"""The two context managers that reach the database, and no third: `reading` and `@action` (ground 2)."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Concatenate, Final, Literal, ParamSpec, TypeVar, cast

from django.apps import apps
from django.conf import settings
from django.db import OperationalError, connection, transaction
from psycopg import errors as pg

from portal.actor import Actor
from portal.errors import Conflict, DomainError, InvalidTransition, Refused, Unavailable, Unprocessable

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS: Final = 3
PASSING: Final = (pg.DeadlockDetected, pg.LockNotAvailable, pg.SerializationFailure)
SETTINGS: Final = (
    "person",
    "organisation",
    "as_sponsor",
    "as_manufacturer",
    "action",
    "reason",
    "request",
    "mac",
)


class OutsideContextError(RuntimeError):
    """A query on a record table outside `reading` and `@action`: a fault of ours, never of a person."""


@dataclass(slots=True)
class Context:
    """What is open on this thread or task: the actor, its one instant, and what follows after commit."""

    actor: Actor
    mode: Literal["reading", "action"]
    code: str = ""
    instant: datetime | None = None
    subject: tuple[str, Any, int] | None = None
    after: list[Callable[[], None]] = field(default_factory=list)


_open: ContextVar[Context | None] = ContextVar("covalent_context", default=None)


# Behind the type of the row that a request made, where others find one.
MADE: Final = "+"


class Replayed(Exception):
    """This idempotency key was used for the same request before; holds the stored subject."""

    def __init__(self, subject_type: str, subject_id: Any, version: int) -> None:
        super().__init__(subject_type)
        self.subject_type, self.subject_id, self.version = subject_type, subject_id, version
        self.is_new = subject_type.endswith(MADE)


def is_open() -> bool:
    """Say whether a context is open here."""
    return _open.get() is not None


def current() -> Context:
    """Return the open context; raises OutsideContextError."""
    context = _open.get()
    if context is None:
        msg = "open reading(actor) or call an @action first"
        raise OutsideContextError(msg)
    return context


def current_action() -> Context:
    """Return the open action; a shared step refuses to run outside one."""
    context = current()
    if context.mode != "action":
        msg = "this step writes and runs inside an @action only"
        raise OutsideContextError(msg)
    return context


def instant() -> datetime:
    """Return the one instant of the open context, read from the database clock once (ground 3)."""
    context = current()
    if context.instant is None:
        with connection.cursor() as cursor:
            cursor.execute("select portal.instant()")
            context.instant = cursor.fetchone()[0]
    return context.instant


def after_commit(call: Callable[[], None]) -> None:
    """Run a best-effort wake-up once the action is committed; it must swallow its own outages (stack 6)."""
    current_action().after.append(call)


def _array(ids: list[Any]) -> str:
    return "{" + ",".join(map(str, ids)) + "}" if ids else ""


def context_mac(secret: str, person: str, code: str, request: str, transaction_id: str) -> str:
    """Return by what an auditor knows that the product wrote an entry, and nobody with its login alone."""
    key = hmac.new(secret.encode(), b"covalent.context.1", hashlib.sha256).digest()
    words = f"{person}\x1f{code}\x1f{request}\x1f{transaction_id}"
    return hmac.new(key, words.encode(), hashlib.sha256).hexdigest()


def _enter(actor: Actor, *, code: str = "", read_only: bool) -> None:
    values = {
        "person": str(actor.person_id),
        "organisation": str(actor.organisation_id or ""),
        "as_sponsor": _array(actor.as_sponsor),
        "as_manufacturer": _array(actor.as_manufacturer),
        "action": code,
        "request": actor.origin.request_id,
    }
    calls = ", ".join(f"set_config('covalent.{name}', %s, true)" for name in values)
    last = "set_config('transaction_read_only', 'on', true)" if read_only else "pg_current_xact_id()::text"
    with connection.cursor() as cursor:
        cursor.execute(f"select {calls}, {last}", list(values.values()))
        row = cursor.fetchone()
        if not read_only:
            said = (str(actor.person_id), code, actor.origin.request_id, row[-1])
            mac = context_mac(settings.SECRET_KEY, *said)
            cursor.execute("select set_config('covalent.mac', %s, true)", [mac])


def _leave(*, nested: bool) -> None:
    # A local setting survives a released savepoint, so under an outer transaction it is taken back by hand.
    if nested:
        calls = ", ".join(f"set_config('covalent.{name}', '', true)" for name in SETTINGS)
        with connection.cursor() as cursor:
            cursor.execute(f"select {calls}")


@contextmanager
def reading(actor: Actor) -> Iterator[Actor]:
    """Open a READ ONLY transaction as the actor; wraps the whole safe request including rendering."""
    if _open.get() is not None:
        msg = "reading() inside an open context"
        raise OutsideContextError(msg)
    with transaction.atomic():
        _enter(actor, read_only=True)
        token = _open.set(Context(actor, "reading"))
        try:
            yield actor
        finally:
            _open.reset(token)
            # Rolled back, not released: nothing was written, and the settings go with it.
            transaction.set_rollback(True)


def action(
    code: str,
) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Make a function the one way a transition is written: durable, sealed, retried, refusals recorded."""

    def decorate(body: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
        @functools.wraps(body)
        def run(actor: Actor, *args: P.args, **kwargs: P.kwargs) -> R:
            if _open.get() is not None:
                msg = f"{code}: an action never runs inside another context"
                raise OutsideContextError(msg)
            for attempt in range(1, ATTEMPTS + 1):
                try:
                    return cast("R", _run_once(code, body, actor, args, kwargs))
                except (Refused, InvalidTransition) as error:
                    _record_refusal(actor, code, error)
                    raise
                except OperationalError as error:
                    if not isinstance(error.__cause__, PASSING):
                        raise
                    if attempt == ATTEMPTS:
                        detail = "The record is busy. Nothing was changed; send the same request again."
                        raise Unavailable(detail, code="busy") from error
                    time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311 - jitter, not a secret
            raise AssertionError(code)

        run.action_code = code  # type: ignore[attr-defined]  # read by the architecture tests
        return cast("Callable[Concatenate[Actor, P], R]", run)

    return decorate


def _run_once(code: str, body: Callable[..., Any], actor: Actor, args: Any, kwargs: Any) -> Any:
    nested = connection.in_atomic_block
    context = Context(actor, "action", code)
    with transaction.atomic(durable=True):
        _enter(actor, code=code, read_only=False)
        token = _open.set(context)
        try:
            if actor.origin.idempotency_key:
                _claim(actor, code)
            result = body(actor, *args, **kwargs)
            if actor.origin.idempotency_key:
                _keep_answer(actor, context.subject or _subject_of(result))
            with connection.cursor() as cursor:
                # Sealed now, so that a fault shows here; deferred again, else later statements seal alone.
                cursor.execute("set constraints ledger.seal immediate; set constraints ledger.seal deferred")
        finally:
            _open.reset(token)
        _leave(nested=nested)
    for call in context.after:
        transaction.on_commit(call)
    transaction.on_commit(_poke)
    return result


def _poke() -> None:
    from portal.wake import poke_relay  # noqa: PLC0415 - the edge to Redis is only needed after a commit

    poke_relay()


def _claim(actor: Actor, code: str) -> None:
    """Take the idempotency key for this transaction, or answer from what it did before (ground 2)."""
    origin = actor.origin
    digest = hashlib.sha256(
        f"{actor.person_id}\x1f{origin.route}\x1f{origin.idempotency_key}".encode()
    ).digest()
    with connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [int.from_bytes(digest[:8], signed=True)])
        if not cursor.fetchone()[0]:
            detail = "The same request is being worked on right now; ask again in a moment."
            raise Conflict(detail, code="in_flight")
        cursor.execute(
            "select body_hash, subject_type, subject_id, subject_version from portal_idempotency"
            " where person_id = %s and digest = %s",
            [actor.person_id, digest],
        )
        found = cursor.fetchone()
        if found is None:
            cursor.execute(
                "insert into portal_idempotency (person_id, digest, body_hash, action, created_at)"
                " values (%s, %s, %s, %s, portal.instant())",
                [actor.person_id, digest, origin.body_hash, code],
            )
            return
    body_hash, subject_type, subject_id, version = found
    if body_hash != origin.body_hash:
        detail = "This Idempotency-Key came with another body before; use a new key for a new request."
        raise Unprocessable(detail)
    raise Replayed(subject_type, subject_id, version)


def answer_with(subject: Any) -> None:
    """Let a repeat of this request be answered from another row than the one the action returns."""
    current_action().subject = _subject_of(subject)


def answer_as_new(subject: Any) -> None:
    """Let this request, and each repeat of it, be answered as one that made the row."""
    subject.is_made_now = True
    name, pk, version = _subject_of(subject)
    current_action().subject = (f"{name}{MADE}", pk, version)


def _subject_of(row: Any) -> tuple[str, Any, int]:
    return (row._meta.label_lower, row.pk, getattr(row, "version", 1))


def _keep_answer(actor: Actor, subject: tuple[str, Any, int]) -> None:
    origin = actor.origin
    digest = hashlib.sha256(
        f"{actor.person_id}\x1f{origin.route}\x1f{origin.idempotency_key}".encode()
    ).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "update portal_idempotency set subject_type = %s, subject_id = %s, subject_version = %s"
            " where person_id = %s and digest = %s",
            [*subject, actor.person_id, digest],
        )


def _record_refusal(actor: Actor, code: str, error: DomainError) -> None:
    """Record a refusal in the actor's own organisation, 60 an hour each, then only counted (ground 4)."""
    if actor.organisation_id is None or actor.organisation_id not in actor.seats:
        return
    nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        _enter(actor, code="refusal", read_only=False)
        cursor.execute(
            "insert into portal_refusalcount as c (person_id, hour, count)"
            " values (%s, date_trunc('hour', portal.instant()), 1)"
            " on conflict (person_id, hour) do update set count = c.count + 1 returning count",
            [actor.person_id],
        )
        if cursor.fetchone()[0] <= settings.REFUSALS_AN_HOUR:
            subject = {"type": "person", "id": str(actor.person_id), "number": "", "version": 1}
            # No words: they may tell of a program that others seated in the organisation have no part in.
            payload = {"action": code, "code": error.problem_code}
            cursor.execute(
                "select ledger.record(%s, 'shared', 'action.refused', 1, false, %s, null, '', %s)",
                [actor.organisation_id, json.dumps(subject), json.dumps(payload)],
            )
        _leave(nested=nested)


@functools.cache
def _record_tables() -> re.Pattern[str]:
    records = [model for model in apps.get_models() if hasattr(getattr(model, "objects", None), "visible_to")]
    names = [model._meta.db_table for model in records]
    sealed = r"ledger\.(?:entry|item|chain|node|checkpoint|cosignature|holder|padded)"
    return re.compile(rf'\b(?:{sealed}|"?(?:' + "|".join(sorted(names)) + r')"?)\b')


def _guard(
    execute: Callable[..., Any],
    sql: Any,
    params: Any,
    many: bool,  # noqa: FBT001 - Django's signature
    context: Any,
) -> Any:
    if _open.get() is None and _record_tables().search(str(sql)):
        msg = f"query on a record table outside reading() and @action: {str(sql)[:120]}"
        raise OutsideContextError(msg)
    return execute(sql, params, many, context)


def guard_connection(*, connection: Any, **_: Any) -> None:
    """Install the first wall on a fresh connection; the owner's migrations stand outside it."""
    if not settings.AS_OWNER and _guard not in connection.execute_wrappers:
        connection.execute_wrappers.append(_guard)
