"""The supervisor's own rules: one on a folder, whose login goes where, what it says."""

import base64
import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from config.bootstrap.places import Places
from config.supervisor import surroundings
from config.supervisor.data_folder import held
from config.supervisor.errors import StartFailed
from config.supervisor.notes import Notes
from config.supervisor.surroundings import Surroundings, adopt_running, given_database, make_ledger_key
from config.supervisor.up import Run, fingerprint, listen, logins, parse, up

URL = "http://127.0.0.1:8000"


@pytest.fixture
def bare(monkeypatch):
    """An environment in which nobody has set anything of ours."""
    for name in list(os.environ):
        if name.startswith(("COVALENT_", "DATABASE_")) or name in {"REDIS_URL", "SECRET_KEY", "EMAIL_URL"}:
            monkeypatch.delenv(name)
    return monkeypatch


@pytest.fixture
def around(tmp_path, bare):
    return Surroundings(tmp_path, 8000, True, "postgresql://app", "postgresql://owner", "redis://x")


def test_without_arguments_it_is_port_8000_and_the_folder_var(bare):
    asked = parse([])
    assert (asked.port, asked.data, asked.demo, asked.web) == (8000, Places().root / "var", False, 1)


def test_a_second_supervisor_on_the_same_folder_is_told_who_holds_it(tmp_path):
    with held(tmp_path, URL), pytest.raises(StartFailed) as refused, held(tmp_path, "http://other"):
        pass
    assert str(refused.value) == f"Covalent already runs on {tmp_path}: {URL} (process {os.getpid()})"


def test_a_folder_is_free_again_once_its_supervisor_is_killed(tmp_path):
    code = (
        "import pathlib, sys, time\nfrom config.supervisor.data_folder import held\n"
        "with held(pathlib.Path(sys.argv[1]), ''):\n    print('held', flush=True); time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=Places().root, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    with held(tmp_path, URL):
        assert (tmp_path / "up.lock").read_text() == f"{URL} (process {os.getpid()})\n"


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(StartFailed, match="cannot be used: Not a directory"),
        held(tmp_path / "file" / "x", URL),
    ):
        pass


