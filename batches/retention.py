"""How long the tables of batches are kept (`portal.retention`), and by which version: when they began."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from batches.models import Batch, Excursion
from portal.actor import Actor


def of_batches() -> Mapping[str, str]:
    """Return the classes of this app's record tables."""
    return {
        "batches_recipeversion": "master",
        "batches_procedurestep": "master",
        "batches_parameter": "master",
        "batches_limit": "master",
        "batches_recipematerial": "master",
        "batches_holdtime": "master",
        "batches_recipepaper": "paper",
        "batches_batch": "batch",
        "batches_phaserun": "batch",
        "batches_excursion": "batch",
        "batches_batchhold": "batch",
        "batches_alarmshelf": "batch",
        "batches_disposition": "batch",
        "batches_exceptionlook": "batch",
        "batches_reviewnote": "batch",
        "batches_sectionreview": "batch",
        "batches_lot": "batch",
        "batches_lotuse": "batch",
        "batches_lotlink": "batch",
        "batches_lotlinkend": "batch",
        "batches_custodychain": "batch",
        "batches_identitycheck": "batch",
        "batches_identityreading": "batch",
        "batches_identitystop": "batch",
        "batches_custodyevent": "batch",
        "batches_custodyfile": "batch",
        "batches_stepexecution": "batch",
        "batches_stepentry": "batch",
        "batches_sampleresult": "batch",
        "batches_sample": "batch",
        "batches_coa": "batch",
        "batches_coaline": "batch",
        "batches_coadifference": "batch",
        "batches_paperscan": "batch",
        "batches_pagecomment": "batch",
        "batches_monitoringpoint": "master",
        "batches_monitoringsession": "batch",
        "batches_monitoringsample": "batch",
        "batches_coverage": "batch",
        "batches_campaign": "batch",
        "batches_mediafill": "batch",
        "batches_intervention": "batch",
        "batches_factorset": "batch",
        "batches_footprintsheet": "batch",
        "batches_suiteslot": "batch",
        "batches_batchmonitoring": "batch",
        "batches_batchsample": "batch",
        "batches_reading": "batch",
        "batches_frame": "batch",
        "batches_frameanswer": "answer",
        "batches_latest": "derived",
        "batches_watchmodel": "master",
        "batches_watchdocument": "master",
        "batches_watchnews": "batch",
        "batches_watchcourse": "derived",
        "batches_gatewayfeed": "batch",
        "batches_announcedframe": "derived",
    }


def when_batches_began(actor: Actor, record_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Return when batches among the records began, and when excursions were recorded; two queries."""
    batches = Batch.objects.visible_to(actor).filter(pk__in=record_ids)
    excursions = Excursion.objects.visible_to(actor).filter(pk__in=record_ids)
    begun = {pk: at for pk, at in batches.values_list("pk", "started_at") if at is not None}
    return begun | dict(excursions.values_list("pk", "recorded_at"))
