"""How long the tables of deviations are kept (`portal.retention`), and by which version: when they began."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from deviations.dockets.desk import desks
from deviations.models import Capa, Deviation, EarlySignal, Measure
from portal.actor import Actor

# The tables of a CAPA.
OF_CAPA: Final = (
    *("capa", "capaplan", "capalink", "capakin", "capanumbering", "capadecision"),
    *("measure", "effectivenesscheck", "effectivenessdata", "riskform"),
)
# The tables of an investigation.
OF_INQUIRY: Final = ("inquiry", "inquirynode", "nodeevidence", "cause", "causeexclusion")
# The tables of how a deviation is judged.
OF_JUDGING: Final = (
    *("impactassessment", "impactfinding", "scopecandidate", "reclassification"),
    *("classword", "precedent", "deviationtie"),
)


OF_DOCKETS: Final = (
    *("docketentry", "docketlink", "query", "monthlylist", "monthlyline"),
    *("change", "complaint", "labinvestigation", "retest"),
    *("siteevent", "sitereach", "impactstatement"),
)


def of_deviations() -> Mapping[str, str]:
    """Return the classes of this app's record tables."""
    return {
        "deviations_deviation": "quality",
        "deviations_deviationwords": "derived",
        **{f"deviations_{each}": "quality" for each in OF_INQUIRY},
        "deviations_judgement": "quality",
        "deviations_notice": "quality",
        "deviations_numbering": "quality",
        "deviations_earlysignal": "quality",
        "deviations_mirrorclass": "quality",
        "deviations_mirrorconflict": "quality",
        "deviations_preliminarysummary": "quality",
        "deviations_reportcomment": "quality",
        "deviations_reportround": "quality",
        "deviations_settlement": "quality",
        "deviations_reportingfacts": "quality",
        "deviations_reportingdecision": "quality",
        **{f"deviations_{each}": "quality" for each in (*OF_CAPA, *OF_JUDGING, *OF_DOCKETS)},
    }


def when_deviations_began(actor: Actor, record_ids: Collection[UUID]) -> Mapping[UUID, datetime]:
    """Return when records of this app among these were recorded; four queries, and one a kind of docket."""
    deviations = Deviation.objects.visible_to(actor).filter(pk__in=record_ids)
    signals = EarlySignal.objects.visible_to(actor).filter(pk__in=record_ids)
    capas = Capa.objects.visible_to(actor).filter(pk__in=record_ids)
    measures = Measure.objects.visible_to(actor).filter(pk__in=record_ids)
    dockets = {
        pk: at
        for desk in desks()
        for pk, at in desk.model.objects.visible_to(actor)
        .filter(pk__in=record_ids)
        .values_list("pk", "recorded_at")
    }
    return {
        **dockets,
        **dict(capas.values_list("pk", "recorded_at")),
        **dict(measures.values_list("pk", "capa__recorded_at")),
        **dict(deviations.values_list("pk", "recorded_at")),
        **dict(signals.values_list("pk", "raised_at")),
    }
