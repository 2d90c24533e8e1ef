"""What a file is, told from its bytes: only kinds that cannot run anything are taken."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Final

from portal.errors import Invalid, TooLarge

PNG: Final = b"\x89PNG\r\n\x1a\n"
JPEG: Final = b"\xff\xd8\xff"
PDF: Final = b"%PDF-"
HEIC_BRANDS: Final = (b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1")
# Which endings a kind may have: a PDF that is called page.html would run once it lies on somebody's desk.
ENDINGS: Final[Mapping[str, tuple[str, ...]]] = {
    "image/png": (".png",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/webp": (".webp",),
    "image/heic": (".heic", ".heif"),
    "application/pdf": (".pdf",),
    "text/csv": (".csv",),
    "text/plain": (".txt",),
}
INLINE: Final = frozenset({"image/png", "image/jpeg", "image/webp"})
ACCEPTED: Final = "PNG, JPEG, WebP, HEIC, PDF, CSV and plain text"
NAME_CHARACTERS_MAX: Final = 200
# Four bytes each in the browser of whoever opens the page; cameras make up to two hundred million.
PIXELS_MAX: Final = 250_000_000
JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
JPEG_SCAN: Final = 0xDA
# Tab, line feed, carriage return, form feed: the controls that a text file may hold.
TEXT_CONTROLS: Final = frozenset("\t\n\r\f")


def media_type_of(data: bytes, name: str) -> str:
    """Return the media type of a file by its first bytes.

    Raises: Invalid naming what is accepted, TooLarge for a small file that unpacks to a huge picture.
    """
    if not data:
        raise Invalid("The file is empty.", errors={"file": ["The file is empty."]})
    ending = PurePath(name).suffix.lower()
    found = _by_bytes(data) or _text(data, ending)
    if found is None:
        words = f"{name!r} is not of a kind that is kept here. Accepted are {ACCEPTED}."
        raise Invalid(words, code="file_kind", errors={"file": [words]})
    if ending and ending not in ENDINGS[found]:
        words = f"{name!r} is {found} by its bytes, not what {ending} says; give it the right ending."
        raise Invalid(words, code="file_ending", errors={"file": [words]})
    if (pixels := pixels_of(data, found)) > PIXELS_MAX:
        words = f"{name!r} is a picture of {pixels} pixels; at most {PIXELS_MAX} are taken."
        raise TooLarge(words, code="picture_too_large", errors={"file": [words]}, limit=PIXELS_MAX)
    return found


def _by_bytes(data: bytes) -> str | None:
    if data.startswith(PNG):
        return "image/png"
    if data.startswith(JPEG):
        return "image/jpeg"
    if data.startswith(PDF):
        return "application/pdf"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in HEIC_BRANDS:
        return "image/heic"
    return None


def _text(data: bytes, ending: str) -> str | None:
    """Return a text type for UTF-8 without controls whose ending says text; markup is never taken for it."""
    found = {".csv": "text/csv", ".txt": "text/plain"}.get(ending)
    if found is None:
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    controls = {letter for letter in set(text) if ord(letter) < ord(" ")}
    return found if controls <= TEXT_CONTROLS else None


def clean_name(name: str) -> str:
    """Return the last part of a file's name as it was given; raises Invalid when nothing is left."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(letter for letter in last if letter.isprintable()).strip()
    if not kept.strip("."):
        raise Invalid("The file has no name.", errors={"file": ["Give the file a name."]})
    if len(kept) > NAME_CHARACTERS_MAX:
        words = f"The file's name has more than {NAME_CHARACTERS_MAX} characters."
        raise Invalid(words, errors={"file": [words]})
    return kept


def pixels_of(data: bytes, media_type: str) -> int:
    """Return how many pixels a picture says it has, 0 for what says nothing: no browser unpacks that."""
    read = _SIZES.get(media_type)
    try:
        width, height = read(data) if read else (0, 0)
    except (struct.error, IndexError):
        return 0
    return width * height


def _png(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">II", data, 16)
    return (width, height) if data[12:16] == b"IHDR" else (0, 0)


def _jpeg(data: bytes) -> tuple[int, int]:
    """Go from segment to segment, over fill and rubbish between them as browsers do, to the largest frame."""
    found, at = (0, 0), 2
    while (at := data.find(b"\xff", at)) >= 0 and data[at + 1] != JPEG_SCAN:
        marker = data[at + 1]
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= 0xD8:  # noqa: PLR2004 - markers without a length
            at += 1
            continue
        if marker in JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            found = max(found, (width, height), key=lambda each: each[0] * each[1])
        at += 2 + struct.unpack_from(">H", data, at + 2)[0]
    return found


def _webp(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        return (int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1)
    if kind == b"VP8L":
        bits = struct.unpack_from("<I", data, 21)[0]
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack_from("<HH", data, 26)
    return (width & 0x3FFF, height & 0x3FFF) if kind == b"VP8 " else (0, 0)


_SIZES: Final[Mapping[str, Callable[[bytes], tuple[int, int]]]] = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/webp": _webp,
}
