"""Tables as CSV that a spreadsheet opens as data, never as formulas (goal G34; ASVS 1.2.10).

RFC 4180 with CRLF, as text; who writes bytes encodes by `utf-8-sig`: without the byte order mark a
spreadsheet reads UTF-8 as its machine's own code page.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

# What begins a formula, in full width too, and what a spreadsheet drops before it looks for one.
BEGINS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\x00", "\uff1d", "\uff0b", "\uff0d", "\uff20")
NEUTRAL: Final = "'"
ENCODING: Final = "utf-8-sig"


def rows_to_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table as CSV text; None is an empty cell.

    A cell that would begin a formula begins with an apostrophe, a number that is one is left as it is.
    U+0000, which no spreadsheet takes, is left out.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([cell(each) for each in header])
    writer.writerows([cell(each) for each in row] for row in rows)
    return out.getvalue()


def cell(value: object) -> str:
    """Return a value as the text of a cell that nothing computes."""
    text = "" if value is None else str(value)
    is_number = isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)
    begins = text.lstrip(" \xa0\ufeff").startswith(BEGINS_FORMULA)
    neutral = NEUTRAL if begins and not is_number else ""
    return neutral + text.replace("\x00", "")
