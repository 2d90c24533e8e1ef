"""Read one frame of sensor readings in JSON, NDJSON or CSV; refuse it whole only if no row can be told apart.

By hand and not by serializers (ground 5): a frame has up to 100,000 rows and is read while the gateway waits.
"""

import csv
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NoReturn

import orjson

from batches.frame_rows import FIELDS, REQUIRED, Frame, RowFault, Terms, echo, take_rows
from portal.errors import DomainError

MAX_ROWS: Final = 100_000
MAX_BYTES: Final = 16 * 1024 * 1024
# Separators in a frame of MAX_ROWS, pretty-printed and with every field, stay below this. Beyond it a body of
# 16 MB could unfold into hundreds of megabytes of empty objects before anybody counts its rows.
MAX_SEPARATORS: Final = 20 * MAX_ROWS

_BOM: Final = b"\xef\xbb\xbf"
_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii"})


class FrameRefused(DomainError):
    """Nothing of the frame could be read; `problem_code` says why."""

    code, status, title = "frame_refused", 400, "Frame not accepted"


class FrameTooLarge(FrameRefused):
    """The frame has more rows or bytes than one frame may have."""

    code, status, title = "frame_too_large", 413, "Frame too large"


class FrameTypeRefused(FrameRefused):
    """The frame comes in a form that is not read here."""

    code, status, title = "unsupported_media_type", 415, "Form not accepted"


def parse_frame(
    body: bytes, media_type: str, *, units: Mapping[str, str], earliest_us: int, latest_us: int
) -> Frame:
    """Take the readings of one frame that can be taken, and say of each other row why not.

    A reading has a parameter, an instant with its offset, a value and maybe a unit. `media_type` is the
    Content-Type as sent. `units` maps each known parameter code to its unit. Readings from `earliest_us` to
    `latest_us` are taken, both included. In NDJSON and CSV each line stands alone: a broken one is refused
    and its neighbours kept, so a quoted CSV cell cannot span lines. Blank lines are no rows.

    Raises: FrameRefused 400 with `broken_json`, `wrong_shape`, `no_header`, `unknown_field`, `not_utf8`,
    `nul_character`; FrameTooLarge 413 with `too_large`, `too_many_rows`; FrameTypeRefused 415.
    """
    read = _reader_of(media_type)
    if len(body) > MAX_BYTES:
        raise FrameTooLarge(
            f"The frame has {len(body):,} bytes; one frame may have 16 MB ({MAX_BYTES:,} bytes).",
            code="too_large",
        )
    if len(body) > MAX_SEPARATORS and sum(map(body.count, (b",", b"{", b"[", b"\n", b"\r"))) > MAX_SEPARATORS:
        _refuse_count("more parts than that many rows can have")
    rows = read(body.removeprefix(_BOM))
    if len(rows) > MAX_ROWS:
        _refuse_count(f"{len(rows):,} rows")
    return take_rows(rows, Terms(units, earliest_us, latest_us))


def _refuse_count(found: str) -> NoReturn:
    raise FrameTooLarge(
        f"The frame has {found}; one frame may have {MAX_ROWS:,} rows. Send it in parts.",
        code="too_many_rows",
    )


def _reader_of(media_type: str) -> Callable[[bytes], list[Any]]:
    name, *options = [part.strip().lower() for part in media_type.split(";")]
    read = _READERS.get(name)
    if read is None:
        raise FrameTypeRefused(f"Readings come as {', '.join(_READERS)}; not as {echo(name)}.")
    for option in options:
        key, _, given = option.partition("=")
        if key == "charset" and given.strip('"') not in _UTF8:
            raise FrameTypeRefused(f"Readings come in UTF-8, not in {echo(given)}.")
    return read


def _read_json(body: bytes) -> list[Any]:
    document: object
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as fault:
        document = _loose_json(body, f"{fault.msg} (line {fault.lineno}, column {fault.colno})")
    if not isinstance(document, dict) or not isinstance(document.get("readings"), list):
        raise FrameRefused('The frame is not of the form {"readings": [...]}.', code="wrong_shape")
    for field in document:
        if field != "readings":
            raise FrameRefused(f'Beside "readings" the frame has {echo(field)}.', code="wrong_shape")
    rows: list[Any] = document["readings"]
    return rows


def _loose_json(body: bytes, complaint: str) -> object:
    # Some senders write NaN and Infinity, numbers beyond a double, or half a surrogate pair. That is one
    # bad row, but the strict parser gives up the whole frame for it; the looser one shows which row to
    # name.
    try:
        loose: object = json.loads(body.decode(), parse_int=float)
    except UnicodeDecodeError as fault:
        raise FrameRefused(f"The frame is not UTF-8 at byte {fault.start}.", code="not_utf8") from None
    except (ValueError, RecursionError):
        if b"\0" in body:
            raise FrameRefused("The frame holds the character U+0000.", code="nul_character") from None
        raise FrameRefused(f"The frame is not JSON: {complaint}.", code="broken_json") from None
    return loose


def _read_ndjson(body: bytes) -> list[Any]:
    return [_line_of_json(line) for line in body.split(b"\n") if line and not line.isspace()]


def _line_of_json(line: bytes) -> object:
    row: object
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as fault:
        try:
            row = _loose_json(line, f"{fault.msg} (column {fault.colno})")
        except FrameRefused as refused:
            code = "bad_json" if refused.problem_code == "broken_json" else refused.problem_code
            return RowFault(code, refused.detail.replace("The frame", "The line"))
    return row


def _read_csv(body: bytes) -> list[Any]:
    lines = [line for line in body.splitlines() if line and not line.isspace()]
    columns = _header(lines[0] if lines else b"")
    return [_line_of_csv(line, columns) for line in lines[1:]]


def _header(line: bytes) -> list[str]:
    try:
        columns = [cell.strip() for cell in _cells(line)]
    except RowFault as fault:
        raise FrameRefused(f"The first line is no header: {fault.detail}", code=fault.code) from None
    expected = "The first line must be a header like parameter,at,value or parameter,at,value,unit"
    for column in REQUIRED:
        if columns.count(column) != 1:
            raise FrameRefused(
                f"{expected}; {column} is there {columns.count(column)} times.", code="no_header"
            )
    for column in columns:
        if column not in FIELDS or columns.count(column) > 1:
            raise FrameRefused(f"{expected}; it has {echo(column)}.", code="unknown_field")
    return columns


def _line_of_csv(line: bytes, columns: Sequence[str]) -> object:
    try:
        cells = _cells(line)
    except RowFault as fault:
        return fault
    if len(cells) > len(columns):
        return RowFault("unknown_field", f"The row has {len(cells)} cells, the header {len(columns)}.")
    # A row may end early; what it leaves out is missing, as an empty cell is.
    row: dict[str, Any] = {column: cell for column, cell in zip(columns, cells, strict=False) if cell.strip()}
    if "value" in row and _NUMBER.fullmatch(row["value"]):
        row["value"] = float(row["value"])
    return row


def _cells(line: bytes) -> list[str]:
    if b"\0" in line:
        raise RowFault("nul_character", "The line holds the character U+0000.")
    try:
        text = line.decode()
    except UnicodeDecodeError as fault:
        raise RowFault("not_utf8", f"The line is not UTF-8 at byte {fault.start}.") from None
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        raise RowFault("bad_csv", "A quote does not pair; a cell cannot span lines.") from None


_READERS: Final[Mapping[str, Callable[[bytes], list[Any]]]] = {
    "application/json": _read_json,
    "application/x-ndjson": _read_ndjson,
    "text/csv": _read_csv,
}
