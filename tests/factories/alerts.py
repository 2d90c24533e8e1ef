"""Alerts as the plant raises them: by the gateway's key, about the program itself."""

from __future__ import annotations

import json

from django.db import connection

from portal.access import get_program
from portal.action import action, reading
from portal.actor import Side, system_actor
from portal.alerts import raise_alert
from portal.models import Alert, Clock, Delivery, LadderStep, Opening, Receipt
from tests.factories import cast

TITLE = "TEMP outside its proven range CANARY-PRODUCT"


@action("test.raise_alert")
def raise_one(actor, program_id, *, side=Side.SPONSOR, kind="excursion.par", **given):
    program = get_program(actor, program_id)
    return raise_alert(program, kind=kind, side=side, title=given.pop("title", TITLE), clause="5.7", **given)


def raised(side=Side.SPONSOR, *, program=cast.PROGRAM, by=None, **given) -> Alert:
    """An alert in a program, raised by a system actor unless said otherwise."""
    return raise_one(by or system_actor("setup", program), program, side=side, **given)


def rows_of(alert):
    """Everything that hangs on an alert, as the system reads it."""
    watcher = system_actor("watchdog", alert.space_id)
    with reading(watcher):
        receipts = list(
            Receipt.objects.visible_to(watcher).filter(alert_id=alert.pk).order_by("step", "code")
        )
        return {
            "alert": Alert.objects.visible_to(watcher).get(pk=alert.pk),
            "steps": list(
                LadderStep.objects.visible_to(watcher).filter(alert_id=alert.pk).order_by("number")
            ),
            "receipts": receipts,
            "openings": list(Opening.objects.visible_to(watcher).filter(receipt__in=receipts)),
            "deliveries": list(
                Delivery.objects.visible_to(watcher).filter(alert_id=alert.pk).order_by("step", "pk")
            ),
            "clock": Clock.objects.visible_to(watcher).get(alert_id=alert.pk),
        }


def facts_of(space_id, audience="shared", *, after):
    """The exact facts sealed on a chain after an entry: (name, payload)."""
    with reading(system_actor("watchdog", space_id)), connection.cursor() as cursor:
        cursor.execute(
            "select i.body from ledger.item i join ledger.entry e"
            " on (e.marker_id, e.space_id, e.audience) = (i.marker_id, i.space_id, i.audience)"
            " where i.class = 'fact' and e.space_id = %s and e.audience = %s and e.seq > %s order by i.id",
            [space_id, audience, after],
        )
        bodies = [json.loads(bytes(row[0])) for row in cursor.fetchall()]
    return [(body["name"], body["payload"]) for body in bodies]
