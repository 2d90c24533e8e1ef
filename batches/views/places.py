"""Where batches are made, and what the clock shows there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from batches.models import Batch
from portal.queries.rooms import Room


@dataclass(frozen=True, slots=True)
class Place:
    """A site, or the manufacturer where a batch names none, with its IANA zone."""

    name: str
    zone: str


def place_of(batch: Batch, rooms: Mapping[UUID, Room]) -> Place:
    """Return where a batch is made; its times are shown in the zone of the place."""
    room = rooms.get(batch.space_id)
    if batch.site is not None:
        return Place(str(batch.site.name), str(batch.site.zone))
    if room is None:
        return Place("", "UTC")
    return Place(str(room.program.manufacturer_name), room.zone)


def clocks_of(batches: Iterable[Batch], rooms: Mapping[UUID, Room]) -> list[Place]:
    """Return one place per zone: those that share a clock are named together, in order of name."""
    found = sorted({place_of(batch, rooms) for batch in batches}, key=lambda each: (each.name, each.zone))
    zones = dict.fromkeys(each.zone for each in found)
    return [Place(", ".join(each.name for each in found if each.zone == zone), zone) for zone in zones]
