"""The embedded Valkey: its password, its crashes, its left-overs."""

from pathlib import Path

import pytest
import redis

from config.supervisor.errors import StartFailed
from config.supervisor.valkey import Valkey


@pytest.fixture
def server(tmp_path):
    valkey = Valkey(tmp_path / "data folder")  # with a space, as people have them
    try:
        valkey.start()
        yield valkey
    finally:
        valkey.stop()


def client(server):
    return redis.Redis.from_url(server.url(), decode_responses=True)


def test_it_keeps_everything_and_throws_nothing_away(server):
    with client(server) as connection:
        asked = ("appendonly", "appendfsync", "maxmemory-policy", "bind", "save")
        assert [connection.config_get(name)[name] for name in asked] == [
            "yes",
            "everysec",
            "noeviction",
            "127.0.0.1",
            "",
        ]


def test_nobody_gets_in_without_the_password(server):
    with redis.Redis(port=server.port) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_the_password_is_not_among_the_arguments(server):
    password = server.url().split("@")[0].rpartition(":")[2]
    assert password not in Path(f"/proc/{server.process.pid}/cmdline").read_text()


def test_what_was_written_survives_a_kill_and_the_address_stays(server):
    url = server.url()
    with client(server) as connection:
        connection.set("kept", "7")
    server.process.kill()
    server.process.wait()
    assert not server.is_ready()
    server.start()
    assert server.url() == url
    with client(server) as connection:
        assert connection.get("kept") == "7"


def test_a_second_start_stops_the_server_that_was_left_over(server):
    left_over = server.process
    with client(server) as connection:
        connection.set("kept", "7")
    again = Valkey(server.data)
    try:
        again.start()
        assert left_over.wait(5) == 0
        with client(again) as connection:
            assert connection.get("kept") == "7"
    finally:
        again.stop()


def test_a_port_that_is_taken_is_told_with_the_log(server, tmp_path):
    other = Valkey(tmp_path / "other", port=server.port)
    with pytest.raises(StartFailed, match=r"ended at once .* see .*valkey\.log"):
        other.start()
