from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.agreements.durations import Duration
from portal.business_time import (
    ALWAYS,
    WORKING_WEEK,
    Calendar,
    CalendarFault,
    add_business_days,
    add_business_hours,
    business_time_between,
    due_after_pause,
    due_at,
    parse_hours,
)

BOSTON, MALMO = "America/New_York", "Europe/Stockholm"


def at(text, zone="UTC"):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def local(instant, zone):
    return f"{instant.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"


def over(amount, unit, since, calendar):
    return local(due_at(Duration(amount, unit), since, calendar), calendar.zone)


def test_a_field_alert_known_on_the_wednesday_before_thanksgiving_is_due_on_tuesday():
    # 21 CFR 314.81(b)(1): within 3 working days of receipt. Thanksgiving and the weekend do not count.
    calendar = Calendar(BOSTON, country="US")
    assert over(3, "business_days", at("2026-11-25 10:00", BOSTON), calendar) == "2026-12-01 10:00"


def test_a_field_alert_known_over_a_weekend_counts_from_monday():
    calendar = Calendar(BOSTON, country="US")
    assert over(3, "business_days", at("2026-11-14 23:30", BOSTON), calendar) == "2026-11-18 23:30"


def test_a_biological_product_deviation_is_due_on_the_45th_calendar_day_whatever_lies_between():
    # 21 CFR 600.14(c): not to exceed 45 calendar days; the clock change and Christmas are within.
    calendar = Calendar(BOSTON, country="US")
    assert over(45, "calendar_days", at("2026-10-20 16:00", BOSTON), calendar) == "2026-12-04 16:00"
    assert over(45, "calendar_days", at("2026-11-20 16:00", BOSTON), calendar) == "2027-01-04 16:00"


def test_hours_run_through_nights_weekends_and_the_change_of_the_clock():
    calendar = Calendar(MALMO, country="SE")
    assert over(24, "hours", at("2026-03-28 12:00", MALMO), calendar) == "2026-03-29 13:00"
    assert over(24, "hours", at("2026-10-24 12:00", MALMO), calendar) == "2026-10-25 11:00"
    assert over(90, "minutes", at("2026-10-24 23:30", MALMO), calendar) == "2026-10-25 01:00"


@pytest.mark.parametrize(
    ("since", "due"),
    [
        ("2026-03-28 02:30", "2026-03-29 03:00"),  # skipped: the first instant after the gap
        ("2026-10-24 02:30", "2026-10-25 02:30"),  # shown twice: the first of the two
        ("2028-02-28 09:00", "2028-02-29 09:00"),
        ("2026-12-31 09:00", "2027-01-01 09:00"),
    ],
)
def test_a_calendar_day_ends_at_the_same_local_time(since, due):
    assert over(1, "calendar_days", at(since, MALMO), Calendar(MALMO)) == due


def test_a_time_that_comes_twice_is_the_first_of_the_two():
    due = due_at(Duration(1, "calendar_days"), at("2026-10-24 02:30", MALMO), Calendar(MALMO))
    assert due == at("2026-10-25 00:30")


def test_open_hours_are_longer_by_the_hour_that_comes_twice_and_shorter_by_the_one_that_is_skipped():
    calendar = Calendar(MALMO, ALWAYS)
    day = timedelta(hours=24)
    for since, hours in (("2026-10-25 00:00", 25), ("2026-03-29 00:00", 23), ("2026-06-01 00:00", 24)):
        start = at(since, MALMO)
        end = (start + day).replace(tzinfo=None).replace(tzinfo=ZoneInfo(MALMO))
        assert business_time_between(start, end, calendar) == timedelta(hours=hours)


def test_business_hours_end_at_closing_and_not_at_the_next_opening():
    calendar = Calendar(MALMO, country="SE")
    friday = at("2026-11-20 13:00", MALMO)
    assert local(add_business_hours(4, friday, calendar), MALMO) == "2026-11-20 17:00"
    assert local(add_business_hours(5, friday, calendar), MALMO) == "2026-11-23 09:00"
    assert local(add_business_hours(5, at("2026-11-21 13:00", MALMO), calendar), MALMO) == "2026-11-23 13:00"


def test_a_half_day_counts_its_own_hours_and_wins_over_a_holiday_and_a_closure_over_both():
    eve, christmas, closed = date(2026, 12, 23), date(2026, 12, 25), date(2026, 12, 28)
    calendar = Calendar(
        MALMO,
        country="SE",
        half_days={
            eve: parse_hours("08:00-12:00"),
            christmas: parse_hours("09:00-10:00"),
            closed: ((0, 60),),
        },
        closures={closed: "Stocktaking"},
    )
    assert local(add_business_hours(14, at("2026-12-23 08:00", MALMO), calendar), MALMO) == "2026-12-25 10:00"
    assert calendar.hours_of(eve) == ((480, 720),)
    assert calendar.hours_of(christmas) == ((540, 600),)
    assert calendar.hours_of(closed) == ()
    assert calendar.closed_because(closed) == "Stocktaking"


def test_a_business_day_is_any_day_with_hours():
    calendar = Calendar(MALMO, half_days={date(2026, 11, 21): parse_hours("08:00-12:00")})
    friday = at("2026-11-20 15:00", MALMO)
    assert local(add_business_days(1, friday, calendar), MALMO) == "2026-11-21 15:00"
    assert local(add_business_days(2, friday, calendar), MALMO) == "2026-11-23 15:00"


