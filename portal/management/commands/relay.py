"""`manage.py relay`."""

from __future__ import annotations

import asyncio
from typing import Any

from django.core.management.base import BaseCommand

from portal.relay import Relay


class Command(BaseCommand):
    """Push what is sealed to the web processes until told to end."""

    help = "Push sealed entries to the open sockets; several relays share the work."

    def handle(self, *_: Any, **__: Any) -> None:
        asyncio.run(_run())


async def _run() -> None:
    await Relay().run()
