"""What a drill has shown when its ladder has come to its end. It writes, so it runs inside an action only."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from portal import ledger
from portal.action import current_action, instant
from portal.facts import DrillEnded
from portal.models import Alert, Delivery, Drill, LadderStep, Opening, Receipt
from portal.states import DrillState

DRILL: Final = "drill"


def close_drill(alert: Alert) -> Receipt | None:
    """End the drill of an alert with its report; returns the first receipt that was given.

    Records: drill.ended v1.
    """
    actor = current_action().actor
    drill = Drill.objects.visible_to(actor).select_for_update().get(pk=alert.subject_id)
    receipts = list(Receipt.objects.visible_to(actor).filter(alert=alert).order_by("step", "code", "pk"))
    given = sorted((each for each in receipts if each.acknowledged_at), key=_acknowledged)
    if drill.state == DrillState.RUNNING:
        steps = LadderStep.objects.visible_to(actor).filter(alert=alert).order_by("number")
        report = [_step(alert, each, receipts) for each in steps]
        drill.end(instant(), report)
        drill.save(update_fields=["state", "ended_at", "report", "version"])
        ledger.record(drill, DrillEnded(steps=len(report), told=len(receipts), acknowledged=len(given)))
    return given[0] if given else None


def _acknowledged(receipt: Receipt) -> str:
    return _text(receipt.acknowledged_at)


def _step(alert: Alert, step: LadderStep, receipts: list[Receipt]) -> dict[str, Any]:
    actor = current_action().actor
    told = [each for each in receipts if each.step == step.number]
    openings = Opening.objects.visible_to(actor).filter(receipt__in=[each.pk for each in told])
    opened: dict[UUID, datetime] = dict(openings.values_list("receipt_id", "opened_at"))
    mails = Delivery.objects.visible_to(actor).filter(alert=alert, step=step.number, channel="email")
    mailed = {each.person_id: each for each in mails}
    return {
        "step": step.number + 1,
        "roles": step.roles,
        "due_at": _text(step.due_at),
        "taken_at": _text(step.taken_at),
        "late_s": round((step.taken_at - step.due_at).total_seconds(), 1),
        "told": [
            {
                "code": each.code,
                "role": each.role,
                "told_at": _text(each.told_at),
                "mail": str(mailed[each.person_id].state) if each.person_id in mailed else "",
                "mailed_at": _text(mailed[each.person_id].sent_at) if each.person_id in mailed else "",
                "delivered_at": _text(each.delivered_at),
                "opened_at": _text(opened.get(each.pk)),
                "acknowledged_at": _text(each.acknowledged_at),
                "refused_at": _text(each.refused_at),
            }
            for each in told
        ],
    }


def _text(at: datetime | None) -> str:
    return at.isoformat(timespec="seconds") if at is not None else ""
