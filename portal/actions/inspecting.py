"""Inspections: what an inspector asks for, what the host hands over, and the end of it."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from portal import ledger
from portal.access import get_program, get_visible, require_role
from portal.action import action, current_action, instant
from portal.actions.people import end_inspection, end_seat, seat_person
from portal.actor import Actor, Side
from portal.alerts import raise_alert
from portal.errors import Invalid, InvalidTransition, NotFound, Refused
from portal.facts import InspectionAsked, InspectionHandedOver, InspectionOpened
from portal.models import Assignment, Attachment, Handover, Inspection, InspectionRequest, Program, Record
from portal.states import INSPECTION_HOSTS, INSPECTORS, HandedOver
from portal.terms import terms_at

LASTS_AT_MOST: Final = timedelta(days=30)
STARTS_WITHIN: Final = timedelta(days=90)
WORDS_MIN: Final = 10
# As an agreement names it, in a notification's `of`.
INSPECTION: Final = "inspection"


def require_inspection_dates(begins: datetime, ends: datetime) -> None:
    """Raise Invalid unless an inspector may read from then until then; an earlier start only shortens it."""
    now = instant()
    if begins > now + STARTS_WITHIN:
        detail = f"An inspection begins now or within {STARTS_WITHIN.days} days."
        raise Invalid(detail, errors={"valid_from": [detail]})
    if not max(now, begins) < ends <= begins + LASTS_AT_MOST:
        detail = f"An inspection ends to come, {LASTS_AT_MOST.days} days after its start at most."
        raise Invalid(detail, errors={"valid_until": [detail]})


def open_inspection(
    actor: Actor,
    organisation_id: UUID,
    person_id: UUID,
    *,
    program_id: UUID,
    side: Side,
    code: str,
    authority: str,
    valid_from: datetime,
    valid_until: datetime,
) -> Inspection:
    """Seat an inspector in one program for a time; a shared step. The other party learns that it is so.

    Records: inspection.opened v1, and alert.raised v1 where a clause has it told.
    """
    current_action()
    require_inspection_dates(valid_from, valid_until)
    seat = seat_person(
        actor,
        organisation_id,
        person_id,
        target_id=program_id,
        side=side,
        role="inspector",
        code=code,
        valid_from=max(valid_from, instant()),
        valid_until=valid_until,
    )
    inspection = Inspection.objects.create(
        space_id=program_id,
        audience=str(side),
        person_id=person_id,
        assignment_id=seat.pk,
        code=code,
        authority=authority,
        valid_from=seat.valid_from,
        valid_until=valid_until,
    )
    program = get_program(actor, program_id)
    opened = InspectionOpened(side=str(side), code=code, valid_from=seat.valid_from, valid_until=valid_until)
    ledger.record(program, opened)
    _tell_other_party(actor, program, side, code)
    return inspection


def _tell_other_party(actor: Actor, program: Program, side: Side, code: str) -> None:
    """Ask the other side for receipt where a clause in force has it told of inspections, by code alone."""
    other = Side.SPONSOR if side == Side.MANUFACTURER else Side.MANUFACTURER
    found = terms_at(actor, program.pk, instant()).notice(None, of=INSPECTION)
    first = found.rule.roles_of(other) if found else []
    if found and first:
        raise_alert(
            program,
            kind=INSPECTION,
            side=other,
            title=_("An inspector reads here: %(code)s") % {"code": code},
            clause=found.clause.code,
            first=first,
        )


@action("inspection.ask")
def ask_for(actor: Actor, inspection_id: UUID, *, text: str) -> InspectionRequest:
    """Ask the host for a document or record; `text` is shown to the host's side and the inspector alone.

    Raises: NotFound, Refused, InvalidTransition, Invalid. Records: inspection.asked v1.
    """
    inspection = _lock(actor, inspection_id)
    require_role(actor, inspection.space_id, *INSPECTORS, to="ask as an inspector")
    if inspection.person_id != actor.person_id:
        raise Refused("An inspector asks in the own inspection.")
    _require_words(text, "text")
    request = InspectionRequest.objects.create(
        space_id=inspection.space_id,
        audience=inspection.audience,
        inspection=inspection,
        at=InspectionRequest.objects.visible_to(actor).filter(inspection=inspection).count() + 1,
        text=text.strip(),
        asked_at=instant(),
    )
    ledger.record(request, InspectionAsked(at=request.at))
    return request


@action("inspection.hand_over_record")
def hand_over_record(
    actor: Actor, inspection_id: UUID, *, number: str, request_id: UUID | None = None
) -> Handover:
    """Hand over a record of the program by its number, as it stands in its newest sealed entry.

    Raises: NotFound, Refused, Invalid, InvalidTransition. Records: inspection.handed_over v1.
    """
    inspection, request = _lock_for_host(actor, inspection_id, request_id)
    found = Record.objects.visible_to(actor).filter(space_id=inspection.space_id, number=number.strip())
    record = found.exclude(number="").first()
    if record is None:
        raise Invalid("No such record.", errors={"number": ["No record of the program has this number."]})
    return _hand_over(
        actor,
        inspection,
        request,
        kind=HandedOver.RECORD,
        digest=_leaf_of(inspection.space_id, record.pk),
        subject_id=record.pk,
        number=record.number,
        subject_version=record.version,
    )


@action("inspection.hand_over_file")
def hand_over_file(
    actor: Actor, inspection_id: UUID, *, attachment_id: UUID, request_id: UUID | None = None
) -> Handover:
    """Hand over a file that belongs to a record of the program.

    Raises: NotFound, Refused, InvalidTransition. Records: inspection.handed_over v1.
    """
    inspection, request = _lock_for_host(actor, inspection_id, request_id)
    file = get_visible(Attachment, actor, attachment_id)
    if file.space_id != inspection.space_id:
        raise NotFound
    return _hand_over(
        actor,
        inspection,
        request,
        kind=HandedOver.FILE,
        digest=file.sha256,
        subject_id=file.pk,
        text=file.name,
    )


@action("inspection.explain")
def explain_to(actor: Actor, inspection_id: UUID, *, text: str, request_id: UUID | None = None) -> Handover:
    """Answer an inspector in words.

    Raises: NotFound, Refused, Invalid, InvalidTransition. Records: inspection.handed_over v1.
    """
    inspection, request = _lock_for_host(actor, inspection_id, request_id)
    _require_words(text, "text")
    said = text.strip()
    digest = hashlib.sha256(said.encode()).hexdigest()
    return _hand_over(actor, inspection, request, kind=HandedOver.EXPLANATION, digest=digest, text=said)


@action("inspection.close")
def close_inspection(actor: Actor, inspection_id: UUID, *, reason: str) -> Inspection:
    """End an inspector's access now; open sockets lose it within 2 s, and the other party is told.

    Raises: NotFound, Refused, InvalidTransition. Records: inspection.closed v1, assignment.ended v1.
    """
    inspection, _request = _lock_for_host(actor, inspection_id, None)
    seat = Assignment.objects.visible_to(actor).select_for_update().with_id(inspection.assignment_id)
    if seat is None:
        raise NotFound
    if seat.valid_until is None or seat.valid_until > instant():
        end_seat(seat, reason)
        inspection.refresh_from_db()
    else:
        end_inspection(inspection)
    return inspection


def _lock(actor: Actor, inspection_id: UUID) -> Inspection:
    inspection = Inspection.objects.visible_to(actor).select_for_update().with_id(inspection_id)
    if inspection is None:
        raise NotFound
    if inspection.valid_until <= instant():
        raise InvalidTransition("This inspection is over.", state="over")
    return inspection


def _lock_for_host(
    actor: Actor, inspection_id: UUID, request_id: UUID | None
) -> tuple[Inspection, InspectionRequest | None]:
    inspection = _lock(actor, inspection_id)
    require_role(actor, inspection.space_id, *INSPECTION_HOSTS, to="answer an inspector")
    request = get_visible(InspectionRequest, actor, request_id) if request_id else None
    if request is not None and request.inspection_id != inspection.pk:
        raise NotFound
    return inspection, request


def _require_words(text: str, field: str) -> None:
    if len(text.strip()) < WORDS_MIN:
        detail = f"At least {WORDS_MIN} characters."
        raise Invalid(detail, errors={field: [detail]})


def _leaf_of(space_id: UUID, record_id: UUID) -> str:
    """Return the leaf hash of the newest sealed entry about a record that the actor may read."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select encode(leaf_hash, 'hex') from ledger.entry"
            " where space_id = %s and summary->'subject'->>'id' = %s"
            " order by sealed_at desc, seq desc limit 1",
            [space_id, str(record_id)],
        )
        row = cursor.fetchone()
    if row is None:
        raise NotFound
    digest: str = row[0]
    return digest


def _hand_over(
    actor: Actor,
    inspection: Inspection,
    request: InspectionRequest | None,
    *,
    kind: HandedOver,
    digest: str,
    subject_id: UUID | None = None,
    number: str = "",
    subject_version: int | None = None,
    text: str = "",
) -> Handover:
    handed = Handover.objects.create(
        space_id=inspection.space_id,
        audience=inspection.audience,
        inspection=inspection,
        request=request,
        kind=kind,
        subject_id=subject_id,
        number=number,
        subject_version=subject_version,
        text=text,
        digest=digest,
        code=actor.code(inspection.space_id),
        person_id=actor.person_id,
        given_at=instant(),
    )
    ledger.record(handed, InspectionHandedOver(kind=str(kind), digest=digest, subject_id=subject_id))
    return handed
