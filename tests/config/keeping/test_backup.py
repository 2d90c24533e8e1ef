"""A backup is whole or is not there, holds no key, and comes back as what it was."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager

import psycopg
import pytest
from django.conf import settings

from config.keeping.bundle import written
from config.keeping.errors import KeepingFailed
from config.keeping.making import FORMAT
from config.keeping.restoring import opened_backup
from config.supervisor.data_folder import held
from tests.config.keeping.conftest import ROOT, checkpoint_of, manage
from tests.factories.chains import PRIVATE, SHARED, grow, publish

pytestmark = pytest.mark.slow


@pytest.fixture
def kept(lived_in, kept_first, tmp_path):
    return kept_first.copied_to(tmp_path)


@pytest.fixture
def safe(kept):
    return kept.safe


@pytest.fixture
def backup(kept):
    return kept.backup


def test_what_was_backed_up_comes_back_and_agrees_with_the_checkpoints_of_that_day(
    lived_in, backup, safe, empty, tmp_path
):
    before, known = lived_in.contents(), checkpoint_of(tmp_path / "arvo")
    checkpoint_of(tmp_path / "cdmo", PRIVATE)
    grow(times=5)
    publish()
    places = ["--checkpoints", known, "--checkpoints", tmp_path / "cdmo"]
    restored = empty("restore", backup, "--keys", safe, *places)
    assert (restored.returncode, restored.stderr) == (0, ""), restored.stdout
    assert restored.stdout.count("is of the same tree") == 2
    assert empty.contents() == before
    (blob,) = [path for path in (empty.data / "attachments").rglob("*") if path.is_file()]
    assert blob.read_bytes() == (settings.ATTACHMENTS_DIR / blob.name[:2] / blob.name).read_bytes()
    assert (empty.data / "ledger.key").read_text() == settings.LEDGER_KEY_FILE.read_text()
    assert empty.noted("django") == settings.SECRET_KEY
    again = empty("verify_ledger", *places)
    assert (again.returncode, again.stderr) == (0, "")


def test_an_older_state_is_told_by_a_newer_checkpoint_and_nothing_more_is_signed_on_it(
    backup, safe, empty, tmp_path, monkeypatch
):
    grow(times=5)
    publish()
    newer = checkpoint_of(tmp_path / "arvo")
    restored = empty("restore", backup, "--keys", safe, "--checkpoints", newer)
    assert restored.returncode == 2
    assert "OLDER than the checkpoint" in restored.stderr
    assert "5 that others hold are missing here" in restored.stderr
    postgres = empty.started()
    try:
        ran = publish_there(postgres)
    finally:
        postgres.stop()
    assert "log_forked" in ran.stdout + ran.stderr


def publish_there(postgres):
    """The publishing task of an installation, run once as its worker would."""
    code = "import django; django.setup(); from portal.tasks import publish; print('signed', publish())"
    with psycopg.connect(postgres.url("covalent_admin", "covalent"), autocommit=True) as admin:
        admin.execute("update ledger.checkpoint set made_at = made_at - interval '2 minutes'")
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"DATABASE_URL": postgres.url("covalent_app", "covalent"), "LOG_LEVEL": "ERROR"},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_state_that_went_another_way_is_told_as_a_fork(lived_in, backup, safe, empty, tmp_path):
    known = checkpoint_of(tmp_path / "arvo")
    with psycopg.connect(lived_in.database.url("admin"), autocommit=True) as raw:
        raw.execute(
            "update ledger.entry set header = 'x', leaf_hash = sha256('\\x0078')"
            " where space_id = %s and audience = 'shared' and seq = 1",
            [SHARED.space_id],
        )
    refused = lived_in.backup(tmp_path / "store" / "two.backup")
    assert (refused.returncode, "the ledger is damaged" in refused.stderr) == (1, True)
    found = manage("verify_ledger", "--checkpoints", known, **lived_in.environment)
    assert (found.returncode, "FORKED" in found.stderr) == (2, True)


def test_without_a_checkpoint_from_outside_nobody_is_told_that_all_is_well(backup, empty):
    restored = empty("restore", backup)
    assert restored.returncode == 3
    assert "NOT COMPARED" in restored.stderr
    assert "Missing: the organisations' keys" in restored.stderr


def test_an_installation_that_is_not_empty_is_left_alone_unless_told_and_then_set_aside(
    backup, safe, empty, tmp_path
):
    known = checkpoint_of(tmp_path / "arvo")
    asked = ("restore", backup, "--keys", safe, "--checkpoints", known)
    assert empty(*asked).returncode == 0
    refused = empty(*asked)
    assert (refused.returncode, "is not empty" in refused.stderr) == (1, True)
    replaced = empty(*asked, "--replace")
    assert replaced.returncode == 0, replaced.stderr
    assert "the former database is kept as covalent_before_" in replaced.stdout


MEMBERS = {"database.dump": b"rows", "attachments/" + "ab" * 32: b"a file"}
KNOWN = "portal.0001_initial"


def bundle(path, *, changed=None, left_out="", further="", migration=KNOWN):
    """A small backup, changed by somebody after its manifest was written."""
    with written(path.with_name("honest.backup")) as honest:
        for name, content in MEMBERS.items():
            honest.add(name, io.BytesIO(content))
        honest.finish({"format": FORMAT, "migrations": [migration]})
    with zipfile.ZipFile(path.with_name("honest.backup")) as old, zipfile.ZipFile(path, "w") as new:
        kept = {each.filename: old.read(each) for each in old.infolist() if each.filename != left_out}
        for name, content in (kept | (changed or {}) | ({further: b"x"} if further else {})).items():
            new.writestr(name, content)
    return path


BROKEN = {
    "a changed byte": ({"changed": {"database.dump": b"rowz"}}, "dump is not what the manifest says"),
    "a missing file": ({"left_out": "database.dump"}, "other files than its manifest lists"),
    "a file too many": ({"further": "attachments/../../x"}, "other files than its manifest lists"),
    "no manifest": ({"left_out": "manifest.json"}, "it has no manifest"),
    "another format": ({"changed": {"manifest.json": b'{"format": "x"}'}}, "not of the format"),
    "no JSON": ({"changed": {"manifest.json": b"{"}}, "its manifest cannot be read"),
    "a newer product": ({"migration": "portal.9999_later"}, "of a newer Covalent (portal.9999_later"),
}  # fmt: skip


@pytest.mark.parametrize("fault", list(BROKEN))
def test_a_broken_backup_is_refused_in_words(tmp_path, fault):
    changes, words = BROKEN[fault]
    path = bundle(tmp_path / "one.backup", **changes)
    with pytest.raises(KeepingFailed, match=re.escape(words)), opened_backup(path, {KNOWN}):
        pass


def test_a_broken_backup_is_refused_before_anything_is_touched(tmp_path, empty):
    changes, words = BROKEN["a changed byte"]
    refused = empty("restore", bundle(tmp_path / "one.backup", **changes))
    assert (refused.returncode, words in refused.stderr) == (1, True), refused.stderr
    assert not empty.data.exists()


def test_a_name_that_leads_elsewhere_is_refused_though_the_manifest_lists_it(tmp_path):
    with written(tmp_path / "one.backup") as hostile:
        hostile.add("attachments/../../x", io.BytesIO(b"x"))
        hostile.finish({"format": FORMAT, "migrations": []})
    with pytest.raises(KeepingFailed, match="forbidden name"), opened_backup(tmp_path / "one.backup", set()):
        pass


def test_a_backup_that_was_cut_off_is_refused(tmp_path, empty):
    path = bundle(tmp_path / "one.backup")
    path.write_bytes(path.read_bytes()[:-20])
    refused = empty("restore", path)
    assert (refused.returncode, "is no whole backup" in refused.stderr) == (1, True)


def test_a_checkpoint_of_a_stranger_proves_nothing(backup, safe, empty, tmp_path):
    known = checkpoint_of(tmp_path / "arvo")
    text, line = known.read_text().split("\n\n")
    known.write_text(f"{text}\n\n{line[:-9]}AAAAAAA=\n")
    refused = empty("restore", backup, "--keys", safe, "--checkpoints", known)
    assert (refused.returncode, "no key of this log" in refused.stderr) == (1, True), refused.stderr


def test_keys_lie_in_no_backup_and_not_beside_one(lived_in, backup, safe, tmp_path):
    made_at = safe.stat().st_mtime
    there = [path for path in settings.KEYS_DIR.glob("*.key") if path.stat().st_mtime <= made_at]
    secrets = [path.read_bytes().strip() for path in there]
    secrets += [settings.LEDGER_KEY_FILE.read_bytes().strip(), settings.SECRET_KEY.encode()]
    assert [each for each in secrets if each in backup.read_bytes()] == []
    assert [each for each in secrets if each not in safe.read_bytes()] == []
    assert {path.stat().st_mode & 0o777 for path in (backup, safe)} == {0o600}
    refused = lived_in.backup(tmp_path / "two.backup", "--keys", tmp_path / "two.keys")
    assert (refused.returncode, "do not lie together" in refused.stderr) == (1, True)
    assert list(tmp_path.glob("two*")) == []


def test_a_backup_is_never_overwritten_and_says_what_it_holds(lived_in, backup):
    content = backup.read_bytes()
    refused = lived_in.backup(backup)
    assert (refused.returncode, "never overwritten" in refused.stderr) == (1, True)
    assert backup.read_bytes() == content
    with zipfile.ZipFile(backup) as file:
        manifest = json.loads(file.read("manifest.json"))
    assert manifest["rows"]["public.portal_attachment"] == 1
    (shared,) = [each for each in manifest["chains"] if each["chain"] == "/".join(map(str, SHARED))]
    assert f"\n{shared['size']}\n" in shared["checkpoint"]


def test_a_backup_without_a_file_that_a_record_names_is_not_made(lived_in, tmp_path, monkeypatch):
    environment = lived_in.environment | {"COVALENT_DATA": str(tmp_path / "elsewhere")}
    refused = manage("backup", tmp_path / "one.backup", **environment)
    assert (refused.returncode, "a record names the file" in refused.stderr) == (1, True)
    assert list(tmp_path.glob("*.backup")) == []


@contextmanager
def table_nobody_can_read(lived_in):
    """Keep the dump waiting in its first second."""
    with lived_in.database.connect("owner") as raw, raw.transaction():
        raw.execute("lock table portal_attachment in access exclusive mode")
        yield


@contextmanager
def file_that_never_ends(lived_in):
    """Keep the backup waiting behind the dump: a pipe that nobody writes to stands for its file."""
    (path,) = (path for path in settings.ATTACHMENTS_DIR.rglob("*") if path.name in blobs_of(lived_in))
    aside = path.rename(path.with_suffix(".aside"))
    os.mkfifo(path)
    try:
        yield
    finally:
        aside.replace(path)


def blobs_of(lived_in):
    with psycopg.connect(lived_in.database.url("backup")) as raw:
        return [blob for (blob,) in raw.execute("select blob from portal_attachment")]


@pytest.mark.parametrize("held_up", [table_nobody_can_read, file_that_never_ends])
def test_a_killed_backup_leaves_nothing_that_looks_like_one_and_the_next_sweeps_it(
    lived_in, tmp_path, held_up
):
    store = tmp_path / "store"
    store.mkdir()
    with held_up(lived_in):
        running = subprocess.Popen(
            [sys.executable, "manage.py", "backup", str(store / "one.backup")],
            cwd=ROOT,
            env=os.environ | lived_in.environment,
        )
        until = time.monotonic() + 60
        while not list(store.iterdir()) and running.poll() is None and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.5)
        running.send_signal(signal.SIGKILL)
        assert running.wait() == -signal.SIGKILL
    assert [path.name.startswith(".") for path in store.iterdir()] == [True]
    assert lived_in.backup(store / "one.backup").returncode == 0
    assert [path.name for path in store.iterdir()] == ["one.backup"]


def test_the_embedded_installation_is_backed_up_while_it_runs_and_when_it_is_stopped(
    backup, safe, empty, tmp_path
):
    assert empty("restore", backup, "--keys", safe).returncode == 3
    stopped = empty("backup", tmp_path / "stopped.backup")
    assert stopped.returncode == 0, stopped.stderr
    with held(empty.data, "a test"):
        postgres = empty.started()
        try:
            running = empty("backup", tmp_path / "running.backup")
            refused = empty("restore", backup, "--replace")
        finally:
            postgres.stop()
    assert running.returncode == 0, running.stderr
    assert (refused.returncode, "needs the product stopped" in refused.stderr) == (1, True)
    manifests = [json.loads(zipfile.ZipFile(path).read("manifest.json"))["chains"]
                 for path in (backup, tmp_path / "stopped.backup", tmp_path / "running.backup")]  # fmt: skip
    assert manifests[0] == manifests[1] == manifests[2]


def test_a_place_that_cannot_be_written_is_said_in_words(lived_in, tmp_path):
    refused = lived_in.backup(tmp_path / "nowhere" / "one.backup")
    assert (refused.returncode, "cannot be written: No such file" in refused.stderr) == (1, True)


def test_nothing_to_back_up_is_said(tmp_path):
    refused = manage("backup", tmp_path / "one.backup", COVALENT_DATA=tmp_path / "nowhere")
    assert (refused.returncode, "nothing ever ran" in refused.stderr) == (1, True)
