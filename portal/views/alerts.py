"""The page of one alert, and the receipt given there or from a banner."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from portal.action import instant, reading
from portal.actions.alerts import acknowledge_alert, open_alert, refuse_alert
from portal.actor import Actor
from portal.pages import Page, PageRequest
from portal.queries import alert_lines, escalation
from portal.queries.alerts import may_refuse
from portal.queries.opening import unopened_alerts
from portal.queries.rooms import list_rooms
from portal.shell import may_report
from portal.terms import terms_of
from portal.views.ladders import banner, ladder
from portal.views.strips import receipt_clock, receipt_moves, strip_of


def note_opened(actor: Actor, record_id: UUID) -> None:
    """Note that this person looks at an alert, or at the record it is about, for the first time."""
    with reading(actor):
        waiting = unopened_alerts(actor, record_id)
    for alert_id in waiting:
        open_alert(actor, alert_id)


class AlertPage(Page):
    """One alert: what it says, whom it asks, how far its ladder has climbed; opening it is noted."""

    here: ClassVar[str] = "escalations"
    template_name: ClassVar[str] = "portal/alert.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Note the opening before the page is read; an action never runs inside a reading."""
        actor: Actor | None = getattr(request, "actor", None)
        if actor is not None and request.method == "GET":
            note_opened(actor, kwargs["alert_id"])
        return super().dispatch(request, *args, **kwargs)

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the alert with its ladder."""
        actor = request.actor
        found = escalation(actor, kwargs["alert_id"])
        room = list_rooms(actor).get(found.alert.space_id)
        subject = found.line.subject
        is_excursion = subject is not None and subject.type == "excursion"
        program, zone = (room.program, room.zone) if room is not None else (None, "UTC")
        own = receipt_clock(actor, found.line, program, zone, instant(), name=_("Acknowledge"))
        strip = strip_of(actor, found.alert.subject_id, program, zone, without=found.alert.pk)
        return {
            "clocks": [own | {"moves": receipt_moves(found)}, *strip["clocks"]],
            "more_clocks": strip["more_clocks"],
            "found": ladder(actor, found, room),
            "refuse_url": reverse("refuse_alert", args=[found.alert.pk]) if may_refuse(actor, found) else "",
            "rule": terms_of(actor, found.alert.space_id, found.alert.terms).clause(found.alert.clause),
            "log_url": f"/deviations/new/?excursion={found.alert.subject_id}"
            if is_excursion and may_report(actor)
            else "",
            "partial": "alert" if request.htmx and request.method == "GET" else "",
        }


class AcknowledgeAlert(AlertPage):
    """Give receipt; a banner gets itself back, a page goes on where it came from."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the alert."""
        return HttpResponseRedirect(reverse("alert_page", args=[kwargs["alert_id"]]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Acknowledge once; a repeat finds it acknowledged."""
        asked = cast("PageRequest", request)
        alert = acknowledge_alert(asked.actor, kwargs["alert_id"])
        if asked.htmx:
            with reading(asked.actor):
                room = list_rooms(asked.actor).get(alert.space_id)
                shown = banner(asked.actor, alert_lines(asked.actor, [alert])[0], room)
                return render(asked, "portal/components/alert.html", {"alert": shown})
        messages.success(asked, _("Receipt given: %s") % alert.title)
        onward = asked.POST.get("next", "")
        is_ours = url_has_allowed_host_and_scheme(onward, allowed_hosts={asked.get_host()})
        return HttpResponseRedirect(onward if is_ours else reverse("alert_page", args=[alert.pk]), status=303)


class RefuseAlert(AlertPage):
    """Say as a told person that one cannot take it: the next are told at once."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the alert."""
        return HttpResponseRedirect(reverse("alert_page", args=[kwargs["alert_id"]]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Refuse once, with a reason; a repeat finds it refused."""
        asked = cast("PageRequest", request)
        refuse_alert(asked.actor, kwargs["alert_id"], reason=asked.POST.get("reason", ""))
        messages.success(asked, _("You have said that you cannot take it. Who comes next is told."))
        return HttpResponseRedirect(reverse("alert_page", args=[kwargs["alert_id"]]), status=303)
