"""Cells of a CSV file that people open in a spreadsheet: no text of theirs becomes a formula (goal G34)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

STARTS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def safe_cell(text: object) -> str:
    """Return the text so that a spreadsheet shows it and runs nothing; NUL is dropped."""
    said = "" if text is None else str(text)
    # A spreadsheet trims blanks before it looks for a formula.
    guarded = said.startswith(STARTS_FORMULA) or said.lstrip().startswith(STARTS_FORMULA)
    return ("'" if guarded else "") + said.replace("\x00", "")


def write_csv(rows: Iterable[Iterable[object]]) -> str:
    """Return rows as CSV (RFC 4180) with every cell made safe."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerows([safe_cell(each) for each in row] for row in rows)
    return out.getvalue()
