"""Goal G5: the product's business time and a second one, written from the rule alone, never differ."""

import json
import os
import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import holidays
import pytest

from portal.agreements.durations import BUSINESS, UNITS, Duration
from portal.business_time import Calendar, business_time_between, due_after_pause, due_at
from portal.business_time.holidays import countries, holidays_of
from tests.portal.business_time.oracle import Oracle

HOLIDAYS = Path(
    os.environ.get("COVALENT_TEST_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"), "holidays"
)
LISTED = sorted(path.stem for path in HOLIDAYS.glob("??.json"))
ZONES = (
    "Europe/Stockholm",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Asia/Beirut",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Pacific/Pago_Pago",
    "Pacific/Chatham",
    "UTC",
)
# Office hours, a lunch break, shifts round the clock, hours about the change of the clock.
DAY_PLANS = (
    ((480, 1020),),
    ((480, 720), (780, 1020)),
    ((0, 1440),),
    ((90, 180), (600, 1000)),
    ((1, 1439),),
    ((360, 840),),
)
AMOUNTS = {"minutes": 30_000, "hours": 500, "calendar_days": 60, "business_hours": 120, "business_days": 20}
SEED = 20260722


def listed(country):
    found = json.loads((HOLIDAYS / f"{country}.json").read_text("utf-8"))
    return {date.fromisoformat(day): name for day, name in found.items()}


def of_library(country, part):
    return {day for year in range(2022, 2030) for day in holidays_of(country, part, year)}


def some_calendar(draw):
    """A calendar of the product, and what the rule says its hours of a date are."""
    zone = draw.choice(ZONES)
    plan = draw.choice(DAY_PLANS)
    weekend = draw.choice(((), (5,), (6,), (5, 6), (4, 5)))
    weekly = tuple(() if day in weekend else plan for day in range(7))
    country, part, closed, own = "", "", set(), set()
    if draw.random() < 0.4:
        # Published days are the site's own closures: the lists name more than public holidays.
        own = set(listed(draw.choice(LISTED)))
    elif draw.random() < 0.6:
        country = draw.choice(list(countries()))
        part = draw.choice(("", *countries()[country]))
        closed = of_library(country, part)
    first = date(2023, 1, 1)
    own |= {first + timedelta(days=draw.randrange(2190)) for _ in range(draw.randrange(40))}
    halves = {first + timedelta(days=draw.randrange(2190)): ((480, 720),) for _ in range(draw.randrange(20))}
    calendar = Calendar(
        zone, weekly, country, part, closures=dict.fromkeys(own, "closed"), half_days=halves, number=1
    )

    def hours(day):
        if day in own:
            return ()
        if day in halves:
            return halves[day]
        return () if day in closed else weekly[day.weekday()]

    return calendar, Oracle(zone, hours)


# The edges where such counting goes wrong: both changes of the clock, leap day, the end of the year.
EDGES = tuple(
    datetime(*each, tzinfo=UTC)
    for year in range(2023, 2028)
    for each in (
        (year, 2, 28, 12),
        (year, 3, 8, 20),
        (year, 3, 26, 0),
        (year, 3, 30, 1),
        (year, 10, 25, 1),
        (year, 11, 1, 6),
        (year, 4, 4, 14),
        (year, 9, 28, 14),
        (year, 12, 31, 12),
    )
)


def some_instant(draw):
    if draw.random() < 0.5:
        return draw.choice(EDGES) + timedelta(minutes=draw.randrange(-2880, 2880))
    return datetime(2023, 1, 2, tzinfo=UTC) + timedelta(minutes=draw.randrange(1826 * 1440))


def mismatches(cases, seed):
    """Cases in which the two differ, each with what it takes to see it again."""
    draw, found = random.Random(seed), []  # noqa: S311 - dice, not a secret
    for number in range(cases):
        # A calendar serves several cases: laying out six years of it is what takes the time.
        if number % 20 == 0:
            calendar, oracle = some_calendar(draw)
        since = some_instant(draw)
        unit = draw.choice(UNITS)
        amount = draw.randrange(AMOUNTS[unit] + 1)
        duration = Duration(amount, unit)
        ours, theirs = due_at(duration, since, calendar), oracle.due(amount, unit, since)
        paused = since + timedelta(minutes=draw.randrange(max(1, (theirs - since) // timedelta(minutes=1))))
        resumed = paused + timedelta(minutes=draw.randrange(40_000))
        is_business = unit in BUSINESS
        pairs = {
            "due": (ours, theirs),
            "between": (
                business_time_between(since, theirs, calendar),
                timedelta(minutes=oracle.open_minutes(since, theirs)),
            ),
            "after a pause": (
                due_after_pause(theirs, paused, resumed, duration, calendar),
                oracle.after_pause(theirs, paused, resumed, is_business),
            ),
        }
        found += [
            (seed, number, what, calendar.plain(), since, amount, unit, ours, theirs)
            for what, (ours, theirs) in pairs.items()
            if ours != theirs
        ]
    return found


def test_two_thousand_random_cases_agree_with_the_second_implementation():
    assert mismatches(2_000, SEED) == []


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_a_hundred_thousand_random_cases_agree_with_the_second_implementation():
    assert mismatches(100_000, int(os.environ.get("COVALENT_SEED", str(SEED)))) == []


@pytest.mark.parametrize("country", LISTED)
def test_the_public_holidays_of_a_country_stand_in_the_published_list(country):
    ours = {day for year in range(2023, 2029) for day in holidays_of(country, "", year)}
    assert ours - set(listed(country)) == set()
    assert len(ours) > 50


@pytest.mark.parametrize("country", LISTED)
def test_what_the_published_list_has_beyond_is_no_public_holiday(country):
    kinds = {*getattr(holidays, country).supported_categories} - {"public"}
    years = range(2023, 2029)
    others = set(holidays.country_holidays(country, years=years, categories=kinds)) if kinds else set()
    ours = {day for year in years for day in holidays_of(country, "", year)}
    assert set(listed(country)) - ours <= others


def test_every_country_and_every_part_of_it_can_be_counted_with():
    since, three = datetime(2026, 12, 22, 9, tzinfo=UTC), Duration(3, "business_days")
    wrong = []
    for country, parts in countries().items():
        for part in ("", *parts):
            closed = of_library(country, part)
            day, left = since.date(), 3
            while left:
                day += timedelta(days=1)
                left -= day.weekday() < 5 and day not in closed
            if due_at(three, since, Calendar("UTC", country=country, subdivision=part)).date() != day:
                wrong.append((country, part))
    assert wrong == []
    assert len(countries()) > 200
