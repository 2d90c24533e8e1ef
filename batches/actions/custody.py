"""Identity of a patient lot: set once, read by two people at each hand-over, a mismatch stops all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from batches.access import lock_batch_of
from batches.custody.facts import (
    IdentityChecked,
    IdentityNeeded,
    IdentityRead,
    IdentityReread,
    IdentitySet,
)
from batches.custody.identifiers import read_coi, read_donation
from batches.custody.patients import refuse_patient_words
from batches.custody.states import (
    CHECK_TRANSITIONS,
    CHECKERS,
    KEEPERS,
    STOP_TRANSITIONS,
    CheckState,
    HandOverKind,
    ReadBy,
    StopState,
)
from batches.custody.stopping import find_stop, require_identity, stop_because_of
from batches.errors import SamePerson
from batches.models import (
    Batch,
    CustodyChain,
    IdentityCheck,
    IdentityReading,
    IdentityStop,
    ProcedureStep,
)
from batches.reach import check_happened, check_planned
from batches.states import BatchState
from portal import ledger
from portal.access import lock_record, require_role, require_version
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid, refuse_field
from portal.states import SPONSOR_CMC, SPONSOR_QA

URI_MOST: Final = 200
WORDS_MOST: Final = 120
CONDITION_MOST: Final = 200
COLDEST: Final = Decimal(-200)
WARMEST: Final = Decimal(100)
LONGEST_LIFE: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Labels:
    """Both identifiers as somebody read them from the label."""

    coi: str
    donation: str
    coi_by: str = ReadBy.SCAN
    donation_by: str = ReadBy.SCAN


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read, and which of it is not that of the lot."""

    disagrees: list[str]
    wrong: dict[str, str]


@action("identity.set")
def set_identity(
    actor: Actor,
    batch_id: UUID,
    *,
    coi: str,
    donation: str,
    epc: str = "",
    cold_low: Decimal | None = None,
    cold_high: Decimal | None = None,
    life: timedelta | None = None,
    life_from: str = "",
    needed_at: datetime | None = None,
) -> CustodyChain:
    """Give a patient lot its two identifiers, for good: the chain's own code and the donation number.

    `donation` is typed with its check character or scanned. `epc` is the URI by which partners name the lot.
    It travels between `cold_low` and `cold_high` °C. Its `life` counts from the end of the step `life_from`;
    `needed_at` is when it is to be given. Whatever looks like a person is refused. Raises: NotFound, Refused,
    Conflict, Invalid (`patient_identity` and others). Records: identity.set v1. Source: domain 2a (COI);
    EU GMP Part IV, 6.27 and 10.21 (traceability, pseudonymous).
    """
    batch = _lock_patient_lot(actor, batch_id)
    require_role(actor, batch.space_id, *KEEPERS, to="give a patient lot its identifiers")
    rows = CustodyChain.objects.visible_to(actor).filter(space_id=batch.space_id)
    if rows.filter(batch=batch).exists():
        raise Conflict(f"{batch.number} has its identifiers; they are permanent.", code="identity_set")
    code = read_coi("coi", coi)
    if rows.filter(coi=code).exists():
        detail = "Another lot of this program has this identifier."
        raise Conflict(detail, code="identifier_taken", errors={"coi": [detail]})
    _require_cold(cold_low, cold_high)
    if needed_at is not None:
        check_planned("needed_at", needed_at, instant())
    chain = CustodyChain.objects.create(
        space_id=batch.space_id,
        batch=batch,
        coi=code,
        donation=read_donation("donation", donation, typed=not donation.startswith("=")),
        epc=_uri(epc),
        cold_low=cold_low,
        cold_high=cold_high,
        life_s=_life_s(life, life_from),
        life_from=_step(actor, batch, life_from) if life_from else None,
        needed_at=needed_at,
        set_code=actor.code(batch.space_id),
        set_at=instant(),
    )
    ledger.record(batch, IdentitySet(code=chain.set_code))
    return chain


@action("identity.need")
def need_lot_at(
    actor: Actor, batch_id: UUID, *, needed_at: datetime | None, version: int | None
) -> CustodyChain:
    """Say when a patient lot is to be given, or that it is not known any more; `version` is the chain's.

    Raises: NotFound, Refused, Conflict, Invalid, VersionMissing, StaleVersion. Records: identity.needed v1.
    """
    batch = _lock_patient_lot(actor, batch_id)
    require_role(actor, batch.space_id, *KEEPERS, SPONSOR_QA, SPONSOR_CMC, to="say when a lot is needed")
    chain = _chain(actor, batch)
    require_version(chain, version)
    if needed_at is not None:
        check_planned("needed_at", needed_at, instant())
    chain.need(needed_at)
    chain.save(update_fields=["needed_at", "version"])
    ledger.record(batch, IdentityNeeded(needed_at=needed_at))
    return chain


