"""Monitoring by session and place: plates read by two people, Grade A growth, and who reads what."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from batches import tasks
from batches.actions import monitoring
from batches.environment.states import SampleKind
from batches.models import BatchHold, BatchMonitoring, BatchSample, Coverage, MonitoringSample
from batches.queries.monitoring import covered_by, lay_too_long, list_sessions, monitoring_of, trends_of
from deviations.models import Deviation
from portal.action import reading
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused
from portal.models import Alert
from tests.conftest import actor
from tests.factories import batches as make
from tests.factories import cast, deviations
from tests.factories import monitoring as monitor


@pytest.fixture
def batch(database):
    return make.batch()


@pytest.fixture
def session(batch):
    monitor.point()
    return monitor.session()


def parts(batch, key="sponsor_qa"):
    with reading(actor(key)) as by:
        return monitoring_of(by, batch.pk)


def copies(batch, key="sponsor_qa"):
    found = [each for part in parts(batch, key) for each in part.samples]
    return [(each.code, each.state, each.value, each.verdict) for each in found]


def rows(model, **given):
    spaces = make.setup(cast.PROGRAM), make.setup(cast.CDMO)
    found = []
    for by in spaces:
        with reading(by):
            found += list(model.objects.visible_to(by).filter(**given))
    return found


def test_a_batch_has_what_covers_it_and_the_sponsor_reads_it(batch, session, rival_sponsor_qa):
    monitor.covered(session, batch, note="Filling of the batch")
    monitor.confirmed(monitor.grown(session, value=0))
    assert copies(batch) == []
    assert tasks.carry_sessions() == 1
    assert copies(batch) == [("SP-1", "confirmed", Decimal(0), "within")]
    assert [each.monitoring.note for each in parts(batch)] == ["Filling of the batch"]
    with reading(rival_sponsor_qa):
        assert monitoring_of(rival_sponsor_qa, batch.pk) == []
        assert not BatchSample.objects.visible_to(rival_sponsor_qa).exists()


def test_a_session_of_two_clients_shows_each_its_own_batch_alone(
    batch, session, sponsor_qa, rival_sponsor_qa
):
    theirs = make.batch(cast.RIVAL_PROGRAM, number="THEIRS")
    monitor.grown(session, value=0)
    for each in (batch, theirs):
        monitor.covered(session, each)
    for by, own in ((sponsor_qa, batch), (rival_sponsor_qa, theirs)):
        with reading(by):
            seen = list(BatchMonitoring.objects.visible_to(by).values_list("batch_id", flat=True))
            assert seen == [own.pk]
            assert not Coverage.objects.visible_to(by).exists()
            assert not list_sessions(by).exists()
            assert not MonitoringSample.objects.visible_to(by).exists()


def test_who_works_for_one_client_reads_no_batch_of_another_in_the_sites_own_record(batch, session):
    monitor.covered(session, batch)
    monitor.covered(session, make.batch(cast.RIVAL_PROGRAM, number="THEIRS"))
    with reading(actor("cdmo_shift_lead")) as by:
        assert [each.batch.number for each in covered_by(by, session.pk)] == [batch.number]
        assert [str(each) for each in Coverage._meta.get_fields() if "number" in each.name] == []
    with reading(actor("cdmo_admin")) as by:
        assert (list_sessions(by).count(), covered_by(by, session.pk), trends_of(by)) == (0, [], [])


def test_growth_in_grade_a_is_an_event_at_the_first_reading_and_once_a_session(batch, session):
    monitor.covered(session, batch)
    plate = monitor.grown(session, "SP-3")
    tasks.carry_sessions()
    (deviation,) = rows(Deviation)
    assert (deviation.triggers, deviation.batch_id) == (["grade_a_growth"], batch.pk)
    assert deviation.occurred_at == plate.exposed_at
    assert deviation.detected_at == plate.read_at
    assert "SP-3" in deviation.title
    assert [each.kind for each in rows(BatchHold)] == ["status"]
    assert [(each.kind, each.side) for each in rows(Alert, kind="monitoring.growth")] == [
        ("monitoring.growth", "manufacturer")
    ]
    monitor.grown(session, "SP-4", value=3)
    monitor.confirmed(plate)
    tasks.carry_sessions()
    assert len(rows(Deviation)) == 1
    assert [each.event for each in rows(Coverage)] == [deviation.pk]


def test_growth_is_taken_up_by_a_deviation_of_the_batch_that_states_it_and_by_no_other(batch, session):
    make_deviation = {"batch_id": batch.pk}
    deviations.report(actor("cdmo_qa"), **make_deviation)
    stated = deviations.report(actor("cdmo_qa"), **make_deviation, triggers=("grade_a_growth",))
    monitor.covered(session, batch)
    monitor.grown(session)
    tasks.carry_sessions()
    assert [each.event for each in rows(Coverage)] == [stated.pk]
    assert len(rows(Deviation)) == 2


def test_the_other_side_reads_a_count_once_a_second_person_has_read_the_plate(batch, session):
    monitor.covered(session, batch)
    plate = monitor.grown(session)
    tasks.carry_sessions()
    assert copies(batch) == [("SP-1", "incubating", None, "")]
    plate = monitor.confirmed(plate)
    monitoring.identify_growth(
        actor("cdmo_qa"), plate.pk, version=plate.version, organism="Staphylococcus epidermidis"
    )
    tasks.carry_sessions()
    assert copies(batch) == [("SP-1", "confirmed", Decimal(1), "action")]
    assert parts(batch)[0].samples[0].organism == "Staphylococcus epidermidis"


def test_no_growth_and_growth_outside_grade_a_open_no_event(batch, session):
    monitor.point("L4-C1", grade="C", title="Corridor")
    monitor.covered(session, batch)
    monitor.grown(session, value=0)
    monitor.confirmed(monitor.grown(session, "SP-2", at="L4-C1", value=60))
    tasks.carry_sessions()
    assert rows(Deviation) == []
    assert [each.kind for each in rows(Alert)] == ["monitoring.outside"]


def test_a_plate_is_read_a_second_time_by_another_person(batch, session, cdmo_qa):
    plate = monitor.grown(session)
    with pytest.raises(Refused, match="Another person"):
        monitoring.confirm_sample(cdmo_qa, plate.pk, version=plate.version, value=Decimal(1))
    kept = monitor.confirmed(plate, value=2)
    assert (kept.value, kept.second_value, kept.counted) == (1, 2, 2)


def test_a_settle_plate_lies_four_hours_at_most(batch, session):
    now = make.now()
    assert not lay_too_long(monitor.grown(session, "SP-1", hours=4, value=0), now)
    assert lay_too_long(monitor.grown(session, "SP-2", hours=4.1, value=0), now)
    assert lay_too_long(monitor.exposed(session, "SP-3"), now)


def test_incubation_follows_exposure_step_by_step(batch, session, cdmo_qa):
    plate = monitor.exposed(session)
    taken = plate.exposed_at + timedelta(hours=3)
    plate = monitoring.collect_sample(cdmo_qa, plate.pk, version=1, at=taken)
    early = {"low": Decimal(20), "high": Decimal(25), "begins_at": taken - timedelta(minutes=1)}
    with pytest.raises(Invalid):
        monitoring.incubate_sample(cdmo_qa, plate.pk, version=2, **early)
    said = early | {"begins_at": taken, "ends_at": taken + timedelta(minutes=30)}
    plate = monitoring.incubate_sample(cdmo_qa, plate.pk, version=2, **said)
    with pytest.raises(Invalid):
        monitoring.incubate_sample(cdmo_qa, plate.pk, version=3, **said)
    later = said | {"low": Decimal(30), "high": Decimal(35), "begins_at": said["ends_at"], "ends_at": None}
    plate = monitoring.incubate_sample(cdmo_qa, plate.pk, version=3, **later)
    assert [(each["low"], each["high"], bool(each["until"])) for each in plate.incubation] == [
        ("20", "25", True),
        ("30", "35", False),
    ]


def test_a_plate_is_not_read_before_it_was_taken_up_nor_with_half_a_colony(batch, session, cdmo_qa):
    plate = monitor.exposed(session)
    with pytest.raises(InvalidTransition):
        monitoring.read_sample(cdmo_qa, plate.pk, version=1, value=Decimal(0))
    plate = monitoring.collect_sample(cdmo_qa, plate.pk, version=1)
    for wrong in ("0.5", "-1"):
        with pytest.raises(Invalid, match="counted"):
            monitoring.read_sample(cdmo_qa, plate.pk, version=2, value=Decimal(wrong))


def test_an_instrument_is_read_once_and_known_to_the_batch_at_once(batch, session, cdmo_qa):
    monitor.covered(session, batch)
    given = {"point": "L4-A1", "kind": SampleKind.PARTICLES_50, "value": Decimal(35)}
    sample = monitoring.measure_point(cdmo_qa, session.pk, **given)
    with pytest.raises(Conflict, match="instrument"):
        monitoring.confirm_sample(cdmo_qa, sample.pk, version=1, value=Decimal(35))
    with pytest.raises(Invalid, match="incubated"):
        monitoring.measure_point(cdmo_qa, session.pk, **given | {"kind": SampleKind.SETTLE})
    tasks.carry_sessions()
    assert copies(batch) == [("L4-A1-particles_50-1", "read", Decimal(35), "action")]


def test_a_closed_session_takes_no_more_plates_but_those_out_are_read(batch, session, cdmo_qa):
    plate = monitor.exposed(session)
    closed = monitoring.close_session(cdmo_qa, session.pk, version=1)
    with pytest.raises(Conflict, match="closed"):
        monitor.exposed(session, "SP-2")
    plate = monitoring.collect_sample(cdmo_qa, plate.pk, version=1)
    assert monitoring.read_sample(cdmo_qa, plate.pk, version=2, value=Decimal(0)).verdict == "within"
    with pytest.raises(InvalidTransition):
        monitoring.close_session(cdmo_qa, closed.pk, version=2)


@pytest.mark.parametrize("key", ["sponsor_qa", "rival_sponsor_qa", "inspector", "cdmo_admin"])
def test_the_floor_is_nobody_elses(batch, session, key):
    plate = monitor.exposed(session)
    by = actor(key)
    for act in (
        lambda: monitoring.open_session(by, cast.CDMO, area="LINE-4"),
        lambda: monitoring.keep_point(by, cast.CDMO, code="X", title="X", area="X", grade="A"),
        lambda: monitoring.close_session(by, session.pk, version=1),
        lambda: monitoring.cover_batch(by, session.pk, batch_id=batch.pk),
        lambda: monitoring.collect_sample(by, plate.pk, version=1),
    ):
        with pytest.raises(NotFound):
            act()


def test_an_operator_puts_plates_out_and_reads_none(batch, session, cdmo_operator):
    plate = monitor.exposed(session)
    plate = monitoring.collect_sample(cdmo_operator, plate.pk, version=1)
    with pytest.raises(Refused, match="qa, qc"):
        monitoring.read_sample(cdmo_operator, plate.pk, version=2, value=Decimal(0))
    with pytest.raises(Refused):
        monitor.covered(session, batch, by="cdmo_operator")


def test_what_waits_is_carried_once_and_again_when_more_was_found(batch, session):
    monitor.covered(session, batch)
    assert tasks.carry_sessions() == 0
    monitor.grown(session, value=0)
    assert (tasks.carry_sessions(), tasks.carry_sessions()) == (1, 0)


def test_the_plants_own_limit_is_tighter_and_the_trend_says_how_often_anything_grew(batch, cdmo_qa):
    own = {"settle": {"alert_high": "2", "source": "Own trend of 2025"}}
    monitor.point("L4-B1", grade="B", limits=own)
    session = monitor.session()
    for code, value in (("S1", 0), ("S2", 3), ("S3", 6), ("S4", 0)):
        monitor.grown(session, code, at="L4-B1", value=value)
    with reading(cdmo_qa):
        (trend,) = trends_of(cdmo_qa)
    assert [int(value) for _at, value in trend.values] == [0, 3, 6, 0]
    assert (trend.outside, trend.recovery) == (2, 50)
    assert trend.bounds == {"alert_high": "2", "action_high": "5", "source": trend.bounds["source"]}
    assert trend.bounds["source"].startswith("Own trend of 2025; EU GMP Annex 1 (2022) 9.30")


def test_a_room_has_a_grade_and_a_limit_is_a_number(database):
    with pytest.raises(Invalid, match="grade"):
        monitor.point(grade="")
    with pytest.raises(Invalid, match="decimal"):
        monitor.point(limits={"settle": {"alert_high": "two"}})
    with pytest.raises(Invalid, match="Unknown"):
        monitor.point(limits={"settle": {"highest": "2"}})
