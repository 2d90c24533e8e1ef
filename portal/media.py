"""What a file is, told from its bytes: only kinds that cannot run anything are taken."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Final

from portal.errors import Invalid

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
# Tab, line feed, carriage return, form feed: the controls that a text file may hold.
TEXT_CONTROLS: Final = frozenset("\t\n\r\f")


def media_type_of(data: bytes, name: str) -> str:
    """Return the media type of a file by its first bytes; raises Invalid naming what is accepted."""
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
