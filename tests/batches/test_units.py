from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.units import UNITS, convert, list_accepted
from portal.errors import Invalid


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "found"),
    [
        ("37", "", "°C", "37"),
        ("98.6", "°F", "°C", "37"),
        ("1500", "mL", "L", "1.5"),
        ("2.4", "mg/mL", "g/L", "2.4"),
        ("20000000", "cells/mL", "10⁶/mL", "20"),
        ("5", "CFU/100 mL", "CFU/mL", "0.05"),
        ("90", "min", "h", "1.5"),
        ("7.2", "", "", "7.2"),
    ],
)
def test_a_value_is_converted_exactly(value, unit, wanted, found):
    assert convert(Decimal(value), unit, wanted) == Decimal(found)


@pytest.mark.parametrize(("unit", "wanted"), [("bar", "°C"), ("g", "mL"), ("furlong", "L"), ("L", "")])
def test_a_unit_that_does_not_convert_is_refused_with_those_that_would_be(unit, wanted):
    with pytest.raises(Invalid) as refused:
        convert(Decimal(1), unit, wanted)
    assert all(each in refused.value.detail for each in list_accepted(wanted))


def test_a_small_value_never_becomes_zero():
    with pytest.raises(Invalid):
        convert(Decimal(1), "ng", "kg")


@given(st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)), st.decimals(1, 1000, places=3))
def test_there_and_back_is_the_same_value(unit, other, value):
    if UNITS[unit][0] != UNITS[other][0]:
        return
    try:
        back = convert(convert(value, unit, other), other, unit)
    except Invalid:
        return
    assert back == pytest.approx(value, rel=Decimal("0.00001"))
