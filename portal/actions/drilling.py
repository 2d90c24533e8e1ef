"""Drills: run a ladder of one's own side from end to end, with notices that say that nothing happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.agreements.terms import plan_of
from portal.alerts import raise_alert
from portal.errors import Conflict, Invalid, NotFound
from portal.facts import DrillStarted
from portal.models import Drill, Program
from portal.rosters.drills import DRILL
from portal.states import DRILLERS, DrillState, of_side
from portal.terms import terms_at

# What may be tried: kind of alert and class, by the code of the ladder.
LADDERS: Final[Mapping[str, tuple[str, str | None]]] = {
    "live_alert": ("excursion.par", None),
    "major": ("deviation.notice", "major"),
    "critical": ("deviation.notice", "critical"),
}
NAMES: Final[Mapping[str, str | Promise]] = {
    "live_alert": gettext_lazy("live alert"),
    "major": gettext_lazy("notice of a major deviation"),
    "critical": gettext_lazy("notice of a critical deviation"),
}
WAIT_MIN_S, WAIT_MAX_S = 5, 3600


@action("drill.start")
def start_drill(actor: Actor, program_id: UUID, *, ladder: str, wait_s: int | None = None) -> Drill:
    """Run one of the own side's ladders in a program, to its end, whoever acknowledges on the way.

    With `wait_s` (5 to 3600) each step waits so long, at any hour; without, it keeps its own wait and duty
    hours. No record but the drill's own changes, and the other side sees nothing of it. One runs at a time.
    Raises: NotFound, Refused, Invalid, Conflict. Records: drill.started v1.
    """
    # Locked, so that two who start at once come one after the other.
    if Program.objects.visible_to(actor).select_for_update(no_key=True).with_id(program_id) is None:
        raise NotFound
    side = actor.side(program_id)
    require_role(actor, program_id, *of_side(DRILLERS, str(side)), to="start a drill")
    if ladder not in LADDERS:
        raise Invalid("Choose one of the ladders.", errors={"ladder": [", ".join(LADDERS)]})
    if wait_s is not None and not WAIT_MIN_S <= wait_s <= WAIT_MAX_S:
        words = f"A shortened wait is {WAIT_MIN_S} to {WAIT_MAX_S} seconds."
        raise Invalid(words, errors={"wait_s": [words]})
    if (
        Drill.objects.visible_to(actor)
        .filter(space_id=program_id, side=side, state=DrillState.RUNNING)
        .exists()
    ):
        raise Conflict("A drill of your side runs here already. Let it come to its end.")
    kind, classification = LADDERS[ladder]
    now = instant()
    plan = plan_of(terms_at(actor, program_id, now).ladder(kind, Side(str(side)), classification))
    if wait_s is not None:
        plan = [{**each, "wait_s": wait_s, "wakes": True} for each in plan]
    drill = Drill.objects.create(
        space_id=program_id,
        audience=str(side),
        number=f"DRILL-{now:%Y%m%d-%H%M%S}",
        side=str(side),
        kind=ladder,
        wait_s=wait_s,
        started_by=actor.person_id,
        started_code=actor.code(program_id),
        started_at=now,
    )
    ledger.record(drill, DrillStarted(kind=ladder, side=str(side), steps=len(plan)))
    title = _("DRILL, nothing happened: %(ladder)s. Give your receipt.") % {"ladder": NAMES[ladder]}
    raise_alert(drill, kind=DRILL, side=Side(str(side)), title=title, audience=str(side), plan=plan)
    return drill
