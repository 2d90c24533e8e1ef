"""A utility outside its limit: which batches it may have touched, by time, area and what was really taken."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from batches.actions import monitoring, schedule
from batches.environment.states import SampleKind, System
from batches.queries.monitoring import affected_by, list_samples, stretch_of
from portal.action import reading
from tests.conftest import actor
from tests.factories import batches as make
from tests.factories import cast
from tests.factories import monitoring as monitor

HOUR = timedelta(hours=1)


@pytest.fixture
def water(database):
    monitor.point(
        "WFI-22", title="WFI point 22", area="LOOP-1", system=System.WFI, grade="", serves=["LINE-4"]
    )
    return monitor.session(area="LOOP-1", began_at=make.now() - 30 * HOUR)


def drawn(session, value, hours, kind=SampleKind.TOC):
    at = make.now() - HOUR * hours
    given = {"point": "WFI-22", "kind": kind, "value": Decimal(value), "at": at}
    return monitoring.measure_point(actor("cdmo_qa"), session.pk, **given)


def taken(program, number, since, until, suite="LINE-4"):
    batch = make.batch(program, number=number)
    start, end = (make.now() - HOUR * hours for hours in (since, until))
    ends = {"planned_start": start, "planned_end": end}
    slot = schedule.plan_slot(actor("cdmo_qa"), program, suite=suite, title="Fill", batch_id=batch.pk, **ends)
    slot = schedule.take_slot(actor("cdmo_qa"), slot.pk, to="begin", version=1, at=start)
    return schedule.take_slot(actor("cdmo_qa"), slot.pk, to="end", version=2, at=end)


def affected(sample, key):
    with reading(actor(key)) as by:
        (found,) = list_samples(by).filter(pk=sample.pk)
        return [each.batch.number for each in affected_by(by, found)]


def test_batches_between_the_last_sample_inside_limits_and_the_next_are_touched(water):
    taken(cast.PROGRAM, "EARLY", 29, 26)
    taken(cast.PROGRAM, "THERE", 14, 12)
    taken(cast.PROGRAM, "ELSEWHERE", 14, 12, suite="LINE-5")
    taken(cast.PROGRAM, "AFTER", 4, 2)
    drawn(water, 300, 25)
    outside = drawn(water, 620, 10)
    drawn(water, 310, 5)
    assert outside.verdict == "action"
    assert affected(outside, "cdmo_qa") == ["THERE"]


def test_of_another_client_only_who_works_for_it_knows(water):
    taken(cast.PROGRAM, "OURS", 14, 12)
    taken(cast.RIVAL_PROGRAM, "THEIRS", 11, 9)
    outside = drawn(water, 620, 10)
    assert affected(outside, "cdmo_qa") == ["OURS", "THEIRS"]
    assert affected(outside, "cdmo_shift_lead") == ["OURS"]


def test_what_is_not_followed_by_a_good_sample_lasts(water):
    drawn(water, 300, 25)
    outside = drawn(water, 620, 10)
    with reading(actor("cdmo_qa")) as by:
        since, until = stretch_of(by, outside)
    assert round((until - since) / HOUR) == 25


def test_what_a_laboratory_measures_is_drawn_and_read_later_in_parts_of_a_unit(water):
    drawn_at = make.now() - 10 * HOUR
    given = {"point": "WFI-22", "kind": SampleKind.ENDOTOXIN, "code": "E-1", "exposed_at": drawn_at}
    by = actor("cdmo_qa")
    sample = monitoring.expose_sample(by, water.pk, **given)
    sample = monitoring.collect_sample(by, sample.pk, version=1, at=drawn_at)
    sample = monitoring.read_sample(by, sample.pk, version=2, value=Decimal("0.26"))
    assert (sample.state, sample.verdict, sample.bounds["action_high"]) == ("read", "action", "0.25")


def test_within_limits_nothing_is_touched(water):
    taken(cast.PROGRAM, "THERE", 14, 12)
    assert affected(drawn(water, 300, 10), "cdmo_qa") == []
