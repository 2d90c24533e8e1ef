"""The environment variables of every process, from the data folder and from what the caller has set."""

import base64
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.bootstrap.places import ROOT
from config.supervisor.errors import StartFailed
from config.supervisor.notes import Notes, private

DEFAULT_DATA: Final = ROOT / "var"
LEDGER_KEY_BYTES: Final = 32
DEMO_LADDER_WAIT_S: Final = 120
OWNER_URL: Final = "DATABASE_OWNER_URL"
# Only these connect as the login that may become owner; every other process is covalent_app.
OWNER_COMMANDS: Final = frozenset({"migrate"})
# These find the embedded server by themselves, whether it runs or not.
KEEPING_COMMANDS: Final = frozenset({"backup", "restore", "verify_ledger"})

# Several processes share two cores and little memory.
SPARING: Final[Mapping[str, str]] = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "2",
    "PYTHONUNBUFFERED": "1",
}


@dataclass(frozen=True)
class Surroundings:
    """What `up` was asked for, as environment variables. A variable that the caller has set wins."""

    data: Path
    port: int
    is_demo: bool
    database_url: str
    owner_url: str
    redis_url: str

    def for_children(self) -> dict[str, str]:
        """Return the environment of web, worker, beat, relay and plant: without the owner's login."""
        wanted = {
            **SPARING,
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": Notes(self.data / "secrets.json").secret("django"),
            "COVALENT_METRICS_TOKEN": Notes(self.data / "secrets.json").secret("metrics"),
            "COVALENT_LEDGER_KEY": str(make_ledger_key(self.data / "ledger.key")),
            "COVALENT_URL": f"http://127.0.0.1:{self.port}",
            # A slash more than usual: what follows the third is the path, which is absolute.
            "EMAIL_URL": f"filemail:///{self.data / 'mail'}",
            **(self._for_demo() if self.is_demo else {}),
        }
        inherited = {name: value for name, value in os.environ.items() if name != OWNER_URL}
        return {**wanted, **inherited, "COVALENT_DATA": str(self.data)}

    def for_migrations(self) -> dict[str, str]:
        return {**self.for_children(), OWNER_URL: self.owner_url, "COVALENT_AS_OWNER": "1"}

    def write_down(self) -> None:
        """Leave the environment in the data folder for other commands on the same data."""
        mine = self.for_children()
        kept = {name: value for name, value in mine.items() if os.environ.get(name) != value}
        _write_private(_written(self.data), json.dumps({**kept, OWNER_URL: self.owner_url}, indent=1))

    def _for_demo(self) -> dict[str, str]:
        return {
            "COVALENT_LADDER_WAIT": str(DEMO_LADDER_WAIT_S),
            # Whoever looks at the demo at night sees its ladders climb too.
            "COVALENT_DUTY_HOURS": "",
            "COVALENT_WEBHOOK_ALLOW": "127.0.0.1",
            # A visitor comes at any hour and sees the mail leave.
            "COVALENT_QUIET": "",
        }


def adopt_running(command: str) -> None:
    """Give a command on its own (`replay`, `bench`, `migrate`) the environment of the running product.

    Does nothing when the caller names a database or nothing ever ran on this data folder.
    """
    data = Path(os.environ.get("COVALENT_DATA") or DEFAULT_DATA)
    if "DATABASE_URL" in os.environ or not _written(data).exists():
        return
    for name, value in json.loads(_written(data).read_text()).items():
        if name == "DATABASE_URL" and command in KEEPING_COMMANDS:
            continue
        if name != OWNER_URL:
            os.environ.setdefault(name, value)
        elif command in OWNER_COMMANDS:
            os.environ.setdefault(name, value)
            os.environ.setdefault("COVALENT_AS_OWNER", "1")


def given_database() -> tuple[str, str] | None:
    """Return the caller's own database as app and as owner, or None when the embedded one is wanted."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        return None
    owner = os.environ.get(OWNER_URL)
    if not owner:
        raise StartFailed("with DATABASE_URL set, migrations need DATABASE_OWNER_URL (see .env.example)")
    return url, owner


def make_ledger_key(path: Path) -> Path:
    """Make the key that signs ledger checkpoints, unless it is there; a key is never overwritten."""
    if not path.exists():
        _write_private(path, base64.b64encode(secrets.token_bytes(LEDGER_KEY_BYTES)).decode())
    return path


def _written(data: Path) -> Path:
    return data / "environment.json"


def _write_private(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with open(beside, "w", opener=private, encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)
