"""`manage.py load_demo`: the demo, loaded once."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.demo.loading import NotADemo, load, require_demo


class Command(BaseCommand):
    help = "Load the demo once, and write demo.json into the data folder. Harmless when it is loaded."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--data", type=Path, default=settings.DATA_DIR, help="folder of demo.json (COVALENT_DATA)"
        )
        parser.add_argument("--url", default=settings.SITE_URL, help="address of the pages (%(default)s)")
        parser.add_argument(
            "--without-history", action="store_true", help="leave out the finished batches of a year"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            require_demo()
        except NotADemo as refused:
            raise CommandError(str(refused)) from refused
        load(options["data"], options["url"], with_history=not options["without_history"])
