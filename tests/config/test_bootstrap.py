"""The first command knows what is in place, and `test` knows what was asked."""

import os
import subprocess
import sys
import time

import pytest

from config.bootstrap.checks import DEFAULT_RUN, FORMAT, IMPORTS, INNER_LOOP, LINT, TYPES, plan
from config.bootstrap.entering import prepare
from config.bootstrap.places import Places, digest, has_assets, has_packages, read_stamp, write_stamp
from config.bootstrap.running import ToolFailed, run

SPREAD = ["-n", "3", "--dist", "loadfile"]


@pytest.fixture
def places(tmp_path):
    """A checkout in which everything is installed."""
    made = Places(tmp_path)
    for folder in (made.python.parent, made.node_modules, tmp_path / "requirements"):
        folder.mkdir(parents=True)
    made.python.write_text("")
    made.asset_lock.write_text("{}")
    for name in ("base", "test", "uv", "node"):
        made.lock(name).write_text(f"{name}==1")
    write_stamp(made.package_stamp, {"base": digest(made.lock("base"))})
    write_stamp(made.asset_stamp, {"assets": digest(made.asset_lock)})
    return made


def test_what_is_installed_is_not_installed_again(places, capsys):
    prepare(places, "base")
    assert capsys.readouterr().out == ""


def test_a_changed_lock_is_not_installed_yet(places):
    assert has_packages(places, "base")
    places.lock("base").write_text("base==2")
    assert not has_packages(places, "base")


def test_the_products_packages_are_not_the_tests_packages(places):
    assert not has_packages(places, "test")


def test_an_environment_without_its_python_is_made_again(places):
    places.python.unlink()
    assert not has_packages(places, "base")


def test_deleting_the_assets_deletes_their_stamp(places):
    assert has_assets(places)
    places.asset_stamp.unlink()
    assert not has_assets(places)


@pytest.mark.parametrize("nonsense", ["", "{", "[]", "null"])
def test_a_broken_stamp_counts_as_none(places, nonsense):
    places.package_stamp.write_text(nonsense)
    assert read_stamp(places.package_stamp) == {}
    assert not has_packages(places, "base")


def test_looking_takes_no_time():
    started = time.monotonic()
    has_packages(Places(), "base")
    has_assets(Places())
    assert time.monotonic() - started < 0.1


def test_nothing_of_it_needs_a_package():
    code = (
        "import sys; sys.path.insert(0, '.')\n"
        "import config.bootstrap.entering, config.bootstrap.checks\n"
        "foreign = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(sorted(foreign))"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        cwd=Places().root,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "['__main__', 'config']"


def test_a_tool_that_fails_shows_the_end_of_what_it_said():
    with pytest.raises(ToolFailed) as failure:
        run([sys.executable, "-c", "print('the reason'); raise SystemExit(3)"])
    assert str(failure.value).endswith("ended with code 3:\nthe reason")


def test_a_tool_that_is_not_there_is_told():
    with pytest.raises(ToolFailed, match="no-such-tool: No such file"):
        run(["no-such-tool"])


@pytest.mark.parametrize(
    ("arguments", "stages", "for_pytest"),
    [
        ([], [LINT, FORMAT, TYPES, IMPORTS], ["-m", DEFAULT_RUN, *SPREAD]),
        (["--fast"], [LINT, FORMAT], ["-q", "-m", INNER_LOOP, *SPREAD]),
        (["tests/config", "-k", "port"], [], ["tests/config", "-k", "port"]),
        (["--fast", "-x"], [], ["-q", "-m", INNER_LOOP, *SPREAD, "-x"]),
    ],
)
def test_what_was_asked_is_what_runs(arguments, stages, for_pytest):
    assert plan(arguments) == (stages, for_pytest)


def test_an_old_python_is_told_what_is_needed():
    # The file must stay readable for the Python that it refuses.
    source = (Places().root / "manage.py").read_text()
    assert "needs Python 3.11 or later" in source
    assert os.access(Places().root / "manage.py", os.X_OK)
