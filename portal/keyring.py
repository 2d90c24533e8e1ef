"""The envelope keys of each organisation: the present one seals, every one that ever sealed still opens.

One file per organisation (`COVALENT_KEYS/<organisation id>.key`), one key a line, the present one first:
`<id> <made at> <key service> <wrapped key>`. An old key is never taken off: ledger bodies are written once
and hold what it sealed. The oldest line may be a bare base64 key, as files were before keys had ids.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from portal.disk import write_for_good
from portal.errors import KeyUnavailable
from portal.kms import service

KEY_BYTES: Final = 32
ENDING: Final = ".key"
# How long nobody asks again for a key that could not be had, so that a page waits for it once.
REFUSED_S: Final = 5.0
FOUNDING: Final = ""
EPOCH: Final = datetime.fromtimestamp(0, UTC)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EnvelopeKey:
    """One key as it lies in the file; `id` is told from the key itself, so that a wrong one never passes."""

    id: str
    made_at: datetime
    service: str
    wrapped: str

    @property
    def line(self) -> str:
        """Return the key's line of the file."""
        return f"{self.id} {self.made_at.isoformat(timespec='seconds')} {self.service} {self.wrapped}\n"


# Keys in clear, or why there is none, until when: per organisation, for the file as it was then.
_Opened = tuple[float, AESGCM | KeyUnavailable]
_Stamp = tuple[int, int, int]
_rings: Final[dict[UUID, tuple[_Stamp, list[EnvelopeKey], dict[str, _Opened]]]] = {}


def id_of(key: bytes) -> str:
    """Return the id of a key: 16 hex digits of its digest, which tell nothing of 256 random bits."""
    return hashlib.sha256(b"covalent.envelope-key.1" + key).hexdigest()[:16]


def make_key(organisation_id: UUID) -> None:
    """Create the first key of an organisation unless it has one. Raises: KeyUnavailable."""
    with _alone():
        if not _path(organisation_id).exists():
            _write(organisation_id, [_new(organisation_id)])


def present_cipher(organisation_id: UUID) -> tuple[str, AESGCM]:
    """Return id and cipher of the key that seals now. Raises: KeyUnavailable."""
    first = _ring(organisation_id)[1][0]
    return first.id, cipher(organisation_id, first.id)


def cipher(organisation_id: UUID, key_id: str) -> AESGCM:
    """Return the cipher of a key by its id; FOUNDING is the oldest. Raises: KeyUnavailable.

    A key stays in memory for `KEY_CACHE`; then its service is asked again.
    """
    _, keys, opened = _ring(organisation_id)
    now = time.monotonic()
    until, found = opened.get(key_id, (0.0, None))
    if found is None or until <= now:
        try:
            found = AESGCM(_open(organisation_id, _find(keys, key_id)))
            until = now + settings.KEY_CACHE.total_seconds()
        except KeyUnavailable as error:
            log.warning("key_unavailable", organisation=str(organisation_id), key=key_id, reason=error.reason)
            found, until = error, now + REFUSED_S
        opened[key_id] = (until, found)
    if isinstance(found, KeyUnavailable):
        raise found.again()
    return found


def add_key(organisation_id: UUID) -> EnvelopeKey:
    """Make a new present key; the others stay below it. Raises: KeyUnavailable."""
    with _alone():
        keys = list_keys(organisation_id)
        made = _new(organisation_id)
        _write(organisation_id, [made, *keys])
    return made


def wrap_anew(organisation_id: UUID) -> int:
    """Wrap every key by the present key service and its present key; returns how many there are.

    The keys themselves stay, and so does everything that they seal. Raises: KeyUnavailable.
    """
    with _alone():
        keys = list_keys(organisation_id)
        anew = [
            EnvelopeKey(
                each.id,
                each.made_at,
                settings.KMS,
                service(settings.KMS).wrap(_open(organisation_id, each), organisation_id),
            )
            for each in keys
        ]
        _write(organisation_id, anew)
    return len(anew)


def list_keys(organisation_id: UUID) -> list[EnvelopeKey]:
    """Return the keys of an organisation, the present one first. Raises: KeyUnavailable."""
    return list(_ring(organisation_id)[1])


def fault_of(organisation_id: UUID, key: EnvelopeKey) -> str:
    """Return why a key cannot be opened now, empty when it can; its service is asked."""
    try:
        _open(organisation_id, key)
    except KeyUnavailable as error:
        return error.reason
    return ""


def list_organisations() -> list[UUID]:
    """Return the organisations that have a file here, by id."""
    return sorted(UUID(path.stem) for path in Path(settings.KEYS_DIR).glob(f"*{ENDING}"))


def forget() -> None:
    """Drop every key from memory."""
    _rings.clear()


def _new(organisation_id: UUID) -> EnvelopeKey:
    key = os.urandom(KEY_BYTES)
    wrapped = service(settings.KMS).wrap(key, organisation_id)
    return EnvelopeKey(id_of(key), datetime.now(UTC), settings.KMS, wrapped)


def _find(keys: Sequence[EnvelopeKey], key_id: str) -> EnvelopeKey:
    if key_id == FOUNDING:
        return keys[-1]
    for each in keys:
        if each.id == key_id:
            return each
    raise KeyUnavailable.gone(f"the file has no key {key_id}")


def _open(organisation_id: UUID, key: EnvelopeKey) -> bytes:
    try:
        found = service(key.service).unwrap(key.wrapped, organisation_id)
    except ValueError as error:
        raise KeyUnavailable.gone(f"the line of key {key.id} is damaged") from error
    if id_of(found) != key.id:
        raise KeyUnavailable.gone(f"what was unwrapped is not key {key.id}")
    return found


def _ring(organisation_id: UUID) -> tuple[_Stamp, list[EnvelopeKey], dict[str, _Opened]]:
    """Return what is known of an organisation's file, read again when it changed."""
    path = _path(organisation_id)
    try:
        stat = path.stat()
        stamp = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        known = _rings.get(organisation_id)
        if known is None or known[0] != stamp:
            known = (stamp, _read(path), {})
            _rings[organisation_id] = known
    except OSError as error:
        _rings.pop(organisation_id, None)
        raise KeyUnavailable.gone(f"{path.name}: {error.strerror}") from error
    return known


def _read(path: Path) -> list[EnvelopeKey]:
    lines = path.read_text("ascii", errors="replace").splitlines()
    keys = [_parse(line.strip()) for line in lines if line.strip()]
    if not keys:
        raise KeyUnavailable.gone(f"{path.name} is empty")
    return keys


def _parse(line: str) -> EnvelopeKey:
    fields = line.split()
    try:
        if len(fields) == 1:
            key = service("file").unwrap(line, UUID(int=0))
            return EnvelopeKey(id_of(key), EPOCH, "file", line)
        key_id, made_at, name, wrapped = fields
        return EnvelopeKey(key_id, datetime.fromisoformat(made_at), name, wrapped)
    except ValueError as error:
        # The line itself may hold a key and is not told.
        raise KeyUnavailable.gone("a line of a key file is damaged") from error


def _path(organisation_id: UUID) -> Path:
    return Path(settings.KEYS_DIR) / f"{organisation_id}{ENDING}"


def _write(organisation_id: UUID, keys: Sequence[EnvelopeKey]) -> None:
    write_for_good(_path(organisation_id), "".join(each.line for each in keys).encode("ascii"))


@contextmanager
def _alone() -> Iterator[None]:
    """Keep a second writer from the folder; the kernel lets go when this process ends, however it ends."""
    folder = Path(settings.KEYS_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield
