"""Set up who meets whom: organisations, partnerships, programs, sites.

Companies and programs are entered by the named actor `setup`, sites by an organisation's administrators.
"""

from __future__ import annotations

from uuid import UUID
from zoneinfo import available_timezones

from portal import ledger
from portal.access import get_visible, require_role
from portal.action import action, instant
from portal.actor import Actor, Side
from portal.agreements.effect import bring_terms
from portal.directory import find_place
from portal.errors import Conflict, Invalid, NotFound
from portal.facts import ProgramOpened, SiteAdded, SiteAttached
from portal.keyring import make_key
from portal.models import Organisation, Partnership, Program, ProgramSite, Site, Space
from portal.rosters.cards import bring_cards
from portal.states import ADMINISTRATORS, SpaceKind


def _make_space(space_id: UUID, kind: SpaceKind) -> Space:
    return Space.objects.create(id=space_id, space_id=space_id, kind=kind)


@action("organisation.found")
def found_organisation(_actor: Actor, organisation_id: UUID, *, name: str, zone: str = "UTC") -> Organisation:
    """Enter a company with its own space and its sealing key.

    The actor is `system_actor("setup", organisation_id)`. `zone` is an IANA name.
    """
    make_key(organisation_id)
    _make_space(organisation_id, SpaceKind.ORGANISATION)
    return Organisation.objects.create(id=organisation_id, space_id=organisation_id, name=name, zone=zone)


@action("site.add")
def add_site(
    actor: Actor, organisation_id: UUID, *, name: str, city: str, zone: str, calendar: str = ""
) -> Site:
    """Enter a plant of the organisation; `zone` is the IANA zone its times are shown in.

    Raises: Refused, Invalid, Conflict. Records: site.added v1.
    """
    require_role(actor, organisation_id, *ADMINISTRATORS, to="add sites")
    if zone not in available_timezones():
        raise Invalid("Not a time zone.", errors={"zone": ["Give an IANA name like Europe/Stockholm."]})
    if Site.objects.visible_to(actor).filter(space_id=organisation_id, name__iexact=name).exists():
        raise Conflict(f"Your organisation has a site {name} already.")
    site = Site.objects.create(space_id=organisation_id, name=name, city=city, zone=zone, calendar=calendar)
    ledger.record(site, SiteAdded(zone=zone))
    return site


@action("site.attach")
def attach_site(actor: Actor, site_id: UUID, *, program_id: UUID) -> ProgramSite:
    """Make a plant known to a program of its manufacturer, so that batches can be planned there.

    Both sides read its name, city and zone from then on. `actor` is an administrator with
    `seat_for_one_act`. Raises: NotFound, Refused, Invalid, Conflict. Records: site.attached v1.
    """
    site = get_visible(Site, actor, site_id)
    require_role(actor, site.space_id, *ADMINISTRATORS, to="attach sites")
    place = find_place(site.space_id, program_id)
    if place is None or not place.is_program:
        raise NotFound
    if place.side != Side.MANUFACTURER:
        detail = "A program is made at sites of its manufacturer."
        raise Invalid(detail, errors={"program": [detail]})
    if ProgramSite.objects.visible_to(actor).filter(space_id=program_id, name=site.name).exists():
        raise Conflict(f"{site.name} is a site of {place.code} already.")
    attached = ProgramSite.objects.create(space_id=program_id, name=site.name, city=site.city, zone=site.zone)
    ledger.record(attached, SiteAttached(zone=site.zone))
    return attached


@action("partnership.open")
def open_partnership(
    _actor: Actor,
    partnership_id: UUID,
    *,
    sponsor_id: UUID,
    sponsor_name: str,
    manufacturer_id: UUID,
    manufacturer_name: str,
) -> Partnership:
    """Let one sponsor and one manufacturer meet."""
    _make_space(partnership_id, SpaceKind.PARTNERSHIP)
    return Partnership.objects.create(
        id=partnership_id,
        space_id=partnership_id,
        sponsor_id=sponsor_id,
        manufacturer_id=manufacturer_id,
        sponsor_name=sponsor_name,
        manufacturer_name=manufacturer_name,
    )


@action("program.open")
def open_program(
    actor: Actor,
    program_id: UUID,
    *,
    partnership_id: UUID,
    code: str,
    title: str,
    sites: list[tuple[str, str, str]],
) -> Program:
    """Open a program of a partnership; `sites` are (name, city, IANA zone), the first one its own zone.

    What is in force in the partnership holds in it from now, and so do its duty cards. `actor` is seated in
    the program's and the partnership's space. Records: program.opened v1, terms.agreed v1, duty_card.set v1.
    """
    partnership = Partnership.objects.visible_to(actor).get(pk=partnership_id)
    _make_space(program_id, SpaceKind.PROGRAM)
    program = Program.objects.create(
        id=program_id,
        space_id=program_id,
        partnership=partnership,
        sponsor_id=partnership.sponsor_id,
        manufacturer_id=partnership.manufacturer_id,
        sponsor_name=partnership.sponsor_name,
        manufacturer_name=partnership.manufacturer_name,
        code=code,
        title=title,
        **({"zone": sites[0][2]} if sites else {}),
    )
    for name, city, zone in sites:
        ProgramSite.objects.create(space_id=program_id, name=name, city=city, zone=zone)
    ledger.record(program, ProgramOpened(code=code))
    bring_terms(actor, program, instant())
    bring_cards(actor, program)
    return program
