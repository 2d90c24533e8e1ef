"""The fixed cast: two companies that make a product, a rival at the same manufacturer, their people and keys.

Run as a module it moves into the template database; ids are fixed, so tests name them without asking.
"""

from __future__ import annotations

import uuid
from datetime import timedelta

SPACE = uuid.UUID("c0ffee00-0000-4000-8000-000000000000")
PASSWORD = "correct horse battery staple"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def fixed(name: str) -> uuid.UUID:
    return uuid.uuid5(SPACE, name)


CDMO, ARVO, TESSEL = fixed("cdmo"), fixed("arvo"), fixed("tessel")
PARTNERSHIP, RIVAL_PARTNERSHIP = fixed("partnership"), fixed("rival partnership")
PROGRAM, RIVAL_PROGRAM, SECOND_PROGRAM = fixed("program"), fixed("rival program"), fixed("second program")

# key -> (employer, target, side, role, code of the seat)
PEOPLE = {
    "cdmo_operator": (CDMO, PARTNERSHIP, "manufacturer", "operator", "Operator 31"),
    "cdmo_shift_lead": (CDMO, PARTNERSHIP, "manufacturer", "shift_lead", "Shift lead 04"),
    "cdmo_qa": (CDMO, PARTNERSHIP, "manufacturer", "qa", "QA floor 07"),
    "cdmo_quality_head": (CDMO, PARTNERSHIP, "manufacturer", "quality_head", "Quality head 01"),
    "cdmo_admin": (CDMO, CDMO, "both", "site_admin", "Site admin 02"),
    "sponsor_qa": (ARVO, PARTNERSHIP, "sponsor", "qa", "Sponsor QA 03"),
    "sponsor_viewer": (ARVO, PARTNERSHIP, "sponsor", "viewer", "Sponsor viewer 11"),
    "sponsor_quality_head": (ARVO, PARTNERSHIP, "sponsor", "quality_head", "Sponsor quality head 01"),
    "inspector": (ARVO, PROGRAM, "sponsor", "inspector", "Inspector 01"),
    "rival_sponsor_qa": (TESSEL, RIVAL_PARTNERSHIP, "sponsor", "qa", "Rival QA 05"),
}
SERVICES = {
    "gateway": (CDMO, PARTNERSHIP, "manufacturer", "gateway", "Gateway 01", ["read", "readings"]),
    "cdmo_system": (
        CDMO,
        PARTNERSHIP,
        "manufacturer",
        "qa",
        "QA system 01",
        ["read", "write", "acknowledge", "webhooks"],
    ),
    "sponsor_system": (
        ARVO,
        PARTNERSHIP,
        "sponsor",
        "viewer",
        "Sponsor system 01",
        ["read", "acknowledge", "webhooks"],
    ),
    "rival_system": (
        TESSEL,
        RIVAL_PARTNERSHIP,
        "sponsor",
        "viewer",
        "Rival system 01",
        ["read", "acknowledge", "webhooks"],
    ),
}
TOKENS = {key: f"cov_test_{key}_{'x' * 20}" for key in SERVICES}
EMAILS = {key: f"{key}@example.com" for key in PEOPLE}


def person_id(key: str) -> uuid.UUID:
    from portal.models import Person

    if key in EMAILS:
        return Person.objects.values_list("pk", flat=True).get(email=EMAILS[key])
    return Person.objects.values_list("pk", flat=True).get(email=f"{key}@service.invalid")


