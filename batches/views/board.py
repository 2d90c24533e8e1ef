"""The board: every running batch at a glance (pages.md)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from batches.queries import Tile, board
from batches.queries.batches import list_batches
from batches.states import BatchState
from batches.views.places import clocks_of, place_of
from batches.views.tiles import tile_context
from portal.action import instant
from portal.actor import Actor
from portal.errors import NotFound
from portal.pages import Page, PageRequest
from portal.queries import open_alerts
from portal.queries.rooms import Room, list_rooms
from portal.views.ladders import banner

PARTS = ("tiles",)


class BoardPage(Page):
    """A tile per batch in process, of all programs or of one, in an order that never changes by itself."""

    here: ClassVar[str] = "board"
    template_name: ClassVar[str] = "batches/board.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the tiles, or for a live part only them; the newest open alert stands above."""
        actor, rooms, now = request.actor, list_rooms(request.actor), instant()
        chosen = chosen_program(request, rooms)
        tiles = in_order(board(actor, chosen), rooms)
        part = request.GET.get("part", "")
        shown = [tile_context(each, place_of(each.batch, rooms).zone, now) for each in tiles]
        found = {
            "tiles": shown,
            "chosen": chosen,
            "address": f"/board/?program={chosen}&part=tiles" if chosen else "/board/?part=tiles",
            "partial": part if part in PARTS else "",
        }
        if found["partial"]:
            return found
        return found | {
            "programs": sorted((each.program for each in rooms.values()), key=lambda each: each.code),
            "places": clocks_of([each.batch for each in tiles], rooms),
            "planned": 0 if tiles else list_batches(actor, state=BatchState.PLANNED).count(),
            **_newest_alert(actor, chosen, rooms),
        }


def chosen_program(request: PageRequest, rooms: Mapping[UUID, Room]) -> UUID | None:
    """Return the program that the address filters by; raises NotFound unless the reader is in it."""
    given = request.GET.get("program", "")
    if not given:
        return None
    found = next((program_id for program_id in rooms if str(program_id) == given), None)
    if found is None:
        raise NotFound
    return found


def in_order(tiles: Sequence[Tile], rooms: Mapping[UUID, Room]) -> list[Tile]:
    """Return tiles by program and number, which no event changes."""
    codes = {space_id: str(room.program.code) for space_id, room in rooms.items()}

    def place(tile: Tile) -> tuple[str, str, str]:
        return (codes.get(tile.batch.space_id, ""), tile.batch.number, str(tile.batch.pk))

    return sorted(tiles, key=place)


def _newest_alert(actor: Actor, program_id: UUID | None, rooms: Mapping[UUID, Room]) -> dict[str, Any]:
    lines = open_alerts(actor, program_id=program_id)
    if not lines:
        return {"alert": None, "more_alerts": 0}
    newest = lines[0]
    shown = banner(actor, newest, rooms.get(newest.alert.space_id), next_url="/board/")
    return {"alert": shown, "more_alerts": len(lines) - 1}
