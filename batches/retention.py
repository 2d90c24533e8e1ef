"""How long the tables of batches are kept (`portal.retention`), and by which version: when they began."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from batches.models import Batch, Excursion
from portal.actor import Actor

# How they are kept -> which tables.
TABLES: Final[Mapping[str, str]] = {
    "master": """
        recipeversion procedurestep parameter limit recipematerial holdtime monitoringpoint watchmodel
        watchdocument
    """,
    "paper": """
        recipepaper
    """,
    "batch": """
        batch phaserun excursion batchhold alarmshelf disposition exceptionlook reviewnote sectionreview
        lot lotuse lotlink lotlinkend custodychain identitycheck identityreading identitystop custodyevent
        custodyfile stepexecution stepentry sampleresult sample coa coaline coadifference paperscan
        pagecomment monitoringsession monitoringsample coverage campaign mediafill intervention factorset
        footprintsheet suiteslot batchmonitoring batchsample reading frame watchnews gatewayfeed
    """,
    "answer": """
        frameanswer
    """,
    "derived": """
        latest watchcourse announcedframe
    """,
}


def of_batches() -> Mapping[str, str]:
    """Return the classes of this app's record tables."""
    return {f"batches_{table}": kept for kept, tables in TABLES.items() for table in tables.split()}


def when_batches_began(actor: Actor, record_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Return when batches among the records began, and when excursions were recorded; two queries."""
    batches = Batch.objects.visible_to(actor).filter(pk__in=record_ids)
    excursions = Excursion.objects.visible_to(actor).filter(pk__in=record_ids)
    begun = {pk: at for pk, at in batches.values_list("pk", "started_at") if at is not None}
    return begun | dict(excursions.values_list("pk", "recorded_at"))
