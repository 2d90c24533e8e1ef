import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.replay.units import Conversion, find_conversion, significant
from batches.units import UNITS, canonical


@pytest.mark.parametrize(
    ("given_unit", "wanted", "before", "after"),
    [
        ("K", "degC", 298.0, 24.85),
        ("K", "°C", 297.9996768, 24.8496768),
        ("degC", "K", 24.85, 298.0),
        ("degF", "degC", 212.0, 100.0),
        ("F", "degC", 69.88083514, 21.0449084111),
        ("bar", "mbar", 0.6, 600.0),
        ("mbar", "Pa", 80.0, 8000.0),
        ("mmHg", "mbar", 100.0, 133.322387415),
        ("L/h", "m3/h", 30.0, 0.03),
        ("L/min", "L/h", 2.0, 120.0),
        ("mL/min", "L/h", 100.0, 6.0),
        ("mg/L", "g/L", 14.7, 0.0147),
        ("mg/mL", "g/L", 50.0, 50.0),
        ("kN", "N", 4.2, 4200.0),
        ("h", "min", 1.5, 90.0),
    ],
)
def test_known_units_are_converted(given_unit, wanted, before, after):
    assert find_conversion(given_unit, wanted).apply(np.array([before]))[0] == pytest.approx(after, rel=1e-9)


@pytest.mark.parametrize(
    ("spelling", "unit"),
    [
        ("°C", "degC"),
        ("deg C", "degC"),
        ("L/hr", "L/h"),
        ("Kg", "kg"),
        ("RPM", "rpm"),
        ("1/min", "rpm"),
        ("centPoise", "mPa.s"),
        ("(mg L^{-1})", "mg/L"),
        ("  g/l ", "g/L"),
        ("10^6/mL", "10⁶/mL"),
    ],
)
def test_units_have_one_spelling(spelling, unit):
    assert canonical(spelling) == unit


@pytest.mark.parametrize(
    ("given_unit", "wanted"), [("K", "%"), ("bar", "L/h"), ("furlong", "mm"), ("pH", "rpm")]
)
def test_what_does_not_measure_the_same_is_not_converted(given_unit, wanted):
    assert find_conversion(given_unit, wanted) is None


def test_an_unknown_unit_is_itself():
    assert not find_conversion("CFU/plate", "CFU/plate").changes


@given(st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)), st.floats(1e-6, 1e6))
def test_there_and_back_is_the_same(one, other, value):
    there, back = find_conversion(one, other), find_conversion(other, one)
    assert (there is None) == (back is None)
    if there and back:
        again = back.apply(there.apply(np.array([value])))
        assert again[0] == pytest.approx(value, rel=1e-6, abs=1e-6)


def test_no_conversion_leaves_the_bits_alone():
    values = np.array([2.230721965e-25, 0.1 + 0.2, -0.0])
    assert Conversion().apply(values) is values


def test_arithmetic_adds_no_digits():
    assert find_conversion("K", "degC").apply(np.array([297.1]))[0] == 23.95


def test_scale_and_offset_come_before_the_unit():
    conversion = find_conversion("K", "degC").after(0.1, 5.0)
    assert conversion.apply(np.array([2930.0]))[0] == 24.85


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_never_makes_a_number_zero_or_infinite(value):
    rounded = significant(np.array([value]))[0]
    assert np.isfinite(rounded)
    assert (rounded == 0) == (value == 0)
    assert rounded == pytest.approx(value, rel=1e-10)
