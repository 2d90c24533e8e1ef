"""The paths of the first command, and the stamps that say what is already in place."""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Places:
    """Where everything lies under one checkout."""

    root: Path = ROOT

    @property
    def venv(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def node_modules(self) -> Path:
        return self.root / "node_modules"

    def lock(self, name: str) -> Path:
        """Return the locked requirements of one set: base, extra, test, uv or node."""
        return self.root / "requirements" / f"{name}.txt"

    @property
    def asset_lock(self) -> Path:
        return self.root / "package-lock.json"

    @property
    def package_stamp(self) -> Path:
        return self.venv / "covalent-stamp.json"

    @property
    def asset_stamp(self) -> Path:
        # Inside node_modules, so that deleting the one deletes the other.
        return self.node_modules / ".covalent-stamp.json"

    def is_inside(self) -> bool:
        """Say whether this very process runs in the virtual environment."""
        return Path(sys.prefix).resolve() == self.venv.resolve()


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_stamp(path: Path) -> dict[str, str]:
    """Return what was installed last, name of the lock to digest; empty when nothing or nonsense."""
    try:
        stamp = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def write_stamp(path: Path, stamp: Mapping[str, str]) -> None:
    beside = path.with_suffix(".new")
    beside.write_text(json.dumps(stamp, indent=1, sort_keys=True))
    beside.replace(path)


def has_packages(places: Places, requirements: str) -> bool:
    """Say whether the virtual environment holds exactly what the lock file asks for."""
    stamp = read_stamp(places.package_stamp)
    return places.python.exists() and stamp.get(requirements) == digest(places.lock(requirements))


def has_assets(places: Places) -> bool:
    return read_stamp(places.asset_stamp).get("assets") == digest(places.asset_lock)
