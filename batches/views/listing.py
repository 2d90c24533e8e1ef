"""The list of batches: which ones, where do they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from batches.queries.batches import list_batches
from batches.queries.lines import BatchLine, lines_of
from batches.states import BatchState
from batches.views.board import chosen_program
from batches.views.cursors import leaf
from batches.views.places import place_of
from batches.views.tiles import class_tags
from batches.views.words import state_words
from portal.pages import Page, PageRequest
from portal.queries.rooms import Room, list_rooms

WORDS_MAX: Final = 100


class BatchesPage(Page):
    """Batches by state, program and search, latest planned start first."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/list.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return one page of the list with its filters."""
        rooms = list_rooms(request.actor)
        program_id = chosen_program(request, rooms)
        state = request.GET.get("state", "")
        state = state if state in BatchState.values else ""
        # No column holds U+0000, and the database refuses to look for it.
        words = request.GET.get("q", "").replace("\0", "").strip()[:WORDS_MAX]
        rows = list_batches(request.actor, program_id=program_id, state=state or None)
        if words:
            rows = rows.filter(
                Q(number__icontains=words) | Q(title__icontains=words) | Q(external_id__icontains=words)
            )
        page = leaf(rows, request.GET)
        given = {"program": str(program_id or ""), "state": state, "q": words}
        return {
            "page": page,
            "lines": [_line(each, rooms) for each in lines_of(request.actor, page.batches)],
            "words": words,
            "is_filtered": bool(words or state or program_id),
            "states": filter_links(given, "state", [("", _("All")), *_states()], "/batches/"),
            "programs": filter_links(
                given, "program", [("", _("All programs")), *program_choices(rooms)], "/batches/"
            )
            if len(rooms) > 1
            else [],
        }


def _line(line: BatchLine, rooms: dict[UUID, Room]) -> dict[str, Any]:
    room = rooms.get(line.batch.space_id)
    return {
        "batch": line.batch,
        "program": room.program.code if room is not None else "",
        "state": state_words(line.batch, line.facts),
        "tags": class_tags(line.facts, f"/deviations/?batch={line.batch.pk}"),
        "last_at": line.last_at,
        "stale_after": line.stale_after_s,
        "zone": place_of(line.batch, rooms).zone,
    }


def _states() -> list[tuple[str, str]]:
    running_first = (
        BatchState.IN_PROCESS,
        BatchState.PLANNED,
        BatchState.COMPLETE,
        BatchState.DISCONTINUED,
    )
    return [(str(each.value), capfirst(str(each.label))) for each in running_first]


def program_choices(rooms: Mapping[UUID, Room]) -> list[tuple[str, str]]:
    """Return the reader's programs by code."""
    found = sorted((each.program for each in rooms.values()), key=lambda each: each.code)
    return [(str(each.pk), str(each.code)) for each in found]


def filter_links(
    given: Mapping[str, str], name: str, choices: Sequence[tuple[str, str]], address: str
) -> list[dict[str, Any]]:
    """Return links that change one filter of a list and keep the others; `address` is the whole list."""
    links = []
    for value, label in choices:
        wanted = {key: words for key, words in {**given, name: value}.items() if words}
        links.append(
            {
                "label": label,
                "url": f"?{urlencode(wanted)}" if wanted else address,
                "is_current": given[name] == value,
            }
        )
    return links
