"""`manage.py witness`."""

from __future__ import annotations

import logging
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from django.core.management.base import BaseCommand, CommandError

from portal.witness import TIMEOUT_S, ForkError, State, Witness

FORKED: Final = 2
UNREACHED: Final = 1


class Command(BaseCommand):
    """Check that the log only ever grows, and cosign what was checked."""

    help = "Follow the ledger from outside: check each checkpoint against the last, cosign it, refuse a fork."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say where the log is, by whose key it is read, and where the witness keeps what it saw."""
        parser.add_argument("--url", required=True, help="address of the installation")
        parser.add_argument(
            "--token-file", type=Path, required=True, help="file with an API key (scope read)"
        )
        parser.add_argument("--program", type=UUID, action="append", help="program or space; default: all")
        parser.add_argument("--state", type=Path, required=True, help="folder of its key and checkpoints")
        parser.add_argument("--name", help="name of the witness (default: from its folder)")
        parser.add_argument("--every", type=float, default=30.0, help="seconds between visits (%(default)s)")
        parser.add_argument("--once", action="store_true", help="visit once and end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Visit until told to end; exit code 2 for a fork, 1 when the log could not be reached."""
        logging.getLogger("httpx").setLevel(logging.WARNING)
        if urlsplit(options["url"]).scheme not in ("http", "https"):
            raise CommandError("--url begins with https:// or http://")
        token = options["token_file"].read_text("utf-8").strip()
        state = State(options["state"])
        name = options["name"] or f"witness/{options['state'].resolve().name}"
        headers = {"Authorization": f"Bearer {token}"}
        with (
            state.alone(),
            httpx.Client(base_url=options["url"], headers=headers, timeout=TIMEOUT_S) as http,
        ):
            witness = Witness(http, state, name, time.time)
            self.stdout.write(f"witness key {witness.verifier}")
            while True:
                code = self._visit(witness, options["program"])
                if options["once"] or code == FORKED:
                    raise SystemExit(code)
                time.sleep(options["every"])

    def _visit(self, witness: Witness, programs: list[UUID] | None) -> int:
        code = 0
        try:
            for each in witness.follow(programs or witness.programs()):
                if isinstance(each, ForkError):
                    self.stderr.write(self.style.ERROR(f"REFUSED {each}"))
                    code = FORKED
                else:
                    self.stdout.write(f"cosigned {each.chain} at {each.size} entries")
        except httpx.HTTPError as error:
            self.stderr.write(f"the log could not be reached: {error}")
            return code or UNREACHED
        return code