@action("identity.read")
def hand_over(
    actor: Actor,
    batch_id: UUID,
    *,
    kind: str,
    title: str,
    place: str,
    gives: str,
    takes: str,
    labels: Labels,
    at: datetime | None = None,
    condition: str = "",
    warmth: Decimal | None = None,
) -> IdentityCheck:
    """Note a hand-over and what the first person read from the labels; a second person reads them again.

    `place`, `gives` and `takes` are codes or roles, never names of people; `warmth` is in °C. Identifiers
    that do not agree stop the lot at once. While a stop stands a hand-over reads the same labels again.
    Raises: NotFound, Refused, Conflict, IdentityStopped, Invalid. Records: identity.read v1, or what follows
    for a stop. Source: domain 2b; 21 CFR 1271.290, 211.101(d); EU GMP Part IV, 9.34.
    """
    batch = _lock_patient_lot(actor, batch_id)
    require_role(actor, batch.space_id, *CHECKERS, to="check identity at a hand-over")
    chain = _chain(actor, batch)
    checks = IdentityCheck.objects.visible_to(actor).filter(batch=batch)
    _require_turn(actor, batch, checks.filter(state=CheckState.OPEN).first())
    _require_words(title=title, place=place, gives=gives, takes=takes, condition=condition)
    if kind not in HandOverKind.values:
        refuse_field("kind", f"One of: {', '.join(HandOverKind.values)}.")
    if warmth is not None and not COLDEST <= warmth <= WARMEST:
        refuse_field("warmth", f"Between {COLDEST} and {WARMEST} °C.")
    happened = _happened(at)
    read = _read(chain, labels)
    check = IdentityCheck.objects.create(
        space_id=batch.space_id,
        batch=batch,
        number=f"{batch.number} hand-over {checks.count() + 1}",
        title=title.strip(),
        kind=kind,
        state=CheckState.MISMATCHED if read.disagrees else CheckState.OPEN,
        place=place.strip(),
        gives=gives.strip(),
        takes=takes.strip(),
        condition=condition.strip(),
        warmth=warmth,
        at=happened,
        recorded_at=instant(),
        coi_by=labels.coi_by,
        donation_by=labels.donation_by,
        first_by=actor.person_id,
        first_code=actor.code(batch.space_id),
        disagrees=read.disagrees,
    )
    given = tuple(read.disagrees)
    code = check.first_code
    ledger.record(check, IdentityRead(batch_id=batch.pk, kind=kind, at=happened, code=code, disagrees=given))
    if read.disagrees:
        _keep_wrong(check, read, labels)
        stop_because_of(actor, batch, check)
    return check


@action("identity.check")
def confirm_hand_over(actor: Actor, check_id: UUID, *, labels: Labels, version: int | None) -> IdentityCheck:
    """Read both identifiers again as the second person of a hand-over; who read them first is refused.

    When they agree and a stop stands, it waits for the signatures of both quality units from here on; when
    they do not, the lot stops. Raises: NotFound, Refused, SamePerson, InvalidTransition, VersionMissing,
    StaleVersion, Invalid. Records: identity.checked v1, and identity.reread v1 or what follows for a stop.
    """
    found = lock_record(
        IdentityCheck, actor, check_id, to="confirm", version=version, transitions=CHECK_TRANSITIONS
    )
    batch = lock_batch_of(actor, found.batch_id)
    if actor.is_one_of(found.space_id, person_id=found.first_by, code=found.first_code):
        raise SamePerson(
            f"{found.number} was read by {found.first_code}. A second person reads both labels again."
        )
    read = _read(_chain(actor, batch), labels)
    code, reads = actor.code(found.space_id), (labels.coi_by, labels.donation_by)
    found.check_again(actor.person_id, code, instant(), reads, read.disagrees)
    found.save()
    fact = IdentityChecked(batch_id=batch.pk, code=code, disagrees=tuple(read.disagrees))
    ledger.record(found, fact)
    stop = find_stop(actor, batch)
    if read.disagrees:
        _keep_wrong(found, read, labels)
        stop_because_of(actor, batch, found)
    elif stop is not None and stop.state == StopState.STANDING:
        _read_again(actor, stop, found)
    return found


def _happened(at: datetime | None) -> datetime:
    if at is not None:
        check_happened("at", at, instant())
    return at or instant()


