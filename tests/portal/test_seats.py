"""Seats with dates: for now or later, for a time, never dated back; what has not begun opens nothing."""

from __future__ import annotations

import re
from datetime import UTC, timedelta

import pytest

from portal.action import reading
from portal.actions.people import end_assignment, give_assignment
from portal.actor import Side
from portal.directory import read_directory
from portal.errors import Conflict, Invalid
from portal.models import Assignment
from tests.conftest import actor, entries_of
from tests.factories import cast
from tests.factories import deviations as make

KEY = "cdmo_shift_lead"


def give(admin, *, begins=None, ends=None, code="Operator 77"):
    """Seat the shift lead in the rival's program: days from now, or none."""
    now = make.now()
    return give_assignment(
        admin,
        cast.CDMO,
        person_id=cast.person_id(KEY),
        target_id=cast.RIVAL_PROGRAM,
        side=Side.MANUFACTURER,
        role="operator",
        code=code,
        valid_from=None if begins is None else now + timedelta(days=begins),
        valid_until=None if ends is None else now + timedelta(days=ends),
    )


def is_seated():
    return cast.RIVAL_PROGRAM in actor(KEY).seats


def test_a_seat_to_come_opens_nothing_until_its_date_and_nothing_after_its_end(database, clock, cdmo_admin):
    give(cdmo_admin, begins=2, ends=5)
    assert not is_seated()
    clock.move(timedelta(days=2, minutes=1))
    assert is_seated()
    clock.move(timedelta(days=5, minutes=1))
    assert not is_seated()


@pytest.mark.parametrize(
    ("begins", "ends", "field"),
    [
        (-1, None, "valid_from"),
        (367, None, "valid_from"),
        (None, -1, "valid_until"),
        (10, 10, "valid_until"),
        (10, 9, "valid_until"),
        (10, 10 + 3 * 366 + 1, "valid_until"),
        (None, 365_000, "valid_until"),
    ],
)
def test_a_seat_is_not_dated_back_nor_beyond_its_bounds(database, cdmo_admin, begins, ends, field):
    before = entries_of(cast.CDMO)
    with pytest.raises(Invalid) as refused:
        give(cdmo_admin, begins=begins, ends=ends)
    assert list(refused.value.errors) == [field]
    assert entries_of(cast.CDMO) == before


def test_a_seat_of_three_years_from_its_start_is_given(database, cdmo_admin):
    seat = give(cdmo_admin, begins=365, ends=365 + 3 * 366)
    assert (seat.valid_until - seat.valid_from).days == 3 * 366


def test_a_seat_that_is_ended_before_it_began_never_begins(database, clock, cdmo_admin):
    seat = end_assignment(cdmo_admin, give(cdmo_admin, begins=2).pk, reason="planned by mistake")
    clock.move(timedelta(days=2, minutes=1))
    assert not is_seated()
    assert entries_of(cast.CDMO)[-1][1] == "assignment.ended"
    with pytest.raises(Conflict):
        end_assignment(cdmo_admin, seat.pk, reason="once more")


def test_the_directory_tells_seats_of_now_to_come_and_ended(database, cdmo_admin):
    give(cdmo_admin, begins=2, code="To come 01")
    end_assignment(cdmo_admin, give(cdmo_admin, code="Ended 01").pk, reason="not needed")
    with reading(cdmo_admin):
        line = next(
            each for each in read_directory(cdmo_admin).people if each.person_id == cast.person_id(KEY)
        )
    assert [(each.code, each.state) for each in line.held] == [
        ("Shift lead 04", "live"),
        ("To come 01", "coming"),
    ]
    assert [each.code for each in line.past] == ["Ended 01"]


def test_the_page_gives_a_seat_with_both_dates_and_shows_it_as_to_come(database, signed_in, cdmo_admin):
    client = signed_in("cdmo_admin")
    begins = (make.now() + timedelta(days=3)).astimezone(UTC)
    given = {
        "person": str(cast.person_id(KEY)),
        "target": str(cast.RIVAL_PROGRAM),
        "role": "manufacturer:operator",
        "code": "Operator 78",
        "valid_from": f"{begins:%Y-%m-%dT%H:%M}",
        "valid_until": f"{begins + timedelta(days=7):%Y-%m-%dT%H:%M}",
    }
    assert client.post("/administration/seats/", given).status_code == 302
    with reading(cdmo_admin):
        seat = Assignment.objects.visible_to(cdmo_admin).get(code="Operator 78")
    assert (seat.valid_until - seat.valid_from) == timedelta(days=7)
    page = client.get("/administration/").content.decode()
    assert re.search(r"Operator 78</span>\s*<span class=\"tag[^>]*>.*?to come", page, re.DOTALL)
    refused = client.post("/administration/seats/", given | {"valid_from": "2020-01-01T00:00"})
    assert refused.status_code == 400
    assert "nothing is dated back" in refused.content.decode()
