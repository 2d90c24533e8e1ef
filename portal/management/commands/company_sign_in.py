"""`manage.py company_sign_in`: let an organisation's identity provider sign in its people."""

from __future__ import annotations

import sys
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.actions.company import set_company_sign_in
from portal.actor import system_actor
from portal.errors import DomainError


class Command(BaseCommand):
    """Set issuer, client and domains; the client's secret comes by the standard input."""

    help = "Let an organisation's OpenID Connect provider sign in its invited people."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name what is needed."""
        parser.add_argument("organisation", type=UUID)
        parser.add_argument("--issuer", required=True)
        parser.add_argument("--client-id", required=True)
        parser.add_argument("--domain", required=True, action="append", dest="domains")
        parser.add_argument(
            "--trust-mfa", action="store_true", help="take its word (amr: mfa) for the second factor"
        )

    def handle(self, *_args: Any, **given: Any) -> None:
        """Set it up."""
        organisation_id = given["organisation"]
        try:
            provider = set_company_sign_in(
                system_actor("setup", organisation_id),
                organisation_id,
                issuer=given["issuer"],
                client_id=given["client_id"],
                secret=sys.stdin.readline().strip(),
                domains=given["domains"],
                trusts_mfa=given["trust_mfa"],
            )
        except DomainError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"Address to come back to: /account/company/{provider.pk}/back/")
