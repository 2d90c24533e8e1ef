"""How long the tables of deviations are kept (`portal.retention`), and by which version: when they began."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from deviations.models import Deviation, EarlySignal
from portal.actor import Actor


def of_deviations() -> Mapping[str, str]:
    """Return the classes of this app's record tables."""
    return {
        "deviations_deviation": "quality",
        "deviations_judgement": "quality",
        "deviations_notice": "quality",
        "deviations_numbering": "quality",
        "deviations_earlysignal": "quality",
        "deviations_preliminarysummary": "quality",
        "deviations_reportcomment": "quality",
        "deviations_reportround": "quality",
        "deviations_settlement": "quality",
        "deviations_reportingfacts": "quality",
        "deviations_reportingdecision": "quality",
    }


def when_deviations_began(actor: Actor, record_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Return when deviations and early signals among the records were recorded; two queries."""
    deviations = Deviation.objects.visible_to(actor).filter(pk__in=record_ids)
    signals = EarlySignal.objects.visible_to(actor).filter(pk__in=record_ids)
    return {
        **dict(deviations.values_list("pk", "recorded_at")),
        **dict(signals.values_list("pk", "raised_at")),
    }
