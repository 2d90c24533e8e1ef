"""`manage.py set_apart`: list deadlines that could not be acted on, and put one back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.actions.set_apart import put_clock_back
from portal.actor import system_actor
from portal.clocks.trying import list_set_apart


class Command(BaseCommand):
    """A list without arguments; `--again ID` lets the sweep act on one again."""

    help = "List deadlines that broke their worker three times, and put one back."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name what is put back."""
        parser.add_argument("--again", type=UUID, help="the clock to put back")

    def handle(self, *_args: Any, **given: Any) -> None:
        """List, or put one back."""
        found = list_set_apart()
        if given["again"] is None:
            for each in found:
                self.stdout.write(f"{each.pk} {each.set_apart_at:%Y-%m-%d %H:%MZ} {each.error or 'killed'}")
            return
        tried = next((each for each in found if each.pk == given["again"]), None)
        if tried is None or put_clock_back(system_actor("sweep", tried.space_id), tried.pk) is None:
            msg = "No deadline with this id is set apart."
            raise CommandError(msg)
        self.stdout.write("The sweep acts on it within a second.")
