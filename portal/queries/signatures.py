"""Signatures on a record, as every rendering shows them (21 CFR 11.50)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from portal.actor import Actor
from portal.models import Signature, Signer
from portal.queries.security import Ways, read_security
from portal.signable import STATEMENT, Shown, Signable, content_of, digest_of, open_meanings
from portal.states import Meaning


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """A signature beside its record; one on an earlier version no longer stands for what the record says.

    `holds` is None while the key of what was signed cannot be had: then nobody can tell.
    """

    signature: Signature
    is_current: bool
    holds: bool | None


@dataclass(frozen=True, slots=True)
class Ceremony:
    """What a signer is shown before signing."""

    record: Any
    shown: Shown
    meanings: list[Meaning]
    digest: str
    signer: Signer | None
    needs_statement: bool
    ways: Ways
    locked_until: datetime | None


def line_of(signature: Signature, version: int, *, is_sealed: bool = True) -> SignatureLine:
    """Return a signature beside its record, which stands at a version."""
    holds = signature.holds and is_sealed if signature.is_readable else None
    return SignatureLine(signature, signature.subject_version == version, holds)


def signatures_of(actor: Actor, subject_id: UUID, version: int) -> list[SignatureLine]:
    """Return the signatures on a record that the actor may see, oldest first.

    A row that no sealed entry gives with its digest was put there past the product, and does not hold.
    """
    rows = list(Signature.objects.visible_to(actor).filter(subject_id=subject_id).order_by("signed_at", "id"))
    sealed = _sealed(rows)
    return [line_of(each, version, is_sealed=(each.pk, each.digest) in sealed) for each in rows]


def has_signed(actor: Actor, lines: Sequence[SignatureLine]) -> bool:
    """Say whether the actor has signed the record as it stands."""
    return any(each.is_current and each.signature.person_id == actor.person_id for each in lines)


def _sealed(rows: Sequence[Signature]) -> set[tuple[UUID, str]]:
    """Return id and digest of the signatures that were given in an action, as its entry has them."""
    if not rows:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            "select i.row_id, convert_from(i.body, 'UTF8')::json -> 'new' ->> 'digest' from ledger.item i"
            " join ledger.entry e on e.marker_id = i.marker_id and e.space_id = i.space_id"
            " and e.audience = i.audience where i.class = 'change' and i.name = 'portal_signature'"
            " and i.row_id = any (%s) and i.body is not null and not e.is_outside",
            [[each.pk for each in rows]],
        )
        return set(cursor.fetchall())


def ceremony(actor: Actor, signable: Signable, record_id: UUID) -> Ceremony:
    """Return what would be signed of a record and with which meanings. Raises: NotFound."""
    record = signable.find(actor, record_id)
    shown = signable.show(actor, record)
    signer, security = own_signer(actor), read_security(actor)
    return Ceremony(
        record=record,
        shown=shown,
        meanings=open_meanings(actor, record, signable),
        digest=digest_of(content_of(record, signable.type, shown)),
        signer=signer,
        needs_statement=signer is None or signer.statement != STATEMENT,
        ways=security.ways,
        locked_until=security.locked_until,
    )


def own_signer(actor: Actor) -> Signer | None:
    """Return the actor's own right to sign, None without one."""
    return Signer.objects.visible_to(actor).filter(person_id=actor.person_id, withdrawn_at=None).first()
