"""Results of samples: recorded, read twice, reviewed, declared invalid (21 CFR 211.110, 211.194)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from batches.access import lock_batch_record
from batches.errors import SamePerson
from batches.executed.facts import ResultInvalidated, ResultRecorded, ResultReviewed, ResultSecondRead
from batches.executed.judging import MOST, applying, outside, trend_of
from batches.executed.knowing import tell_who_must_know
from batches.executed.values import find_parameter, phase_at, require_value
from batches.models import Batch, Limit, Parameter, PhaseRun, SampleResult, StepExecution
from batches.reach import check_happened
from batches.states import (
    READERS,
    REASON_LEAST,
    RESULT_TRANSITIONS,
    BatchState,
    LimitKind,
    LimitMeasure,
    ResultFlag,
    ResultState,
)
from batches.units import convert
from portal import ledger
from portal.access import lock_record, require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, Invalid, NotFound, refuse_field


@action("result.record")
def record_result(
    actor: Actor,
    batch_id: UUID,
    *,
    parameter: str,
    sample: str,
    value: Decimal,
    unit: str = "",
    qualifier: str = "",
    point: str = "",
    step: str = "",
    sampled_at: datetime,
    exposed_until: datetime | None = None,
    resulted_at: datetime | None = None,
    method: str = "",
    instrument: str = "",
    calibration_due_on: date | None = None,
    replaces_id: UUID | None = None,
    reason: str = "",
) -> SampleResult:
    """Record what a sample gave; it belongs to the sample's time or window.

    `qualifier` is `<` or `>`, for what the method does not measure. OOS is given by the specification
    of the recipe version, OOT by earlier batches (`batches.executed.judging`); who must know is asked for
    receipt. One sample has one result of a parameter; another `replaces_id` an invalid one, with a reason.
    Raises: NotFound, Refused, Conflict, Invalid. Records: result.recorded v1, alert.raised v1.
    Source: 21 CFR 211.110, 211.194(a); FDA OOS guidance (no testing into compliance).
    """
    batch = lock_batch_record(actor, batch_id)
    require_role(actor, batch.space_id, *READERS, to="record results")
    measured = find_parameter(actor, batch, parameter)
    now = _check_times(sampled_at, exposed_until, resulted_at, instant())
    _check_value(value, qualifier)
    replaced = _replaced(_results(actor, batch, measured, sample), replaces_id, sample, reason)
    result = SampleResult(
        space_id=batch.space_id,
        audience=measured.audience,
        batch=batch,
        parameter=measured,
        execution=_execution(actor, batch, step) if step else None,
        number=sample,
        title=f"{measured.title}, {sample}"[:200],
        point=point.strip(),
        sampled_at=sampled_at,
        exposed_until=exposed_until,
        resulted_at=resulted_at or now,
        recorded_at=now,
        qualifier=qualifier,
        given_value=value,
        given_unit=unit or measured.unit,
        value=convert(value, unit, measured.unit),
        unit=measured.unit,
        method=method.strip(),
        instrument=instrument.strip(),
        calibration_due_on=calibration_due_on,
        **_reader(actor, batch),
        replaces=replaced,
        reason=reason.strip() if replaced is not None else "",
    )
    return _enter(actor, result)


@action("result.second_read")
def read_again(actor: Actor, result_id: UUID, *, version: int | None) -> SampleResult:
    """Note that a second person read the same.

    Raises: NotFound, Refused, SamePerson, InvalidTransition, Conflict, VersionMissing, StaleVersion. Records:
    result.second_read v1. Source: 21 CFR 211.194(a)(8).
    """
    result = _lock(actor, result_id, "second_read", version)
    _require_another(actor, result, "reads it a second time")
    if result.second_read_at is not None:
        raise Conflict("A second person has read it already.", code="read_twice")
    code = actor.code(result.space_id)
    result.read_again(instant(), actor.person_id, code)
    result.save(update_fields=["second_read_at", "second_read_by", "second_reader_code", "version"])
    ledger.record(result, ResultSecondRead(batch_id=result.batch_id, code=code))
    return result


@action("result.review")
def review_result(actor: Actor, result_id: UUID, *, version: int | None) -> SampleResult:
    """Review a result that somebody else read.

    Raises: NotFound, Refused, SamePerson, InvalidTransition, VersionMissing, StaleVersion. Records:
    result.reviewed v1. Source: 21 CFR 211.194(a)(8), 211.192.
    """
    result = _lock(actor, result_id, "review", version)
    _require_another(actor, result, "reviews it")
    code = actor.code(result.space_id)
    result.review(instant(), actor.person_id, code)
    result.save(update_fields=["state", "reviewed_at", "reviewed_by", "reviewed_code", "version"])
    ledger.record(result, ResultReviewed(batch_id=result.batch_id, code=code))
    return result


@action("result.invalidate")
def invalidate_result(actor: Actor, result_id: UUID, *, version: int | None, reason: str) -> SampleResult:
    """Declare a result invalid, with a reason of 10 to 4,000 characters; it stays to be read and counted.

    QA alone. Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid. Records:
    result.invalidated v1. Source: FDA OOS guidance (assignable cause); quality metric IOOSR (domain 2d).
    """
    result = _lock(actor, result_id, "invalidate", version)
    if len(reason.strip()) < REASON_LEAST:
        refuse_field("reason", f"Say what made it invalid, in at least {REASON_LEAST} characters.")
    code = actor.code(result.space_id)
    ledger.give_reason(result, reason.strip())
    result.invalidate(instant(), code, reason.strip())
    result.save(update_fields=["state", "invalidated_at", "invalidated_code", "invalid_reason", "version"])
    ledger.record(result, ResultInvalidated(batch_id=result.batch_id, flag=result.flag, code=code))
    return result


def judge_result(actor: Actor, result: SampleResult) -> None:
    """Give a result its flag: by the specification first, then by what earlier batches gave."""
    limits = Limit.objects.visible_to(actor).filter(parameter_id=result.parameter_id)
    limits = limits.filter(measure=LimitMeasure.VALUE, knots=[])
    holding = applying(limits, phase_at(actor, result.batch, result.execution, result.sampled_at))
    crossed = outside(holding, result.value, result.qualifier)
    result.outside = crossed.kind if crossed is not None else ""
    result.flag, result.basis = ResultFlag.NONE, {}
    if crossed is not None and crossed.kind == LimitKind.SPEC:
        result.flag = ResultFlag.OOS
        result.basis = {"rule": "specification", "low": _text(crossed.low), "high": _text(crossed.high)}
        return
    trend = trend_of(_references(actor, result), result.parameter.decimals)
    if trend is not None:
        result.basis = trend.basis()
        if not result.qualifier and not trend.holds(result.value):
            result.flag = ResultFlag.OOT


def recorded_fact(result: SampleResult) -> ResultRecorded:
    """Return the fact of a result."""
    return ResultRecorded(
        batch_id=result.batch_id,
        parameter=result.parameter.code,
        value=f"{result.qualifier}{result.value.normalize():f}",
        unit=result.unit,
        sampled_at=result.sampled_at,
        resulted_at=result.resulted_at,
        flag=result.flag,
        is_late=result.is_late,
    )


def _enter(actor: Actor, result: SampleResult) -> SampleResult:
    """Judge a result, write it, and ask who must know of it."""
    judge_result(actor, result)
    result.is_late = _is_late(actor, result)
    if result.reason:
        ledger.give_reason(result, result.reason)
    result.save(force_insert=True)
    tell_who_must_know(result)
    ledger.record(result, recorded_fact(result))
    return result


def _references(actor: Actor, result: SampleResult) -> list[Decimal]:
    """Return what the same parameter gave at the same point in earlier complete batches, newest first."""
    batch = result.batch
    rows = SampleResult.objects.visible_to(actor).filter(
        space_id=batch.space_id,
        parameter__code=result.parameter.code,
        parameter__unit=result.unit,
        point=result.point,
        qualifier="",
        batch__state=BatchState.COMPLETE,
        batch__recipe_version__number=batch.recipe_version.number,
        batch__started_at__lt=batch.started_at,
    )
    counted = rows.exclude(state=ResultState.INVALIDATED).order_by("-sampled_at", "id")
    return list(counted.values_list("value", flat=True)[:MOST])


def _is_late(actor: Actor, result: SampleResult) -> bool:
    """Say whether it came when the phase of its sample, or the batch, was over."""
    batch = result.batch
    if batch.ended_at is not None and result.recorded_at > batch.ended_at:
        return True
    present = PhaseRun.objects.visible_to(actor).filter(batch=batch, ended_at=None).first()
    return present is not None and present.started_at > result.window_end


def _replaced(
    rows: QuerySet[SampleResult], replaces_id: UUID | None, sample: str, reason: str
) -> SampleResult | None:
    if rows.exclude(state=ResultState.INVALIDATED).exists():
        detail = f"{sample} has a result. QA declares it invalid first; results are not averaged away."
        raise Conflict(detail, code="result_stands", errors={"sample": [detail]})
    if replaces_id is None:
        if rows.exists():
            detail = "Say which invalid result of this sample it takes the place of, and why."
            raise Invalid(detail, errors={"replaces": [detail]})
        return None
    found = rows.filter(pk=replaces_id).first()
    if found is None:
        raise NotFound
    if rows.filter(replaces=found).exists():
        raise Conflict("Another result took its place already.", code="replaced")
    if len(reason.strip()) < REASON_LEAST:
        refuse_field("reason", f"Say why it was tested again, in at least {REASON_LEAST} characters.")
    return found


def _reader(actor: Actor, batch: Batch) -> dict[str, Any]:
    return {"read_by": actor.person_id, "reader_code": actor.code(batch.space_id)}


def _results(actor: Actor, batch: Batch, measured: Parameter, sample: str) -> QuerySet[SampleResult]:
    return SampleResult.objects.visible_to(actor).filter(batch=batch, parameter=measured, number=sample)


def _check_value(value: Decimal, qualifier: str) -> None:
    require_value(value)
    if qualifier not in ("", "<", ">"):
        refuse_field("qualifier", "Empty, < or >.")


def _execution(actor: Actor, batch: Batch, step: str) -> StepExecution:
    rows = StepExecution.objects.visible_to(actor).filter(batch=batch, step__code=step)
    found = rows.order_by("-attempt", "id").first()
    if found is None:
        raise Conflict(f"The step {step} has not been begun.", code="step_not_begun")
    return found


def _check_times(
    sampled_at: datetime, exposed_until: datetime | None, resulted_at: datetime | None, now: datetime
) -> datetime:
    resulted = resulted_at or now
    given = {"sampled_at": sampled_at, "exposed_until": exposed_until, "resulted_at": resulted}
    for field, at in given.items():
        if at is not None:
            check_happened(field, at, now)
    if exposed_until is not None and exposed_until < sampled_at:
        refuse_field("exposed_until", "An exposure ends after it began.")
    if resulted < (exposed_until or sampled_at):
        refuse_field("resulted_at", "A result comes after its sample.")
    return now


def _require_another(actor: Actor, result: SampleResult, does: str) -> None:
    if actor.is_one_of(result.space_id, person_id=result.read_by, code=result.reader_code):
        raise SamePerson(f"This was read by {result.reader_code}. A second person {does}.")


def _lock(actor: Actor, result_id: UUID, to: str, version: int | None) -> SampleResult:
    return lock_record(SampleResult, actor, result_id, to=to, version=version, transitions=RESULT_TRANSITIONS)


def _text(value: Decimal | None) -> str | None:
    return None if value is None else f"{value.normalize():f}"
