"""The schedule of both sides: which suite is whose when, what really happened, and what it means."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.actions import schedule
from batches.models import Batch
from batches.queries.schedule import Scheduled, list_campaigns, list_slots, schedule_of
from batches.schedule.states import SCHEDULERS, SLOT_TRANSITIONS
from batches.states import BatchState
from batches.views.listing import program_choices
from batches.views.schedule_picture import Window, picture_of
from portal.access import available
from portal.action import instant, reading
from portal.actor import Actor
from portal.errors import DomainError, NotFound, Refused
from portal.forms import explain
from portal.forms_times import FormWithTimes, SiteTime
from portal.pages import Page, PageRequest
from portal.queries.rooms import Room, list_rooms
from portal.shell import zone_of

SPANS: Final = {"week": 7, "month": 28}
SHOWN_MAX: Final = 300
WHY: Final = {
    "held": gettext_lazy("held"),
    "late": gettext_lazy("late"),
    "after": gettext_lazy("waits for what is before it"),
}
Context = dict[str, Any]


class PlanSlotForm(FormWithTimes):
    """A suite that is promised for a time."""

    where = forms.ChoiceField(label=gettext_lazy("Program and batch"))
    suite = forms.CharField(label=gettext_lazy("Suite"), max_length=60)
    title = forms.CharField(label=gettext_lazy("What for"), max_length=200)
    planned_start = SiteTime(label=gettext_lazy("From"), help_text=gettext_lazy("Your own clock ({zone})."))
    planned_end = SiteTime(label=gettext_lazy("To"), help_text=gettext_lazy("Your own clock ({zone})."))

    def __init__(self, *args: Any, places: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["where"].choices = places  # type: ignore[attr-defined]  # a ChoiceField


class SlotForm(FormWithTimes):
    """A step of a slot, as it was seen."""

    id = forms.UUIDField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class MoveSlotForm(SlotForm):
    """Another time for a slot."""

    planned_start = SiteTime(label=gettext_lazy("From"))
    planned_end = SiteTime(label=gettext_lazy("To"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("The other side reads it; name no other client."),
    )


class SchedulePage(Page):
    """A week or a month of suites, and each slot in words."""

    here: ClassVar[str] = "schedule"
    template_name: ClassVar[str] = "batches/schedule.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> Context:
        """Return the picture and its slots."""
        actor, now, zone = request.actor, instant(), zone_of(request)
        span = request.GET.get("span", "")
        span = span if span in SPANS else "month"
        window = _window(request.GET.get("from", ""), SPANS[span], now, zone)
        rooms = list_rooms(actor)
        rows = list_slots(actor).filter(
            Q(planned_start__lt=window.until, planned_end__gt=window.since)
            | Q(actual_start__lt=window.until, actual_end__gt=window.since)
            | Q(actual_start__lt=window.until, actual_end=None)
        )
        found = schedule_of(actor, list(rows.order_by("planned_start", "id")[:SHOWN_MAX]))
        return {
            "picture": picture_of(found, window, now, zone) if found else "",
            "rows": [self._line(request, each, rooms) for each in found],
            "late": sum(1 for each in found if each.later),
            "span": span,
            "spans": [(name, words) for name, words in (("week", _("Week")), ("month", _("Four weeks")))],
            "since": window.since.astimezone(ZoneInfo(zone)).date(),
            "before": _day(window, -window.days, zone),
            "after": _day(window, window.days, zone),
            "zone": zone,
            "campaigns": _campaigns(actor, window, rooms),
            "form": self._form(request, rooms),
        }

    def _line(self, request: PageRequest, found: Scheduled, rooms: dict[UUID, Room]) -> Context:
        slot = found.slot
        room = rooms.get(slot.space_id)
        return {
            "slot": slot,
            "expected": found.expected,
            "later": found.later,
            "why": WHY.get(found.expected.why, ""),
            "program": room.program.code if room is not None else "",
            "was_moved": slot.first_start != slot.planned_start or slot.first_end != slot.planned_end,
            "steps": [
                {
                    "name": name,
                    "label": str(SLOT_TRANSITIONS[name].label),
                    "form": _step_form(name, slot, zone_of(request)),
                }
                for name in available(request.actor, slot, SLOT_TRANSITIONS)
            ],
        }

    def _form(self, request: PageRequest, rooms: dict[UUID, Room], data: Any = None) -> PlanSlotForm | None:
        planning = {key: room for key, room in rooms.items() if request.actor.holds(key, *SCHEDULERS)}
        if not planning:
            return None
        places = [*program_choices(planning), *_batch_choices(request.actor, planning)]
        return PlanSlotForm(data, places=places, zone=zone_of(request), auto_id="plan-%s")

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Plan a slot, move one, or note what became of it."""
        asked, do = cast("PageRequest", request), request.POST.get("do", "plan")
        with reading(asked.actor):
            form = self._form(asked, list_rooms(asked.actor), asked.POST) if do == "plan" else None
        if do == "plan" and form is None:
            raise Refused(_("The schedule is planned by the manufacturer."))
        sent: forms.Form = form if form is not None else _sent(do, asked)
        if sent.is_valid():
            try:
                _act(asked.actor, do, dict(sent.cleaned_data))
            except (Refused, NotFound):
                raise
            except DomainError as error:
                explain(sent, error)
            else:
                messages.success(asked, _("The schedule has it."))
                return HttpResponseRedirect("/schedule/", status=303)
        extra = {"form": sent} if do == "plan" else {"sent_form": sent, "sent": do}
        with reading(asked.actor):
            return self.show(asked, status=400, extra=extra)


