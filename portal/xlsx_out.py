"""Tables as XLSX whose cells are text or numbers, never formulas or links (goal G34; ASVS 1.2.10)."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

import xlsxwriter

MEDIA_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CELL_MAX: Final = 32_767
# What XML 1.0 cannot hold.
UNWRITABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def rows_to_xlsx(header: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """Return a table as a workbook of one sheet; None is an empty cell, what is no number is text.

    A text that looks like a formula stays text by the kind of its cell: nothing is put before it. Longer
    ones end at the 32,767 characters that a cell holds.
    """
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, {**options, "strings_to_numbers": False}) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        bold = book.add_format({"bold": True})
        for column, name in enumerate(header):
            sheet.write_string(0, column, name, bold)
        for place, row in enumerate(rows, start=1):
            for column, value in enumerate(row):
                if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
                    sheet.write_number(place, column, float(value))
                elif value not in (None, ""):
                    sheet.write_string(place, column, UNWRITABLE.sub("", str(value))[:CELL_MAX])
    return out.getvalue()
