"""The secrets beside the data: in a file of their own, since whoever has both can read everything."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from django.conf import settings

from config.keeping.bundle import opened, written
from config.keeping.errors import KeepingFailed
from config.supervisor.notes import Notes, private

FORMAT: Final = "covalent-keys/1"
LEDGER: Final = "ledger.key"
DJANGO: Final = "secret_key"
FOLDER: Final = "organisations/"


@dataclass(frozen=True, slots=True)
class KeyPlaces:
    """Where an installation keeps its keys; `notes` of the embedded one hold its own SECRET_KEY."""

    ledger: Path
    folder: Path
    django: str
    notes: Path


def write_keys(path: Path, places: KeyPlaces) -> int:
    """Write all keys to one private file; returns how many. Raises: KeepingFailed."""
    found: dict[str, bytes] = {DJANGO: _django_key(places).encode()}
    if places.ledger.exists():
        found[LEDGER] = places.ledger.read_bytes()
    if places.folder.exists():
        files = [
            each
            for each in sorted(places.folder.rglob("*"))
            if each.is_file() and not each.name.startswith(".")
        ]
        found |= {FOLDER + each.relative_to(places.folder).as_posix(): each.read_bytes() for each in files}
    with written(path) as bundle:
        for name, content in found.items():
            bundle.add(name, io.BytesIO(content))
        bundle.finish({"format": FORMAT})
    return len(found)


def put_back(path: Path, places: KeyPlaces) -> list[str]:
    """Put the keys of a file where they belong; returns what the person must know.

    A key is never overwritten. Raises: KeepingFailed when another one is in its place, before any is put.
    """
    with opened(path, FORMAT) as bundle:
        found = {name: bundle.open(name).read() for name in bundle.names("")}
    django = found.pop(DJANGO).decode()
    targets = {_target(places, name): content for name, content in found.items()}
    for target, content in targets.items():
        if target.exists() and target.read_bytes().split() != content.split():
            raise KeepingFailed(f"another key is in the place of {target}; a key is never overwritten")
    said = _put_django_key(places, django)
    for target, content in targets.items():
        if not target.exists():
            _write(target, content)
    return said


def _target(places: KeyPlaces, name: str) -> Path:
    return places.ledger if name == LEDGER else places.folder / name.removeprefix(FOLDER)


def _django_key(places: KeyPlaces) -> str:
    return places.django or Notes(places.notes).find("django") or ""


def secret_keys(places: KeyPlaces) -> list[str]:
    """Return the SECRET_KEYs that this installation knows, the present one first."""
    return [each for each in (_django_key(places), *settings.SECRET_KEY_FALLBACKS) if each]


def _put_django_key(places: KeyPlaces, wanted: str) -> list[str]:
    present = _django_key(places)
    if not present:
        Notes(places.notes).put("django", wanted)
    elif present != wanted:
        said = "SECRET_KEY is another than the backup's (secret_key in the file of keys)"
        return [f"{said}: without that one in SECRET_KEY_FALLBACKS no second factor can be read."]
    return []


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(path, "xb", opener=private) as out:
        out.write(content)


def missing(places: KeyPlaces) -> Mapping[str, str]:
    """Return which keys are not here, and what cannot be done without each."""
    wanted = {
        "the organisations' keys": (places.folder.exists(), "private text and files cannot be read"),
        "the ledger's key": (places.ledger.exists(), "new checkpoints will carry a key that nobody knows"),
        "SECRET_KEY": (bool(_django_key(places)), "second factors cannot be read"),
    }
    return {name: effect for name, (is_here, effect) in wanted.items() if not is_here}


def key_places() -> KeyPlaces:
    """Return where this installation keeps its keys."""
    return KeyPlaces(
        Path(settings.LEDGER_KEY_FILE),
        Path(settings.KEYS_DIR),
        os.environ.get("SECRET_KEY", ""),
        settings.DATA_DIR / "secrets.json",
    )
