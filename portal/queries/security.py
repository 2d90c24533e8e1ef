"""What a person has to prove who they are, and when they came in; for their own eyes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from allauth.mfa.models import Authenticator
from django.db import connection

from portal.action import instant
from portal.actor import Actor
from portal.links import LASTS, Link
from portal.models import Person, SignIn
from portal.proving import locked_until
from portal.queries.company import company_of

SIGN_INS_SHOWN: Final = 8
CODES_FEW: Final = 3


@dataclass(frozen=True, slots=True)
class KeyOfOwn:
    """A passkey, or a security key that needs the password beside it."""

    id: int
    name: str
    signs_in_alone: bool
    added_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Ways:
    """What a person has to prove who signs: the first component, and the second."""

    password: bool
    company: bool
    code: bool
    key: bool

    @property
    def is_enough(self) -> bool:
        """Say whether there is one of each."""
        return (self.password or self.company) and (self.code or self.key)

    def asks(self, *, confirmed: bool) -> set[str]:
        """Return which fields a form of proof has; a confirmed person gives no password."""
        if not confirmed and not self.password:
            return set()
        wanted = {"password": self.password and not confirmed, "code": self.code}
        return {name for name, is_asked in wanted.items() if is_asked}


@dataclass(frozen=True, slots=True)
class Security:
    """The factors of one person, newest sign-in first."""

    has_password: bool
    app_since: datetime | None
    keys: Sequence[KeyOfOwn]
    codes_left: int | None
    sign_ins: Sequence[SignIn]
    company_since: datetime | None
    locked_until: datetime | None

    @property
    def ways(self) -> Ways:
        """Return what of this proves who signs."""
        return Ways(
            self.has_password, self.company_since is not None, self.app_since is not None, bool(self.keys)
        )

    @property
    def has_few_codes(self) -> bool:
        """Say whether it is time for new recovery codes."""
        return self.codes_left is not None and self.codes_left < CODES_FEW

    @property
    def may_remove(self) -> bool:
        """Say whether a factor may go, for another one stays."""
        return len(self.keys) + (self.app_since is not None) > 1


def read_security(actor: Actor) -> Security:
    """Return the actor's own factors and last sign-ins."""
    factors = Authenticator.objects.filter(user_id=actor.person_id).order_by("created_at", "pk")
    by_type: dict[str, list[Authenticator]] = {}
    for each in factors:
        by_type.setdefault(each.type, []).append(each)
    apps = by_type.get(Authenticator.Type.TOTP, [])
    codes = by_type.get(Authenticator.Type.RECOVERY_CODES, [])
    company = company_of(actor.person_id)
    sign_ins = SignIn.objects.filter(person_id=actor.person_id).order_by("-at", "-pk")
    return Security(
        has_password=Person.objects.get(pk=actor.person_id).has_usable_password(),
        app_since=apps[0].created_at if apps else None,
        keys=[_key(each) for each in by_type.get(Authenticator.Type.WEBAUTHN, [])],
        codes_left=len(codes[0].wrap().get_unused_codes()) if codes else None,
        sign_ins=list(sign_ins[:SIGN_INS_SHOWN]),
        company_since=company.linked_at if company else None,
        locked_until=locked_until(actor.person_id, instant()),
    )


def _key(found: Authenticator) -> KeyOfOwn:
    wrapped = found.wrap()
    return KeyOfOwn(
        found.pk, wrapped.name, bool(wrapped.is_passwordless), found.created_at, found.last_used_at
    )


def find_invited(link: Link | None) -> Person | None:
    """Return whose link this is, None when it is over, used or withdrawn, or the account is closed."""
    if link is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute("select portal.instant()")
        now = cursor.fetchone()[0]
    people = Person.objects.filter(pk=link.person_id, link_made_at=link.made_at, is_active=True)
    return people.first() if now < link.made_at + LASTS else None
