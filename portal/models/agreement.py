"""Agreements: versions in a partnership, and the rules both parties signed as each program has them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from portal.agreements.document import Document, read_plain
from portal.models.base import RecordKey, SpaceRecord
from portal.models.paper import Drafted
from portal.sealing import SealedTextField, require_readable
from portal.states import AgreementState, Audience, SeatSide


class AgreementVersion(Drafted):
    """One version of a partnership's agreement, or with `program_id` of the annex of that program.

    Stands in the partnership's space. A draft belongs to the side that drafts it, has no number, and its
    words stand in its paper; from review on both sides read it, and who holds the `pen` may change it.
    `version` counts what was said: a signature does not raise it, so both quality units sign the same. It is
    in force from `effective_from` until `until`.
    """

    WORDS: ClassVar = ("title", "text", "note")

    program_id = models.UUIDField(null=True)
    number = models.PositiveIntegerField(null=True)
    title = SealedTextField()
    text = SealedTextField()
    digest = models.CharField(max_length=64)
    note = SealedTextField(blank=True)
    state = models.CharField(max_length=14, choices=AgreementState, default=AgreementState.DRAFT)
    pen = models.CharField(max_length=12, choices=SeatSide)
    based_on = RecordKey("portal.AgreementVersion", null=True)
    drafted_by = models.UUIDField()
    drafted_code = models.CharField(max_length=60)
    drafted_at = models.DateTimeField()
    not_before = models.DateTimeField(null=True)
    agreed_at = models.DateTimeField(null=True)
    effective_from = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    ending_by = models.CharField(max_length=12, choices=SeatSide, blank=True)
    ending_at = models.DateTimeField(null=True)
    ending_reason = models.CharField(max_length=4000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "number"], name="agreementversion_number_once"),
            models.UniqueConstraint(
                fields=["space", "program_id"],
                condition=Q(state__in=["in_review", "signed_by_one"]),
                nulls_distinct=False,
                name="agreementversion_one_in_review",
            ),
            models.UniqueConstraint(
                fields=["space", "program_id"],
                condition=Q(state="effective"),
                nulls_distinct=False,
                name="agreementversion_one_newest",
            ),
            models.CheckConstraint(
                condition=Q(audience="shared", number__isnull=False)
                | Q(audience=F("pen"), number=None, state__in=["draft", "withdrawn"]),
                name="agreementversion_draft_of_one_side",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=["effective", "superseded", "terminated"], effective_from__gte=F("agreed_at")
                )
                | Q(
                    state__in=["draft", "in_review", "signed_by_one", "withdrawn"],
                    agreed_at=None,
                    effective_from=None,
                ),
                name="agreementversion_never_takes_effect_backwards",
            ),
        ]
        indexes = [models.Index(fields=["space", "-drafted_at", "id"], name="agreementversion_list")]

    @property
    def document(self) -> Document:
        """Return prose and rules; nothing of a draft that was given up. Raises: KeyUnavailable."""
        if not self.text:
            return Document(self.title, "commercial")
        require_readable(self.text)
        return read_plain(json.loads(self.text))

    @property
    def is_draft(self) -> bool:
        """Say whether its own side alone reads it."""
        return self.state == AgreementState.DRAFT

    @property
    def is_given_up(self) -> bool:
        """Say whether it was withdrawn before the other side read it."""
        return self.state == AgreementState.WITHDRAWN and self.number is None

    @property
    def label(self) -> str:
        """Return how it is called: v4."""
        return f"v{self.number}" if self.number is not None else ""

    def write(self, document: Document) -> None:
        """Take other words and rules; signatures on what stood there do not cover them."""
        self.title, self.digest = document.title, document.digest()
        self.text = json.dumps(document.plain(), ensure_ascii=False)
        self.bump()

    def submit(self, number: int, pen: str) -> None:
        """Show it to the other side, which has the pen from then on."""
        self.audience, self.number, self.pen = Audience.SHARED, number, pen
        self.state = AgreementState.IN_REVIEW
        self.bump()

    def take_effect(self, agreed_at: datetime, effective_from: datetime) -> None:
        """Both quality units have signed."""
        self.state = AgreementState.EFFECTIVE
        self.agreed_at, self.effective_from = agreed_at, effective_from

    def end(self, state: AgreementState, until: datetime) -> None:
        """Be followed by the next version, or end for good; what began under it keeps it."""
        self.state, self.until = state, until

    def ask_end(self, side: str, at: datetime, reason: str) -> None:
        """Note that one side wants it to end."""
        self.ending_by, self.ending_at, self.ending_reason = side, at, reason

    def drop_end(self) -> None:
        """Note that nobody asks for its end any more."""
        self.ending_by, self.ending_at, self.ending_reason = "", None, ""

    def is_in_force(self, at: datetime) -> bool:
        """Say whether it holds at an instant."""
        begun = self.effective_from is not None and self.effective_from <= at
        return begun and (self.until is None or at < self.until)

    def is_scheduled(self, at: datetime) -> bool:
        """Say whether it is signed and takes effect later."""
        return self.effective_from is not None and at < self.effective_from


class ProgramTerms(SpaceRecord):
    """A version of the agreement as it holds in one program, from an instant; written once.

    Whoever is seated in the program alone reads here what was agreed. `document` is prose and rules of format
    1, an annex already worked in; `digest` is its SHA-256 as canonical JSON.
    """

    number = models.PositiveIntegerField()
    document = models.JSONField()
    digest = models.CharField(max_length=64)
    effective_from = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "number"], name="programterms_number_once")]
        indexes = [models.Index(fields=["space", "-effective_from", "-number"], name="programterms_in_force")]
