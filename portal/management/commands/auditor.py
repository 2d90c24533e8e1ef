"""`manage.py auditor`."""

from __future__ import annotations

import signal
import threading
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connection

from portal.auditing.checks import Cursor, look
from portal.auditing.voice import Voice

EVERY_S: Final = 15.0


class Command(BaseCommand):
    """Prove that what was due has happened, until told to end; of its own, beside worker, beat and relay."""

    help = "Look whether every due step and message happened, and raise the voice when not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say where it shows that it works, for a health check, and whether it looks once."""
        parser.add_argument("--alive", type=Path, help="file that is touched after each look")
        parser.add_argument(
            "--once", action="store_true", help="look once; exit code 1 when something is wrong"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        cursor = Cursor()
        if options["once"]:
            faults = look(cursor)
            for each in faults:
                self.stdout.write(f"{each.code} {each.count}")
            raise SystemExit(1 if faults else 0)
        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        self.stdout.write("auditor looks")
        keep_looking(ended, cursor, Voice(), alive=options["alive"])


def keep_looking(ended: threading.Event, cursor: Cursor, voice: Voice, *, alive: Path | None) -> None:
    """Look again and again; who starts together with the auditor has the grace to begin to beat."""
    grace_s = settings.AUDITOR_GRACE.total_seconds()
    started = time.monotonic()
    while not ended.is_set():
        faults = look(cursor)
        if time.monotonic() - started < grace_s:
            faults = [each for each in faults if not each.code.endswith("_silent")]
        voice.tell(faults)
        connection.close()
        if alive is not None:
            alive.touch()
        ended.wait(min(EVERY_S, grace_s))
