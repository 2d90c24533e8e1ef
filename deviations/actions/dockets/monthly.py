"""Release the list of all numbers of a month, so that nothing is minor enough not to be told."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from batches.access import lock_program
from deviations.dockets.asking.monthly import digest_of, lines_of, month_of
from deviations.dockets.facts import MonthlyListReleased
from deviations.models import MonthlyLine, MonthlyList
from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, StaleVersion
from portal.states import CDMO_QA, CDMO_QUALITY_HEAD


@action("monthly_list.release")
def release_monthly_list(actor: Actor, program_id: UUID, *, month: date, digest: str) -> MonthlyList:
    """Let the list of a month that is over leave: number, title, day and class of every record of it.

    What leaves is what was previewed, of which `digest` is the sign; the records behind stay as they are, and
    what is not yet told is still not there for the sponsor. Raises: NotFound, Refused, Invalid, Conflict,
    StaleVersion. Records: monthly_list.released v1. Source: quality agreement 5.3; practice.
    """
    program = lock_program(actor, program_id)
    require_role(actor, program.pk, CDMO_QA, CDMO_QUALITY_HEAD, to="release the monthly list")
    first = month_of(month, program.zone)
    if MonthlyList.objects.visible_to(actor).filter(space_id=program.pk, month=first).exists():
        raise Conflict(f"The list of {first:%B %Y} has been released; it leaves once.", code="released")
    lines = lines_of(actor, program, first)
    if digest_of(lines) != digest:
        raise StaleVersion("The list has changed since you previewed it. Read it again, then release it.")
    made = MonthlyList.objects.create(
        space_id=program.pk,
        month=first,
        number=f"ML-{first:%Y-%m}",
        title=f"{first:%Y-%m}",
        lines=len(lines),
        released_at=instant(),
        released_by=actor.person_id,
        released_code=actor.code(program.pk),
    )
    MonthlyLine.objects.bulk_create(
        MonthlyLine(
            space_id=program.pk,
            of_list=made,
            ordinal=ordinal,
            number=each.number,
            title=each.title,
            recorded_on=each.recorded_on,
            classification=each.classification,
            is_no_deviation=each.is_no_deviation,
        )
        for ordinal, each in enumerate(lines, 1)
    )
    ledger.record(made, MonthlyListReleased(month=f"{first:%Y-%m}", lines=len(lines)))
    return made
