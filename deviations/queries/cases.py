"""Past deviations as a draft of the agreement is run over them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Min

from deviations.models import Deviation, Judgement, Notice
from deviations.states import DeviationState, JudgementKind
from portal.actor import Actor
from portal.agreements.backtest import Case
from portal.models import Receipt


def past_cases(actor: Actor, space_id: UUID, since: datetime) -> list[Case]:
    """Return the deviations of a space since an instant, oldest first, as far as the actor may see them.

    Four queries over the whole space, however many there are. Cancelled ones are left out: no clause was ever
    to be kept for them.
    """
    classes = dict(
        Judgement.objects.visible_to(actor)
        .filter(space_id=space_id, kind=JudgementKind.PROVISIONAL)
        .order_by("deviation_id", "-given_at", "-id")
        .distinct("deviation_id")
        .values_list("deviation_id", "classification")
    )
    notices = {
        deviation_id: (released_at, alert_id)
        for deviation_id, released_at, alert_id in Notice.objects.visible_to(actor)
        .filter(space_id=space_id)
        .values_list("deviation_id", "released_at", "alert_id")
    }
    receipts = dict(
        Receipt.objects.visible_to(actor)
        .filter(space_id=space_id, acknowledged_at__isnull=False)
        .values_list("alert_id")
        .annotate(first=Min("acknowledged_at"))
    )
    rows = (
        Deviation.objects.visible_to(actor)
        .filter(space_id=space_id, aware_at__gte=since)
        .exclude(state=DeviationState.CANCELLED)
        .order_by("aware_at", "pk")
        .values(
            *("pk", "number", "aware_at", "recorded_at", "summarised_at", "ended_at"),
            *("batch__ended_at", "batch_id"),
        )
    )
    return [
        Case(
            id=each["pk"],
            number=each["number"],
            classification=classes.get(each["pk"]),
            aware_at=each["aware_at"],
            told_at=told[0] if (told := notices.get(each["pk"])) is not None else None,
            acknowledged_at=receipts.get(told[1]) if told is not None else None,
            recorded_at=each["recorded_at"],
            summarised_at=each["summarised_at"],
            closed_at=each["ended_at"],
            completed_at=each["batch__ended_at"],
            batch_id=each["batch_id"],
        )
        for each in rows
    ]
