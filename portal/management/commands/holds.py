"""`manage.py holds`: what must not be archived."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from portal.action import reading
from portal.actor import system_actor
from portal.queries.holds import list_kept, list_spaces


class Command(BaseCommand):
    """List what legal holds keep, of either side, without numbers, titles, reasons and clauses."""

    help = (
        "List the records that must not be archived: id, type, since when, and how long each is kept else. "
        "With ids: exit code 1 when one of them is kept."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the records that somebody means to archive."""
        parser.add_argument("record", nargs="*", type=UUID)

    def handle(self, *_args: Any, **given: Any) -> None:
        """Print one line a record."""
        asked = set(given["record"])
        is_kept = False
        for space_id in list_spaces():
            with reading(system_actor("watchdog", space_id)) as watcher:
                kept = list_kept(watcher, space_id)
            for each in kept:
                if asked and each.record_id not in asked:
                    continue
                is_kept = True
                self.stdout.write(
                    f"{each.record_id}  {each.type}  {each.since:%Y-%m-%dT%H:%M:%SZ}"
                    f"  {each.retention.title}: {each.retention.words}"
                )
        if asked:
            raise SystemExit(int(is_kept))
