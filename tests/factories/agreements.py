"""Rules in force in a program of the cast, without the ceremony that puts them there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from portal.action import action
from portal.actor import system_actor
from portal.agreements.document import Clause, Document
from portal.agreements.durations import Duration
from portal.agreements.rules import Ladder, LadderStep
from portal.agreements.terms import template
from portal.models import ProgramTerms
from tests.factories import cast

LONG_AGO = timedelta(days=400)


@action("test.agree")
def put(_actor, program_id, number, document, effective_from):
    return ProgramTerms.objects.create(
        space_id=program_id,
        number=number,
        document=document.plain(),
        digest=document.digest(),
        effective_from=effective_from,
    )


def agree(*clauses, program=cast.PROGRAM, number=1, title="Agreed", effective_from=None):
    """Put a version in force: the commercial template, with these clauses before its own."""
    annex = Document(title, "commercial", tuple(clauses))
    document = template("commercial").with_annex(annex)
    named = Document(title, document.phase, document.clauses)
    since = effective_from or datetime.now(UTC) - LONG_AGO
    return put(system_actor("setup", program), program, number, named, since)


def ladder_clause(of, side, *steps, code="4.3"):
    """A clause with a ladder of its own for one class of alert: steps are (roles, minutes)."""
    taken = tuple(LadderStep(roles, Duration(minutes, "minutes")) for roles, minutes in steps)
    rules = tuple(
        Ladder(of=(of,), side=side, steps=taken, classification=(each,) if each else ())
        for each in ("", "minor", "major", "critical")
    )
    return Clause(code, "responsibilities", "Ladder", "Who is asked.", rules)
