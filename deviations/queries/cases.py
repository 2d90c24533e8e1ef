"""Past deviations as a draft of the agreement is run over them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Min

from batches.states import LimitKind, ParameterKind
from deviations.clauses.triggers import CPP_OUTSIDE_PAR, PATIENT_LOT
from deviations.models import STATED_THERE, Deviation, Judgement, Notice
from deviations.states import IN_FORCE, DeviationState
from portal.actor import Actor
from portal.agreements.backtest import Case
from portal.models import Receipt


def _triggers(row: Mapping[str, Any]) -> tuple[str, ...]:
    measured = (row["excursion__limit_kind"], row["excursion__parameter__kind"])
    known = {
        PATIENT_LOT: row["batch__is_patient_lot"],
        CPP_OUTSIDE_PAR: measured == (LimitKind.PAR, ParameterKind.CPP),
    }
    return (*(name for name, holds in known.items() if holds), *row["triggers"])


def past_cases(actor: Actor, space_id: UUID, since: datetime) -> list[Case]:
    """Return the deviations of a space since an instant, oldest first, as far as the actor may see them.

    Four queries over the whole space, however many there are. Cancelled ones are left out: no clause was ever
    to be kept for them. Of a record that was copied the times before that are those its own system states;
    how long a receipt took there is not known.
    """
    classes = dict(
        Judgement.objects.visible_to(actor)
        .filter(space_id=space_id, kind__in=IN_FORCE)
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
            *("batch__ended_at", "batch_id", "batch__is_patient_lot", "triggers", *STATED_THERE),
            *("excursion__limit_kind", "excursion__parameter__kind"),
        )
    )
    return [
        Case(
            id=each["pk"],
            number=each["number"],
            classification=classes.get(each["pk"]),
            aware_at=each["aware_at"],
            told_at=_first(each["external_told_at"], told[0] if told is not None else None),
            acknowledged_at=receipts.get(told[1])
            if told is not None and each["external_told_at"] is None
            else None,
            recorded_at=_first(each["external_opened_at"], each["recorded_at"]),
            summarised_at=each["summarised_at"],
            closed_at=_first(each["external_closed_at"], each["ended_at"]),
            is_stated=any(each[name] is not None for name in STATED_THERE),
            completed_at=each["batch__ended_at"],
            batch_id=each["batch_id"],
            triggers=_triggers(each),
        )
        for each in rows
        for told in [notices.get(each["pk"])]
    ]


def _first(stated: datetime | None, here: datetime | None) -> datetime | None:
    """Return what another system states of the time before the record was copied, else what stands here."""
    return min(filter(None, (stated, here)), default=None)
