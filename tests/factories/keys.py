"""A folder of keys of the test's own, and a key service as a process of its own."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGCONT, SIGSTOP

import httpx
from django.conf import settings

from config.supervisor.processes import free_port, spawn
from portal import keyring, kms
from tests.factories import cast

READY_WITHIN_S = 30.0


def own_folder(settings, to):
    """Let the product use a copy of the run's keys until the test ends, so that it may lose them."""
    to.mkdir()
    for each in (cast.CDMO, cast.ARVO, cast.TESSEL):
        shutil.copy(file_of(each), to)
    settings.KEYS_DIR = to
    keyring.forget()
    return to


def file_of(organisation_id):
    return Path(settings.KEYS_DIR) / f"{organisation_id}.key"


def lose(organisation_id):
    """Destroy an organisation's keys."""
    file_of(organisation_id).unlink()


class KeyServer:
    """AWS's KMS protocol over HTTP (moto), with the keys in the memory of its own process."""

    def __init__(self):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "AWS_ENDPOINT_URL_KMS": self.url,
            "AWS_REGION": "eu-north-1",
            "AWS_DEFAULT_REGION": "eu-north-1",
            "AWS_ACCESS_KEY_ID": "CANARYaccess",
            "AWS_SECRET_ACCESS_KEY": "CANARYsecret",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        self._log = Path(tempfile.mkdtemp(prefix="covalent-kms-")) / "log"
        self._process = None

    def start(self):
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(self.port)]
        self._process = spawn(command, log=self._log)
        until = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < until:
            with suppress(httpx.TransportError):
                httpx.get(f"{self.url}/moto-api/", timeout=5)
                return
            time.sleep(0.05)
        raise RuntimeError(self._log.read_text())

    def stop(self):
        """Be away; what is in memory is lost."""
        self._process.kill()
        self._process.wait()

    def hang(self):
        """Take connections and answer nothing."""
        self._process.send_signal(SIGSTOP)

    def go_on(self):
        self._process.send_signal(SIGCONT)

    def forget_all(self):
        """Lose every key for good."""
        self.stop()
        self.start()

    def make_key(self, organisation_id):
        """A key of an organisation under the name by which the product asks for it; returns its id."""
        made = kms._client().create_key()["KeyMetadata"]["Arn"]
        kms._client().create_alias(
            AliasName=settings.KMS_KEY.format(organisation=organisation_id), TargetKeyId=made
        )
        return made

    def rotate(self, organisation_id):
        """Let the name lead to a new key; the old one still unwraps. Returns the new one's id."""
        made = kms._client().create_key()["KeyMetadata"]["Arn"]
        kms._client().update_alias(
            AliasName=settings.KMS_KEY.format(organisation=organisation_id), TargetKeyId=made
        )
        return made

    def said(self):
        """What it has been asked, as its log shows."""
        return self._log.read_text()
