"""Scans of a batch's paper record, and the comments on their pages."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet

from batches.models import PageComment, PaperScan
from portal.actor import Actor


def list_scans(actor: Actor, batch_id: UUID) -> QuerySet[PaperScan]:
    """Return the scans of a batch with their files, unordered."""
    return PaperScan.objects.visible_to(actor).filter(batch=batch_id).select_related("attachment")


def list_comments(actor: Actor, batch_id: UUID) -> QuerySet[PageComment]:
    """Return the comments on the scans of a batch, unordered: its correction table."""
    return PageComment.objects.visible_to(actor).filter(scan__batch=batch_id).select_related("scan")
