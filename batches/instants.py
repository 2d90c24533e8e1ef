"""Read instants in ISO 8601 with an offset: fast in the usual form, exactly in any other."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_MICROSECOND: Final = timedelta(microseconds=1)
_MINUTE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:")
# Where the seconds of the usual form end: `2026-03-01T08:00:00`.
_SECONDS_END: Final = 19
_ZERO: Final = np.uint8(ord("0"))
_SECONDS: Final = {f"{second:02}": second * 1_000_000 for second in range(60)}


class NoOffset(ValueError):
    """The text states a local time and not an instant."""


def exact_us(text: str) -> int:
    """Read any form of ISO 8601 that Python reads, as UTC microseconds since 1970; further digits are cut.

    Raises: NoOffset, ValueError.
    """
    if "\0" in text:
        # Behind the offset, Python's reader takes it for the end of the text.
        raise ValueError("U+0000")
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise NoOffset(text)
    return (instant - EPOCH) // _MICROSECOND


def iso(instant_us: int) -> str:
    """Write UTC microseconds in ISO 8601; outside the years 1 to 9999 as the plain number."""
    try:
        return (EPOCH + timedelta(microseconds=instant_us)).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return f"{instant_us} us"


class _Minutes(dict[str, int]):
    """Microseconds at the start of a minute written as `2026-03-01T08:00:`; learns each one once."""

    def __missing__(self, minute: str) -> int:
        # A shorter notation of the same length would be cut in the wrong place.
        if not _MINUTE.fullmatch(minute):
            raise ValueError(minute)
        self[minute] = us = exact_us(minute + "00Z")
        return us


class _Tails(dict[str, int]):
    """Microseconds that the part after the seconds adds, as `.25Z` or `+02:00`; learns each one once."""

    def __missing__(self, tail: str) -> int:
        self[tail] = us = exact_us("1970-01-01T00:00:00" + tail)
        return us


class InstantReader:
    """The instants of one frame; its minutes and offsets repeat, so three look-ups replace most parsing."""

    def __init__(self) -> None:
        self._minutes = _Minutes()
        self._tails = _Tails()

    def read_usual(self, texts: Sequence[str]) -> list[int]:
        """Read forms like `2026-03-01T08:00:00Z` and `...:00.25+02:00`, or raise KeyError, ValueError."""
        minutes, tails = self._minutes, self._tails
        return [minutes[text[:17]] + _SECONDS[text[17:19]] + tails[text[19:]] for text in texts]

    def read_column(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Read what `read_usual` reads; texts of one length and offset take a third of the time.

        Raises: KeyError, ValueError, TypeError.
        """
        is_even = bool(texts) and set(map(len, texts)) == {len(texts[0])}
        found = self._read_alike(texts) if is_even else None
        return np.array(self.read_usual(texts), dtype=np.int64) if found is None else found

    def _read_alike(self, texts: Sequence[str]) -> NDArray[np.int64] | None:
        """Read instants of one length, None where they have not the usual form or not the same offset."""
        whole = "".join(texts)
        if len(texts[0]) <= _SECONDS_END or not whole.isascii():
            return None
        raw = np.frombuffer(whole.encode(), dtype=np.uint8).reshape(len(texts), -1)
        tens, ones = raw[:, _SECONDS_END - 2] - _ZERO, raw[:, _SECONDS_END - 1] - _ZERO
        is_alike = (raw[:, _SECONDS_END:] == raw[0, _SECONDS_END:]).all()
        # What stands before "0" has wrapped around and is large.
        if not is_alike or (tens > 5).any() or (ones > 9).any():  # noqa: PLR2004 - the digits of seconds
            return None
        minutes = raw[:, : _SECONDS_END - 2]
        starts = np.flatnonzero(np.append(True, (minutes[1:] != minutes[:-1]).any(axis=1)))
        begun = [self._minutes[texts[start][: _SECONDS_END - 2]] for start in starts.tolist()]
        us = np.repeat(np.array(begun, dtype=np.int64), np.diff(starts, append=len(texts)))
        seconds = tens.astype(np.int64) * 10 + ones
        column: NDArray[np.int64] = us + seconds * 1_000_000 + self._tails[texts[0][_SECONDS_END:]]
        return column

    def read(self, text: str) -> int:
        """Read what `exact_us` reads. Raises: NoOffset, ValueError."""
        try:
            return self.read_usual((text,))[0]
        except (KeyError, ValueError):
            return exact_us(text)
