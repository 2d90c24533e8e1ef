"""The programs an actor is in, each with the zone of its site: what lists over all partners name."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.actor import Actor
from portal.models import Program


@dataclass(frozen=True, slots=True)
class Room:
    """A program with the IANA zone its times are shown in where no batch says otherwise."""

    program: Program
    zone: str


def list_rooms(actor: Actor) -> dict[UUID, Room]:
    """Return the programs by the id of their space; one query."""
    return {each.pk: Room(each, each.zone) for each in Program.objects.visible_to(actor)}
