"""The pages of a scan: how many there are, and a digest of each, so that an exchanged page shows."""

from __future__ import annotations

import hashlib
import io
from typing import Any, Final

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, IndirectObject, StreamObject

from portal.errors import Invalid, TooLarge

PAGES_MOST: Final = 1_000
OBJECTS_MOST: Final = 200
# A picture is one page.
PICTURES: Final = ("image/png", "image/jpeg", "image/webp")


def digests_of(data: bytes, media_type: str) -> list[str]:
    """Return the SHA-256 of each page: of a picture its bytes, of a PDF what the page draws, as it is stored.

    Nothing is unpacked or run. Raises: Invalid, TooLarge.
    """
    if media_type in PICTURES:
        return [hashlib.sha256(data).hexdigest()]
    if media_type != "application/pdf":
        _refuse("A scan is a PDF, or a picture of one page (PNG, JPEG, WebP).")
    try:
        reader = PdfReader(io.BytesIO(data), strict=False)
        if reader.is_encrypted:
            _refuse("The PDF is protected by a password; give one without.")
        count = len(reader.pages)
        if count > PAGES_MOST:
            raise TooLarge(f"The scan has {count} pages; at most {PAGES_MOST} are taken.", limit=PAGES_MOST)
        found = [_digest(page) for page in reader.pages]
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, IndexError) as error:
        detail = "The PDF cannot be read. Print it anew as PDF, or scan it again."
        raise Invalid(detail, code="pdf_unreadable", errors={"file": [detail]}) from error
    if not found:
        _refuse("The PDF has no page.")
    return found


def _digest(page: Any) -> str:
    """Return the digest of the box, the contents and the pictures of a page."""
    digest = hashlib.sha256(repr([float(each) for each in page.mediabox]).encode())
    resources = _plain(page.get("/Resources")) or {}
    parts = [page.get("/Contents"), *(_plain(resources.get("/XObject")) or {}).values()]
    for part in parts[:OBJECTS_MOST]:
        _add(digest, _plain(part))
    return digest.hexdigest()


def _add(digest: Any, part: Any) -> None:
    if isinstance(part, ArrayObject):
        for each in part[:OBJECTS_MOST]:
            _add(digest, _plain(each))
    elif isinstance(part, StreamObject):
        # As stored: what unpacks to a thousand times its size is not unpacked.
        digest.update(part._data)  # noqa: SLF001 - pypdf hands out the unpacked bytes only


def _plain(found: Any) -> Any:
    return found.get_object() if isinstance(found, IndirectObject) else found


def _refuse(detail: str) -> None:
    raise Invalid(detail, code="no_scan", errors={"file": [detail]})
