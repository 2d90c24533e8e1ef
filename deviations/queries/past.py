"""One deviation as a side could see it at an instant, rebuilt from the ledger."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from batches.models import Batch, Excursion, ProcedureStep
from deviations.access import get_deviation, zone_of
from deviations.judging.states import OPENING_LOOK
from deviations.models import (
    Deviation,
    Judgement,
    Notice,
    PreliminarySummary,
    ReportComment,
    ReportRound,
    Settlement,
)
from deviations.queries.detail import DeviationDetail, Times
from deviations.queries.judging import judging_then
from deviations.queries.rounds import RoundLine
from deviations.states import IN_FORCE
from portal.access import get_program
from portal.actor import Actor
from portal.models import Attachment, Clock, ProgramSite, Receipt, Signature
from portal.past import Past, join
from portal.queries.signatures import line_of
from portal.states import Classification

JOINED: Final[dict[str, Any]] = {"batch": Batch, "phase": ProcedureStep, "excursion": Excursion}


def deviation_then(
    actor: Actor, deviation_id: UUID, at: datetime, *, chains: Collection[str] | None = None
) -> DeviationDetail:
    """Return a deviation as the actor's side could see it at an instant, from all its chains or some.

    Nothing can be done to what is past: there are no steps. Program and zone are those of today.
    Raises: NotFound, also before it was there for this side.
    """
    past = Past(actor, get_deviation(actor, deviation_id).space_id, at, chains)
    deviation = _joined(past, past.get(Deviation, deviation_id))
    judgements = past.related(Judgement, deviation_id=deviation_id)
    judgements.sort(key=lambda each: (each.given_at, each.pk), reverse=True)
    given = (each for each in judgements if each.kind in IN_FORCE)
    notice = next(iter(past.related(Notice, deviation_id=deviation_id)), None)
    files = past.related(Attachment, subject_id=deviation_id)
    clocks = [
        each
        for each in past.related(Clock, subject_id=deviation_id)
        if each.alert_id is None and each.kind != OPENING_LOOK
    ]
    signed = past.related(Signature, subject_id=deviation_id)
    times = _times(past, deviation, notice)
    program = get_program(actor, deviation.space_id)
    return DeviationDetail(
        deviation=deviation,
        program=program,
        zone=zone_of(program, deviation.batch),
        classification=next((Classification(each.classification) for each in given), None),
        judgements=judgements,
        times=times,
        notice=notice,
        files=sorted(files, key=lambda each: (each.attached_at, each.pk)),
        clocks=sorted(clocks, key=lambda each: (each.due_at, each.pk)),
        signatures=[
            line_of(each, deviation.version)
            for each in sorted(signed, key=lambda each: (each.signed_at, each.pk))
        ],
        steps=[],
        summary=next(iter(past.related(PreliminarySummary, deviation_id=deviation_id)), None),
        judging=judging_then(past, deviation),
        rounds=_rounds(past, deviation_id),
        rests_on=tuple(past.rests_on),
    )


def _rounds(past: Past, deviation_id: UUID) -> list[RoundLine]:
    """Return the texts of the report that were there, the newest first, each with what was said by then."""
    found = sorted(past.related(ReportRound, deviation_id=deviation_id), key=lambda each: -each.number)
    return [
        RoundLine(
            each,
            sorted(past.related(ReportComment, round_id=each.pk), key=lambda comment: comment.number),
            sorted(past.related(Settlement, round_id=each.pk), key=lambda word: (word.given_at, word.pk)),
        )
        for each in found
    ]


def _joined(past: Past, deviation: Deviation) -> Deviation:
    """Put beside a deviation the rows it names, as they stood then."""
    for name, model in JOINED.items():
        join(deviation, **{name: past.find(model, getattr(deviation, f"{name}_id"))})
    if deviation.batch is not None:
        join(deviation.batch, site=past.find(ProgramSite, deviation.batch.site_id))
    return deviation


def _times(past: Past, deviation: Deviation, notice: Notice | None) -> Times:
    receipts = past.related(Receipt, alert_id=notice.alert_id) if notice is not None else []
    delivered = [each.delivered_at for each in receipts if each.delivered_at is not None]
    acknowledged = [each.acknowledged_at for each in receipts if each.acknowledged_at is not None]
    return Times(
        occurred_at=deviation.occurred_at,
        detected_at=deviation.detected_at,
        aware_at=deviation.aware_at,
        recorded_at=deviation.recorded_at,
        disclosed_at=notice.released_at if notice is not None else None,
        delivered_at=min(delivered, default=None),
        acknowledged_at=min(acknowledged, default=None),
    )