def _require_turn(actor: Actor, batch: Batch, waits: IdentityCheck | None) -> None:
    """Raise unless a hand-over may be noted now; while a stop stands it is a reading again."""
    if batch.state == BatchState.DISCONTINUED:
        raise Conflict(f"{batch.number} was discontinued.", code="discontinued")
    if waits is not None:
        raise Conflict(f"{waits.number} waits for its second person.", code="second_person")
    stop = find_stop(actor, batch)
    if stop is not None and stop.state != StopState.STANDING:
        require_identity(actor, batch)


def _read_again(actor: Actor, stop: IdentityStop, check: IdentityCheck) -> None:
    stop = lock_record(
        IdentityStop, actor, stop.pk, to="recheck", version=stop.version, transitions=STOP_TRANSITIONS
    )
    stop.read_again(check)
    stop.save(update_fields=["recheck", "state", "version"])
    ledger.record(stop, IdentityReread(batch_id=stop.batch_id, check_id=check.pk))


def _lock_patient_lot(actor: Actor, batch_id: UUID) -> Batch:
    batch = lock_batch_of(actor, batch_id)
    if not batch.is_patient_lot:
        raise Conflict(
            f"{batch.number} is no patient lot; it has no chain of identity.", code="no_patient_lot"
        )
    return batch


def _chain(actor: Actor, batch: Batch) -> CustodyChain:
    found = CustodyChain.objects.visible_to(actor).filter(batch=batch).first()
    if found is None:
        raise Conflict(f"{batch.number} has no identifiers yet; QA gives them.", code="identity_missing")
    return found


def _read(chain: CustodyChain, labels: Labels) -> _Read:
    """Compare what was read with the lot's own identifiers. Raises: Invalid for what is no identifier."""
    for field, by in (("coi_by", labels.coi_by), ("donation_by", labels.donation_by)):
        if by not in ReadBy.values:
            refuse_field(field, f"One of: {', '.join(ReadBy.values)}.")
    typed = labels.donation_by == ReadBy.TYPED
    read = {
        "coi": read_coi("coi", labels.coi),
        "donation": read_donation("donation", labels.donation, typed=typed),
    }
    meant = {"coi": chain.coi, "donation": chain.donation}
    wrong = {which: text for which, text in read.items() if text != meant[which]}
    return _Read(list(wrong), wrong)


def _keep_wrong(check: IdentityCheck, read: _Read, labels: Labels) -> None:
    """Keep what was read for the manufacturer: it may be the label of a lot the sponsor must not know of."""
    by = {"coi": labels.coi_by, "donation": labels.donation_by}
    for which, text in read.wrong.items():
        IdentityReading.objects.create(
            space_id=check.space_id,
            audience="manufacturer",
            check_of=check,
            which=which,
            read=text,
            read_by=by[which],
        )


def _require_words(**given: str) -> None:
    errors: dict[str, list[str]] = {}
    for field, text in given.items():
        most = CONDITION_MOST if field == "condition" else WORDS_MOST
        if len(text) > most or (field != "condition" and not text.strip()):
            errors[field] = [f"1 to {most} characters."]
    if errors:
        raise Invalid("Say who hands the lot to whom, and where.", errors=errors)
    for field, text in given.items():
        refuse_patient_words(field, text)


def _require_cold(low: Decimal | None, high: Decimal | None) -> None:
    for field, value in (("cold_low", low), ("cold_high", high)):
        if value is not None and not COLDEST <= value <= WARMEST:
            refuse_field(field, f"Between {COLDEST} and {WARMEST} °C.")
    if low is not None and high is not None and low >= high:
        refuse_field("cold_high", "Above the lower end.")


def _life_s(life: timedelta | None, life_from: str) -> int | None:
    if (life is None) == bool(life_from):
        refuse_field("life", "A lot lives from the end of a step on: say both, or neither.")
    if life is None:
        return None
    if not timedelta(0) < life <= LONGEST_LIFE:
        refuse_field("life", "Above nothing and at most 366 days.")
    return round(life.total_seconds())


def _step(actor: Actor, batch: Batch, code: str) -> ProcedureStep:
    rows = ProcedureStep.objects.visible_to(actor).filter(recipe_version_id=batch.recipe_version_id)
    found = rows.filter(code=code).first()
    if found is None:
        refuse_field("life_from", "The recipe of this batch has no such step.")
    return found


def _uri(text: str) -> str:
    text = text.strip()
    if text and (len(text) > URI_MOST or ":" not in text or " " in text):
        refuse_field("epc", f"A URI of at most {URI_MOST} characters, like urn:epc:id:sgtin:...")
    if text:
        refuse_patient_words("epc", text)
    return text
