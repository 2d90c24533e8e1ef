"""What drafts say, outside the ledger."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from portal.models.base import RecordKey, SpaceRecord
from portal.models.space import Record
from portal.sealing import SealedTextField


class Paper(SpaceRecord):
    """The words of one draft as JSON, by the name of the field in which they stand once it is handed over.

    Stands outside the ledger and is gone once the draft is handed over or given up: what was never handed
    over leaves no trace but that there was a draft.
    """

    subject = RecordKey(Record)
    text = SealedTextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["space", "subject"], name="paper_once_a_draft")]


class Drafted(SpaceRecord):
    """A record whose words stand in its paper, not in its row, while it is a draft."""

    WORDS: ClassVar[tuple[str, ...]] = ()

    class Meta:
        abstract = True

    @property
    def is_draft(self) -> bool:
        """Say whether it was not handed over yet."""
        raise NotImplementedError

    @property
    def is_given_up(self) -> bool:
        """Say whether it was a draft to its end."""
        raise NotImplementedError
