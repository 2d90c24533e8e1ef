"""The virtual environment and the locked packages in it."""

import importlib.util
import os
import shutil
import sys
import venv
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.bootstrap.places import Places, digest, read_stamp, write_stamp
from config.bootstrap.progress import say, step
from config.bootstrap.running import ToolFailed, run

# uv reads none of pip's settings; a mirror that pip was told about is meant for it too.
UV_FROM_PIP: Final[Mapping[str, str]] = {
    "PIP_INDEX_URL": "UV_DEFAULT_INDEX",
    "PIP_EXTRA_INDEX_URL": "UV_INDEX",
    "PIP_CERT": "SSL_CERT_FILE",
}


def make_environment(places: Places) -> None:
    """Make the virtual environment and bring uv into it; without uv pip does the rest. Raises: ToolFailed."""
    if not places.python.exists():
        with step("virtual environment"):
            venv.create(places.venv, with_pip=False, symlinks=True, clear=False)
    lock = places.lock("uv")
    if read_stamp(places.package_stamp).get("uv") == digest(lock) and _own_uv(places).exists():
        return
    with step("installer (uv)"):
        run([*_pip(places), "--require-hashes", "-r", str(lock)], cwd=places.root)


def install_packages(places: Places, requirements: str) -> None:
    """Bring the virtual environment to what the lock file says, by uv, else by pip.

    Every file is checked against its locked hash either way. Raises: ToolFailed.
    """
    lock = places.lock(requirements)
    try:
        with step(f"packages ({_count(lock)}, by hash)"):
            run([*_uv(places), "--compile-bytecode", "-r", str(lock)], cwd=places.root, env=_uv_environment())
    except ToolFailed as failure:
        say(f"  uv could not do it; trying pip\n{failure}")
        with step(f"packages ({_count(lock)}, by pip)"):
            run([*_pip(places), "--require-hashes", "-r", str(lock)], cwd=places.root)
    _stamp(places, requirements)


def install_beside(places: Places, requirements: str, target: Path) -> None:
    """Install a lock file's packages into a folder of their own, away from the product's."""
    lock = places.lock(requirements)
    try:
        run([*_uv(places), "--target", str(target), "-r", str(lock)], cwd=places.root, env=_uv_environment())
    except ToolFailed:
        run([*_pip(places), "--require-hashes", "--target", str(target), "-r", str(lock)], cwd=places.root)


def _own_uv(places: Places) -> Path:
    return places.venv / "bin" / "uv"


def _uv(places: Places) -> list[str]:
    python = str(places.python)
    return [str(_own_uv(places)), "pip", "install", "--quiet", "--python", python, "--require-hashes"]


def _uv_environment() -> dict[str, str]:
    env = dict(os.environ)
    for theirs, ours in UV_FROM_PIP.items():
        if theirs in env:
            env.setdefault(ours, env[theirs])
    return env


def _pip(places: Places) -> list[str]:
    """Return the start of a `pip install` into the virtual environment."""
    python = str(places.python)
    options = ["--quiet", "--disable-pip-version-check", "--no-input"]
    if importlib.util.find_spec("pip") is not None:
        # The pip at hand saves the two seconds in which ensurepip would unpack another.
        return [sys.executable, "-m", "pip", "--python", python, "install", *options]
    if importlib.util.find_spec("ensurepip") is None:
        _install_ensurepip()
    run([python, "-m", "ensurepip"])
    return [python, "-m", "pip", "install", *options]


def _install_ensurepip() -> None:
    # Debian and Ubuntu ship Python without pip and without ensurepip.
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ToolFailed(f"this Python has neither pip nor ensurepip; install the package {package}")
    with step(f"system package {package}"):
        apt_install(package)


def apt_install(*names: str) -> None:
    """Install Debian packages without a question. Raises: ToolFailed."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *names]
    try:
        run(install, env=env)
    except ToolFailed:  # usually because the lists are missing or old
        run(["apt-get", "update", "-qq"], env=env)
        run(install, env=env)


def _count(lock: Path) -> int:
    return sum("==" in line for line in lock.read_text().splitlines())


def _stamp(places: Places, requirements: str) -> None:
    # What a test of the lock files says: the sets agree on versions, and `test` holds the others.
    held = ("base", "extra", "test") if requirements == "test" else (requirements,)
    stamp = {name: digest(places.lock(name)) for name in held}
    before = read_stamp(places.package_stamp)
    stamp = {name: before[name] for name in ("base", "extra") if name in before} | stamp
    if _own_uv(places).exists():
        stamp["uv"] = digest(places.lock("uv"))
    write_stamp(places.package_stamp, stamp)
