"""People of the demo sign by the ceremony, each with the own password and one-time code."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar
from uuid import UUID

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db import connection

from config.demo.people import PASSWORD
from config.demo.secrets import totp_secret_of
from portal.action import reading
from portal.actions.signing import accept_statement, sign
from portal.actor import Actor
from portal.errors import Refused
from portal.queries.signatures import ceremony, own_signer
from portal.signable import STATEMENT, Signable
from portal.states import Meaning

T = TypeVar("T")
CODE_LASTS_S: Final = 30
TRIES: Final = 3


def sign_as(person: Actor, key: str, signable: Signable, record_id: UUID, meaning: Meaning) -> None:
    """Sign a record as it stands; the signer's statement is accepted before the first time."""
    ready_to_sign(person, key)
    with reading(person):
        found = ceremony(person, signable, record_id)
    stated: dict[str, Any] = {"meaning": meaning, "version": found.record.version, "digest": found.digest}
    prove_as(person, key, lambda **proof: sign(person, signable.type, record_id, **stated, **proof))


def ready_to_sign(person: Actor, key: str) -> None:
    """Accept the signer's statement where that was not done."""
    with reading(person):
        signer = own_signer(person)
    if signer is None or signer.statement != STATEMENT:
        prove_as(person, key, lambda **proof: accept_statement(person, statement=STATEMENT, **proof))


def prove_as(person: Actor, key: str, call: Callable[..., T]) -> T:
    """Call with the password and the one-time code of this moment, and give the code back to its owner.

    A code serves once; without this nobody could sign in as a head within the half minute after the load.
    """
    for left in reversed(range(TRIES)):
        counter = int(time.time()) // CODE_LASTS_S
        code = format_hotp_value(hotp_value(totp_secret_of(key), counter))
        try:
            return call(password=PASSWORD, code=code)
        except Refused as error:
            # The half minute was over between the making of the code and its proof.
            if error.problem_code != "credentials_wrong" or not left:
                raise
        finally:
            with connection.cursor() as cursor:
                cursor.execute("delete from portal_signingtry where person_id = %s", [person.person_id])
    raise AssertionError(key)
