"""The programs an actor is in, each with the zone of its site: what lists over all partners name."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.actor import Actor
from portal.models import Program, ProgramSite


@dataclass(frozen=True, slots=True)
class Room:
    """A program with the IANA zone of its first site, UTC without one."""

    program: Program
    zone: str


def list_rooms(actor: Actor) -> dict[UUID, Room]:
    """Return the programs by the id of their space; two queries."""
    zones: dict[UUID, str] = {}
    for site in ProgramSite.objects.visible_to(actor).order_by("space_id", "name", "pk"):
        zones.setdefault(site.space_id, site.zone)
    programs = Program.objects.visible_to(actor)
    return {each.pk: Room(each, zones.get(each.pk, "UTC")) for each in programs}
