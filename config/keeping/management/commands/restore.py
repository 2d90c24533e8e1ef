"""`manage.py restore FILE [--checkpoints PLACE ...] [--keys FILE] [--replace]`."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.migrations.loader import MigrationLoader

from config.keeping.errors import KeepingFailed
from config.keeping.keys import key_places, missing, put_back
from config.keeping.outside import read_held
from config.keeping.reaching import writing_logins
from config.keeping.reporting import outcome
from config.keeping.restoring import Restored, opened_backup, restore


class Command(BaseCommand):
    """Bring a backup back and say whether it is what others know of this ledger."""

    help = "Restore a backup into an empty installation and hold its ledger against checkpoints kept outside."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say what is restored and what it is held against."""
        parser.add_argument("backup", type=Path)
        parser.add_argument(
            "--checkpoints",
            type=Path,
            action="append",
            default=[],
            help="file with a checkpoint, or folder of them (a witness's --state); repeatable",
        )
        parser.add_argument(
            "--key", action="append", default=[], help="verifier key of the log that you know"
        )
        parser.add_argument("--keys", type=Path, help="file of keys that the backup wrote")
        parser.add_argument(
            "--replace", action="store_true", help="set the present database aside under another name"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore; exit code 0 agrees with outside, 1 nothing restored, 2 contradicts, 3 not compared."""
        places, said = key_places(), list[str]()
        try:
            with opened_backup(options["backup"], _known_migrations()) as bundle:
                if options["keys"]:
                    said = put_back(options["keys"], places)
                held = read_held(options["checkpoints"], ledger_key=places.ledger, named=options["key"])
                with writing_logins(settings.DATA_DIR) as logins:
                    restored = restore(
                        bundle,
                        logins,
                        attachments=Path(settings.ATTACHMENTS_DIR),
                        held=held,
                        replaces=options["replace"],
                    )
        except KeepingFailed as failure:
            raise CommandError(f"Nothing was restored: {failure}") from failure
        # The next start compares the tables with the product anew.
        (settings.DATA_DIR / "migrated.json").unlink(missing_ok=True)
        self._tell(restored, [*said, *(f"Missing: {name}; {why}." for name, why in missing(places).items())])
        raise SystemExit(outcome(restored.verdicts, bool(held), self))

    def _tell(self, restored: Restored, warnings: list[str]) -> None:
        self.stdout.write(
            f"Restored the backup of {restored.made_at}: {restored.rows} rows, {restored.files} files"
        )
        if restored.former:
            self.stdout.write(f"  the former database is kept as {restored.former}")
        for each in warnings:
            self.stderr.write(self.style.WARNING(f"  {each}"))
        if restored.refused_chains:
            self.stderr.write(
                f"  {restored.refused_chains} checkpoints from outside were put into the ledger: no further"
                " checkpoint of these chains will be signed (log_forked)"
            )


def _known_migrations() -> set[str]:
    loader = MigrationLoader(None)
    return {f"{app}.{name}" for app, name in loader.disk_migrations}
