"""The embedded PostgreSQL: its roles, its crashes, its left-overs."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from config.supervisor import processes
from config.supervisor.errors import StartFailed
from config.supervisor.notes import Notes
from config.supervisor.postgres import ADMIN, Postgres, stop_left_over
from config.supervisor.postgres_files import lay_out

ROOT = Path(__file__).resolve().parents[2]
AS_OWNER = "-c role=covalent_owner"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    postgres = Postgres(tmp_path_factory.mktemp("postgres"), durable=False)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.destroy()


@pytest.fixture
def own_server(tmp_path):
    """A server that a test may kill."""
    postgres = Postgres(tmp_path / "data", durable=True)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.destroy()


def rows(server, query, role=ADMIN, database="covalent", options=""):
    with psycopg.connect(server.url(role, database), options=options, autocommit=True) as connection:
        cursor = connection.execute(query)
        while cursor.nextset():
            pass  # the rows asked for are those of the last statement
        return cursor.fetchall()


def test_each_role_has_its_rights_and_no_other(server):
    query = """
        select rolname, rolcanlogin, rolsuper, rolbypassrls,
               rolcreatedb, rolcreaterole, rolreplication, rolinherit
        from pg_roles where rolname like 'covalent%' and rolname <> 'covalent_admin' order by rolname
    """
    no = False
    assert rows(server, query) == [
        ("covalent_app", True, no, no, no, no, no, True),
        ("covalent_backup", True, no, True, no, no, no, True),
        ("covalent_migrate", True, no, no, no, no, no, False),
        ("covalent_owner", no, no, no, no, no, no, True),
    ]


def test_only_migrate_may_become_owner_and_does_not_inherit(server):
    query = """
        select roleid::regrole::text, member::regrole::text, inherit_option, set_option, admin_option
        from pg_auth_members where member::regrole::text like 'covalent%' order by 1, 2
    """
    assert rows(server, query) == [
        ("covalent_owner", "covalent_migrate", False, True, False),
        ("pg_read_all_data", "covalent_backup", True, True, False),
    ]


def test_migrate_creates_as_owner_what_the_application_then_does_not_own(server):
    rows(server, "create table made (id int); select 1", "covalent_migrate", options=AS_OWNER)
    try:
        assert rows(server, "select tableowner from pg_tables where tablename = 'made'") == [
            ("covalent_owner",)
        ]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            rows(server, "select * from made", "covalent_app")
    finally:
        rows(server, "drop table made; select 1")


@pytest.mark.parametrize(
    "statement",
    [
        "create table mine (id int)",
        "create schema mine",
        "create database mine",
        "create role mine",
        "set role covalent_owner",
        "alter role covalent_app bypassrls",
        "set session authorization covalent_admin",
    ],
)
def test_the_application_may_not(server, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        rows(server, statement, "covalent_app")


def test_the_application_may_stage_readings_in_a_temporary_table(server):
    assert rows(server, "create temporary table staged (id int); select 1", "covalent_app") == [(1,)]


def test_the_application_does_not_wait_for_ever(server):
    query = """
        select current_setting('statement_timeout'), current_setting('lock_timeout'),
               current_setting('idle_in_transaction_session_timeout')
    """
    assert rows(server, query, "covalent_app") == [("30s", "2s", "10s")]


def test_the_backup_login_only_reads(server):
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        rows(server, "create table mine (id int)", "covalent_backup")


@pytest.mark.parametrize("database", ["postgres", "template1"])
def test_our_logins_reach_no_other_database(server, database):
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        rows(server, "select 1", "covalent_app", database)


def test_a_wrong_password_is_refused(server):
    url = server.url("covalent_app", "covalent").replace("covalent_app:", "covalent_app:x")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url)


def test_it_listens_on_loopback_alone_and_checks_its_pages(server):
    query = """
        select current_setting('listen_addresses'), current_setting('unix_socket_directories'),
               current_setting('data_checksums'), current_setting('server_encoding')
    """
    assert rows(server, query) == [("127.0.0.1", "", "on", "UTF8")]


def test_ensuring_a_database_twice_changes_nothing(server):
    query = """
        select datname, datdba::regrole::text, datacl::text
        from pg_database where datname in ('covalent', 'second')
        union all select rolname, rolpassword, null from pg_authid where rolname = 'covalent_owner' order by 1
    """
    server.ensure_database("second")
    before = rows(server, query)
    server.ensure_database("second")
    assert rows(server, query) == before
    rights = (
        "{covalent_owner=CTc/covalent_owner,covalent_migrate=c/covalent_owner,"
        "covalent_backup=c/covalent_owner,covalent_app=Tc/covalent_owner}"
    )
    assert before[-1] == ("second", "covalent_owner", rights)


def test_passwords_are_the_owners_to_read_and_stand_in_no_log(server):
    secrets = server.data / "secrets.json"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    log = (server.data / "log" / "postgres.log").read_text()
    assert [name for name, value in json.loads(secrets.read_text()).items() if value in log] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a user to drop to")
def test_as_root_it_runs_as_nobody_from_a_folder_of_its_own(server):
    noted = Path(json.loads((server.data / "postgres.json").read_text())["home"])
    assert noted.parent == Path("/var/lib/covalent")
    assert (noted.owner(), stat.S_IMODE(noted.stat().st_mode)) == ("nobody", 0o700)
    assert Path(f"/proc/{server.process.pid}").owner() == "nobody"


def test_committed_rows_survive_a_kill_and_the_address_stays(own_server):
    url = own_server.url(ADMIN, "covalent")
    rows(own_server, "create table kept (id int); insert into kept values (7) returning id")
    own_server.process.kill()
    own_server.process.wait()
    assert not own_server.is_ready()
    own_server.start()
    assert own_server.url(ADMIN, "covalent") == url
    assert rows(own_server, "select id from kept") == [(7,)]


def test_a_second_start_stops_the_server_that_was_left_over(own_server):
    left_over = own_server.process
    rows(own_server, "create table kept (id int); insert into kept values (7) returning id")
    again = Postgres(own_server.data)
    try:
        again.start()
        assert left_over.wait(5) == 0
        assert rows(again, "select id from kept") == [(7,)]
        assert not again.is_new
    finally:
        again.stop()


def test_a_pid_file_that_names_a_stranger_stops_nobody(tmp_path):
    (tmp_path / "postmaster.pid").write_text(f"{os.getpid()}\n{tmp_path}\n")
    stop_left_over(tmp_path)
    assert not (tmp_path / "postmaster.pid").exists()


def test_the_server_ends_when_its_supervisor_is_killed(tmp_path):
    code = (
        "import pathlib, sys, time\n"
        "from config.supervisor.postgres import Postgres\n"
        "server = Postgres(pathlib.Path(sys.argv[1]), durable=False)\n"
        "server.start()\n"
        "print(server.process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    supervisor = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        pid = int(supervisor.stdout.readline())
        assert processes.command_name(pid) == "postgres"
        supervisor.kill()
        supervisor.wait()
        until = time.monotonic() + 10
        while processes.is_alive(pid) and time.monotonic() < until:
            time.sleep(0.02)
        assert not processes.is_alive(pid)
    finally:
        with suppress(ProcessLookupError):
            supervisor.send_signal(signal.SIGKILL)
        Postgres(tmp_path).destroy()


def test_a_port_that_is_taken_is_told_with_the_log(tmp_path, server):
    other = Postgres(tmp_path, durable=False, port=server.port)
    try:
        with pytest.raises(StartFailed, match=r"ended at once .* see .*postgres\.log"):
            other.start()
    finally:
        other.destroy()


def test_a_data_folder_made_anew_does_not_meet_its_former_cluster(tmp_path):
    former = Postgres(tmp_path / "data", durable=False)
    former.start()
    former.stop()
    shutil.rmtree(former.data)
    anew = Postgres(tmp_path / "data", durable=False)
    try:
        anew.start()
        assert anew.is_new
        assert anew.is_ready()
    finally:
        anew.destroy()
        former.destroy()


@pytest.mark.skipif(os.geteuid() != 0, reason="only as root do clusters lie outside the data folder")
def test_clusters_that_killed_tests_left_behind_are_swept_and_lasting_ones_are_not(tmp_path):
    homes = []
    for name, durable in (("test", False), ("lasting", True)):
        data = tmp_path / name
        files = lay_out(data, Notes(data / "postgres.json"), durable=durable)
        homes.append(files.home)
        shutil.rmtree(data)
    other = tmp_path / "other"
    homes.append(lay_out(other, Notes(other / "postgres.json"), durable=False).home)
    try:
        assert [home.exists() for home in homes] == [False, True, True]
    finally:
        for home in homes[1:]:
            shutil.rmtree(home)
