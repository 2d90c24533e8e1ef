"""Reading a delimited text file, plain or gzipped, in blocks of rows."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from batches.replay.problems import FileProblem

BLOCK_ROWS: Final = 5_000
MAX_BYTES: Final = 4 * 1024**3  # unpacked; a small gzip can unfold into a full disk's worth of zeros
GZIP_MARK: Final = b"\x1f\x8b"
DELIMITERS: Final = {"tab": "\t", "comma": ",", "semicolon": ";", "space": " "}


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text is cut: the rows above the data, and the sign between cells."""

    header_rows: int = 1
    delimiter: str = ","


@dataclass(frozen=True, slots=True)
class Block:
    """Some rows of a file and the line on which each one stands."""

    rows: list[list[str]]
    lines: list[int]


@dataclass(frozen=True, slots=True)
class Table:
    """A file of rows below its header."""

    path: Path
    layout: Layout
    names: tuple[str, ...]
    units: tuple[str, ...]  # of the second header row; empty without one

    def blocks(self) -> Iterator[Block]:
        """Read the rows in order. Raises: FileProblem."""
        rows: list[list[str]] = []
        lines: list[int] = []
        for line, row in _data_rows(self.path, self.layout):
            rows.append(row)
            lines.append(line)
            if len(rows) == BLOCK_ROWS:
                yield Block(rows, lines)
                rows, lines = [], []
        if rows:
            yield Block(rows, lines)


def open_table(path: Path, layout: Layout) -> Table:
    """Read the header. Without one, columns are called by number from 1. Raises: FileProblem."""
    reader = _rows(path, layout.delimiter)
    header = [row for _, row in zip(range(layout.header_rows), (row for _, row in reader), strict=False)]
    if len(header) < layout.header_rows:
        raise FileProblem(
            f"{path.name} has {len(header)} rows; the header alone should have {layout.header_rows}."
        )
    if not header:
        first = next(reader, (0, []))[1]
        return Table(path, layout, tuple(str(number) for number in range(1, len(first) + 1)), ())
    names = tuple(name.strip() for name in header[0])
    units = tuple(unit.strip() for unit in header[1]) if len(header) > 1 else ()
    doubled = sorted({name for name in names if name and names.count(name) > 1})
    if doubled:
        raise FileProblem(f"{path.name} has more than one column called {', '.join(doubled)}.")
    return Table(path, layout, names, units)


def guess_delimiter(path: Path) -> str:
    """Take the sign that cuts the first line most often; a comma when none does."""
    with _text(path) as lines:
        try:
            first = lines.readline()
        except (OSError, EOFError, zlib.error) as fault:
            raise FileProblem(f"{path.name} cannot be read: {fault}") from fault
    return max(",;\t", key=first.count)


def _data_rows(path: Path, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    for index, (line, row) in enumerate(_rows(path, layout.delimiter)):
        if index >= layout.header_rows:
            yield line, row


def _rows(path: Path, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Read non-blank rows with their line. A damaged file is refused whole: half a record misleads."""
    with _text(path) as lines:
        reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=delimiter == " ")
        try:
            for row in reader:
                cells = row if delimiter != " " else [cell for cell in row if cell]
                if any(cell.strip() for cell in cells):
                    yield reader.line_num, cells
        except csv.Error as fault:
            raise FileProblem(f"{path.name} is not a table: {fault} (line {reader.line_num}).") from fault
        except (OSError, EOFError, zlib.error) as fault:
            raise FileProblem(f"{path.name} is damaged after line {reader.line_num}: {fault}") from fault


class _Measured(io.BufferedReader):
    """A reader that refuses to unfold more than a file may hold."""

    def __init__(self, raw: io.RawIOBase, name: str) -> None:
        super().__init__(raw)
        self._label = name
        self._left = MAX_BYTES

    def read1(self, size: int = -1, /) -> bytes:
        data = super().read1(size)
        self._left -= len(data)
        if self._left < 0:
            raise FileProblem(f"{self._label} unfolds to more than {MAX_BYTES // 1024**3} GB.")
        return data


def _text(path: Path) -> IO[str]:
    """Open for reading as UTF-8; a byte that is none becomes a sign no number has, so its cell is refused."""
    try:
        raw = path.open("rb")
        packed = raw.read(len(GZIP_MARK)) == GZIP_MARK
        raw.seek(0)
    except OSError as fault:
        raise FileProblem(f"{path} cannot be opened: {fault.strerror}.") from fault
    stream: io.RawIOBase = gzip.GzipFile(fileobj=raw) if packed else raw  # type: ignore[assignment]
    return io.TextIOWrapper(_Measured(stream, path.name), encoding="utf-8-sig", errors="replace", newline="")
