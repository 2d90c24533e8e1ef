"""How dockets are signed: what a signer reads of one, word for word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from deviations.dockets.desk import Desk, get_docket, hold_docket
from deviations.models import DocketEntry
from portal.access import get_program
from portal.actor import Actor
from portal.models import Signature
from portal.signable import Rule, Shown, Signable
from portal.states import Meaning


def show_docket(desk: Desk, actor: Actor, docket: Any) -> Shown:
    """Return what a signer reads: the words, what it states, and what was said at each step."""
    zone = get_program(actor, docket.space_id).zone
    steps = desk.steps(docket)
    fields = {
        "Number": docket.number,
        "Title": str(docket.title),
        "Opened": f"{_at(docket.recorded_at, zone)}, {docket.recorded_code}",
        "Description": str(docket.description),
    }
    said = [each for each in desk.said(actor, docket, zone) if not each.is_inside]
    fields |= {each.name.replace("_", " ").capitalize(): each.words for each in said}
    entries = DocketEntry.objects.visible_to(actor).filter(about_id=docket.pk).order_by("ordinal")
    for each in entries:
        label = str(steps[each.step].label) if each.step in steps else each.step
        words = f"{each.outcome}: {each.text}" if each.outcome else str(each.text)
        fields[f"{each.ordinal}. {label}, {each.code}, {_at(each.given_at, zone)}"] = words
    return Shown(docket.number, str(docket.title), zone, fields)


def _at(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} {zone}, {at.astimezone(UTC):%H:%M:%S} UTC"


def signable(
    desk: Desk,
    rules: Mapping[Meaning, Rule],
    *,
    is_author: Callable[[Actor, Any], bool],
    signed: Callable[[Actor, Any, Signature], None],
    by_clause: Callable[[Actor, Any, Meaning, Rule], Rule] | None = None,
) -> Signable:
    """Return how dockets of a kind are signed."""
    return Signable(
        type=desk.name,
        rules=rules,
        find=lambda actor, docket_id: get_docket(desk, actor, docket_id),
        lock=lambda actor, docket_id: hold_docket(desk, actor, docket_id),
        show=lambda actor, docket: show_docket(desk, actor, docket),
        is_author=is_author,
        address=lambda docket: f"/{desk.path}/{docket.pk}/",
        by_clause=by_clause,
        signed=signed,
    )
