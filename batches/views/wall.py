"""The wall: the board on a screen that everybody passes, under a display key."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View

from batches.queries import Tile, board
from batches.saying import crossing
from batches.views.board import in_order
from batches.views.places import clocks_of, place_of
from batches.views.tiles import class_tags, shelf_tags, signal_tags, tile_context
from batches.views.words import tone_of
from portal.action import instant, reading
from portal.displays import COOKIE, Display, display_by_key
from portal.queries.rooms import list_rooms

UNKNOWN: Final = 401
KEPT_S: Final = 366 * 24 * 3600
THEMES: Final = ("light", "dark")
Context = dict[str, Any]


class DisplayForm(forms.Form):
    """The key of a screen."""

    key = forms.CharField(
        label=gettext_lazy("Display key"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )


class WallPage(View):
    """Tiles of what a display key shows: numbers, phases, values. No name of a person and no written word.

    Whoever passes can read it, so it says less than the board does, and leads nowhere.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the wall, or ask for a key; one that has ended is forgotten."""
        token = request.COOKIES.get(COOKIE, "")
        display = display_by_key(token) if token else None
        if display is None:
            said = _("The display key has ended or was withdrawn.") if token else ""
            return self._ask(request, DisplayForm(), said)
        with reading(display.actor):
            context = wall_context(display)
            context["theme"] = next((each for each in THEMES if each == request.GET.get("theme")), "")
            part = "#tiles" if request.GET.get("part") == "tiles" else ""
            response = render(request, f"batches/wall.html{part}", context)
        response.headers["Cache-Control"] = "no-store"
        return response

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take a key and keep it in this browser, where no script can read it."""
        form = DisplayForm(request.POST)
        if not form.is_valid() or display_by_key(form.cleaned_data["key"].strip()) is None:
            return self._ask(request, DisplayForm(), _("This is no display key, or it has ended."))
        response = HttpResponseRedirect(reverse("wall_page"), status=303)
        response.set_cookie(
            COOKIE,
            form.cleaned_data["key"].strip(),
            max_age=KEPT_S,
            secure=settings.IS_SECURE,
            httponly=True,
            samesite="Strict",
        )
        return response

    @staticmethod
    def _ask(request: HttpRequest, form: DisplayForm, said: str) -> HttpResponse:
        response = render(request, "batches/wall_key.html", {"form": form, "said": said}, status=UNKNOWN)
        response.delete_cookie(COOKIE, samesite="Strict")
        return response


def wall_context(display: Display) -> Context:
    """Return the tiles of a display and where its stream is."""
    actor, now = display.actor, instant()
    rooms = list_rooms(actor)
    shown = [each for each in in_order(board(actor), rooms) if display.shows(each.batch.number)]
    tiles = []
    for each in shown:
        found = tile_context(each, place_of(each.batch, rooms).zone, now)
        room = rooms.get(each.batch.space_id)
        program = str(room.program.code) if room is not None else ""
        tiles.append(found | {"title": program, "url": "", "tags": _tags(each)})
    places = clocks_of([each.batch for each in shown], rooms)
    return {
        "tiles": tiles,
        "now": now,
        "places": places,
        # A screen hangs at a site and has no reader with a zone of their own.
        "viewer_zone": places[0].zone if places else "UTC",
        "wall": {"programs": sorted(str(each) for each in rooms)},
        "programs": sorted(str(each.program.code) for each in rooms.values()),
    }


def _tags(tile: Tile) -> list[Context]:
    """Return what stands on the tile: counts, and limits that are crossed; never what somebody wrote."""
    facts, batch_id = tile.facts, tile.batch.pk
    tags = class_tags(facts, "") + signal_tags(facts, batch_id) + shelf_tags(facts, batch_id)
    if facts.blocks:
        tags.append({"tone": "hold", "text": _("disposition blocked")})
    tags += [{"tone": tone_of(each), "text": crossing(each)} for each in tile.excursions[:2]]
    if not tags and tile.rows and not any(row.is_stale for row in tile.rows):
        tags.append({"tone": "fine", "text": _("in range")})
    return [each | {"url": ""} for each in tags]
