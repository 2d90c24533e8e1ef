"""Samples on their way: planned, taken, sent, received, tested, reported."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from batches.access import lock_batch_of
from batches.laboratory.facts import SampleExpected, SampleMoved, SamplePlanned
from batches.laboratory.states import LABORATORY, SAMPLE_TRANSITIONS, LaboratoryKind
from batches.models import Batch, Parameter, Sample, SampleResult
from batches.reach import check_happened
from batches.states import REASON_LEAST, ResultState
from portal import ledger
from portal.access import lock_record, require_role
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, refuse_field
from portal.states import Audience

TESTS_MOST: Final = 100


@action("sample.plan")
def plan_sample(
    actor: Actor,
    batch_id: UUID,
    *,
    number: str,
    title: str,
    tests: Sequence[str],
    laboratory: str,
    laboratory_kind: str = LaboratoryKind.CDMO,
    point: str = "",
    planned_at: datetime,
    expected_at: datetime,
) -> Sample:
    """Plan a sample: which tests at which laboratory, when it is taken, when its last result is expected.

    `tests` are codes of parameters of the batch's master record; with one that is the CDMO's own the sample
    is too. Raises: NotFound, Refused, Conflict, Invalid. Records: sample.planned v1.
    Source: 21 CFR 211.160(b), 211.165; EU GMP chapter 6.
    """
    batch = lock_batch_of(actor, batch_id)
    require_role(actor, batch.space_id, *LABORATORY, to="plan samples")
    found = _tests(actor, batch, tests)
    if expected_at < planned_at:
        refuse_field("expected_at", "Results are expected after the sample is taken.")
    if Sample.objects.visible_to(actor).filter(batch=batch, number=number.strip()).exists():
        detail = f"{number.strip()} is a sample of this batch already."
        raise Conflict(detail, code="sample_known", errors={"number": [detail]})
    is_shared = all(each.audience == Audience.SHARED for each in found)
    code = actor.code(batch.space_id)
    sample = Sample.objects.create(
        space_id=batch.space_id,
        audience=Audience.SHARED if is_shared else Audience.MANUFACTURER,
        batch=batch,
        number=number.strip(),
        title=title.strip(),
        point=point.strip(),
        tests=[each.code for each in found],
        laboratory=laboratory.strip(),
        laboratory_kind=laboratory_kind,
        planned_at=planned_at,
        expected_at=expected_at,
        code=code,
    )
    ledger.record(sample, SamplePlanned(batch.pk, len(found), expected_at, code))
    return sample


@action("sample.move")
def move_sample(
    actor: Actor, sample_id: UUID, *, step: str, version: int | None, at: datetime | None = None
) -> Sample:
    """Note that a sample was taken, sent, received, tested or reported, at its own time.

    It is reported once the record has a result of each of its tests. Raises: NotFound, Refused,
    InvalidTransition, Conflict, VersionMissing, StaleVersion, Invalid. Records: sample.moved v1.
    """
    sample = _lock(actor, sample_id, step, version)
    now = instant()
    moved_at = at or now
    check_happened("at", moved_at, now)
    if sample.latest_at is not None and moved_at < sample.latest_at:
        refuse_field("at", "It cannot go on before it came where it is.")
    to = SAMPLE_TRANSITIONS[step].target
    if step == "report" and (missing := missing_tests(actor, sample)):
        raise Conflict(f"The record has no result yet of: {', '.join(missing)}.", code="results_missing")
    return _moved(actor, sample, str(to), moved_at)


@action("sample.expect")
def expect_sample(
    actor: Actor, sample_id: UUID, *, version: int | None, expected_at: datetime, reason: str
) -> Sample:
    """Say that the results are expected at another time, and why.

    Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid.
    Records: sample.expected v1.
    """
    sample = _lock(actor, sample_id, "expect", version)
    _require_reason(reason)
    if expected_at < sample.planned_at:
        refuse_field("expected_at", "Results are expected after the sample is taken.")
    code = actor.code(sample.space_id)
    ledger.give_reason(sample, reason.strip())
    sample.expect(expected_at, code, reason.strip())
    sample.save(update_fields=["expected_at", "code", "reason", "version"])
    ledger.record(sample, SampleExpected(sample.batch_id, expected_at, code))
    return sample


@action("sample.cancel")
def cancel_sample(actor: Actor, sample_id: UUID, *, version: int | None, reason: str) -> Sample:
    """Give up a sample, with a reason; it stays to be read.

    QA alone. Raises: NotFound, Refused, InvalidTransition, VersionMissing, StaleVersion, Invalid.
    Records: sample.moved v1.
    """
    sample = _lock(actor, sample_id, "cancel", version)
    _require_reason(reason)
    ledger.give_reason(sample, reason.strip())
    sample.reason = reason.strip()
    return _moved(actor, sample, str(SAMPLE_TRANSITIONS["cancel"].target), instant())


def missing_tests(actor: Actor, sample: Sample) -> list[str]:
    """Return the tests of a sample without a valid result in the record, by code."""
    rows = SampleResult.objects.visible_to(actor).filter(batch=sample.batch_id, number=sample.number)
    rows = rows.exclude(state=ResultState.INVALIDATED)
    known = set(rows.values_list("parameter__code", flat=True))
    return [each for each in sample.tests if each not in known]


def _moved(actor: Actor, sample: Sample, state: str, at: datetime) -> Sample:
    code = actor.code(sample.space_id)
    sample.move(state, at, code)
    sample.save()
    ledger.record(sample, SampleMoved(sample.batch_id, state, at, code))
    return sample


def _tests(actor: Actor, batch: Batch, tests: Sequence[str]) -> list[Parameter]:
    rows = Parameter.objects.visible_to(actor).filter(
        recipe_version_id=batch.recipe_version_id, code__in=list(tests)[:TESTS_MOST]
    )
    known = {each.code: each for each in rows}
    for code in tests:
        if code not in known:
            refuse_field("tests", f"{code} is no parameter of the master record of {batch.number}.")
    if not known:
        refuse_field("tests", "Name at least one test.")
    return [known[code] for code in dict.fromkeys(tests)]


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < REASON_LEAST:
        refuse_field("reason", f"Say why, in at least {REASON_LEAST} characters.")


def _lock(actor: Actor, sample_id: UUID, to: str, version: int | None) -> Sample:
    return lock_record(Sample, actor, sample_id, to=to, version=version, transitions=SAMPLE_TRANSITIONS)
