"""How the report of a drill is signed: by quality of the side that ran it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from portal.access import get_program, get_visible
from portal.actor import Actor
from portal.errors import NotFound
from portal.models import Drill
from portal.signable import Rule, Shown, Signable
from portal.states import DRILLERS, DrillState, Meaning

RULES: Final = {
    Meaning.REVIEWED: Rule(DRILLERS, (DrillState.ENDED,)),
    Meaning.APPROVED: Rule(DRILLERS, (DrillState.ENDED,), may_be_author=False),
}


def find_drill(actor: Actor, drill_id: UUID) -> Drill:
    """Return a drill of the own side. Raises: NotFound."""
    return get_visible(Drill, actor, drill_id)


def lock_drill(actor: Actor, drill_id: UUID) -> Drill:
    """Hold a drill of the own side still. Raises: NotFound."""
    found = Drill.objects.visible_to(actor).select_for_update().with_id(drill_id)
    if found is None:
        raise NotFound
    return found


def show_drill(actor: Actor, drill: Drill) -> Shown:
    """Return what a signer reads: which ladder, when, and each step with what came back."""
    program = get_program(actor, drill.space_id)
    fields = {
        "Program": program.code,
        "Side": str(drill.side),
        "Ladder": drill.kind.replace("_", " "),
        "Waits": f"{drill.wait_s} s a step" if drill.wait_s is not None else "as the ladder says",
        "Started": f"{_utc(drill.started_at)}, {drill.started_code}",
        "Ended": _utc(drill.ended_at),
    }
    for step in drill.report:
        fields[f"Step {step['step']}"] = _step_words(step)
    return Shown(drill.number, f"Report of {drill.number}", program.zone, fields)


def _step_words(step: dict[str, Any]) -> str:
    head = (
        f"{', '.join(step['roles'])}; due {step['due_at']}, taken {step['taken_at']}, {step['late_s']} s late"
    )
    lines = [
        f"{each['code']} ({each['role']}): told {each['told_at']}, mail {each['mail'] or 'none'}"
        f" {each['mailed_at']}, delivered {each['delivered_at'] or 'no'}, opened {each['opened_at'] or 'no'},"
        f" acknowledged {each['acknowledged_at'] or 'no'}, refused {each['refused_at'] or 'no'}"
        for each in step["told"]
    ]
    return "\n".join((head, *(lines or ["nobody was told"])))


def _utc(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at is not None else "-"


def _is_author(actor: Actor, drill: Any) -> bool:
    return bool(drill.started_by == actor.person_id)


def _address(drill: Any) -> str:
    return reverse("drill", args=[drill.pk])


DRILL_REPORT: Final = Signable(
    type="drill",
    rules=RULES,
    find=find_drill,
    lock=lock_drill,
    show=show_drill,
    is_author=_is_author,
    address=_address,
)