def _sent(do: str, asked: PageRequest) -> forms.Form:
    if do not in SLOT_TRANSITIONS:
        raise NotFound
    return (MoveSlotForm if do == "move" else SlotForm)(asked.POST, zone=zone_of(asked))


def _step_form(name: str, slot: Any, zone: str) -> SlotForm:
    initial = {
        "id": slot.pk,
        "version": slot.version,
        "planned_start": slot.planned_start,
        "planned_end": slot.planned_end,
    }
    form = MoveSlotForm if name == "move" else SlotForm
    return form(zone=zone, initial=initial, auto_id=f"{name}-{slot.pk}-%s")


def _act(actor: Actor, do: str, given: Context) -> None:
    if do == "plan":
        program, _sep, batch = given.pop("where").partition(":")
        schedule.plan_slot(actor, UUID(program), batch_id=UUID(batch) if batch else None, **given)
    elif do == "move":
        schedule.move_slot(actor, given.pop("id"), **given)
    else:
        schedule.take_slot(actor, given["id"], to=do, version=given["version"])


def _batch_choices(actor: Actor, rooms: dict[UUID, Room]) -> list[tuple[str, str]]:
    open_states = (BatchState.PLANNED, BatchState.IN_PROCESS)
    rows = Batch.objects.visible_to(actor).filter(space_id__in=rooms, state__in=open_states)
    return [
        (f"{each.space_id}:{each.pk}", f"{rooms[each.space_id].program.code}: {each.number}")
        for each in rows.order_by("planned_start", "id")[:SHOWN_MAX]
    ]


def _campaigns(actor: Actor, window: Window, rooms: dict[UUID, Room]) -> list[Context]:
    rows = list_campaigns(actor).filter(begins_at__lt=window.until, ends_at__gt=window.since)
    return [
        {"campaign": each, "program": rooms[each.space_id].program.code if each.space_id in rooms else ""}
        for each in rows.order_by("begins_at", "id")
    ]


def _window(asked: str, days: int, now: datetime, zone: str) -> Window:
    """Return the days from the one asked for, or from Monday of last week."""
    place = ZoneInfo(zone)
    try:
        first = date.fromisoformat(asked)
    except ValueError:
        today = now.astimezone(place).date()
        first = today - timedelta(days=today.weekday() + (7 if days > SPANS["week"] else 0))
    # So far that no calendar ends within the picture.
    first = min(max(first, date(2000, 1, 1)), date(2190, 1, 1))
    return Window(datetime.combine(first, time.min, place), days)


def _day(window: Window, days: int, zone: str) -> str:
    return (window.since.astimezone(ZoneInfo(zone)).date() + timedelta(days=days)).isoformat()
