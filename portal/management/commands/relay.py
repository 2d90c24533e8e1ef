"""`manage.py relay`."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from portal.relay import Relay


class Command(BaseCommand):
    """Push what is sealed to the web processes until told to end."""

    help = "Push sealed entries to the open sockets; several relays share the work."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say where it shows that it works, for a health check of this one process."""
        parser.add_argument("--alive", type=Path, help="file that is touched while the relay works")

    def handle(self, *_: Any, **options: Any) -> None:
        asyncio.run(_run(options["alive"]))


async def _run(alive: Path | None) -> None:
    await Relay(alive).run()
