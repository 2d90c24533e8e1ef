"""Signers of the cast, and a pen that has a fresh one-time code for every signature."""

from __future__ import annotations

import time
from datetime import timedelta

import time_machine
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.db.models import Max

from portal.models import SigningTry
from tests.factories import cast
from tests.factories import deviations as make

PERIOD_S = 30
# From there on codes are for signing in (tests.factories.door).
AHEAD_MAX = 11


def code_at(moment):
    """The one-time code of the cast's second factor at a moment."""
    return format_hotp_value(hotp_value(cast.TOTP_SECRET, int(moment) // PERIOD_S))


def fresh(call, **given):
    """Call with a password and a code that nobody used before; no later than needed: sessions idle out."""
    now = int(time.time()) // PERIOD_S
    # Numbers of other components stand there too, far from those of codes.
    used = SigningTry.objects.filter(counter__range=(now, now + AHEAD_MAX)).aggregate(last=Max("counter"))
    moment = PERIOD_S * (max(now, used["last"] or 0) + 1) + 1
    with time_machine.travel(moment, tick=False):
        return call(**{"password": cast.PASSWORD, "code": code_at(moment)} | given)


def enable(person, employer, *, days=365):
    """Let a person of the cast sign, as the set-up of its organisation."""
    from portal.actions.signing import enable_signer
    from portal.actor import system_actor

    return enable_signer(
        system_actor("setup", employer),
        employer,
        person.person_id,
        identity="Passport seen by the site administrator.",
        trained_until=make.now() + timedelta(days=days),
    )


def make_signer(person, employer):
    """A person who may sign: enabled by another, statement accepted."""
    from portal.actions.signing import accept_statement
    from portal.signable import STATEMENT

    enable(person, employer)
    return fresh(lambda **given: accept_statement(person, statement=STATEMENT, **given))


def sign(person, record, meaning, *, kind="deviation", **given):
    """The signature of a person on a record as it stands."""
    from portal.action import reading
    from portal.actions import signing
    from portal.queries.signatures import ceremony
    from portal.signable import signable_of

    with reading(person):
        found = ceremony(person, signable_of(kind), record.pk)
    stated = {"meaning": meaning, "version": found.record.version, "digest": found.digest} | given
    return fresh(lambda **proof: signing.sign(person, kind, record.pk, **{**proof, **stated}))
