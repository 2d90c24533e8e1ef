"""State what a media fill qualified, and record the interventions of a fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from batches.access import lock_batch_record, lock_program
from batches.aseptic.facts import InterventionDone, MediaFillStated
from batches.aseptic.judging import Done, Line, judge, lines_of
from batches.aseptic.states import QUALIFIERS, RECORDERS, InterventionKind, Qualified
from batches.models import Batch, Intervention, MediaFill
from batches.queries.aseptic import interventions_of, media_fill_for
from batches.reach import check_happened
from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.errors import Conflict, refuse_field
from portal.states import Audience

UNQUALIFIED: Final = "intervention.unqualified"


@action("media_fill.state")
def state_media_fill(
    actor: Actor,
    program_id: UUID,
    *,
    number: str,
    line: str,
    filled_on: date,
    valid_until: date,
    vials: int,
    interventions: Sequence[Mapping[str, Any]],
    alert_rate: Decimal | None = None,
    action_rate: Decimal | None = None,
) -> MediaFill:
    """State for a program which interventions a media fill of a line simulated, each how often and how long.

    `interventions` have `code`, `title`, `kind`, `most` and `longest_s`. Raises: NotFound, Refused, Invalid,
    Conflict. Records: media_fill.stated v1. Source: EU GMP Annex 1 (2022) 9.33 to 9.36 (APS).
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, *QUALIFIERS, to="state a media fill")
    if valid_until < filled_on:
        refuse_field("valid_until", "Not before the media fill.")
    kept = [_line(each) for each in interventions]
    if len({each["code"] for each in kept}) < len(kept):
        refuse_field("interventions", "Each code once.")
    if MediaFill.objects.visible_to(actor).filter(space_id=program.pk, number=number).exists():
        raise Conflict(f"{number} has been stated; it is never changed.", code="stated")
    made = MediaFill.objects.create(
        space_id=program.pk,
        number=number,
        line=line,
        filled_on=filled_on,
        valid_until=valid_until,
        vials=vials,
        interventions=kept,
        alert_rate=alert_rate,
        action_rate=action_rate,
    )
    ledger.record(made, MediaFillStated(number=number, line=line, interventions=len(kept)))
    return made


@action("intervention.record")
def record_intervention(
    actor: Actor,
    batch_id: UUID,
    *,
    code: str,
    station: str,
    kind: InterventionKind,
    seconds: int,
    at: datetime | None = None,
    title: str = "",
    glove: str = "",
    filled: int | None = None,
    note: str = "",
    done_by: str = "",
) -> Intervention:
    """Record that somebody reached into a fill: what, where, for how long, after how many vials.

    It is judged against the media fill of the line that was in force on that day; what it did not qualify
    asks the manufacturer's quality unit for receipt. `done_by` is the code of who did it, if another person
    enters it. Raises: NotFound, Refused, Invalid, Conflict. Records: intervention.done v1, alert.raised v1.
    Source: EU GMP Annex 1 (2022) 8.16, 8.17 (interventions recorded; list approved by APS).
    """
    batch = lock_batch_record(actor, batch_id)
    require_role(actor, batch.space_id, *RECORDERS, to="record interventions")
    now = instant()
    happened = at or now
    check_happened("at", happened, now)
    if seconds <= 0:
        refuse_field("seconds", "It took some time: 1 second or more.")
    media_fill = media_fill_for(actor, batch, happened)
    qualified, known = _held_against(actor, batch, media_fill, Done(code, seconds))
    own = actor.code(batch.space_id)
    made = Intervention.objects.create(
        space_id=batch.space_id,
        batch=batch,
        media_fill=media_fill,
        at=happened,
        seconds=seconds,
        kind=known.kind if known is not None else kind,
        code=code,
        title=known.title if known is not None else title or code,
        station=station,
        glove=glove,
        filled=filled,
        note=note.strip(),
        qualified=qualified,
        done_code=done_by or own,
        entered_code=own,
    )
    ledger.record(made, _fact_of(made))
    if qualified != Qualified.YES:
        _tell(batch, made, qualified)
    return made


def _fact_of(made: Intervention) -> InterventionDone:
    return InterventionDone(
        batch_id=made.batch_id,
        code=made.code,
        kind=str(made.kind),
        station=made.station,
        at=made.at,
        seconds=made.seconds,
        qualified=str(made.qualified),
        done_code=made.done_code,
    )


def _held_against(
    actor: Actor, batch: Batch, media_fill: MediaFill | None, done: Done
) -> tuple[Qualified, Line | None]:
    """Return how an intervention stands after those of its code before it, and its line of the list."""
    lines = lines_of(media_fill.interventions) if media_fill is not None else None
    rows = interventions_of(actor, batch.pk).filter(code=done.code)
    before = [Done(each.code, each.seconds) for each in rows]
    known = lines.get(done.code) if lines is not None else None
    return judge([*before, done], lines)[-1], known


def _tell(batch: Batch, made: Intervention, qualified: Qualified) -> None:
    """Ask the manufacturer's quality unit for receipt."""
    raise_alert(
        batch,
        kind=UNQUALIFIED,
        side=Side.MANUFACTURER,
        audience=Audience.MANUFACTURER,
        title=f"{batch.number}: intervention {made.code} at {made.station}, {qualified.label}",
        first=("qa",),
    )


def _line(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return one line of the list as it is kept; raises Invalid for what is none."""
    most, longest = int(given.get("most", 0)), int(given.get("longest_s", 0))
    if given.get("kind") not in InterventionKind.values or not given.get("code") or most < 1 or longest < 1:
        refuse_field("interventions", "Each has code, title, kind, most and longest_s.")
    return {
        "code": str(given["code"])[:40],
        "title": str(given.get("title") or given["code"])[:200],
        "kind": str(given["kind"]),
        "most": most,
        "longest_s": longest,
    }
