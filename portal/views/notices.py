"""My notifications: what came, how I am told, and the browsers that take them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final, cast
from urllib.parse import urlencode
from uuid import UUID

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
from portal.queries.notices import (
    OwnSettings,
    Told,
    last_digest_at,
    list_told,
    read_own_settings,
    stuck_since,
)
from portal.queries.rooms import list_rooms
from portal.terms import clause_link, clause_words
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
        after = _place(request.GET.get("after", ""))
        found, has_older = list_told(actor, after=after)
        told = [(each, _row(request, each, rooms)) for each in found]
        last = found[-1].receipt if found else None
        return {
            "since": since,
            "is_first": after is None,
            "newest_url": reverse("notices") if after is not None else "",
            "older_url": f"?{urlencode({'after': f'{last.told_at.isoformat()}~{last.pk}'})}"
            if has_older and last is not None
            else "",
            "fresh": [row for each, row in told if since is not None and each.receipt.told_at > since],
            "earlier": [row for each, row in told if since is None or each.receipt.told_at <= since],
            "stuck_since": stuck_since(actor),
        }


def _place(given: str) -> tuple[datetime, UUID] | None:
    """Return where a page begins; what is no place begins at the newest."""
    at, _tilde, last = given.partition("~")
    try:
        found = datetime.fromisoformat(at), UUID(last)
    except ValueError:
        return None
    return found if found[0].tzinfo is not None else None


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
        form = kwargs.get("form") or NoticesForm(choices=own.choices, demands=own.demands)
        return {
            "own": own,
            "form": form,
            "lines": [each | {"clauses": _clauses(own, each["sort"].code)} for each in form.lines()],
            "push_key": public_key(),
            "stuck_since": stuck_since(request.actor),
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Keep what was chosen."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            own = read_own_settings(asked.actor)
            form = NoticesForm(asked.POST, choices=own.choices, demands=own.demands)
            if not form.is_valid():
                return self.show(asked, status=422, form=form)
        notices.choose_notices(asked.actor, choices=form.chosen())
        messages.success(asked, _("Kept. It holds from the next notification on."))
        return HttpResponseRedirect(reverse("notice_settings"), status=303)


def _clauses(own: OwnSettings, sort: str) -> list[dict[str, Any]]:
    """Return by which clauses of which programs something of a sort is locked."""
    found: dict[tuple[int | None, str], dict[str, Any]] = {}
    for each in own.demands:
        for code in each.by_sort[sort].clauses:
            link = clause_link(each.program_id, code, each.version)
            line = found.setdefault((each.version, code), {"link": link, "programs": []})
            line["programs"].append(each.code)
    return [each | {"programs": ", ".join(each["programs"])} for each in found.values()]


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
