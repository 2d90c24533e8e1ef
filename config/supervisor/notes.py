"""Small files in the data folder that must survive a crash: secrets and the supervisor's own notes."""

import json
import os
import secrets
from pathlib import Path
from typing import Final

SECRET_BYTES: Final = 32


class Notes:
    """A flat JSON file of strings, replaced as a whole and readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}

    def find(self, name: str) -> str | None:
        return self._known.get(name)

    def put(self, name: str, value: str) -> None:
        if self._known.get(name) == value:
            return
        self._known[name] = value
        self._write()

    def secret(self, name: str) -> str:
        """Return the named secret; make it at the first call and keep it for ever."""
        if name not in self._known:
            self.put(name, secrets.token_urlsafe(SECRET_BYTES))
        return self._known[name]

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        beside = self._path.with_suffix(f".{os.getpid()}.new")
        with open(beside, "w", opener=private, encoding="utf-8") as out:
            json.dump(self._known, out, indent=1, sort_keys=True)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(self._path)


def private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
