"""Signing: who may, the statement each signer accepts once, and the one ceremony for every record."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import rfc8785
from django.db import IntegrityError, transaction

from portal import ledger
from portal.access import require_role, require_version
from portal.action import action, current_action, instant, reading
from portal.actions.proving import proved
from portal.actor import Actor
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused, StaleVersion
from portal.facts import SignatureGiven, SignerEnabled, SignerWithdrawn, StatementAccepted
from portal.four_eyes import require_set_up
from portal.models import Member, Organisation, Person, Signature, Signer
from portal.proving import CompanyWord, Given, KeyAnswer, Proof, binding, use_up
from portal.signable import (
    STATEMENT,
    Signable,
    accepting,
    content_of,
    digest_of,
    open_meanings,
    signable_of,
)
from portal.states import ADMINISTRATORS, Meaning, PersonKind

FORMAT: Final = "covalent-signature/1"
IDENTITY_MIN: Final = 10
NOT_A_SIGNER: Final = "Your organisation has not let you sign; ask its administrator."


@action("signer.enable")
def enable_signer(
    actor: Actor, organisation_id: UUID, person_id: UUID, *, identity: str, trained_until: datetime
) -> Signer:
    """Let a person of the organisation sign until the training ends; also renews one.

    `identity` says how it was checked who the person is. Nobody enables oneself: it takes two people.
    Raises: Refused, NotFound, Invalid. Records: signer.enabled v1. Source: 21 CFR 11.10(i), 11.100(b).
    """
    require_role(actor, organisation_id, *ADMINISTRATORS, to="let somebody sign")
    require_set_up(actor, "let_sign")
    return admit_signer(
        actor,
        organisation_id,
        person_id,
        identity=identity,
        trained_until=trained_until,
        checked_by=actor.person_id,
    )


def admit_signer(
    actor: Actor,
    organisation_id: UUID,
    person_id: UUID,
    *,
    identity: str,
    trained_until: datetime,
    checked_by: UUID,
) -> Signer:
    """Let a person sign; a shared step. `checked_by` is who checked the identity.

    Raises: Refused, NotFound, Invalid.
    """
    current_action()
    now = require_signer_to_be(
        actor,
        organisation_id,
        person_id,
        identity=identity,
        trained_until=trained_until,
        checked_by=checked_by,
    )
    signer = _signer(actor, person_id) or Signer(space_id=organisation_id, person_id=person_id)
    if signer.enabled_at is not None:
        signer.bump()
    signer.identity, signer.enabled_by, signer.enabled_at = identity.strip(), checked_by, now
    signer.trained_until, signer.withdrawn_at = trained_until, None
    signer.save()
    ledger.record(signer, SignerEnabled(person_id=person_id, trained_until=trained_until))
    return signer


def require_signer_to_be(
    actor: Actor,
    organisation_id: UUID,
    person_id: UUID,
    *,
    identity: str,
    trained_until: datetime,
    checked_by: UUID,
) -> datetime:
    """Return the instant; raises Refused, NotFound or Invalid unless the person may be let sign so."""
    if person_id == checked_by:
        raise Refused("Nobody lets oneself sign: another administrator checks who you are.")
    members = Member.objects.visible_to(actor).filter(space_id=organisation_id, person_id=person_id)
    member = members.select_related("person").first()
    if member is None or not member.is_active or member.person.kind != PersonKind.HUMAN:
        raise NotFound
    if member.person.is_guest:
        raise Refused("A guest signs nothing for your organisation.")
    if len(identity.strip()) < IDENTITY_MIN:
        words = f"Say how the identity was checked, in at least {IDENTITY_MIN} characters."
        raise Invalid(words, errors={"identity": [words]})
    now = instant()
    if trained_until <= now:
        raise Invalid("The training is over.", errors={"trained_until": ["A date to come."]})
    return now


@action("signer.withdraw")
def withdraw_signer(actor: Actor, organisation_id: UUID, person_id: UUID, *, reason: str) -> Signer:
    """Take the right to sign from a person; what was signed stays. Raises: Refused, NotFound, Invalid."""
    require_role(actor, organisation_id, *ADMINISTRATORS, to="take the right to sign")
    signer = _signer(actor, person_id)
    if signer is None or signer.space_id != organisation_id or signer.withdrawn_at is not None:
        raise NotFound
    if not reason.strip():
        raise Invalid("Say why.", errors={"reason": ["At least 1 character."]})
    return end_signer(signer, reason)


def end_signer(signer: Signer, reason: str) -> Signer:
    """Take the right to sign by a locked row; a shared step."""
    current_action()
    ledger.give_reason(signer, reason)
    signer.withdrawn_at = instant()
    signer.bump()
    signer.save(update_fields=["withdrawn_at", "version"])
    ledger.record(signer, SignerWithdrawn(person_id=signer.person_id))
    return signer


def accept_statement(
    actor: Actor,
    *,
    statement: int,
    password: str = "",
    code: str = "",
    key: KeyAnswer | None = None,
    word: CompanyWord | None = None,
) -> Signer:
    """Accept the signer's statement, proved like a signature. Raises: Refused, Invalid."""
    what = binding(*accepting(statement))
    proof = proved(actor, Given(password, code, key, word), what)
    return accept_proved(actor, proof, statement)


