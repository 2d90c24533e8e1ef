import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.replay.cells import read_numbers
from batches.replay.maps import MISSING, ColumnRule

RULE = ColumnRule("T", "TEMP")


def read(*cells, rule=RULE, decimal="."):
    return read_numbers(cells, rule, decimal=decimal)


def test_plain_numbers_are_read_to_the_last_bit():
    numbers = read("298", " 2.230721965e-25 ", "-0", "+1.5")
    assert numbers.values.tolist() == [298.0, 2.230721965e-25, -0.0, 1.5]
    assert (numbers.missing, numbers.refused) == (0, {})


@pytest.mark.parametrize("cell", ["", "      ", "NaN", "nan", "NA", "N/A", "null", "-", "#N/A"])
def test_a_missing_value_is_missing_and_never_zero(cell):
    numbers = read("1", cell, "2")
    assert numbers.missing == 1
    assert np.isnan(numbers.values[1])
    assert numbers.values[[0, 2]].tolist() == [1, 2]


@pytest.mark.parametrize(
    "cell", ["20M", "1_000", "0x10", "1,5", "12 5", "maj.19", "3�7", "--5", "=1+1", "\x00"]
)
def test_what_is_no_number_is_refused_by_name(cell):
    numbers = read("1", cell)
    assert numbers.refused[1] == ("not_a_number", f"{cell!r} is no number")
    assert np.isnan(numbers.values[1])


@pytest.mark.parametrize("cell", ["inf", "-Infinity", "1e999"])
def test_what_is_not_finite_is_refused_by_name(cell):
    assert read("1", cell).refused[1][0] == "not_finite"


def test_a_long_text_is_repeated_in_part_only():
    assert len(read("x" * 20_000).refused[0][1]) < 80


def test_a_decimal_comma_is_read_where_the_map_says_so_and_a_point_then_is_no_number():
    numbers = read("1,5", "2", "1.5", decimal=",")
    assert numbers.values[:2].tolist() == [1.5, 2.0]
    assert numbers.refused == {2: ("not_a_number", "'1.5' is no number")}


def test_a_marker_that_looks_like_a_number_is_missing():
    numbers = read("1", "-999", rule=ColumnRule("T", "TEMP", missing=MISSING | {"-999"}))
    assert numbers.missing == 1
    assert np.isnan(numbers.values[1])


def test_an_implausible_value_is_refused_and_the_ends_are_plausible():
    numbers = read("-0.08", "0", "20", "200", "-5", rule=ColumnRule("SP", "TEMPSP", plausible=(0, 200)))
    assert sorted(numbers.refused) == [0, 4]
    assert numbers.refused[0] == ("implausible", "-0.08 is outside 0 to 200, which the map calls plausible")
    assert numbers.values[1:4].tolist() == [0, 20, 200]


@given(st.lists(st.text(max_size=12)))
def test_every_cell_is_a_number_or_missing_or_refused(cells):
    numbers = read_numbers(cells, RULE)
    finite = np.isfinite(numbers.values)
    assert finite.sum() + numbers.missing + len(numbers.refused) == len(cells)
    assert not finite[list(numbers.refused)].any()


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_both_ways_of_reading_agree(values):
    cells = [repr(value) for value in values]
    assert read_numbers(cells, RULE).values.tolist() == values
    assert read_numbers([*cells, ""], RULE).values.tolist()[:-1] == values
