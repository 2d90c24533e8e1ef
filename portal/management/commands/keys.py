"""`manage.py keys`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from portal.errors import KeyUnavailable
from portal.keyring import fault_of, list_keys, list_organisations


class Command(BaseCommand):
    """Say which envelope keys there are and whether each can be opened."""

    help = "List the keys of private words and files, and open each once. Exit code 1: one cannot be opened."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        """Print one line a key, the present one of each organisation first."""
        missing = False
        for organisation_id in list_organisations():
            try:
                keys = list_keys(organisation_id)
            except KeyUnavailable as error:
                missing = True
                self.stdout.write(f"{organisation_id} CANNOT BE READ: {error.reason}")
                continue
            for number, key in enumerate(keys):
                fault = fault_of(organisation_id, key)
                missing = missing or bool(fault)
                role = "seals" if number == 0 else "opens"
                state = f"CANNOT BE OPENED: {fault}" if fault else role
                self.stdout.write(f"{organisation_id} {key.id} {key.made_at:%Y-%m-%d} {key.service} {state}")
        raise SystemExit(int(missing))
