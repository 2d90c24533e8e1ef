"""Files that belong to a record."""

from __future__ import annotations

from django.db import models

from portal.models.base import RecordKey, SpaceRecord
from portal.models.space import Record
from portal.sealing import SealedTextField


class Attachment(SpaceRecord):
    """A file by the SHA-256 of its clear bytes; what lies on disk is encrypted under `file_key`.

    The key is sealed text: disclosing the row clears it, and the bytes on disk never have to be written
    again.
    """

    subject = RecordKey(Record)
    name = SealedTextField()
    media_type = models.CharField(max_length=80)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    blob = models.CharField(max_length=64)
    file_key = SealedTextField()
    code = models.CharField(max_length=60, blank=True)
    attached_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["space", "subject"], name="attachment_subject")]
