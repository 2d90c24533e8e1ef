"""Agreements as they are read: which versions there are, what is in force, what runs by which clause."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, QuerySet

from portal.actor import Actor
from portal.agreements.document import Document
from portal.agreements.terms import default_terms
from portal.errors import NotFound
from portal.models import AgreementVersion, Clock, Partnership, Program, ProgramTerms, Record
from portal.papers import read_words
from portal.states import AgreementState, ClockState
from portal.streams import audiences_of
from portal.terms import terms_of

RUNNING_MAX = 20
_HAPPENED: Final = """
select e.sealed_at, e.kind, e.seat, coalesce(convert_from(i.body, 'UTF8')::jsonb ->> 'value', '')
from ledger.entry e
left join ledger.item i on i.marker_id = e.marker_id and i.space_id = e.space_id and i.audience = e.audience
    and i.class = 'context' and i.name = 'reason'
where e.space_id = %s and e.audience = %s and e.audience = 'shared' and e.summary -> 'subject' ->> 'id' = %s
order by e.seq desc
"""


@dataclass(frozen=True, slots=True)
class Running:
    """The clocks that run by one clause: how many, and the first of the records they stand on."""

    count: int
    records: list[Record]


@dataclass(frozen=True, slots=True)
class Happened:
    """One sealed step of a version: its fact, the seat that took it, and the reason that was given."""

    at: datetime
    kind: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """The rules of one version as they hold in one program; `row` is None for the default rules."""

    program: Program
    row: ProgramTerms | None
    document: Document
    until: datetime | None


def list_partnerships(actor: Actor) -> list[Partnership]:
    """Return the partnerships in which the actor is seated, by the sponsor's name."""
    return list(Partnership.objects.visible_to(actor).order_by("sponsor_name", "id"))


def list_agreements(
    actor: Actor, *, partnership_id: UUID | None = None, state: str | None = None
) -> QuerySet[AgreementVersion]:
    """Return versions as far as the actor may read them, the newest first; `with_words` reads the drafts."""
    rows = AgreementVersion.objects.visible_to(actor)
    rows = rows.filter(space_id=partnership_id) if partnership_id is not None else rows
    rows = rows.filter(state=state) if state is not None else rows
    return rows.order_by(F("number").desc(nulls_first=True), "-drafted_at", "id")


def find_before(actor: Actor, version: AgreementVersion) -> AgreementVersion | None:
    """Return the version that a version follows: what it was drafted from, else the one signed before it."""
    rows = AgreementVersion.objects.visible_to(actor).filter(space_id=version.space_id)
    if version.based_on_id is not None:
        based_on = rows.with_id(version.based_on_id)
        return read_words(actor, based_on) if based_on is not None else None
    signed = rows.filter(program_id=version.program_id, agreed_at__isnull=False).exclude(pk=version.pk)
    if version.number is not None:
        signed = signed.filter(number__lt=version.number)
    return signed.order_by("-number").first()


def find_in_force(actor: Actor, partnership_id: UUID, at: datetime) -> AgreementVersion | None:
    """Return the version of the agreement itself that is in force, None before one was signed."""
    rows = AgreementVersion.objects.visible_to(actor).filter(space_id=partnership_id, program_id=None)
    return rows.filter(effective_from__lte=at).exclude(until__lte=at).order_by("-number").first()


def find_in_review(actor: Actor, version: AgreementVersion) -> AgreementVersion | None:
    """Return what is in review of the same agreement or annex, None while nothing is."""
    rows = AgreementVersion.objects.visible_to(actor).filter(space_id=version.space_id)
    return rows.filter(program_id=version.program_id, state=AgreementState.IN_REVIEW).first()


def list_terms(actor: Actor, program_id: UUID) -> list[ProgramTerms]:
    """Return what was agreed for a program, the newest first."""
    rows = ProgramTerms.objects.visible_to(actor).filter(space_id=program_id)
    return list(rows.order_by("-effective_from", "-number").defer("document"))


def get_held(actor: Actor, program_id: UUID, number: int | None) -> Held:
    """Return the rules of a version as they hold in a program, the default rules for None.

    Whoever is seated in the program reads them. Raises: NotFound.
    """
    program = Program.objects.visible_to(actor).with_id(program_id)
    if program is None:
        raise NotFound
    if number is None:
        return Held(program, None, default_terms().document, None)
    rows = list_terms(actor, program_id)
    row = next((each for each in rows if each.number == number), None)
    if row is None:
        raise NotFound
    later = [each for each in rows if (each.effective_from, each.number) > (row.effective_from, number)]
    until = later[-1].effective_from if later else None
    return Held(program, row, terms_of(actor, program_id, number).document, until)


def running_by_clause(actor: Actor, space_ids: Collection[UUID], number: int | None) -> dict[str, Running]:
    """Return what runs by each clause of a version in these programs; two queries."""
    rows = Clock.objects.visible_to(actor).filter(space_id__in=space_ids, terms=number)
    rows = rows.filter(state=ClockState.RUNNING).exclude(clause="")
    counts = dict(rows.values_list("clause").annotate(Count("id")))
    found: dict[str, list[Record]] = defaultdict(list)
    for clock in rows.select_related("subject").order_by("due_at", "id")[:500]:
        subject = clock.subject
        if subject not in found[clock.clause] and len(found[clock.clause]) < RUNNING_MAX:
            found[clock.clause].append(subject)
    return {clause: Running(count, found[clause]) for clause, count in counts.items()}


def programs_of(actor: Actor, version: AgreementVersion) -> list[Program]:
    """Return the programs in which a version holds, or would."""
    rows = Program.objects.visible_to(actor).filter(partnership_id=version.space_id).order_by("code", "id")
    return [each for each in rows if version.program_id in (None, each.pk)]


def count_seated(actor: Actor, partnership_id: UUID) -> dict[str, int]:
    """Return how many people hold each role of a partnership now, by `side.code`. Raises: NotFound."""
    if Partnership.objects.visible_to(actor).with_id(partnership_id) is None:
        raise NotFound
    with connection.cursor() as cursor:
        cursor.execute("select side, role from door.people_of(%s)", [partnership_id])
        return dict(Counter(f"{side}.{role}" for side, role in cursor.fetchall()))


def is_newest_main(version: AgreementVersion) -> bool:
    """Say whether it is the agreement's newest signed version, which may be ended."""
    return version.state == AgreementState.EFFECTIVE and version.program_id is None


def list_happened(actor: Actor, version: AgreementVersion) -> list[Happened]:
    """Return what both sides did with a version since it was shown to both, the newest first."""
    if version.audience not in audiences_of(actor, version.space_id):
        return []
    with connection.cursor() as cursor:
        cursor.execute(_HAPPENED, [version.space_id, version.audience, str(version.pk)])
        return [Happened(*row) for row in cursor.fetchall()]