@pytest.mark.parametrize(
    "zone", ["Pacific/Apia", "Pacific/Tongatapu", "Pacific/Pago_Pago", "Pacific/Kiritimati"]
)
def test_the_zone_of_the_calendar_says_which_day_it_is(zone):
    friday = at("2026-11-20 16:59", zone)
    assert over(1, "business_days", friday, Calendar(zone)) == "2026-11-23 16:59"
    assert over(1, "business_hours", friday, Calendar(zone)) == "2026-11-23 08:59"


def test_a_clock_that_goes_on_has_the_open_time_that_was_left():
    calendar, five = Calendar(MALMO, country="SE"), Duration(5, "business_days")
    due = due_at(five, at("2026-11-16 10:00", MALMO), calendar)
    resumed = due_after_pause(
        due, at("2026-11-18 10:00", MALMO), at("2026-11-24 14:00", MALMO), five, calendar
    )
    assert local(due, MALMO) == "2026-11-23 10:00"
    assert local(resumed, MALMO) == "2026-11-27 14:00"


def test_a_pause_within_closed_hours_costs_and_gains_nothing():
    calendar, one = Calendar(MALMO), Duration(1, "business_days")
    due = due_at(one, at("2026-11-18 10:00", MALMO), calendar)
    paused, resumed = at("2026-11-18 22:00", MALMO), at("2026-11-19 05:00", MALMO)
    assert due_after_pause(due, paused, resumed, one, calendar) == due


def test_where_no_open_time_was_left_the_plain_time_that_was_left_goes_on():
    calendar, one = Calendar(MALMO), Duration(1, "business_days")
    due = due_at(one, at("2026-11-18 22:00", MALMO), calendar)
    resumed = due_after_pause(
        due, at("2026-11-19 21:00", MALMO), at("2026-11-24 09:00", MALMO), one, calendar
    )
    assert local(resumed, MALMO) == "2026-11-24 10:00"


def test_what_was_left_of_hours_is_plain_time():
    calendar, day = Calendar(MALMO), Duration(24, "hours")
    since = at("2026-11-20 10:00", MALMO)
    due = due_at(day, since, calendar)
    resumed = due_after_pause(
        due, at("2026-11-20 12:00", MALMO), at("2026-11-23 12:00", MALMO), day, calendar
    )
    assert local(resumed, MALMO) == "2026-11-24 10:00"


def test_nothing_lies_between_an_instant_and_an_earlier_one():
    calendar = Calendar("UTC", ALWAYS)
    assert business_time_between(at("2026-11-20 10:00"), at("2026-11-19 10:00"), calendar) == timedelta(0)


@pytest.mark.parametrize("unit", ["minutes", "hours", "calendar_days", "business_hours", "business_days"])
def test_no_time_at_all_is_over_at_once_to_the_microsecond(unit):
    since = datetime(2026, 10, 25, 0, 30, 1, 234567, tzinfo=UTC) + timedelta(hours=1)
    assert due_at(Duration(0, unit), since, Calendar(MALMO)) == since


def test_seconds_and_microseconds_are_kept():
    since = datetime(2026, 11, 20, 15, 59, 58, 765432, tzinfo=UTC)
    assert due_at(Duration(1, "business_hours"), since, Calendar(MALMO)).isoformat() == (
        "2026-11-23T07:59:58.765432+00:00"
    )


@pytest.mark.parametrize(
    "text", ["8-17", "08:00-25:00", "17:00-08:00", "08:00-12:00, 11:00-17:00", "08:60-09:00", "08:00-08:00"]
)
def test_hours_that_make_no_day_are_refused_in_words(text):
    with pytest.raises(CalendarFault):
        parse_hours(text)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"zone": "Mars/Olympus"}, "no time zone"),
        ({"weekly": ((),) * 7}, "at least one"),
        ({"country": "ZZ"}, "No list of holidays"),
        ({"country": "DE", "subdivision": "XX"}, "No list of holidays"),
    ],
)
def test_a_calendar_by_which_nothing_could_be_counted_is_refused_in_words(given, words):
    with pytest.raises(CalendarFault, match=words):
        Calendar(**{"zone": "UTC", **given})


def test_a_calendar_that_is_closed_for_good_ends_in_a_fault_and_not_in_an_endless_search():
    closed = {date(2026, 1, 1) + timedelta(days=n): "closed" for n in range(4000)}
    calendar = Calendar("UTC", WORKING_WEEK, closures=closed)
    for unit in ("business_days", "business_hours"):
        with pytest.raises(CalendarFault):
            due_at(Duration(1, unit), at("2026-01-05 09:00"), calendar)


def test_a_calendar_goes_to_json_and_back_without_loss():
    calendar = Calendar(
        MALMO,
        ((*parse_hours("08:00-12:00, 13:00-17:00"),), *((((0, 1440),),) * 4), (), ()),
        "DE",
        "BY",
        closures={date(2026, 7, 6): "Shutdown"},
        half_days={date(2026, 12, 31): parse_hours("08:00-12:00")},
        number=3,
    )
    assert Calendar.of(calendar.plain(), number=3) == calendar
    assert calendar.plain()["hours"]["monday"] == "08:00-12:00, 13:00-17:00"
