"""Calendars: each side says how it works from a date on; a clock keeps the version under which it started."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from portal.action import reading
from portal.actions.calendars import set_calendar
from portal.actions.clocks import pause_clock, resume_clock
from portal.actor import Role, Seat, Side, system_actor
from portal.agreements.durations import Duration
from portal.business_time import WORKING_WEEK, Calendar
from portal.clocks import calendar_at, calendar_of
from portal.errors import DomainError
from portal.models import BusinessCalendar, ProgramSite
from tests.conftest import actor, entries_of, head_of
from tests.factories import cast
from tests.factories.alerts import facts_of
from tests.factories.clocks import FIVE_DAYS, WORDS, lines_of, seen, started
from tests.factories.deviations import now

MALMO = "Europe/Stockholm"
WATCHER = system_actor("watchdog", cast.PROGRAM)
REASON = "The holidays of Sweden and the summer shutdown."
SWEDEN = Calendar(MALMO, country="SE", closures={date(2027, 7, 5): "Shutdown"})


def today(zone=MALMO):
    return now().astimezone(ZoneInfo(zone)).date()


def put(key="cdmo_quality_head", calendar=SWEDEN, *, by=None, program=cast.PROGRAM, **given):
    stated = {"calendar": calendar, "effective_on": today(calendar.zone), "reason": REASON}
    return set_calendar(by or actor(key), program, **stated | given)


def refusal(*args, **given):
    with pytest.raises(DomainError) as refused:
        put(*args, **given)
    return refused.value.problem_code


def in_force(side="manufacturer", *, after=timedelta(0), site_id=None):
    with reading(WATCHER):
        found = calendar_at(WATCHER, cast.PROGRAM, side, now() + after, site_id=site_id)
    return found and found.number


def versions():
    with reading(WATCHER):
        rows = BusinessCalendar.objects.visible_to(WATCHER).order_by("side", "number")
        return [(each.side, each.number, each.site_id is not None) for each in rows]


def test_a_head_of_quality_sets_the_calendar_of_the_own_side(database):
    head = head_of(cast.PROGRAM)
    row = put()
    assert (row.side, row.number, row.effective_on, row.set_code, row.reason) == (
        "manufacturer",
        1,
        today(),
        "Quality head 01",
        REASON,
    )
    assert Calendar.of(row.content) == SWEDEN
    assert facts_of(cast.PROGRAM, after=head) == [
        (
            "calendar.set",
            {"side": "manufacturer", "number": "1", "effective_on": today().isoformat()},
        )
    ]
    assert [kind for _, kind, _, _ in entries_of(cast.PROGRAM, after=head)] == ["calendar.set"]
    assert (in_force(), in_force("sponsor")) == (1, None)


def test_each_side_counts_its_own_versions(database):
    put()
    put("sponsor_quality_head", Calendar("America/New_York", country="US"))
    put()
    assert versions() == [("manufacturer", 1, False), ("manufacturer", 2, False), ("sponsor", 1, False)]


def test_an_administrator_who_sits_in_the_program_sets_it_too(database):
    admin, qa = actor("cdmo_admin"), actor("cdmo_qa")
    seat = Seat(cast.PROGRAM, Side.MANUFACTURER, frozenset({"viewer"}), "Site admin 02")
    assert refusal(by=admin) == "not_found"
    assert put(by=replace(admin, seats={**admin.seats, cast.PROGRAM: (seat,)})).number == 1
    assert not qa.holds(cast.PROGRAM, Role(Side.BOTH, "site_admin"))


@pytest.mark.parametrize("key", ["cdmo_qa", "cdmo_operator", "sponsor_qa", "sponsor_viewer", "inspector"])
def test_nobody_else_sets_one(database, key):
    assert refusal(key) == "refused"
    assert versions() == []


def test_a_rival_does_not_find_the_program(database):
    assert refusal("rival_sponsor_qa") == "not_found"
    put()
    with reading(actor("rival_sponsor_qa")) as rival:
        assert list(BusinessCalendar.objects.visible_to(rival)) == []


def test_a_version_takes_effect_on_its_date_and_never_backwards(database):
    put()
    put(effective_on=today() + timedelta(days=10))
    assert (in_force(), in_force(after=timedelta(days=9)), in_force(after=timedelta(days=11))) == (1, 1, 2)
    assert refusal(effective_on=today() - timedelta(days=1)) == "invalid"


def test_a_site_may_have_a_calendar_of_its_own(database):
    with reading(WATCHER):
        site = ProgramSite.objects.visible_to(WATCHER).get(name="Malmö")
    put()
    put(site_id=site.pk, calendar=Calendar("Europe/Dublin", country="IE"))
    put()
    assert (in_force(), in_force(site_id=site.pk)) == (3, 2)
    assert refusal("sponsor_quality_head", site_id=site.pk) == "invalid"
    assert refusal(site_id=cast.fixed("nowhere")) == "invalid"


def test_two_who_write_at_once_do_not_undo_each_other(database):
    put(after=0)
    assert refusal(after=0) == "stale_version"
    assert put(after=1).number == 2


@pytest.mark.parametrize(
    "given", [{"reason": "short"}, {"calendar": replace(SWEDEN, closures={
        date(2027, 1, 1) + timedelta(days=n): "x" for n in range(401)})}]
)  # fmt: skip
def test_what_makes_no_calendar_is_refused(database, given):
    assert refusal(**given) == "invalid"


def test_a_clock_is_counted_by_the_calendar_in_force_and_keeps_it(database, clock):
    put(calendar=Calendar(MALMO, WORKING_WEEK, closures={}))
    found = started(FIVE_DAYS)
    assert (found.calendar, found.zone, found.duration) == (
        1,
        MALMO,
        {"business_days": 5, "calendar": "site"},
    )
    closed = {today() + timedelta(days=n): "Shutdown" for n in range(30)}
    put(calendar=Calendar(MALMO, WORKING_WEEK, closures=closed))
    row = seen(found)
    assert (row.due_at, row.version, lines_of(found)) == (found.due_at, 1, lines_of(found)[:1])
    with reading(WATCHER):
        assert calendar_of(WATCHER, row).closures == {}
    qa = actor("cdmo_qa")
    rested = pause_clock(qa, found.pk, reason=WORDS, version=1)
    gone_on = resume_clock(qa, found.pk, version=rested.version)
    # By the closures of the new version the time would not be over within a month.
    assert gone_on.due_at - found.due_at < timedelta(days=4)
    assert started(FIVE_DAYS).due_at - found.due_at > timedelta(days=20)


def test_the_sponsors_clock_is_counted_by_the_sponsors_calendar(database):
    put("sponsor_quality_head", Calendar("America/New_York", country="US"))
    found = started(Duration(5, "business_days", "sponsor"), side=Side.SPONSOR)
    assert (found.calendar, found.zone) == (1, "America/New_York")


def test_without_a_calendar_a_business_day_is_monday_to_friday_in_the_zone_of_the_site(database):
    friday = datetime(2026, 11, 20, 12, tzinfo=ZoneInfo(MALMO))
    found = started(Duration(1, "business_days"), since=friday)
    assert found.due_at == datetime(2026, 11, 23, 12, tzinfo=ZoneInfo(MALMO))
    assert (found.calendar, found.zone) == (None, MALMO)
    assert found.inputs == {"since": friday.isoformat()}
