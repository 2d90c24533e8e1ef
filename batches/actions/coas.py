"""Certificates of analysis: entered with their file, compared, answered, accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from batches.access import lock_batch_of
from batches.errors import SamePerson
from batches.laboratory.comparing import Difference, Stated, Wanted, compare, matched
from batches.laboratory.facts import CoaEntered, CoaMoved
from batches.laboratory.states import COA_TRANSITIONS, COMPARERS, CoaState
from batches.models import Batch, Coa, CoaDifference, CoaLine, Lot
from batches.queries.coas import material_tests, release_tests
from batches.states import REASON_LEAST
from portal import ledger
from portal.access import get_visible, lock_record, require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.blobs import Blob
from portal.errors import Conflict, refuse_field
from portal.facts import FileAttached
from portal.models import Attachment


@dataclass(frozen=True, slots=True)
class CoaFile:
    """The file of a certificate, which lies on disk already."""

    name: str
    media_type: str
    kept: Blob


@action("coa.enter")
def enter_batch_coa(
    actor: Actor,
    batch_id: UUID,
    *,
    number: str,
    issuer: str,
    issuer_kind: str,
    issued_on: date,
    lines: Sequence[Stated],
    file: CoaFile | None = None,
) -> Coa:
    """Enter a certificate about a batch and compare it with the specification and the results of its record.

    Compared is what both sides may see. Raises: NotFound, Refused, Conflict, Invalid. Records:
    file.attached v1, coa.entered v1. Source: 21 CFR 211.84(d), 211.194(a); EU GMP chapter 7 (7.8).
    """
    batch = lock_batch_of(actor, batch_id)
    recipe = batch.recipe_version
    coa = _draft(actor, batch, number, issuer, issuer_kind, issued_on)
    coa.batch, coa.title = batch, f"{number.strip()} of {batch.number}"[:200]
    coa.compared_with = recipe.label
    return _enter(coa, lines, release_tests(actor, batch), file)


@action("coa.enter")
def enter_lot_coa(
    actor: Actor,
    lot_id: UUID,
    *,
    number: str,
    issuer: str,
    issuer_kind: str,
    issued_on: date,
    lines: Sequence[Stated],
    file: CoaFile | None = None,
) -> Coa:
    """Enter a certificate about a lot that came in, and compare it with the material's attributes (CMA).

    They are those of the newest master record in force that takes the material. Raises: NotFound, Refused,
    Conflict, Invalid. Records: file.attached v1, coa.entered v1. Source: 21 CFR 211.84(d)(2).
    """
    lot = get_visible(Lot, actor, lot_id)
    recipe, tests = material_tests(actor, lot)
    coa = _draft(actor, lot, number, issuer, issuer_kind, issued_on)
    coa.lot, coa.title = lot, f"{number.strip()} of {lot.number}"[:200]
    coa.compared_with = recipe.label
    return _enter(coa, lines, tests, file)


@action("coa.explain")
def answer_differences(actor: Actor, coa_id: UUID, *, version: int | None, answers: Mapping[int, str]) -> Coa:
    """Say why differences stand, by their place; once all have an answer it waits for acceptance.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid.
    Records: coa.moved v1.
    """
    coa = lock_record(Coa, actor, coa_id, to="explain", version=version, transitions=COA_TRANSITIONS)
    rows = {each.ordinal: each for each in CoaDifference.objects.visible_to(actor).filter(coa=coa)}
    open_rows = {place: each for place, each in rows.items() if each.answered_at is None}
    now, code = instant(), actor.code(coa.space_id)
    if not answers:
        refuse_field("answers", "Answer at least one difference.")
    for place, words in answers.items():
        if place not in open_rows:
            refuse_field("answers", f"Number {place} is no difference that waits for an answer.")
        if len(words.strip()) < REASON_LEAST:
            refuse_field("answers", f"Say why, in at least {REASON_LEAST} characters (number {place}).")
        row = open_rows.pop(place)
        row.give_answer(now, code, words.strip())
        row.save()
    if not open_rows:
        coa.settle()
    else:
        coa.bump()
    return _moved(actor, coa)


@action("coa.agree")
def accept_coa(actor: Actor, coa_id: UUID, *, version: int | None) -> Coa:
    """Accept a compared certificate that somebody else entered.

    QA of either side. Raises: NotFound, Refused, SamePerson, InvalidTransition, VersionMissing, StaleVersion.
    Records: coa.moved v1.
    """
    coa = lock_record(Coa, actor, coa_id, to="agree", version=version, transitions=COA_TRANSITIONS)
    if actor.is_one_of(coa.space_id, person_id=coa.entered_by, code=coa.code):
        raise SamePerson(f"This was entered by {coa.code}. A second person accepts it.")
    coa.close(CoaState.ACCEPTED, instant(), actor.code(coa.space_id))
    return _moved(actor, coa)


@action("coa.retract")
def withdraw_coa(actor: Actor, coa_id: UUID, *, version: int | None, reason: str) -> Coa:
    """Withdraw a certificate that was entered by mistake or replaced by its issuer; it stays to be read.

    Of the side that entered it. Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion,
    Invalid. Records: coa.moved v1.
    """
    coa = lock_record(Coa, actor, coa_id, to="retract", version=version, transitions=COA_TRANSITIONS)
    if str(actor.side(coa.space_id) or "both") not in (coa.side, "both"):
        raise SamePerson(f"This was entered by the {coa.side}, whose people withdraw it.")
    if len(reason.strip()) < REASON_LEAST:
        refuse_field("reason", f"Say why, in at least {REASON_LEAST} characters.")
    ledger.give_reason(coa, reason.strip())
    coa.close(CoaState.WITHDRAWN, instant(), actor.code(coa.space_id), reason.strip())
    return _moved(actor, coa)


def _draft(  # noqa: PLR0917 - the members of one certificate
    actor: Actor, about: Batch | Lot, number: str, issuer: str, issuer_kind: str, issued_on: date
) -> Coa:
    require_role(actor, about.space_id, *COMPARERS, to="enter certificates of analysis")
    now = instant()
    if issued_on > now.date():
        refuse_field("issued_on", "A certificate is not issued in the future.")
    key = {"batch": about} if isinstance(about, Batch) else {"lot": about}
    rows = Coa.objects.visible_to(actor).filter(number=number.strip(), issuer=issuer.strip(), **key)
    if rows.exclude(state=CoaState.WITHDRAWN).exists():
        detail = f"{number.strip()} of {issuer.strip()} is here already. Withdraw it first."
        raise Conflict(detail, code="coa_known", errors={"number": [detail]})
    return Coa(
        space_id=about.space_id,
        number=number.strip(),
        issuer=issuer.strip(),
        issuer_kind=issuer_kind,
        issued_on=issued_on,
        entered_by=actor.person_id,
        code=actor.code(about.space_id),
        side=str(actor.side(about.space_id) or "both"),
        entered_at=now,
    )


def _enter(coa: Coa, lines: Sequence[Stated], tests: Sequence[Wanted], file: CoaFile | None) -> Coa:
    about = coa.about_id
    found = compare(lines, tests, with_results=coa.batch_id is not None)
    if file is not None:
        coa.attachment = _attach(coa, about, file)
    coa.state = CoaState.OPEN if found else CoaState.ANSWERED
    coa.save(force_insert=True)
    CoaLine.objects.bulk_create(
        CoaLine(
            space_id=coa.space_id,
            coa=coa,
            parameter_id=known.id if (known := matched(each, tests)) is not None else None,
            ordinal=place,
            test=each.test,
            qualifier=each.qualifier,
            value=each.value,
            text=each.text,
            unit=each.unit,
            low=each.low,
            high=each.high,
            method=each.method,
        )
        for place, each in enumerate(lines, 1)
    )
    CoaDifference.objects.bulk_create(_difference(coa, place, each) for place, each in enumerate(found, 1))
    ledger.record(coa, CoaEntered(about, len(lines), len(found), coa.code))
    return coa


def _difference(coa: Coa, place: int, each: Difference) -> CoaDifference:
    return CoaDifference(
        space_id=coa.space_id,
        coa=coa,
        ordinal=place,
        kind=each.kind,
        test=each.test,
        stated=each.stated[:300],
        expected=each.expected[:300],
    )


def _attach(coa: Coa, about: UUID, file: CoaFile) -> Attachment:
    kept = file.kept
    made = Attachment.objects.create(
        space_id=coa.space_id,
        subject_id=about,
        name=file.name,
        media_type=file.media_type,
        size=kept.size,
        sha256=kept.sha256,
        blob=kept.blob,
        file_key=kept.file_key,
        code=coa.code,
        attached_at=coa.entered_at,
    )
    ledger.record(
        made,
        FileAttached(subject_id=about, sha256=kept.sha256, media_type=file.media_type, size=kept.size),
    )
    return made


def _moved(actor: Actor, coa: Coa) -> Coa:
    coa.save()
    ledger.record(coa, CoaMoved(coa.about_id, str(coa.state), actor.code(coa.space_id)))
    return coa
