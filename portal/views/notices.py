"""My notifications: what came, how I am told, and the browsers that take them."""

from __future__ import annotations

from typing import Any, ClassVar, Final, cast

from django.contrib import messages
from django.contrib.staticfiles import finders
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.action import reading
from portal.actions import notices
from portal.forms_notices import NoticesForm
from portal.notices.push import public_key
from portal.pages import Page, PageRequest
from portal.queries.notices import Told, last_digest_at, list_told, read_own_settings, stuck_since
from portal.queries.rooms import list_rooms
from portal.terms import clause_words
from portal.views.ladders import kind_words, message_words, state_words

WORKER: Final = "portal/js/push_worker.js"


class NoticesPage(Page):
    """Every notice that came to the reader, since the last morning mail first."""

    here: ClassVar[str] = "notices"
    template_name: ClassVar[str] = "portal/notices.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the list, parted where the last morning mail was."""
        actor, rooms = request.actor, list_rooms(request.actor)
        since = last_digest_at(actor)
        told = [(each, _row(request, each, rooms)) for each in list_told(actor)]
        return {
            "since": since,
            "fresh": [row for each, row in told if since is not None and each.receipt.told_at > since],
            "earlier": [row for each, row in told if since is None or each.receipt.told_at <= since],
            "stuck_since": stuck_since(actor),
        }


def _row(request: PageRequest, told: Told, rooms: Any) -> dict[str, Any]:
    room = rooms.get(told.alert.space_id)
    program = room.program if room is not None else None
    detail = [
        kind_words(told.alert),
        program.code if program else "",
        clause_words(told.alert.clause, told.alert.terms),
    ]
    return {
        "told": told,
        "url": reverse("alert_page", args=[told.alert.pk]),
        "tone": told.alert.classification or "",
        "detail": ", ".join(each for each in detail if each),
        "state": state_words(request.actor, told.alert, program),
        "ways": [_("on screen"), *(message_words(each) for each in told.messages)],
        "zone": room.zone if room is not None else "UTC",
    }


class NoticeSettingsPage(Page):
    """How the reader is told; what a clause demands is locked and says so."""

    here: ClassVar[str] = "notices"
    template_name: ClassVar[str] = "portal/notice_settings.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the form as it stands."""
        own = read_own_settings(request.actor)
        form = kwargs.get("form") or NoticesForm(choices=own.choices)
        return {
            "own": own,
            "form": form,
            "lines": form.lines(),
            "push_key": public_key(),
            "stuck_since": stuck_since(request.actor),
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Keep what was chosen."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            own = read_own_settings(asked.actor)
            form = NoticesForm(asked.POST, choices=own.choices)
            if not form.is_valid():
                return self.show(asked, status=422, form=form)
        notices.choose_notices(asked.actor, choices=form.chosen())
        messages.success(asked, _("Kept. It holds from the next notification on."))
        return HttpResponseRedirect(reverse("notice_settings"), status=303)


class AddDevice(NoticeSettingsPage):
    """Let this browser take notifications."""

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Lead to the page that asks."""
        return HttpResponseRedirect(reverse("notice_settings"))

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Keep where its push service is."""
        asked = cast("PageRequest", request)
        given = {name: asked.POST.get(name, "") for name in ("endpoint", "p256dh", "auth")}
        notices.add_device(asked.actor, **given, label=asked.POST.get("label", "") or _("Browser"))
        return HttpResponseRedirect(reverse("notice_settings"), status=303)


class RemoveDevice(AddDevice):
    """Take notifications from one of the reader's browsers."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Forget it."""
        notices.remove_device(cast("PageRequest", request).actor, kwargs["device_id"])
        return HttpResponseRedirect(reverse("notice_settings"), status=303)


@require_safe
def push_worker(_request: HttpRequest) -> HttpResponseBase:
    """Answer the script that shows notifications; it stands at the root, for its address is its reach."""
    found = finders.find(WORKER)
    if not isinstance(found, str):
        raise Http404
    response = FileResponse(open(found, "rb"), content_type="text/javascript")  # noqa: PTH123, SIM115 - closed by the response
    response.headers["Cache-Control"] = "no-cache"
    return response