def test_a_taken_port_is_told_before_anything_starts(tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code = up(["--port", str(port), "--data", str(tmp_path / "data")])
    said = capsys.readouterr().out
    assert code == 1
    assert f"port {port} is not free" in said
    assert "--port" in said
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == ["up.lock"]


def test_a_port_beyond_65535_is_told_too():
    with pytest.raises(StartFailed, match="port 70000 is not free"):
        listen(70000)


def test_the_owners_login_reaches_migrations_alone(around):
    assert "DATABASE_OWNER_URL" not in around.for_children()
    assert "COVALENT_AS_OWNER" not in around.for_children()
    migrating = around.for_migrations()
    assert (migrating["DATABASE_OWNER_URL"], migrating["COVALENT_AS_OWNER"]) == ("postgresql://owner", "1")


def test_the_callers_owner_login_is_kept_from_the_children_as_well(around, bare):
    bare.setenv("DATABASE_OWNER_URL", "postgresql://caller")
    assert "DATABASE_OWNER_URL" not in around.for_children()


def test_what_the_caller_has_set_wins(around, bare):
    bare.setenv("SECRET_KEY", "mine")
    bare.setenv("COVALENT_LADDER_WAIT", "7")
    children = around.for_children()
    assert (children["SECRET_KEY"], children["COVALENT_LADDER_WAIT"]) == ("mine", "7")


def test_secrets_are_made_once(around):
    first, second = around.for_children(), around.for_children()
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert len(first["SECRET_KEY"]) >= 40


def test_the_demo_waits_two_minutes_and_may_call_this_machine(around):
    children = around.for_children()
    assert (children["COVALENT_LADDER_WAIT"], children["COVALENT_WEBHOOK_ALLOW"]) == ("120", "127.0.0.1")


def test_the_ledger_key_is_32_private_bytes_and_never_replaced(tmp_path):
    key = make_ledger_key(tmp_path / "ledger.key")
    before = key.read_text()
    make_ledger_key(key)
    assert key.read_text() == before
    assert len(base64.b64decode(before)) == 32
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_another_command_finds_the_running_database_as_the_application(around, bare):
    around.write_down()
    bare.setenv("COVALENT_DATA", str(around.data))
    bare.setattr(os, "environ", dict(os.environ))
    adopt_running("bench")
    assert os.environ["DATABASE_URL"] == "postgresql://app"
    assert "DATABASE_OWNER_URL" not in os.environ
    assert stat.S_IMODE((around.data / "environment.json").stat().st_mode) == 0o600


def test_migrate_alone_finds_it_as_owner(around, bare):
    around.write_down()
    bare.setenv("COVALENT_DATA", str(around.data))
    bare.setattr(os, "environ", dict(os.environ))
    adopt_running("migrate")
    assert (os.environ["DATABASE_OWNER_URL"], os.environ["COVALENT_AS_OWNER"]) == ("postgresql://owner", "1")


def test_a_command_with_a_database_of_its_own_adopts_nothing(around, bare):
    around.write_down()
    bare.setenv("COVALENT_DATA", str(around.data))
    bare.setenv("DATABASE_URL", "postgresql://mine")
    bare.setattr(os, "environ", dict(os.environ))
    adopt_running("bench")
    assert "REDIS_URL" not in os.environ


def test_a_database_of_ones_own_needs_the_owners_address_too(bare):
    assert given_database() is None
    bare.setenv("DATABASE_URL", "postgresql://app")
    with pytest.raises(StartFailed, match="DATABASE_OWNER_URL"):
        given_database()
    bare.setenv("DATABASE_OWNER_URL", "postgresql://owner")
    assert given_database() == ("postgresql://app", "postgresql://owner")


def test_migrations_run_again_when_ours_or_the_packages_have_changed(tmp_path):
    places = Places(tmp_path)
    folder = tmp_path / "portal" / "migrations"
    folder.mkdir(parents=True)
    (tmp_path / "requirements").mkdir()
    places.lock("base").write_text("django==5.2")
    seen = {fingerprint(places)}
    for change in (
        lambda: (folder / "0001_initial.py").write_text("a"),
        lambda: (folder / "0001_initial.py").write_text("b"),
        lambda: (folder / "ledger.sql").write_text("a"),
        lambda: places.lock("base").write_text("django==5.3"),
    ):
        change()
        seen.add(fingerprint(places))
    assert len(seen) == 5
    (folder / "0001_initial.pyc").write_text("compiled")
    assert fingerprint(places) in seen


def test_the_logins_of_the_demo_are_lines_with_the_second_factor_where_there_is_one():
    people = {
        "a": {"email": "qa@norrsund.example", "password": "one", "totp_secret": None},
        "b": {"email": "qa@arvo.example", "password": "two", "totp_secret": "ABC"},
    }
    assert logins({"people": people}).splitlines()[2:] == [
        f"  {'qa@norrsund.example':<40}one",
        f"  {'qa@arvo.example':<40}two   TOTP secret ABC",
    ]


def test_a_note_is_whole_or_not_there(tmp_path):
    notes = Notes(tmp_path / "notes.json")
    notes.put("port", "1")
    notes.put("port", "2")
    assert json.loads((tmp_path / "notes.json").read_text()) == {"port": "2"}
    assert [path.name for path in tmp_path.iterdir()] == ["notes.json"]
    assert Notes(tmp_path / "notes.json").find("port") == "2"


def test_the_default_folder_lies_beside_manage_py():
    assert Path(surroundings.DEFAULT_DATA) == Places().root / "var"
    assert (Places().root / "manage.py").exists()
    assert sys.version_info >= (3, 11)


def test_mail_is_written_into_the_data_folder(around):
    import environ

    config = environ.Env.email_url_config(around.for_children()["EMAIL_URL"])
    assert config["EMAIL_FILE_PATH"] == str(around.data / "mail")


class Listed:
    """A keeper that only notes what it is given to keep alive."""

    def __init__(self):
        self.names = []

    def start(self, part):
        self.names.append(part.name)


@pytest.fixture
def run(tmp_path, bare):
    return Run(parse(["--demo", "--data", str(tmp_path)]), tmp_path, None, Listed())


def test_the_plant_starts_and_logins_are_shown_as_soon_as_the_running_batches_are_there(
    run, tmp_path, capsys
):
    assert not run._open_demo({})
    person = {"email": "qa@example.com", "password": "a password to read", "totp_secret": "ABC"}
    (tmp_path / "demo.json").write_text(json.dumps({"url": URL, "people": {"cdmo_qa": person}}))
    assert run._open_demo({})
    said = capsys.readouterr().out
    assert run._keeper.names == ["plant"]
    assert "qa@example.com" in said
    assert f"Covalent is running at {URL}" in said


def test_the_demo_json_of_another_port_is_waited_out(run, tmp_path):
    (tmp_path / "demo.json").write_text(json.dumps({"url": "http://127.0.0.1:1", "people": {}}))
    assert not run._open_demo({})
    assert run._keeper.names == []
