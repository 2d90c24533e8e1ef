"""Duty hours and the calendar of a side: on a holiday nobody is asked who need not be."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.actions.calendars import set_calendar
from portal.actor import Side
from portal.business_time import Calendar
from portal.rosters.days_off import early_end
from portal.rosters.hours import LONGEST_DAYS, DutyHours
from tests.conftest import actor
from tests.factories import cast
from tests.factories.alerts import raised, rows_of
from tests.portal.rosters.test_ladders_on_duty import is_about, move_to

WORKING = DutyHours.parse("mon-fri 08:00-18:00")
ZONE = "Europe/Stockholm"
SWEDEN = Calendar(ZONE, country="SE")


def local(words):
    return datetime.fromisoformat(words).replace(tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        # Good Friday to Easter Monday 2026.
        ("2026-04-02T19:00", "2026-04-07T08:00"),
        ("2026-04-03T09:00", "2026-04-07T08:00"),
        ("2026-04-07T09:00", "2026-04-07T09:00"),
        # An ordinary night.
        ("2026-03-03T03:20", "2026-03-03T08:00"),
    ],
)
def test_on_a_public_holiday_it_waits_for_the_next_day_with_hours(at, opens):
    ends = early_end([(date(2026, 1, 1), SWEDEN)])
    assert WORKING.opens_at(local(at), ZONE, ends) == local(opens)


def test_after_a_half_day_it_waits_for_the_next():
    half = Calendar(ZONE, half_days={date(2026, 3, 4): ((8 * 60, 12 * 60),)})
    ends = early_end([(date(2026, 1, 1), half)])
    assert WORKING.opens_at(local("2026-03-04T11:59"), ZONE, ends) == local("2026-03-04T11:59")
    assert WORKING.opens_at(local("2026-03-04T12:00"), ZONE, ends) == local("2026-03-05T08:00")


def test_each_day_is_looked_up_in_the_version_in_force_then():
    closed = Calendar(ZONE, closures={date(2026, 3, 4): "Audit", date(2026, 3, 6): "Audit"})
    versions = [(date(2026, 3, 5), closed), (date(2026, 1, 1), SWEDEN)]
    ends = early_end(versions)
    assert WORKING.opens_at(local("2026-03-04T09:00"), ZONE, ends) == local("2026-03-04T09:00")
    assert WORKING.opens_at(local("2026-03-06T09:00"), ZONE, ends) == local("2026-03-09T08:00")
    assert early_end([(date(2027, 1, 1), closed)])(date(2026, 3, 6)) is None


def test_hours_of_every_day_have_somebody_there_on_holidays():
    ends = early_end([(date(2026, 1, 1), SWEDEN)])
    at = local("2026-12-25T03:00")
    assert DutyHours.parse("").opens_at(at, ZONE, ends) == at
    assert DutyHours.parse("mon-sun 08:00-18:00").opens_at(at, ZONE, ends) == local("2026-12-25T08:00")


def test_a_calendar_that_never_opens_leaves_nobody_unasked():
    assert WORKING.opens_at(local("2026-03-03T03:20"), ZONE, lambda _day: 0) == local("2026-03-03T08:00")


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - zones are given beside
    st.sets(st.integers(0, 40)),
    st.sampled_from(["Europe/Stockholm", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"]),
)
def test_it_opens_at_the_first_minute_that_has_hours_and_is_no_day_off(at, off, zone):
    here = ZoneInfo(zone)
    first = at.astimezone(here).date()
    closed = {first + timedelta(days=each) for each in off}
    opens = WORKING.opens_at(at, zone, lambda day: 0 if day in closed else None)

    def has_hours(moment):
        there = moment.astimezone(here)
        is_open = there.weekday() < 5 and time(8) <= there.time() < time(18)
        return is_open and there.date() not in closed

    later = [at] + [
        datetime.combine(first + timedelta(days=ahead), time(8), tzinfo=here).astimezone(UTC)
        for ahead in range(LONGEST_DAYS)
    ]
    expected = next((each for each in later if each >= at and has_hours(each)), None)
    assert opens == (expected or WORKING.opens_at(at, zone))


def test_an_alert_on_a_closed_day_waits_until_the_side_is_back(database, clock, settings):
    settings.DUTY_HOURS = "mon-fri 08:00-18:00"
    now = move_to(clock, "Wed 03:20")
    here = now.astimezone(ZoneInfo(ZONE)).date()
    set_calendar(
        actor("cdmo_quality_head"),
        cast.PROGRAM,
        calendar=Calendar(ZONE, closures={here: "Stocktaking"}),
        effective_on=here,
        reason="The plant is closed for stocktaking.",
    )
    opens = now + timedelta(days=1, hours=4, minutes=40)
    rows = rows_of(raised(Side.MANUFACTURER))
    assert all(is_about(each.next_at, opens) for each in rows["deliveries"])
    assert is_about(rows["clock"].next_at, opens + timedelta(minutes=2))
    # The other side has a calendar of its own.
    new_york = now.astimezone(ZoneInfo("America/New_York"))
    sponsors = rows_of(raised(Side.SPONSOR))["clock"].next_at
    assert sponsors < opens
    assert sponsors.astimezone(new_york.tzinfo).hour == 8
