"""Judging what a person shows to sign: what was wrong is counted, and told to their organisation."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection

from portal import ledger
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.errors import Refused
from portal.facts import SigningFailed
from portal.models import Delivery, Member
from portal.oidc import Identity
from portal.proving import (
    LOCKED,
    TRIES_MAX,
    WITHIN,
    CompanyWord,
    Given,
    Proof,
    failures_of,
    prove,
    require_unlocked,
)
from portal.proving.ceremonies import Ceremony
from portal.queries.company import company_of
from portal.states import PersonKind

SIGNING_LOCKED: Final = "signing.locked"
# Who sees to the security of an organisation; what concerns one of them goes to all of them.
SECURITY: Final = {
    "roles": ["org_admin", "site_admin", "quality_head"],
    "wait_s": 1800,
    "channels": [],
    "wakes": True,
}
WRONG: Final = "The password or the second component is wrong."
NOT_CONFIRMED: Final = "Your organisation did not confirm that you signed in there just now."


def proved(actor: Actor, given: Given, what: str) -> Proof:
    """Return the proof that the actor is the person; a wrong try is counted and told. Raises: Refused."""
    if actor.kind != PersonKind.HUMAN or actor.scopes is not None:
        raise Refused(
            "A key cannot sign: a person does, with password and one-time code.", code="key_cannot_sign"
        )
    proof = prove(actor.person_id, given, what, _now())
    if proof is None:
        raise wrong_try(actor, WRONG)
    return proof


def begin_ceremony(actor: Actor) -> Ceremony:
    """Draw the number of a question to the person's organisation. Raises: Refused while signing is locked."""
    now = _now()
    require_unlocked(actor.person_id, now)
    return Ceremony.begin(actor.person_id, now)


def take_word(
    actor: Actor, provider_id: UUID, identity: Identity | None, *, token: str, what: str
) -> CompanyWord:
    """Take the word of the person's organisation that they signed in there anew, to sign one thing.

    `identity` is whom it named, None when its answer was not to be trusted. Raises: Refused.
    """
    ceremony, now = Ceremony.of(token), _now()
    require_unlocked(actor.person_id, now)
    linked = company_of(actor.person_id)
    is_theirs = (
        identity is not None
        and linked is not None
        and (linked.provider_id, linked.subject) == (provider_id, identity.subject)
    )
    if ceremony is None or not is_theirs or identity is None or not identity.is_anew(now - ceremony.at):
        raise wrong_try(actor, NOT_CONFIRMED)
    return CompanyWord(token, what)


def wrong_try(actor: Actor, detail: str) -> Refused:
    """Count a wrong try, and return the refusal that says how many are left."""
    # Each try counts, also one that is sent again under the same Idempotency-Key.
    left = max(TRIES_MAX - _fail(actor.without_key()), 0)
    if not left:
        return Refused(f"{detail} {LOCKED}", code="credentials_wrong")
    tries = "1 try is" if left == 1 else f"{left} tries are"
    return Refused(f"{detail} {tries} left before signing is locked.", code="credentials_wrong")


@action("signing.fail")
def _fail(actor: Actor) -> int:
    """Count a wrong try; it is told on the chain of the person's own organisation.

    The try that locks signing raises an alert there (11.300(d)): administrators and heads of quality give
    receipt, and the person has a mail, who may not be who tried. Records: signing.failed v1, alert.raised v1.
    """
    now = instant()
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into portal_signingtry (person_id, at) values (%s, %s)", [actor.person_id, now]
        )
    failures = failures_of(actor.person_id, now)
    member = Member.objects.visible_to(actor).filter(person_id=actor.person_id).first()
    if member is not None:
        ledger.record(member, SigningFailed(code=actor.code(member.space_id), failures=failures))
        if failures == TRIES_MAX:
            _tell_of_lock(member)
    return failures


def _tell_of_lock(member: Member) -> None:
    minutes = WITHIN // timedelta(minutes=1)
    alert = raise_alert(
        member,
        kind=SIGNING_LOCKED,
        side=Side.BOTH,
        plan=[SECURITY],
        title=f"Signing is locked for {member.name}: {TRIES_MAX} wrong tries within {minutes} minutes",
    )
    Delivery.objects.get_or_create(
        space_id=alert.space_id,
        alert=alert,
        person_id=member.person_id,
        step=0,
        channel="email",
        defaults={"audience": alert.audience, "next_at": alert.raised_at},
    )


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("select portal.instant()")
        found: datetime = cursor.fetchone()[0]
    return found
