"""The virus scanner on the way of a file: servers that speak clamd's protocol, some of them difficult."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal import virus_scan
from portal.errors import Invalid, Unavailable
from portal.virus_scan import require_clean
from tests.factories import deviations as make

# The trade's harmless test virus, in two parts, so that no scanner takes this file for it.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
CLAMD = shutil.which("clamd")


class Scanner:
    """Takes INSTREAM as clamd does; `answer` instead of a verdict, `parts` as they came."""

    def __init__(self):
        self.answer, self.scanned, self.sizes = None, [], []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with connection, connection.makefile("rb") as said:
                    connection.sendall(self._verdict(said))

    def _verdict(self, said):
        assert said.read(10) == b"zINSTREAM\0"
        data = b""
        while size := struct.unpack("!I", said.read(4))[0]:
            self.sizes.append(size)
            data += said.read(size)
        self.scanned.append(data)
        if self.answer is not None:
            return self.answer
        return b"stream: Eicar-Test-Signature FOUND\0" if EICAR in data else b"stream: OK\0"

    def close(self):
        self._socket.close()


@pytest.fixture
def scanner(settings):
    found = Scanner()
    settings.CLAMD = found.url
    yield found
    found.close()


def test_without_a_scanner_nothing_is_asked(settings):
    settings.CLAMD = ""
    require_clean(EICAR)


@pytest.mark.parametrize("size", [1, virus_scan.PART_BYTES, virus_scan.PART_BYTES + 1, 1_000_000])
def test_every_byte_is_scanned_in_parts(scanner, size):
    data = bytes(range(256)) * (size // 256 + 1)
    require_clean(data[:size])
    assert scanner.scanned == [data[:size]]
    assert max(scanner.sizes) <= virus_scan.PART_BYTES


def test_what_is_infected_is_refused_without_naming_it(scanner):
    with pytest.raises(Invalid) as refused:
        require_clean(b"words " + EICAR)
    assert refused.value.problem_code == "infected"
    assert "Eicar" not in refused.value.detail


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"INSTREAM size limit exceeded. ERROR\0",
        b"stream: OK FOUNDER\0",
        b"OK\0",
        b"x" * 10_000,
        b"\xff\0",
    ],
)
def test_without_a_verdict_nothing_is_taken(scanner, answer):
    scanner.answer = answer
    with pytest.raises(Unavailable) as refused:
        require_clean(b"clean")
    assert refused.value.problem_code == "scanner_away"


@pytest.mark.parametrize(
    "url", ["tcp://127.0.0.1:1", "unix:///nowhere", "tcp://127.0.0.1", "http://127.0.0.1:1", "x"]
)
def test_a_scanner_that_is_away_or_misnamed_lets_nothing_through(settings, url):
    settings.CLAMD = url
    with pytest.raises(Unavailable):
        require_clean(b"clean")


def test_a_scanner_that_hangs_is_not_waited_for(settings, monkeypatch):
    monkeypatch.setattr(virus_scan, "TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings.CLAMD = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(Unavailable):
            require_clean(b"clean")


class TestAFileOfARecord:
    @pytest.fixture
    def record(self, database, cdmo_operator):
        return make.report(cdmo_operator)

    @pytest.fixture
    def kept(self, settings, tmp_path):
        settings.ATTACHMENTS_DIR = tmp_path
        return lambda: [path for path in tmp_path.rglob("*") if path.is_file()]

    def send(self, client, record, data):
        file = SimpleUploadedFile("note.txt", data)
        return client.post(f"/api/v1/attachments/?subject={record.pk}", {"file": file})

    def test_is_refused_before_anything_is_kept(self, record, kept, scanner, api):
        for data, answer, told in (
            (EICAR, None, (400, "infected")),
            (b"clean", b"", (503, "scanner_away")),
        ):
            scanner.answer = answer
            refused = self.send(api("cdmo_system"), record, data)
            assert (refused.status_code, refused.json()["code"]) == told
        assert kept() == []
        assert api("cdmo_system").get("/api/v1/attachments/").json()["results"] == []

    def test_is_kept_when_clean(self, record, kept, scanner, api):
        assert self.send(api("cdmo_system"), record, b"clean").status_code == 201
        assert len(kept()) == 1

    def test_is_refused_on_the_page_in_words(self, record, kept, scanner, signed_in):
        page = signed_in("cdmo_operator").post(
            f"/deviations/{record.pk}/files/", {"photos": SimpleUploadedFile("note.txt", EICAR)}, follow=True
        )
        assert "The virus scanner found something" in page.content.decode()
        assert kept() == []


@pytest.mark.slow
@pytest.mark.skipif(CLAMD is None, reason="clamd is not installed here")
def test_the_real_clamd_finds_the_test_virus(settings):
    home = Path(tempfile.mkdtemp(prefix="clamd-", dir="/tmp"))
    (home / "db").mkdir()
    signature = f"Test.Virus:0:*:{EICAR.hex()}\n"
    (home / "db" / "test.ndb").write_text(signature)
    (home / "clamd.conf").write_text(
        f"LocalSocket {home}/ctl\nDatabaseDirectory {home}/db\nForeground yes\nOfficialDatabaseOnly no\n"
    )
    process = subprocess.Popen([CLAMD, "-c", str(home / "clamd.conf")], stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while not (home / "ctl").exists() and time.monotonic() < until:
            time.sleep(0.1)
        settings.CLAMD = f"unix://{home}/ctl"
        require_clean(b"clean")
        with pytest.raises(Invalid):
            require_clean(b"words " + EICAR)
    finally:
        process.terminate()
        process.wait(10)
        shutil.rmtree(home)
