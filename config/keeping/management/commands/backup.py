"""`manage.py backup FOLDER|FILE [--keys FILE]`."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.keeping.errors import KeepingFailed
from config.keeping.keys import key_places, write_keys
from config.keeping.making import make_backup
from config.keeping.reaching import reading_logins


class Command(BaseCommand):
    """Keep everything but the keys in one file, at one instant, while the product runs or not."""

    help = "Write the database and the attachments of one instant to a file; keys only to another one."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say where the backup goes, and the keys if they are wanted."""
        parser.add_argument(
            "to", type=Path, help="a folder, in which the file is named by its time, or a file"
        )
        parser.add_argument("--keys", type=Path, help="file for the keys, in another folder than the backup")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the backup; exit code 1 and no file when anything is missing."""
        path: Path = options["to"]
        if path.is_dir() or not path.suffix:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
            path /= f"covalent-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.backup"
        keys: Path | None = options["keys"]
        if keys is not None and keys.resolve().parent == path.resolve().parent:
            raise CommandError("data and keys do not lie together: name another folder for --keys")
        try:
            with reading_logins(settings.DATA_DIR) as logins:
                made = make_backup(logins, path, attachments=Path(settings.ATTACHMENTS_DIR))
            if keys is not None:
                self.stdout.write(
                    f"{keys}: {write_keys(keys, key_places())} keys. Keep it apart from the backup."
                )
        except KeepingFailed as failure:
            raise CommandError(f"No backup was made: {failure}") from failure
        self.stdout.write(
            f"{made.path}: {made.rows} rows, {made.files} files,"
            f" {made.entries} sealed entries in {made.chains} chains"
        )
