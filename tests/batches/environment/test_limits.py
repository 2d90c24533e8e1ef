"""The table of limits says what the guidance says, and a plant's own limit never widens it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.environment.limits import TABLE, UNITS, Bounds, bounds_of, is_grown_in_a, kinds_of, standard
from batches.environment.states import Grade, Occupancy, SampleKind, System

ENDS = ("alert_high", "action_high", "alert_low", "action_low")
numbers = st.none() | st.decimals(min_value=-100, max_value=100, places=2)
bounds = st.builds(Bounds, **dict.fromkeys(ENDS, numbers))


@pytest.mark.parametrize(
    ("kind", "grade", "occupancy", "value", "verdict"),
    [
        ("settle", "A", "in_operation", "0", "within"),
        ("settle", "A", "in_operation", "1", "action"),
        ("air", "B", "in_operation", "10", "within"),
        ("air", "B", "in_operation", "11", "action"),
        ("glove", "B", "at_rest", "6", "action"),
        ("contact", "C", "in_operation", "26", "action"),
        ("settle", "D", "at_rest", "100", "within"),
        ("particles_05", "A", "at_rest", "3521", "action"),
        ("particles_50", "A", "in_operation", "29", "within"),
        ("particles_05", "B", "at_rest", "3521", "action"),
        ("particles_05", "B", "in_operation", "3521", "within"),
        ("particles_50", "C", "in_operation", "29301", "action"),
        ("particles_05", "D", "in_operation", "99999999", "within"),
    ],
)
def test_a_count_stands_as_annex_1_says(kind, grade, occupancy, value, verdict):
    assert standard("room", kind, grade, occupancy).judge(Decimal(value)) == verdict


@pytest.mark.parametrize(
    ("system", "kind", "value", "verdict"),
    [
        ("wfi", "count", "10", "within"),
        ("wfi", "count", "12", "action"),
        ("wfi", "toc", "501", "action"),
        ("steam", "dryness", "0.94", "action"),
        ("gas", "oil", "0.1", "within"),
        ("hvac", "pressure", "9.9", "action"),
        ("hvac", "air_speed", "0.35", "action"),
        ("hvac", "air_speed", "0.55", "action"),
    ],
)
def test_a_utility_stands_as_its_monograph_says(system, kind, value, verdict):
    assert standard(system, kind, "", "in_operation").judge(Decimal(value)) == verdict


def test_each_line_has_a_clause_a_unit_and_an_end():
    assert all(row.clause and row.kind in UNITS and (row.high or row.low) for row in TABLE)
    assert {row.kind for row in TABLE} == set(SampleKind)


def test_a_place_is_sampled_for_what_its_table_has():
    assert kinds_of("room", "A")[:2] == (SampleKind.AIR, SampleKind.SETTLE)
    assert SampleKind.GLOVE not in kinds_of("room", "D")
    assert kinds_of("gas", "") == (SampleKind.OIL, SampleKind.DEW_POINT)


@given(bounds, bounds, st.decimals(min_value=-200, max_value=200, places=2))
def test_the_tighter_of_two_limits_lets_nothing_pass_that_either_refuses(one, other, value):
    order = ["within", "alert", "action"]
    both = order.index(one.within(other).judge(value))
    assert both == max(order.index(each.judge(value)) for each in (one, other))


@given(st.sampled_from(list(Grade)), st.sampled_from(list(SampleKind)), st.integers(0, 300))
def test_the_plants_own_limit_is_never_wider_than_the_guidance(grade, kind, value):
    wide = {str(kind): {"action_high": "100000000", "source": "wide"}}
    place = (System.ROOM, kind, grade, Occupancy.IN_OPERATION)
    asked = standard(*place)
    if asked.action_high is not None:
        assert bounds_of(*place, wide).judge(Decimal(value)) == asked.judge(Decimal(value))


def test_one_colony_in_grade_a_is_growth_and_a_particle_is_not():
    assert is_grown_in_a("A", "settle", Decimal(1))
    assert not is_grown_in_a("A", "settle", Decimal(0))
    assert not is_grown_in_a("B", "settle", Decimal(1))
    assert not is_grown_in_a("A", "particles_50", Decimal(35))