@action("signer.accept_statement")
def accept_proved(actor: Actor, proof: Proof, statement: int) -> Signer:
    """Write down that the proved person accepts the present statement. Raises: Refused, Invalid."""
    now = instant()
    use_up(proof, now)
    if statement != STATEMENT:
        raise Invalid("This statement is not the present one. Read it again.", code="statement_changed")
    signer = _signer(actor, actor.person_id)
    if signer is None or signer.withdrawn_at is not None:
        raise Refused(NOT_A_SIGNER, code="not_a_signer")
    signer.statement, signer.accepted_at = statement, now
    signer.bump()
    signer.save(update_fields=["statement", "accepted_at", "version"])
    ledger.record(signer, StatementAccepted(person_id=actor.person_id, statement=statement))
    return signer


def sign(
    actor: Actor,
    kind: str,
    record_id: UUID,
    *,
    meaning: Meaning,
    version: int,
    digest: str,
    password: str = "",
    code: str = "",
    key: KeyAnswer | None = None,
    word: CompanyWord | None = None,
) -> Signature:
    """Sign one version of a record: `digest` is of what was shown; two components prove who signs.

    The first is `password`, or the `word` of the own organisation; the second a one-time `code`, or the
    answer of a `key`. Word and answer are good for this digest and meaning alone.

    Raises: NotFound, Refused (`credentials_wrong`, `signing_locked`, `code_used`, `not_a_signer`,
    `statement_missing`, `training_over`, `key_cannot_sign`), StaleVersion, InvalidTransition, Conflict.
    Records: signature.given v1, or signing.failed v1. Source: 21 CFR 11.50, 11.70, 11.200(a).
    """
    signable = signable_of(kind)
    with reading(actor):
        signable.find(actor, record_id)
    proof = proved(actor, Given(password, code, key, word), binding(digest, meaning))
    return _sign(actor, proof, signable, record_id, meaning=meaning, version=version, digest=digest)


@action("record.sign")
def _sign(
    actor: Actor,
    proof: Proof,
    signable: Signable,
    record_id: UUID,
    *,
    meaning: Meaning,
    version: int,
    digest: str,
) -> Signature:
    """Write the signature of the proved person; everything is looked at in this moment, under the lock."""
    record = signable.lock(actor, record_id)
    acts_for = require_signing(actor, proof, record, signable, meaning)
    require_version(record, version)
    return put_signature(
        actor, record, signable, meaning=meaning, digest=digest, acts_for=acts_for, proof=proof
    )


def require_signing(actor: Actor, proof: Proof, record: Any, signable: Signable, meaning: Meaning) -> str:
    """Use the proof up; raise unless the person may sign the locked record so at this moment; a shared step.

    Returns the code of the lender of the role it rests on, or nothing. Raises: Refused, InvalidTransition.
    """
    now = instant()
    use_up(proof, now)
    _require_signer(actor, now)
    return _require_meaning(actor, record, signable, meaning)


