"""Ask a virus scanner about a file before anything of it is kept (clamd, INSTREAM; off unless configured)."""

from __future__ import annotations

import socket
import struct
from typing import Final
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from portal.errors import Invalid, Unavailable

PART_BYTES: Final = 65_536
ANSWER_BYTES_MAX: Final = 4096
TIMEOUT_S: Final = 20.0
CLEAN: Final = b"stream: OK"
log = structlog.get_logger(__name__)


def require_clean(data: bytes) -> None:
    """Refuse a file in which the scanner finds something, and any file while it gives no verdict.

    `COVALENT_CLAMD` is tcp://host:port or unix:///path; empty means that nothing is asked.
    Raises: Invalid (`infected`), Unavailable (`scanner_away`).
    """
    if not settings.CLAMD:
        return
    try:
        answer = _ask(data)
    except (OSError, ValueError) as error:
        log.warning("scanner_away", error=type(error).__name__)
        answer = b""
    if answer == CLEAN:
        return
    if answer.endswith(b" FOUND"):
        # The name of what was found goes to the log: to who sent the file it says nothing.
        log.warning("file_infected", found=answer.decode("ascii", "replace"))
        words = _("The virus scanner found something in this file. Nothing of it was kept.")
        raise Invalid(words, code="infected", errors={"file": [words]})
    raise Unavailable(
        _("The virus scanner gives no verdict now, and no file is taken without one. Try again in a minute."),
        code="scanner_away",
    )


def _ask(data: bytes) -> bytes:
    with _connected() as scanner:
        scanner.sendall(b"zINSTREAM\0")
        for at in range(0, len(data), PART_BYTES):
            part = data[at : at + PART_BYTES]
            scanner.sendall(struct.pack("!I", len(part)) + part)
        scanner.sendall(struct.pack("!I", 0))
        answer = b""
        while not answer.endswith(b"\0") and len(answer) < ANSWER_BYTES_MAX:
            part = scanner.recv(ANSWER_BYTES_MAX)
            if not part:
                break
            answer += part
    return answer.rstrip(b"\0")


def _connected() -> socket.socket:
    place = urlsplit(settings.CLAMD)
    if place.scheme == "unix":
        found = socket.socket(socket.AF_UNIX)
        found.settimeout(TIMEOUT_S)
        try:
            found.connect(place.path)
        except OSError:
            found.close()
            raise
        return found
    if place.scheme != "tcp" or place.port is None:
        raise ValueError("COVALENT_CLAMD is tcp://host:port or unix:///path")
    return socket.create_connection((place.hostname, place.port), TIMEOUT_S)
