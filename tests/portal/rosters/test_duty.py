"""Who has duty: the arithmetic of rotations, stand-ins and absences, in any zone, over both clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.rosters.duty import Holder, duty_at, gaps, spans
from portal.rosters.hours import ALWAYS, DutyHours
from portal.rosters.plan import Plan, Rotation, Stretch

ZONES = (
    "Europe/Stockholm",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Africa/Cairo",
    "UTC",
)
ANN, BOB, EVE = (UUID(int=number) for number in (1, 2, 3))
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
WEEK = timedelta(days=7)


def local(words, zone="Europe/Stockholm"):
    return datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(zone))


def rotation(people=(ANN, BOB, EVE), **given_):
    said = {"zone": "Europe/Stockholm", "begins_on": date(2026, 3, 2), "handover_at": time(7)}
    return Rotation(people, **{**said, **given_})


def holding(*people, until=None):
    return [Holder(each, f"Code {each.int}", BEGINNING, until) for each in people]


ALL = holding(ANN, BOB, EVE)


def on_duty(plan, at, holders=ALL):
    duty = duty_at(plan, holders, at)
    return tuple(each and each.person_id for each in (duty.primary, duty.backup))


def test_the_turn_passes_on_at_the_hour_of_the_handover():
    plan = Plan(rotation())
    assert on_duty(plan, local("2026-03-02T07:00")) == (ANN, BOB)
    assert on_duty(plan, local("2026-03-09T06:59:59")) == (ANN, BOB)
    assert on_duty(plan, local("2026-03-09T07:00")) == (BOB, EVE)
    assert on_duty(plan, local("2026-03-23T07:00")) == (ANN, BOB)
    assert on_duty(plan, local("2026-03-02T06:59")) == (EVE, ANN)


@pytest.mark.parametrize(
    ("before", "after"),
    [("2026-03-28T07:00", "2026-03-29T07:00"), ("2026-10-24T07:00", "2026-10-25T07:00")],
    ids=["23 hours in spring", "25 hours in autumn"],
)
def test_a_handover_keeps_its_local_hour_when_the_clocks_change(before, after):
    plan = Plan(rotation((ANN, BOB), days=1))
    first, _ = on_duty(plan, local(before))
    assert on_duty(plan, local(after) - timedelta(seconds=1))[0] == first
    assert on_duty(plan, local(after))[0] != first


def test_a_handover_at_an_hour_that_the_clock_skips_happens_once():
    plan = Plan(rotation((ANN, BOB), days=1, handover_at=time(2, 30)))
    found = spans(plan, ALL, local("2026-03-28T12:00"), local("2026-03-30T12:00"))
    assert [each.begins_at for each in found[1:]] == [
        local("2026-03-29T03:30"),
        local("2026-03-30T02:30"),
    ]


def test_who_stands_in_goes_before_the_rotation_and_the_later_word_before_the_earlier():
    day = local("2026-03-03T07:00")
    stretches = tuple(Stretch(each, day, day + timedelta(days=2)) for each in (EVE, BOB))
    plan = Plan(rotation(), stand_ins=stretches)
    assert on_duty(plan, day) == (BOB, EVE)
    assert on_duty(plan, day - timedelta(seconds=1)) == (ANN, BOB)
    assert on_duty(plan, day + timedelta(days=2)) == (ANN, BOB)


def test_for_whom_is_away_the_next_in_order_has_duty():
    day = local("2026-03-03T07:00")
    plan = Plan(rotation(), away=(Stretch(ANN, day, day + WEEK),))
    assert on_duty(plan, day) == (BOB, EVE)
    assert on_duty(plan, day + WEEK) == (BOB, EVE)
    assert on_duty(plan, local("2026-03-23T07:00")) == (ANN, BOB)


def test_who_lent_the_role_and_is_away_is_stood_in_for_by_whom_they_lent_it_to():
    day = local("2026-03-03T07:00")
    plan = Plan(rotation((ANN, BOB)), away=(Stretch(ANN, day, day + WEEK),))
    lent = Holder(EVE, "Code 3", BEGINNING, day + timedelta(days=1), lender=ANN)
    held = [*holding(ANN, BOB), lent]
    assert on_duty(plan, day, held) == (EVE, BOB)
    assert on_duty(plan, day + timedelta(days=1), held) == (BOB, None)
    assert on_duty(plan, day - timedelta(seconds=1), held) == (ANN, BOB)


def test_a_seat_that_ends_takes_its_holder_off_the_roster_and_leaves_a_gap():
    ends = local("2026-03-05T03:00")
    plan = Plan(rotation((ANN,)))
    held = holding(ANN, until=ends)
    (gap,) = gaps(plan, held, local("2026-03-02T00:00"), local("2026-03-09T00:00"))
    assert (gap.begins_at, gap.ends_at) == (ends, local("2026-03-09T00:00"))
    assert on_duty(plan, ends, held) == (None, None)


def test_who_does_not_hold_the_role_has_no_duty():
    assert on_duty(Plan(rotation()), local("2026-03-02T08:00"), holding(BOB)) == (BOB, None)


def test_a_plan_reads_back_as_it_was_kept():
    day = datetime(2026, 3, 3, 7, tzinfo=UTC)
    hours = DutyHours.parse("mon-fri 08:00-18:00")
    plan = Plan(rotation(hours=hours), (Stretch(BOB, day, day + WEEK),), (Stretch(ANN, day, day + WEEK),))
    assert Plan.of(plan.plain()) == plan


# However slow the machine.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
moments = st.integers(0, 3 * 365 * 24 * 60).map(
    lambda m: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=m)
)
people = st.lists(st.uuids(), min_size=1, max_size=5, unique=True)


@st.composite
def plans(draw, whom=people):
    who = draw(whom)
    turns = Rotation(
        tuple(who),
        draw(st.sampled_from(ZONES)),
        draw(st.dates(date(2025, 1, 1), date(2027, 12, 1))),
        draw(st.times().map(lambda at: at.replace(second=0, microsecond=0))),
        draw(st.integers(1, 28)),
    )
    stretch = st.builds(
        lambda person, at, hours: Stretch(person, at, at + timedelta(hours=hours)),
        st.sampled_from(who),
        moments,
        st.integers(1, 900),
    )
    some = st.lists(stretch, max_size=4).map(tuple)
    return Plan(turns, draw(some), draw(some))


@unhurried
@given(plans(), moments)
def test_every_instant_lies_in_exactly_one_turn(plan, at):
    turn = plan.rotation.turn_at(at)
    assert plan.rotation.handover(turn) <= at < plan.rotation.handover(turn + 1)


@unhurried
@given(plans(), moments)
def test_there_is_exactly_one_on_duty_wherever_somebody_is_there_and_the_backup_is_another(plan, at):
    held = holding(*plan.rotation.people)
    away = {each.person_id for each in plan.away if each.holds(at)}
    primary, backup = on_duty(plan, at, held)
    assert (primary is None) == (set(plan.rotation.people) <= away)
    assert primary not in away
    assert backup is None or backup not in {primary, *away}
    assert (backup is None) == (len(set(plan.rotation.people) - away) < 2)


@unhurried
@given(plans(), moments, st.integers(1, 40), st.data())
def test_the_spans_of_a_stretch_are_what_each_of_its_instants_says(plan, begins, days, data):
    held = [
        Holder(each, str(each), BEGINNING, data.draw(st.none() | moments)) for each in plan.rotation.people
    ]
    ends = begins + timedelta(days=days)
    found = spans(plan, held, begins, ends)
    assert [each.begins_at for each in found] + [ends] == [begins] + [each.ends_at for each in found]
    at = data.draw(
        st.datetimes(begins.replace(tzinfo=None), ends.replace(tzinfo=None), timezones=st.just(UTC))
    )
    for each in found:
        assert duty_at(plan, held, each.begins_at) == each.duty
        if each.begins_at <= at < each.ends_at:
            assert duty_at(plan, held, at) == each.duty
    assert all(one.duty != two.duty for one, two in pairwise(found))
    assert gaps(plan, held, begins, ends) == [each for each in found if each.duty.primary is None]


WORKING = DutyHours.parse("mon-fri 08:00-18:00")


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        ("2026-03-02T08:00", "2026-03-02T08:00"),
        ("2026-03-02T17:59", "2026-03-02T17:59"),
        ("2026-03-02T18:00", "2026-03-03T08:00"),
        ("2026-03-03T03:20", "2026-03-03T08:00"),
        ("2026-03-06T18:00", "2026-03-09T08:00"),
        ("2026-03-28T12:00", "2026-03-30T08:00"),
    ],
)
def test_outside_duty_hours_it_waits_until_they_begin(at, opens):
    assert WORKING.opens_at(local(at), "Europe/Stockholm") == local(opens)


def test_hours_without_an_end_are_always():
    at = local("2026-03-29T03:00")
    assert ALWAYS.is_always
    assert ALWAYS.opens_at(at, "Europe/Stockholm") == at
    assert not WORKING.is_always


@pytest.mark.parametrize(
    "words", ["mon-fri 18:00-08:00", "fri-mon 08:00-18:00", "mon-fri", "x-y 08:00-18:00"]
)
def test_hours_that_never_come_are_refused(words):
    with pytest.raises(ValueError, match=r"\S"):
        DutyHours.parse(words)


@unhurried
@given(
    st.builds(
        lambda days, begins, ends: DutyHours(tuple(days), time(begins), time(ends)),
        st.lists(st.integers(0, 6), min_size=1),
        st.integers(0, 11),
        st.sampled_from([0, *range(12, 24)]),
    ),
    st.sampled_from(ZONES),
    moments,
)
def test_duty_hours_begin_within_a_week_and_on_one_of_their_days(hours, zone, at):
    opens = hours.opens_at(at, zone)
    assert at <= opens <= at + timedelta(days=8)
    assert hours.opens_at(opens, zone) == opens
    assert opens.astimezone(ZoneInfo(zone)).weekday() in hours.days
    half = at + (opens - at) / 2
    assert hours.opens_at(half, zone) == opens or opens == at
