"""A certificate line by line against the specification and the record."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batches.laboratory.comparing import Known, Stated, Wanted, compare
from batches.laboratory.reading import read_lines
from portal.errors import Invalid

HCP = Wanted(
    "HCP", "Host cell protein", "ng/mL", None, Decimal(100), Known(Decimal("13.89"), "ng/mL", "", "ELISA")
)
NUMBERS = st.decimals(-1000, 1000, places=3, allow_nan=False)


def line(**given):
    said = {"test": "HCP", "value": Decimal("13.9"), "unit": "ng/mL", "high": Decimal(100), "method": "ELISA"}
    return Stated(**(said | given))


def kinds(*lines, wanted=(HCP,), with_results=True):
    return [str(each.kind) for each in compare(lines, wanted, with_results=with_results)]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, []),
        ({"test": "host-cell protein"}, []),
        ({"value": Decimal("13.89")}, []),
        ({"value": Decimal(14)}, []),
        ({"value": Decimal("13.8")}, ["value"]),
        ({"value": Decimal(14), "qualifier": "<"}, ["value"]),
        ({"value": Decimal(140)}, ["outside", "value"]),
        ({"high": Decimal(120)}, ["limit"]),
        ({"method": "LC-MS"}, ["method"]),
        ({"method": "elisa "}, []),
        ({"value": None, "text": "complies"}, ["not_a_number"]),
        ({"value": Decimal("0.01389"), "unit": "ug/mL", "high": Decimal("0.1")}, ["unit"]),
        ({"unit": "ppm"}, ["unit", "limit"]),
        ({"test": "Colour", "value": None, "text": "clear"}, ["not_specified", "missing_test"]),
    ],
)
def test_each_way_to_differ_is_named(given, found):
    assert kinds(line(**given)) == found


def test_a_test_that_the_certificate_leaves_out_is_missing_and_says_what_was_asked():
    (found,) = compare([], [HCP], with_results=True)
    assert (found.kind, found.test, found.expected) == ("missing_test", "Host cell protein", "<= 100 ng/mL")


def test_without_a_result_in_the_record_a_certificate_of_a_batch_says_so_and_one_of_a_material_does_not():
    bare = Wanted("HCP", "Host cell protein", "ng/mL", None, Decimal(100))
    assert kinds(line(), wanted=[bare]) == ["no_result"]
    assert kinds(line(), wanted=[bare], with_results=False) == []


def test_below_what_can_be_measured_keeps_an_upper_limit_and_never_a_lower_one():
    upper, lower = Wanted("X", "X", "", None, Decimal(10)), Wanted("X", "X", "", Decimal(1), None)
    below = Stated("X", Decimal(5), "<")
    assert kinds(below, wanted=[upper], with_results=False) == []
    assert kinds(below, wanted=[lower], with_results=False) == ["outside"]


@given(NUMBERS)
def test_what_the_record_says_itself_never_differs(value):
    wanted = Wanted("X", "X", "g/L", value - 1, value + 1, Known(value, "g/L"))
    said = Stated("X", value, "", "", "g/L", value - 1, value + 1)
    assert compare([said], [wanted], with_results=True) == []


@given(NUMBERS, NUMBERS)
def test_another_value_to_the_same_places_always_differs(one, other):
    wanted = Wanted("X", "X", "g/L", None, None, Known(one, "g/L"), is_specified=False)
    found = compare([Stated("X", other, "", "", "g/L")], [wanted], with_results=True)
    assert bool(found) == (one != other)


def test_lines_come_as_csv_or_json_with_their_zeros():
    text = "Test;Result;Unit;Low;High;Method\nHCP;<1.60;ng/mg;;100;ELISA\nColour;clear;;;;\n"
    first, second = read_lines(text)
    assert first == Stated("HCP", Decimal("1.60"), "<", "", "ng/mg", None, Decimal(100), "ELISA")
    assert (str(first.value), second.text) == ("1.60", "clear")
    assert read_lines(
        '[{"test": "HCP", "result": "<1.60", "unit": "ng/mg", "high": 100, "method": "ELISA"}]'
    ) == [first]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "HCP,1",
        "test,result\n",
        "test,result,colour\nHCP,1,red\n",
        "test,result\nHCP,\n",
        "test,result,high\nHCP,1,many\n",
        "[1]",
        "[{",
        '[{"test": "HCP"}]',
        "[" * 5000,
        "test,result\n" + "HCP,1\n" * 301,
        "test,result\n" + "H" * 121 + ",1\n",
    ],
)
def test_what_is_not_understood_is_named_and_nothing_is_taken(text):
    with pytest.raises(Invalid) as refused:
        read_lines(text)
    assert refused.value.errors["lines"]


@given(st.text(max_size=200))
def test_whatever_is_sent_is_read_or_refused(text):
    with suppress(Invalid):
        assert all(each.test and (each.text or each.value is not None) for each in read_lines(text))
