"""Pages whose being looked at sets from when on things are new."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponseBase

from portal.actor import Actor
from portal.looks import HOME, note_look
from portal.pages import Page, is_look


class LookedAtPage(Page):
    """Home, or the page that a morning mail leads to."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Note the look before the page is read: what is new is counted from the sitting before this one."""
        actor: Actor | None = getattr(request, "actor", None)
        if actor is not None and is_look(request):
            note_look(actor, HOME)
        return super().dispatch(request, *args, **kwargs)
