"""Enter values and words in the record of a batch, correct them and check them (21 CFR 211.188, 11.10(e))."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from batches.access import lock_batch_record
from batches.errors import SamePerson
from batches.executed.facts import EntryCorrected, EntryMade, EntryVerified
from batches.executed.judging import applying, outside
from batches.executed.times import stamp
from batches.executed.values import find_parameter, phase_at, require_value
from batches.models import Batch, Limit, Parameter, StepEntry, StepExecution
from batches.states import ENTRY_TRANSITIONS, READERS, REASON_LEAST
from batches.units import convert
from portal import ledger
from portal.access import lock_record, require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, refuse_field
from portal.states import Audience

TITLE_CHARACTERS: Final = 120


@action("step_entry.make")
def make_entry(
    actor: Actor,
    batch_id: UUID,
    *,
    step: str = "",
    parameter: str = "",
    title: str = "",
    value: Decimal | None = None,
    unit: str = "",
    text: str = "",
    at: datetime | None = None,
    entered_at: datetime | None = None,
    late_reason: str = "",
    audience: str = "shared",
) -> StepEntry:
    """Enter a value or words, at a step that was begun or at the batch as a whole.

    A value of a `parameter` (by code) is kept as given and in the parameter's unit, and has its audience; any
    other needs a `title`. Words alone have no parameter. More than 30 minutes after it happened a
    `late_reason` is needed. Raises: NotFound, Refused, Conflict, Invalid, with the accepted units where one
    does not convert. Records: step_entry.made v1. Source: 21 CFR 211.188(b), 11.10(e); Annex 11 6.
    """
    batch = lock_batch_record(actor, batch_id)
    require_role(actor, batch.space_id, *READERS, to="enter values")
    execution = _execution(actor, batch, step) if step else None
    measured = find_parameter(actor, batch, parameter) if parameter else None
    times = stamp(at, entered_at, late_reason)
    name = title.strip() or (measured.title if measured is not None else "")
    if not name or len(name) > TITLE_CHARACTERS:
        refuse_field("title", f"Say what is entered, in 1 to {TITLE_CHARACTERS} characters.")
    entry = StepEntry(
        space_id=batch.space_id,
        audience=_audience(measured, execution, audience),
        batch=batch,
        execution=execution,
        parameter=measured,
        title=name,
        at=times.at,
        entered_at=times.entered_at,
        recorded_at=times.recorded_at,
        entered_by=actor.person_id,
        code=actor.code(batch.space_id),
        is_late=times.is_late,
        late_reason=times.late_reason,
    )
    _fill(actor, entry, value, unit, text)
    if times.late_reason:
        ledger.give_reason(entry, times.late_reason)
    entry.save(force_insert=True)
    ledger.record(entry, made_fact(entry))
    return entry


@action("step_entry.correct")
def correct_entry(
    actor: Actor,
    entry_id: UUID,
    *,
    version: int | None,
    reason: str,
    value: Decimal | None = None,
    unit: str = "",
    text: str = "",
) -> StepEntry:
    """Put another entry in the place of one that is wrong, with a reason of 10 to 4,000 characters.

    The first one stays to be read, with who made it and when; the corrected one waits for its own check.
    Returns the new entry. Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion,
    Invalid. Records: step_entry.corrected v1. Source: 21 CFR 11.10(e), 211.188; Annex 11 9.
    """
    wrong = lock_record(
        StepEntry, actor, entry_id, to="correct", version=version, transitions=ENTRY_TRANSITIONS
    )
    if len(reason.strip()) < REASON_LEAST:
        refuse_field("reason", f"Say why it is corrected, in at least {REASON_LEAST} characters.")
    entry = StepEntry(
        space_id=wrong.space_id,
        audience=wrong.audience,
        batch_id=wrong.batch_id,
        execution_id=wrong.execution_id,
        parameter_id=wrong.parameter_id,
        title=wrong.title,
        at=wrong.at,
        entered_at=instant(),
        recorded_at=instant(),
        entered_by=actor.person_id,
        code=actor.code(wrong.space_id),
        replaces=wrong,
        reason=reason.strip(),
    )
    _fill(actor, entry, value, unit or wrong.given_unit, text)
    if (entry.value, entry.text) == (wrong.value, wrong.text):
        refuse_field("value", "This is what the entry says already.")
    ledger.give_reason(entry, entry.reason)
    wrong.give_way()
    wrong.save(update_fields=["state", "version"])
    entry.save(force_insert=True)
    fact = EntryCorrected(
        batch_id=entry.batch_id,
        replaced_id=wrong.pk,
        value=_text(entry.value),
        unit=entry.unit,
        outside=entry.outside,
    )
    ledger.record(entry, fact)
    return entry


@action("step_entry.check")
def check_entry(actor: Actor, entry_id: UUID, *, version: int | None) -> StepEntry:
    """Check an entry that somebody else made; who made it, or stands in for them, does not check it.

    Raises: NotFound, Refused, SamePerson, InvalidTransition, Conflict, VersionMissing, StaleVersion. Records:
    step_entry.verified v1. Source: Annex 11 6; 21 CFR 211.194(a)(8).
    """
    entry = lock_record(
        StepEntry, actor, entry_id, to="check", version=version, transitions=ENTRY_TRANSITIONS
    )
    if actor.is_one_of(entry.space_id, person_id=entry.entered_by, code=entry.code):
        raise SamePerson(f"This was entered by {entry.code}. A second person checks it.")
    if entry.verified_at is not None:
        raise Conflict("The entry has been checked already.", code="checked")
    code = actor.code(entry.space_id)
    entry.verify(instant(), actor.person_id, code)
    entry.save(update_fields=["verified_at", "verified_by", "verified_code", "version"])
    ledger.record(entry, EntryVerified(batch_id=entry.batch_id, code=code))
    return entry


def made_fact(entry: StepEntry) -> EntryMade:
    """Return the fact of an entry."""
    return EntryMade(
        batch_id=entry.batch_id,
        execution_id=entry.execution_id,
        parameter=entry.parameter.code if entry.parameter is not None else "",
        value=_text(entry.value),
        unit=entry.unit,
        at=entry.at,
        is_late=entry.is_late,
        outside=entry.outside,
    )


def _execution(actor: Actor, batch: Batch, step: str) -> StepExecution:
    rows = StepExecution.objects.visible_to(actor).filter(batch=batch, step__code=step)
    found = rows.order_by("-attempt", "id").first()
    if found is None:
        raise Conflict(f"The step {step} has not been begun.", code="step_not_begun")
    return found


def _audience(measured: Parameter | None, execution: StepExecution | None, asked: str) -> str:
    """Return who reads an entry: never more than read its parameter or its step."""
    if asked not in (Audience.SHARED, Audience.MANUFACTURER):
        refuse_field("audience", "One of: shared, manufacturer.")
    bounds = [str(each.audience) for each in (measured, execution) if each is not None]
    return next((each for each in (*bounds, asked) if each != Audience.SHARED), str(Audience.SHARED))


def _fill(actor: Actor, entry: StepEntry, value: Decimal | None, unit: str, text: str) -> None:
    """Put in what was read: a value in the unit of its parameter, judged against its limits, or words."""
    if value is None:
        if entry.parameter_id is not None or not text.strip():
            refuse_field("value", "Give a value, or words where nothing is measured.")
        entry.text = text.strip()
        return
    if text.strip():
        refuse_field("text", "An entry is a value or words, not both.")
    require_value(value)
    measured = entry.parameter
    wanted = measured.unit if measured is not None else unit
    entry.given_value, entry.given_unit = value, unit or wanted
    entry.value, entry.unit = convert(value, unit, wanted), wanted
    entry.outside = ""
    if measured is not None:
        limits = Limit.objects.visible_to(actor).filter(parameter=measured)
        crossed = outside(
            applying(limits, phase_at(actor, entry.batch, entry.execution, entry.at)), entry.value
        )
        entry.outside = crossed.kind if crossed is not None else ""


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"
