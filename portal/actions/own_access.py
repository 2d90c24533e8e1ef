"""What people prove themselves by changes in an action, so that the ledger says who did it and how (G39).

The sign-in library writes its own rows, and the database notes them (`record_table.IDENTITIES`). Written past
an action they stand there as written past the product, which raises an alarm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import get_hasher, identify_hasher

from portal.action import action
from portal.actor import Actor
from portal.models import Person
from portal.proving.codes import counter_of
from portal.proving.tries import use_number

T = TypeVar("T")


@action("own_sign_in.change")
def change_own_sign_in(_actor: Actor, write: Callable[[], T]) -> T:
    """Let the sign-in library write the actor's own password or factors; return what it answers."""
    return write()


@action("secrets.seal_anew")
def seal_anew(_actor: Actor, write: Callable[[], T]) -> T:
    """Let secrets of sign-in be encrypted under another key; `write` says how many were."""
    return write()


@action("password.hash_anew")
def hash_anew(actor: Actor, password: str) -> Person:
    """Store the same password under the present hasher; whoever calls it has just found it right."""
    person = Person.objects.select_for_update().get(pk=actor.person_id)
    if person.check_password(password):
        person.set_password(password)
        person.save(update_fields=["password"])
    return person


@action("recovery_code.use")
def use_recovery_code(actor: Actor, code: str) -> Authenticator | None:
    """Use up a recovery code; returns the factor it is of, None for a wrong or used one.

    Held while it is judged and used up: of two who send one code at once, one comes in.
    """
    factors = Authenticator.objects.select_for_update().filter(user_id=actor.person_id)
    recovery = factors.filter(type=Authenticator.Type.RECOVERY_CODES).first()
    is_right = recovery is not None and recovery.wrap().validate_code(code)
    return recovery if is_right else None


def use_code(actor: Actor, code: str) -> Authenticator | None:
    """Use up a one-time or recovery code; returns the factor it is of, None for a wrong or used one.

    A one-time code serves once in all, for a signature as for signing in.
    """
    counter = counter_of(actor.person_id, code)
    if counter is None:
        return use_recovery_code(actor, code)
    is_fresh = use_number(actor.person_id, counter)
    factors = Authenticator.objects.filter(user_id=actor.person_id, type=Authenticator.Type.TOTP)
    return factors.first() if is_fresh else None


def keep_hash_present(actor: Actor, stored: str, password: str) -> None:
    """Hash a password anew that was just found right, where its hash is weaker than those made now."""
    present = get_hasher()
    if identify_hasher(stored).algorithm != present.algorithm or present.must_update(stored):
        hash_anew(actor, password)
