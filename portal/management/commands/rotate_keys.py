"""`manage.py rotate_keys`."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand

from portal.actions.company import note_envelope_key
from portal.actor import system_actor
from portal.errors import KeyUnavailable
from portal.keyring import add_key, list_keys, list_organisations, make_key, wrap_anew
from portal.signing_in import seal_secrets_anew


class Command(BaseCommand):
    """Give every organisation a new envelope key, wrap all anew, encrypt second factors anew."""

    help = (
        "Rotate the keys of private words and files. New words are sealed by the new key, old ones stay "
        "readable by theirs. May be stopped at any moment and run again. Exit code 1: something was left."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say whose keys, and from which age on."""
        parser.add_argument("--organisation", type=UUID, action="append", help="only this one; repeatable")
        parser.add_argument(
            "--older-than",
            type=float,
            default=24.0,
            metavar="HOURS",
            help="leave a present key alone that is younger (%(default)s): a second run finishes the first",
        )
        parser.add_argument(
            "--lost",
            type=UUID,
            metavar="ORGANISATION",
            help="its key file is gone for good: begin a new one; what the lost keys sealed stays unreadable",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the organisations one by one; what one meets stops no other."""
        if options["lost"]:
            make_key(options["lost"])
        before = datetime.now(UTC) - timedelta(hours=options["older_than"])
        was_left = False
        for organisation_id in options["organisation"] or list_organisations():
            for step in (self._wrap, lambda each: self._add(each, before), self._note):
                was_left |= not self._did(organisation_id, step)
        self.stdout.write(f"secrets encrypted anew: {seal_secrets_anew()}")
        raise SystemExit(int(was_left))

    def _did(self, organisation_id: UUID, step: Callable[[UUID], str]) -> bool:
        try:
            self.stdout.write(f"{organisation_id} {step(organisation_id)}")
        except KeyUnavailable as error:
            self.stderr.write(self.style.ERROR(f"{organisation_id} left as it was: {error.reason}"))
            return False
        return True

    def _wrap(self, organisation_id: UUID) -> str:
        return f"keys wrapped anew: {wrap_anew(organisation_id)}"

    def _add(self, organisation_id: UUID, before: datetime) -> str:
        present = list_keys(organisation_id)[0]
        if present.made_at >= before:
            return f"present key stays: {present.id}"
        return f"present key is now: {add_key(organisation_id).id}"

    def _note(self, organisation_id: UUID) -> str:
        """Also what a run that was stopped left unsaid."""
        present = list_keys(organisation_id)[0]
        note_envelope_key(
            system_actor("setup", organisation_id),
            organisation_id,
            key_id=present.id,
            service=present.service,
            made_at=present.made_at,
        )
        return "the ledger says so"
