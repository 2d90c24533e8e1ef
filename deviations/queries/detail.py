"""One deviation whole, as the reader may see it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Min

from deviations.access import files_of, get_deviation, open_steps, zone_of
from deviations.clauses.authority import steps_left
from deviations.judging.states import OPENING_LOOK
from deviations.models import Deviation, Judgement, Notice, PreliminarySummary
from deviations.queries.judging import NOTHING, Judging, judging_of, steps_of_judging
from deviations.queries.preview import find_summary
from deviations.queries.rounds import RoundLine, report_rounds, steps_of_report
from deviations.states import IN_FORCE
from portal.access import get_program
from portal.actor import Actor
from portal.models import Attachment, Clock, Program, Receipt
from portal.past import RestsOn
from portal.queries.signatures import SignatureLine, signatures_of
from portal.states import Classification


@dataclass(frozen=True, slots=True)
class Times:
    """The seven times that are kept apart (domain 2a); None until it happened or while withheld."""

    occurred_at: datetime
    detected_at: datetime
    aware_at: datetime
    recorded_at: datetime
    disclosed_at: datetime | None
    delivered_at: datetime | None
    acknowledged_at: datetime | None


@dataclass(frozen=True, slots=True)
class DeviationDetail:
    """A deviation with its judgements, notice, files, clocks, and what the reader may do next.

    `zone` is the IANA zone of site time. Judgements stand newest first; `steps` are transitions in table
    order.
    """

    deviation: Deviation
    program: Program
    zone: str
    classification: Classification | None
    judgements: list[Judgement]
    times: Times
    notice: Notice | None
    files: list[Attachment]
    clocks: list[Clock]
    signatures: list[SignatureLine]
    steps: list[str]
    summary: PreliminarySummary | None = None
    judging: Judging = NOTHING
    # The texts of the report, the newest first.
    rounds: Sequence[RoundLine] = ()
    # Of a view of the past: which entries of which chains it was rebuilt from.
    rests_on: Sequence[RestsOn] = ()


def deviation_detail(actor: Actor, deviation_id: UUID) -> DeviationDetail:
    """Return one deviation whole; raises NotFound."""
    deviation = get_deviation(actor, deviation_id)
    rounds = report_rounds(actor, deviation)
    rows = Judgement.objects.visible_to(actor).filter(deviation=deviation)
    judgements = list(rows.order_by("-given_at", "-id"))
    given = (each for each in judgements if each.kind in IN_FORCE)
    classification = next((Classification(each.classification) for each in given), None)
    notice = find_notice(actor, deviation)
    program = get_program(actor, deviation.space_id)
    clocks = Clock.objects.visible_to(actor).filter(subject_id=deviation.pk, alert=None)
    left = steps_left(actor, deviation, classification, open_steps(actor, deviation))
    judging = judging_of(actor, deviation, classification, left)
    left = steps_of_judging(actor, deviation, classification, judging, left)
    return DeviationDetail(
        deviation=deviation,
        program=program,
        zone=zone_of(program, deviation.batch),
        classification=classification,
        judgements=judgements,
        times=times_of(actor, deviation, notice),
        notice=notice,
        files=files_of(actor, deviation),
        clocks=list(clocks.exclude(kind=OPENING_LOOK).order_by("due_at", "id")),
        signatures=signatures_of(actor, deviation.pk, deviation.version),
        steps=steps_of_report(actor, deviation, classification, rounds, left),
        judging=judging,
        summary=find_summary(actor, deviation),
        rounds=rounds,
    )


def find_notice(actor: Actor, deviation: Deviation) -> Notice | None:
    """Return the notice of a deviation, None before it was released."""
    return Notice.objects.visible_to(actor).filter(deviation=deviation).first()


def times_of(actor: Actor, deviation: Deviation, notice: Notice | None) -> Times:
    """Return the seven times; delivered and acknowledged are the first of the people who were told."""
    first: dict[str, datetime | None] = {"delivered": None, "acknowledged": None}
    if notice is not None:
        receipts = Receipt.objects.visible_to(actor).filter(alert_id=notice.alert_id)
        first = receipts.aggregate(delivered=Min("delivered_at"), acknowledged=Min("acknowledged_at"))
    return Times(
        occurred_at=deviation.occurred_at,
        detected_at=deviation.detected_at,
        aware_at=deviation.aware_at,
        recorded_at=deviation.recorded_at,
        disclosed_at=notice.released_at if notice is not None else None,
        delivered_at=first["delivered"],
        acknowledged_at=first["acknowledged"],
    )
