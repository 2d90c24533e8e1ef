"""Rules in force in a program of the cast, without the ceremony or with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from portal.action import action
from portal.actions import agreeing
from portal.actor import system_actor
from portal.agreements.document import Clause, Document
from portal.agreements.durations import Duration
from portal.agreements.rules import Ladder, LadderStep
from portal.agreements.terms import template
from portal.models import ProgramTerms
from portal.states import Meaning
from tests.factories import cast
from tests.factories.signing import make_signer, sign

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


def heads(maker, sponsor):
    """Both quality heads of the cast, who may sign."""
    make_signer(maker, cast.CDMO)
    make_signer(sponsor, cast.ARVO)
    return maker, sponsor


def draft(by, *, partnership=cast.PARTNERSHIP, **given):
    """A private draft from the commercial template."""
    return agreeing.draft_from_template(by, partnership, name="commercial", **given)


def edited(by, version, edits):
    """The version with (old, new) replaced in its YAML, each once."""
    text = version.document.to_yaml()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    return agreeing.edit_agreement(by, version.pk, text=text, version=version.version)


def in_review(by, *, number=None, edits=(), **given):
    """A version that both sides read, the pen with the other side; edits are (old, new) in its YAML."""
    found = draft(by, **given)
    if edits:
        found = edited(by, found, edits)
    return agreeing.submit_agreement(by, found.pk, version=found.version, number=number)


def approve(by, version):
    """The signature of a quality head on a version as it stands."""
    return sign(by, version, Meaning.APPROVED, kind="agreement_version")


def both_sign(maker, sponsor, version):
    """A version that both quality heads sign."""
    approve(maker, version)
    approve(sponsor, version)
    return version
