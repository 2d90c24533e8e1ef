"""Who may sign, and what was signed (21 CFR 11.50 to 11.300)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import models
from django.db.models import Q

from portal.models.base import SpaceRecord
from portal.models.person import Person
from portal.sealing import SealedTextField, Unreadable
from portal.states import Meaning, SeatSide


class Signer(SpaceRecord):
    """A person whom the own organisation lets sign: identity checked, trained, statement accepted.

    Stands in the organisation's space. The identity is checked by somebody else (11.100(b)); the statement
    that a signature here binds like one by hand is accepted by the signer alone (11.10(j), 11.100(c)).
    """

    person = models.ForeignKey(Person, on_delete=models.DO_NOTHING, related_name="+")
    identity = models.CharField(max_length=300)
    enabled_by = models.UUIDField()
    enabled_at = models.DateTimeField()
    trained_until = models.DateTimeField()
    statement = models.PositiveSmallIntegerField(null=True)
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "person"], name="signer_once"),
            models.CheckConstraint(condition=~Q(enabled_by=models.F("person_id")), name="signer_by_another"),
        ]


class Signature(SpaceRecord):
    """One signature on exactly one version of a record; it is never changed or taken back.

    `manifest` holds the exact bytes that were signed (RFC 8785), `digest` their SHA-256 in hex: the record
    with its id and version, what was shown, who signed, when and with which meaning.
    """

    subject_type = models.CharField(max_length=40)
    subject_id = models.UUIDField()
    subject_version = models.PositiveIntegerField()
    meaning = models.CharField(max_length=24, choices=Meaning)
    person_id = models.UUIDField()
    printed_name = models.CharField(max_length=200)
    organisation = models.CharField(max_length=200)
    code = models.CharField(max_length=140)
    side = models.CharField(max_length=12, choices=SeatSide)
    signed_at = models.DateTimeField()
    zone = models.CharField(max_length=60)
    manifest = SealedTextField()
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["space", "subject_id", "subject_version", "meaning", "person_id"],
                name="signature_once",
            ),
        ]
        indexes = [models.Index(fields=["space", "subject_id", "signed_at"], name="signature_subject")]

    @property
    def is_readable(self) -> bool:
        """Say whether the manifest can be read; without its key nobody can tell whether it holds."""
        return not isinstance(self.manifest, Unreadable)

    @property
    def holds(self) -> bool:
        """Say whether the manifest is the one that was signed, and is about this row's record and signer."""
        if hashlib.sha256(self.manifest.encode()).hexdigest() != self.digest:
            return False
        said: dict[str, Any] = json.loads(self.manifest)
        record, signer = said["record"], said["signer"]
        return (record["type"], record["id"], record["version"], said["meaning"], signer["id"]) == (
            self.subject_type,
            str(self.subject_id),
            self.subject_version,
            self.meaning,
            str(self.person_id),
        ) and (signer["name"], said["signed_at"]) == (self.printed_name, self.signed_at.isoformat())


class SigningTry(models.Model):
    """One try to prove oneself for signing, swept after 72 h; `counter` is that of a code that was right."""

    id = models.BigAutoField(primary_key=True)
    person_id = models.UUIDField()
    at = models.DateTimeField()
    counter = models.BigIntegerField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person_id", "counter"], name="signing_code_once")]
        indexes = [models.Index(fields=["person_id", "at"], name="signing_try_person")]
