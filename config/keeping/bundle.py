"""A backup as a file: a ZIP whose last member lists the digests of all others.

It is written under a hidden name and takes its own only when every byte is on disk: what a killed process
leaves behind never looks like a backup.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Final

from config.keeping.errors import KeepingFailed
from config.supervisor.notes import private

MANIFEST: Final = "manifest.json"
CHUNK: Final = 1024 * 1024
UNFINISHED: Final = ".unfinished"
MANIFEST_BYTES_MAX: Final = 64 * 1024 * 1024
MEMBER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")


class Writer:
    """Takes members one after the other and remembers their digests."""

    def __init__(self, out: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(out, "w", zipfile.ZIP_STORED)
        self._members: dict[str, dict[str, Any]] = {}

    def add(self, name: str, source: IO[bytes]) -> str:
        """Copy a member from a stream; returns its digest."""
        digest, size = hashlib.sha256(), 0
        with self._zip.open(zipfile.ZipInfo(name), "w", force_zip64=True) as out:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                out.write(chunk)
        self._members[name] = {"sha256": digest.hexdigest(), "size": size}
        return digest.hexdigest()

    def finish(self, about: Mapping[str, Any]) -> None:
        """Write the manifest, which ends the file."""
        self._zip.writestr(MANIFEST, json.dumps({**about, "members": self._members}, indent=1))
        self._zip.close()


@contextmanager
def written(path: Path) -> Iterator[Writer]:
    """Write a bundle that appears under its name, whole, at the end or not at all. Raises: KeepingFailed."""
    if path.exists():
        raise KeepingFailed(f"{path} is there already; a backup is never overwritten")
    _sweep(path.parent)
    beside = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        with open(beside, "xb", opener=private) as out:
            # Held as long as this process lives, so that another one knows what was left behind.
            fcntl.flock(out, fcntl.LOCK_EX)
            yield Writer(out)
            out.flush()
            os.fsync(out.fileno())
            os.link(beside, path)  # unlike a rename it does not replace what came meanwhile
    except FileExistsError as error:
        raise KeepingFailed(f"{path} is there already; a backup is never overwritten") from error
    except OSError as error:
        raise KeepingFailed(f"{path} cannot be written: {error.strerror}") from error
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _sweep(folder: Path) -> None:
    """Delete what killed backups left in a folder."""
    for path in folder.glob(f".*{UNFINISHED}"):
        with suppress(OSError), path.open("rb") as left:
            fcntl.flock(left, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()


class Bundle:
    """A bundle whose members were all compared with their digests."""

    def __init__(self, path: Path, file: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
        self.path = path
        self.manifest = manifest
        self._zip = file

    def names(self, prefix: str) -> list[str]:
        """Return the members whose names begin so."""
        return [name for name in self.manifest["members"] if name.startswith(prefix)]

    def open(self, name: str) -> IO[bytes]:
        """Return a member as a stream."""
        return self._zip.open(name)


@contextmanager
def opened(path: Path, wanted: str) -> Iterator[Bundle]:
    """Open a bundle of the format `wanted`, every digest checked first. Raises: KeepingFailed."""
    try:
        with zipfile.ZipFile(path) as file:
            manifest = _manifest(file, wanted)
            for name, about in manifest["members"].items():
                _check(file, name, about)
            yield Bundle(path, file, manifest)
    except FileNotFoundError as error:
        raise KeepingFailed(f"{path} is not there") from error
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise KeepingFailed(f"{path} is no whole backup: {error}") from error
    except KeepingFailed as error:
        raise KeepingFailed(f"{path}: {error}") from error


def _manifest(file: zipfile.ZipFile, wanted: str) -> dict[str, Any]:
    try:
        about = file.getinfo(MANIFEST)
        if about.file_size > MANIFEST_BYTES_MAX:
            raise KeepingFailed("its manifest is too large")
        found = json.loads(file.read(about))
    except KeyError as error:
        raise KeepingFailed("it has no manifest") from error
    except ValueError as error:
        raise KeepingFailed("its manifest cannot be read") from error
    if not isinstance(found, dict) or found.get("format") != wanted or "members" not in found:
        raise KeepingFailed(f"it is not of the format {wanted}")
    names = [each.filename for each in file.infolist()]
    if sorted(names) != sorted([*found["members"], MANIFEST]):
        raise KeepingFailed("it holds other files than its manifest lists")
    if not all(MEMBER.fullmatch(name) for name in names):
        raise KeepingFailed("it holds a file with a forbidden name")
    return found


def _check(file: zipfile.ZipFile, name: str, about: Mapping[str, Any]) -> None:
    digest, size = hashlib.sha256(), 0
    try:
        with file.open(name) as source:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise KeepingFailed(f"{name} is damaged") from error
    if (digest.hexdigest(), size) != (about["sha256"], about["size"]):
        raise KeepingFailed(f"{name} is not what the manifest says: its bytes were changed")
