from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.actor import Side
from portal.clauses import CLAUSES, ladder_for, notice_rule
from portal.states import ROLES, Classification

MALMO = "Europe/Stockholm"


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(MALMO))


def test_every_clause_of_the_default_agreement_stands_under_its_code():
    assert list(CLAUSES) == [
        *("5.1", "5.2", "5.3", "5.4", "5.5", "5.6", "5.7"),
        *("6.1", "6.2", "6.3", "6.4", "7.1", "7.2", "8.1", "8.2", "9.1", "10.1"),
    ]
    assert all(str(each.title) and str(each.words) and each.is_default for each in CLAUSES.values())


@pytest.mark.parametrize(
    ("classification", "code"), [("critical", "5.1"), ("major", "5.2"), ("minor", "5.3")]
)
def test_each_class_has_its_notice_clause(classification, code):
    assert notice_rule(classification).code == code
    assert notice_rule(Classification(classification)).code == code


def test_an_unknown_class_has_no_notice_clause():
    with pytest.raises(ValueError, match="severe"):
        notice_rule("severe")


def test_a_critical_notice_is_due_24_hours_later_whatever_the_calendar():
    since = datetime(2026, 3, 28, 20, tzinfo=UTC)
    assert notice_rule("critical").due_at(since, MALMO) == since + timedelta(hours=24)


def test_a_minor_deviation_runs_against_no_clock():
    assert notice_rule("minor").due_at(datetime(2026, 3, 2, tzinfo=UTC), MALMO) is None


@pytest.mark.parametrize(
    ("since", "due"),
    [
        ("2026-03-02T09:30", "2026-03-03T09:30"),  # Monday
        ("2026-03-06T17:00", "2026-03-09T17:00"),  # Friday
        ("2026-03-07T03:00", "2026-03-09T03:00"),  # Saturday
        ("2026-03-08T23:59", "2026-03-09T23:59"),  # Sunday
        ("2026-03-27T12:00", "2026-03-30T12:00"),  # the clocks go forward in between
        ("2026-10-23T12:00", "2026-10-26T12:00"),  # and back
        ("2026-12-31T08:00", "2027-01-01T08:00"),  # holidays come with the agreement's calendar
    ],
)
def test_a_business_day_ends_at_the_same_local_time_of_the_next_one(since, due):
    assert notice_rule("major").due_at(local(since), MALMO) == local(due)


def test_a_business_day_is_counted_in_the_sites_zone():
    late_on_friday_in_boston = datetime(2026, 3, 7, 3, tzinfo=UTC)  # Saturday in Malmö
    assert CLAUSES["5.2"].due_at(late_on_friday_in_boston, MALMO) == local("2026-03-09T04:00")


def test_several_business_days_skip_each_weekend():
    assert CLAUSES["6.1"].due_at(local("2026-03-05T10:00"), MALMO) == local("2026-03-12T10:00")


@pytest.mark.parametrize("side", [Side.MANUFACTURER, Side.SPONSOR])
def test_a_ladder_asks_working_roles_and_then_the_quality_head_of_one_side(settings, side):
    settings.LADDER_WAIT = timedelta(minutes=2)
    first, last = ladder_for("excursion.par", side, None)
    assert (first.wait_s, last.wait_s) == (120, 120)
    assert last.roles == ("quality_head",)
    assert "operator" not in first.roles
    assert set(first.roles) <= set(ROLES[side])
