"""`manage.py found`: the first rows of an installation, which nobody inside could make."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, Final
from uuid import UUID, uuid4
from zoneinfo import available_timezones

from django.core.management.base import BaseCommand, CommandError

from portal.action import reading
from portal.actions import founding, people
from portal.actor import Side, system_actor
from portal.errors import DomainError
from portal.models import Organisation, Partnership, Person

# Sensitive steps take two: a company with one administrator could not take any (portal/four_eyes.py).
ADMINISTRATORS_MIN: Final = 2
ROLES: Final = {"manufacturer": "site_admin", "sponsor": "org_admin"}


class Command(BaseCommand):
    """Enter a company with its first administrators, let two companies meet, open a program.

    The entries say `system setup`. The administrators are sent links to set their own passwords with;
    everything else they do themselves, on the Administration page.
    """

    help = "Enter a company, a partnership or a program. Prints the new id."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One word says what is entered."""
        kinds = parser.add_subparsers(dest="kind", required=True)
        company = kinds.add_parser("organisation", help="a company and its first two administrators")
        company.add_argument("name")
        company.add_argument("--as", dest="side", choices=sorted(ROLES), required=True)
        company.add_argument("--zone", default="UTC", help="IANA name, like Europe/Stockholm")
        company.add_argument(
            "--admin",
            nargs=2,
            action="append",
            default=[],
            metavar=("EMAIL", "PRINTED_NAME"),
            help="an administrator, who is sent a link; give it twice or more",
        )
        pair = kinds.add_parser("partnership", help="a sponsor and a manufacturer")
        pair.add_argument("--sponsor", type=UUID, required=True, metavar="ID")
        pair.add_argument("--manufacturer", type=UUID, required=True, metavar="ID")
        program = kinds.add_parser("program", help="one product made by one for the other")
        program.add_argument("partnership", type=UUID, metavar="PARTNERSHIP_ID")
        program.add_argument("--code", required=True)
        program.add_argument("--title", required=True)
        program.add_argument("--site", nargs=3, required=True, metavar=("NAME", "CITY", "ZONE"))

    def handle(self, *args: Any, **options: Any) -> None:
        """Enter it. Raises: CommandError, in words."""
        enter = {"organisation": _organisation, "partnership": _partnership, "program": _program}
        try:
            entered = enter[options["kind"]](options)
        except DomainError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(str(entered))


def _organisation(given: dict[str, Any]) -> UUID:
    emails = [email for email, _ in given["admin"]]
    if len({each.casefold() for each in emails}) < ADMINISTRATORS_MIN:
        raise CommandError("Give two administrators (--admin EMAIL NAME, twice): sensitive steps take two.")
    _require_zone(given["zone"])
    if taken := Person.objects.filter(email__in=emails).values_list("email", flat=True).first():
        raise CommandError(f"An account with {taken} exists; accounts are never given to another person.")
    organisation_id = uuid4()
    setup = system_actor("setup", organisation_id)
    founding.found_organisation(setup, organisation_id, name=given["name"], zone=given["zone"])
    for number, (email, name) in enumerate(given["admin"], start=1):
        member = people.add_member(setup, organisation_id, email=email, name=name, zone=given["zone"])
        people.give_assignment(
            setup,
            organisation_id,
            person_id=member.person_id,
            target_id=organisation_id,
            side=Side.BOTH,
            role=ROLES[given["side"]],
            code=f"Administrator {number:02}",
        )
    return organisation_id


def _partnership(given: dict[str, Any]) -> UUID:
    names = {}
    for side in ROLES:
        names[side] = _name_of(given[side])
    partnership_id = uuid4()
    founding.open_partnership(
        system_actor("setup", partnership_id, given["sponsor"], given["manufacturer"]),
        partnership_id,
        sponsor_id=given["sponsor"],
        sponsor_name=names["sponsor"],
        manufacturer_id=given["manufacturer"],
        manufacturer_name=names["manufacturer"],
    )
    return partnership_id


def _name_of(organisation_id: UUID) -> str:
    setup = system_actor("setup", organisation_id)
    with reading(setup):
        found = Organisation.objects.visible_to(setup).with_id(organisation_id)
    if found is None:
        raise CommandError(f"There is no organisation {organisation_id}.")
    return found.name


def _program(given: dict[str, Any]) -> UUID:
    program_id, partnership_id = uuid4(), given["partnership"]
    setup = system_actor("setup", program_id, partnership_id)
    _require_zone(given["site"][2])
    with reading(setup):
        if Partnership.objects.visible_to(setup).with_id(partnership_id) is None:
            raise CommandError(f"There is no partnership {partnership_id}.")
    founding.open_program(
        setup,
        program_id,
        partnership_id=partnership_id,
        code=given["code"],
        title=given["title"],
        sites=[tuple(given["site"])],
    )
    return program_id


def _require_zone(zone: str) -> None:
    if zone not in available_timezones():
        raise CommandError(f"{zone} is no time zone; give an IANA name like Europe/Stockholm.")
