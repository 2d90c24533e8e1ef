"""A patient lot lives for hours from the end of a step; what is left at each step is told beforehand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.custody.identifiers import check_character, read_donation
from batches.custody.legs import Point, legs_of
from batches.custody.patients import identity_in, what_it_looks_like
from batches.custody.shelf_life import Planned, shelf_life
from batches.epcis.telling import Warmth
from portal.errors import Invalid

START = datetime(2026, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
STEPS = [
    Planned(UUID(int=place), title, hours * 3600)
    for place, (title, hours) in enumerate((("Grow", 24), ("Formulate", 5), ("Test", 4), ("Ship", 5)))
]
GROW, FORMULATE, TEST, SHIP = (each.id for each in STEPS)


def life(done, now, *, needed=None, hours=48):
    return shelf_life(STEPS, done, now, life=hours * HOUR, counts_from=FORMULATE, needed_at=needed)


def test_before_the_step_is_over_the_expiry_is_a_forecast():
    found = life({GROW: (START, None)}, START + 10 * HOUR)
    assert (found.expires_at, found.is_certain) == (START + (24 + 5 + 48) * HOUR, False)
    assert [each.left for each in found.steps] == [None, None, 44 * HOUR, 39 * HOUR]
    assert [each.stands for each in found.steps] == ["now", "ahead", "ahead", "ahead"]


def test_a_step_that_takes_longer_moves_what_comes_after_it():
    found = life({GROW: (START, None)}, START + 30 * HOUR)
    assert found.steps[1].ends_at == START + 35 * HOUR
    assert found.expires_at == START + (35 + 48) * HOUR


def test_once_the_step_is_over_the_expiry_stands():
    done = {GROW: (START, START + 24 * HOUR), FORMULATE: (START + 24 * HOUR, START + 29 * HOUR)}
    found = life(done, START + 40 * HOUR, needed=START + 60 * HOUR)
    assert (found.expires_at, found.is_certain, found.makes_it) == (START + 77 * HOUR, True, True)
    assert found.left_when_needed == 17 * HOUR
    late = life(done, START + 76 * HOUR, needed=START + 60 * HOUR)
    assert (late.makes_it, late.steps[-1].is_too_late) == (False, True)


@pytest.mark.parametrize(
    ("needed", "hours", "makes_it"), [(80, 48, False), (77, 48, True), (30, 48, False), (60, 4, False)]
)
def test_the_chain_makes_it_when_it_is_ready_and_fresh_at_the_instant(needed, hours, makes_it):
    done = {GROW: (START, START + 24 * HOUR), FORMULATE: (START + 24 * HOUR, START + 29 * HOUR)}
    assert life(done, START + 30 * HOUR, needed=START + needed * HOUR, hours=hours).makes_it is makes_it


def test_without_a_life_nothing_is_said():
    found = shelf_life(STEPS, {}, START, life=None, counts_from=None, needed_at=START)
    assert (found.expires_at, found.makes_it, found.is_certain) == (None, None, False)


def test_a_warm_stretch_belongs_to_the_leg_in_which_it_was_measured():
    warm = Warmth(START, START + HOUR, Decimal(4), Decimal("9.1"))
    points = [
        Point("b", START + 2 * HOUR, "receiving", "Suite", "Dock", False, warmths=[warm]),
        Point("a", START, "shipping", "Courier", "Clinic", False),
    ]
    legs = legs_of(points, Decimal(2), Decimal(8))
    assert [(each.holder, each.until, len(each.excursions)) for each in legs] == [
        ("Courier", START + 2 * HOUR, 1),
        ("Suite", None, 0),
    ]


@given(st.permutations(range(5)), st.sampled_from([Decimal(8), None]))
def test_the_order_in_which_points_come_changes_nothing(order, high):
    points = [
        Point(str(each), START + each * HOUR, ("shipping", "receiving")[each % 2], f"H{each // 2}", "", False)
        for each in range(5)
    ]
    told = [
        (each.holder, each.from_at, each.until) for each in legs_of([points[at] for at in order], None, high)
    ]
    assert told == [(each.holder, each.from_at, each.until) for each in legs_of(points, None, high)]


DONATIONS = st.from_regex(r"[A-NP-Z1-9][A-NP-Z0-9][0-9]{3}[0-9]{8}", fullmatch=True)


@given(DONATIONS, st.integers(0, 12), st.sampled_from("0123456789"))
def test_one_character_misread_in_a_donation_number_is_found(number, at, other):
    check = check_character(number)
    assert read_donation("donation", f"{number} {check}", typed=True) == number
    spoilt = number[:at] + other + number[at + 1 :]
    if spoilt != number:
        with pytest.raises(Invalid):
            read_donation("donation", spoilt + check, typed=True)


def test_the_check_character_is_that_of_the_standard():
    assert check_character("G123498654321") == "H"
    assert read_donation("donation", "=G12349865432177", typed=False) == "G123498654321"
    with pytest.raises(Invalid):
        read_donation("donation", "=G12349865432176", typed=False)


@pytest.mark.parametrize(
    "text",
    [
        "Anna Karlsson",
        "KARLSSON, ANNA",
        "A. Karlsson",
        "Frau Schmidt, Station 4",
        "Patient: 4711",
        "born 1961",
        "12.03.1961",
        "1961-03-12",
        "610312-7343",
        "943 476 5919",
        "078-05-1120",
        "756.1234.5678.97",
        "MRN 0012345",
    ],
)
def test_what_looks_like_a_person_is_found(text):
    assert what_it_looks_like(text)


@pytest.mark.parametrize(
    "text",
    [
        *("Courier 07", "Cell suite 3, bench 1", "Infusion site 12", "Receiving dock", "QA floor 07"),
        *(
            "Malmö North Site",
            "box closed, seal whole",
            "2026-03-01",
            "AV310-7F3K-0091",
            "Shipping dock 1",
            "",
        ),
    ],
)
def test_roles_places_and_codes_are_no_people(text):
    assert what_it_looks_like(text) == ""


def test_in_documents_companies_and_times_are_no_people():
    assert (
        list(identity_in({"eventTime": "2005-04-03T20:33:31Z", "ex:carrier": "Blue Dart", "ex:n": [1]})) == []
    )
    assert [
        path for path, _ in identity_in({"ex:driver": "Anna Karlsson", "a": [{"ex:patientId": "1"}]})
    ] == [
        "/ex:driver",
        "/a/0/ex:patientId",
    ]
