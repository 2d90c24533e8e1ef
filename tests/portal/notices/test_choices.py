"""Who is woken, what waits, and what no choice can switch off."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.notices.choices import BY_CODE, SORTS, Choices, QuietHours, next_morning, plan, sort_of

NIGHT = QuietHours(time(19), time(7), weekends=True)
ALL = ("email", "push", "chat")
STOCKHOLM = "Europe/Stockholm"


def at(text, zone=STOCKHOLM):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize(
    ("kind", "classification", "clause", "sort"),
    [
        ("deviation.notice", "critical", "5.1", "critical"),
        ("decision.requested", "critical", "9.1", "critical"),
        ("deviation.notice", "minor", "5.4", "critical"),  # a patient lot, whatever its class
        ("deviation.notice", None, "5.9", "critical"),  # released at once, before it has a class
        ("excursion.par", None, "5.7", "live"),
        ("decision.requested", None, "9.1", "decision"),
        ("deviation.notice", "major", "5.2", "major"),
        ("deviation.notice", "minor", "5.3", "minor"),
        ("notice.unreleased", None, "5.3", "other"),
        ("something.new", None, "", "other"),
    ],
)
def test_an_alert_falls_under_the_gravest_line_that_fits(kind, classification, clause, sort):
    assert sort_of(kind, classification, clause).code == sort


def test_by_default_only_what_is_critical_wakes():
    assert [each.code for each in SORTS if Choices(NIGHT).wakes_for(each)] == ["critical"]


@pytest.mark.parametrize(
    ("now", "goes"),
    [
        ("2026-11-18T12:00", "2026-11-18T12:00"),  # a Wednesday at noon
        ("2026-11-18T18:59", "2026-11-18T18:59"),
        ("2026-11-18T19:00", "2026-11-19T07:00"),
        ("2026-11-19T03:00", "2026-11-19T07:00"),
        ("2026-11-20T22:00", "2026-11-23T07:00"),  # a Friday night: Monday morning
        ("2026-11-22T12:00", "2026-11-23T07:00"),
        ("2026-03-28T23:00", "2026-03-30T07:00"),  # over the night in which the clocks change
    ],
)
def test_what_need_not_wake_waits_for_the_end_of_quiet_hours(now, goes):
    (message, *_rest) = plan(
        Choices(NIGHT), BY_CODE["major"], now=at(now), zone=STOCKHOLM, open_to=("email",)
    )
    assert (message.channel, message.at, message.is_in_digest) == ("email", at(goes), False)
    (woken,) = plan(Choices(NIGHT), BY_CODE["critical"], now=at(now), zone=STOCKHOLM, open_to=("email",))
    assert woken.at == at(now)


def test_with_a_morning_mail_what_waits_is_listed_there_and_what_wakes_is_not():
    choices = Choices(NIGHT, digest_hour=7)
    night, noon = at("2026-11-19T03:00"), at("2026-11-19T12:00")
    assert [
        each.is_in_digest for each in plan(choices, BY_CODE["live"], now=night, zone=STOCKHOLM, open_to=ALL)
    ] == [True] * 3
    assert [
        each.is_in_digest for each in plan(choices, BY_CODE["live"], now=noon, zone=STOCKHOLM, open_to=ALL)
    ] == [False] * 3
    assert [
        each.is_in_digest
        for each in plan(choices, BY_CODE["critical"], now=night, zone=STOCKHOLM, open_to=ALL)
    ] == [False] * 3


def test_without_a_clause_what_was_chosen_holds():
    nothing = Choices(NIGHT, {each.code: () for each in SORTS}, {each.code: False for each in SORTS})
    for sort in SORTS:
        assert plan(nothing, sort, now=at("2026-11-19T03:00"), zone=STOCKHOLM, open_to=ALL) == []
        assert not nothing.wakes_for(sort)
    assert [each.code for each in SORTS if each.wakes] == ["critical"]


def test_what_the_signed_ladder_of_a_program_asks_for_stands_above_every_choice():
    nothing, night = Choices(NIGHT, {"live": ()}), at("2026-11-19T03:00")
    given = {"now": night, "zone": STOCKHOLM, "open_to": ALL}
    assert plan(nothing, BY_CODE["live"], **given) == []
    (held,) = plan(nothing, BY_CODE["live"], **given, demanded=["push"])
    assert (held.channel, held.at) == ("push", at("2026-11-19T07:00"))
    (woken,) = plan(nothing, BY_CODE["live"], **given, demanded=["push"], must_wake=True)
    assert woken.at == night


def test_a_channel_that_leads_nowhere_gets_no_message():
    assert (
        plan(Choices(None), BY_CODE["critical"], now=at("2026-11-19T03:00"), zone=STOCKHOLM, open_to=()) == []
    )


ZONES = ["Europe/Stockholm", "America/New_York", "Pacific/Kiritimati", "Pacific/Niue", "Asia/Kolkata"]
DAYS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - as asked


@given(since=st.times(), until=st.times(), weekends=st.booleans(), now=DAYS, zone=st.sampled_from(ZONES))
def test_quiet_hours_end_at_the_first_minute_that_is_not_quiet(since, until, weekends, now, zone):
    """Against an oracle that walks minute by minute."""
    quiet = QuietHours(
        since.replace(second=0, microsecond=0), until.replace(second=0, microsecond=0), weekends
    )
    now = now.replace(second=0, microsecond=0)
    walked, minutes = now, 0
    while quiet.holds(walked.astimezone(ZoneInfo(zone))) and minutes < 3 * 24 * 60 + 60:
        walked += timedelta(minutes=1)
        minutes += 1
    found = quiet.over_at(now, zone)
    # An end that the clocks skip (02:30 in March) is told by zone rules an hour beside it.
    assert abs(found - walked) <= timedelta(hours=1)
    if walked.astimezone(ZoneInfo(zone)).utcoffset() == now.astimezone(ZoneInfo(zone)).utcoffset():
        assert found == walked


def test_a_day_that_is_quiet_from_end_to_end_still_has_a_morning():
    whole = QuietHours(time(0), time(23, 59, 59), weekends=False)
    assert whole.over_at(at("2026-11-18T12:00"), STOCKHOLM) == at("2026-11-18T23:59:59")


@pytest.mark.parametrize(
    ("after", "found"),
    [
        ("2026-11-18T06:59", "2026-11-18T07:00"),
        ("2026-11-18T07:00", "2026-11-19T07:00"),
        ("2026-03-28T20:00", "2026-03-29T07:00"),
        ("2026-10-24T20:00", "2026-10-25T07:00"),
    ],
)
def test_the_morning_mail_is_due_at_the_hour_of_the_own_zone(after, found):
    assert next_morning(at(after), STOCKHOLM, 7) == at(found)


@pytest.mark.parametrize("text", ["19:00", "19-07-x", "19:00-07:00 sundays", "25:00-07:00"])
def test_quiet_hours_of_the_installation_that_cannot_be_read_are_refused(text):
    with pytest.raises(ValueError):  # noqa: PT011 - whichever part is wrong
        QuietHours.parse(text)


def test_quiet_hours_are_stored_and_read_as_they_were():
    choices = Choices(NIGHT, {"live": ("push",)}, {"live": True}, 6)
    assert Choices.read(choices.plain(), 6) == choices
    assert QuietHours.parse(NIGHT.words) == NIGHT
    assert QuietHours.parse(" ") is None
