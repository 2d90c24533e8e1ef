"""`manage.py verify_ledger [--checkpoints PLACE ...]`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.keeping.errors import KeepingFailed
from config.keeping.keys import key_places
from config.keeping.ledger_state import read_ledger
from config.keeping.outside import judge, read_held
from config.keeping.reaching import reading_logins
from config.keeping.records import judge_records
from config.keeping.reporting import outcome


class Command(BaseCommand):
    """Hold this installation's ledger against itself, its records, and what others keep of it."""

    help = (
        "Check every chain of this installation, hold its records against the entries, and compare the ledger"
        " with checkpoints that were kept outside."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what the ledger is held against."""
        parser.add_argument("--checkpoints", type=Path, action="append", default=[], help="as for restore")
        parser.add_argument(
            "--key", action="append", default=[], help="verifier key of the log that you know"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Compare; exit codes: 0 agrees with outside, 1 could not look, 2 contradicts, 3 not compared."""
        try:
            held = read_held(options["checkpoints"], ledger_key=key_places().ledger, named=options["key"])
            with reading_logins(settings.DATA_DIR) as logins, psycopg.connect(logins.backup) as raw:
                raw.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                verdicts = judge(read_ledger(raw), held) + judge_records(raw)
        except KeepingFailed as failure:
            raise CommandError(f"Nothing was compared: {failure}") from failure
        raise SystemExit(outcome(verdicts, bool(held), self))