def put_signature(
    actor: Actor,
    record: Any,
    signable: Signable,
    *,
    meaning: Meaning,
    digest: str,
    acts_for: str,
    proof: Proof,
) -> Signature:
    """Write the signature on a locked record as it stands, if it says what was shown; a shared step.

    Raises: StaleVersion, Conflict. Records: signature.given v1.
    """
    shown = signable.show(actor, record)
    content = content_of(record, signable.type, shown)
    if digest_of(content) != digest:
        detail = "What you were shown is not what the record says now. Read it again, then sign."
        raise StaleVersion(detail, version=record.version)
    signature = _signature(
        actor, record, content, meaning=meaning, at=instant(), zone=shown.zone, acts_for=acts_for, proof=proof
    )
    try:
        with transaction.atomic():
            signature.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict("You have signed this version with this meaning.", code="signed_already") from error
    if signable.signed is not None:
        # Before the signature's own fact: the entry is announced by its first one.
        signable.signed(actor, record, signature)
    ledger.record(record, _given(signature))
    return signature


def _signature(
    actor: Actor,
    record: Any,
    content: dict[str, Any],
    *,
    meaning: Meaning,
    at: datetime,
    zone: str,
    acts_for: str,
    proof: Proof,
) -> Signature:
    """Return the signature with its manifest: what is signed, by whom, when, and what it says (11.50).

    A delegate signs under the own name; the code says whose role it rests on.
    """
    member = Member.objects.visible_to(actor).get(person_id=actor.person_id)
    company = Organisation.objects.visible_to(actor).get(pk=member.space_id)
    code = actor.code(record.space_id) + (f", delegate of {acts_for}" if acts_for else "")
    signer = {
        "id": str(actor.person_id),
        "name": member.name,
        "organisation": company.name,
        "code": code,
    }
    manifest = content | {
        "format": FORMAT,
        "meaning": str(meaning),
        "signer": signer,
        "signed_at": at.isoformat(),
        "zone": zone,
        "statement": STATEMENT,
        "proved_by": list(proof.components),
    }
    return Signature(
        space_id=record.space_id,
        audience=record.audience,
        subject_type=content["record"]["type"],
        subject_id=record.pk,
        subject_version=record.version,
        meaning=meaning,
        person_id=actor.person_id,
        printed_name=member.name,
        organisation=company.name,
        code=code,
        side=str(actor.side(record.space_id)),
        signed_at=at,
        zone=zone,
        manifest=rfc8785.dumps(manifest).decode(),
        digest=digest_of(manifest),
    )


def _given(signature: Signature) -> SignatureGiven:
    return SignatureGiven(
        signature_id=signature.pk,
        meaning=str(signature.meaning),
        code=signature.code,
        subject_version=signature.subject_version,
        digest=signature.digest,
    )


def _signer(actor: Actor, person_id: UUID) -> Signer | None:
    return Signer.objects.visible_to(actor).select_for_update().filter(person_id=person_id).first()


def _require_signer(actor: Actor, now: datetime) -> None:
    """Raise Refused unless the person may sign at this moment."""
    person = Person.objects.get(pk=actor.person_id)
    signer = _signer(actor, actor.person_id)
    if signer is None or signer.withdrawn_at is not None or not person.is_active:
        raise Refused(NOT_A_SIGNER, code="not_a_signer")
    if signer.trained_until <= now:
        raise Refused("Your training for signing is over; have it renewed.", code="training_over")
    if signer.statement != STATEMENT:
        raise Refused("Accept the signer's statement first, under My security.", code="statement_missing")


def _require_meaning(actor: Actor, record: Any, signable: Signable, meaning: Meaning) -> str:
    """Raise unless the actor may sign so; return the code of the lender of a role it rests on, or nothing."""
    if meaning not in signable.rules:
        raise Invalid(
            f"A {signable.type} is not signed as {meaning.label}.", errors={"meaning": ["Not here."]}
        )
    rule = signable.rule_for(actor, record, meaning)
    require_role(actor, record.space_id, *rule.roles, to=f"sign as {meaning.label}")
    if record.state not in rule.states:
        names = ", ".join(rule.states)
        detail = f"To sign as {meaning.label} starts from {names}; this record is {record.state}."
        raise InvalidTransition(detail, state=str(record.state))
    if meaning not in open_meanings(actor, record, signable):
        detail = "Who reported or leads it does not approve it, nor does their delegate: another person does."
        raise Refused(detail, code="own_work")
    return actor.acts_for(record.space_id, *rule.roles)