def move_in() -> None:
    from portal.actions import founding, people
    from portal.actor import Side, system_actor
    from portal.states import PersonKind

    setup = system_actor(
        "setup", CDMO, ARVO, TESSEL, PARTNERSHIP, RIVAL_PARTNERSHIP, PROGRAM, RIVAL_PROGRAM, SECOND_PROGRAM
    )
    founding.found_organisation(setup, CDMO, name="Norrsund Biologics", zone="Europe/Stockholm")
    founding.found_organisation(setup, ARVO, name="Arvo Therapeutics", zone="America/New_York")
    founding.found_organisation(setup, TESSEL, name="CANARY Tessel Bio", zone="Europe/Zurich")
    founding.add_site(setup, CDMO, name="Malmö", city="Malmö", zone="Europe/Stockholm", calendar="SE")
    parties = [
        (PARTNERSHIP, ARVO, "Arvo Therapeutics"),
        (RIVAL_PARTNERSHIP, TESSEL, "CANARY Tessel Bio"),
    ]
    for partnership, sponsor, name in parties:
        founding.open_partnership(
            setup,
            partnership,
            sponsor_id=sponsor,
            sponsor_name=name,
            manufacturer_id=CDMO,
            manufacturer_name="Norrsund Biologics",
        )
    for program, partnership, code, title in (
        (PROGRAM, PARTNERSHIP, "AV-101", "AV-101 antibody"),
        (SECOND_PROGRAM, PARTNERSHIP, "AV-310", "AV-310 autologous CAR-T"),
        (RIVAL_PROGRAM, RIVAL_PARTNERSHIP, "CANARY-TB-22", "CANARY TB-22 antibody"),
    ):
        founding.open_program(
            setup,
            program,
            partnership_id=partnership,
            code=code,
            title=title,
            sites=[("Malmö", "Malmö", "Europe/Stockholm")],
        )
    for key, (employer, target, side, role, code) in PEOPLE.items():
        member = people.add_member(
            setup,
            employer,
            email=EMAILS[key],
            name=f"Name of {key}",
            password=PASSWORD,
            zone="Europe/Stockholm",
        )
        add_totp(member.person)
        people.give_assignment(
            setup,
            _giver(target, side, employer),
            person_id=member.person_id,
            target_id=target,
            side=Side(side),
            role=role,
            code=code,
        )
    # The manufacturer's people work for the rival too; what they see there never reaches the first sponsor.
    for key in ("cdmo_qa", "cdmo_operator", "cdmo_quality_head"):
        _, _, side, role, code = PEOPLE[key]
        people.give_assignment(
            setup,
            CDMO,
            person_id=person_id(key),
            target_id=RIVAL_PARTNERSHIP,
            side=Side(side),
            role=role,
            code=f"CANARY {code}",
        )
    for key, (employer, target, side, role, code, scopes) in SERVICES.items():
        member = people.add_member(
            setup, employer, email=f"{key}@service.invalid", name=key, kind=PersonKind.SERVICE
        )
        people.give_assignment(
            setup,
            employer,
            person_id=member.person_id,
            target_id=target,
            side=Side(side),
            role=role,
            code=code,
        )
        _issue(setup, key, employer, member.person_id, scopes)


def add_totp(person) -> None:
    """The authenticator app with the secret of the tests, set up as on the page for it."""
    from functools import partial

    from allauth.mfa.totp.internal.auth import TOTP

    from portal.actions.own_access import change_own_sign_in
    from portal.middleware import actor_of

    change_own_sign_in(actor_of(person), partial(TOTP.activate, person, TOTP_SECRET))


def _issue(setup, key, employer, service_id, scopes) -> None:
    from django.utils import timezone

    from portal.actions import people

    programs = [RIVAL_PROGRAM] if key == "rival_system" else [PROGRAM, SECOND_PROGRAM]
    people.issue_key(
        setup,
        employer,
        person_id=service_id,
        label=key,
        token=TOKENS[key],
        scopes=scopes,
        program_ids=programs,
        expires_at=timezone.now() + timedelta(days=300),
    )


def _giver(target: uuid.UUID, side: str, employer: uuid.UUID) -> uuid.UUID:
    if side == "both":
        return employer
    sponsors = {PARTNERSHIP: ARVO, PROGRAM: ARVO, RIVAL_PARTNERSHIP: TESSEL}
    return sponsors[target] if side == "sponsor" else CDMO


if __name__ == "__main__":
    import django

    django.setup()
    move_in()
