"""Early signals as pages: the list, one with its clock and answer, and raising one."""

from __future__ import annotations

from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from batches.models import Batch
from batches.queries.watches import told_by
from batches.states import BatchState
from batches.views.watches import shown_lines
from deviations.access import zone_of
from deviations.actions.signals import answer_signal, raise_signal
from deviations.forms import SignalAnswerForm, SignalForm
from deviations.queries.signals import SignalLine, find_signal, list_signals, signal_lines
from deviations.states import SIGNAL_RAISERS, SignalState
from deviations.views.record import seen_version
from portal.action import reading
from portal.actor import Actor
from portal.errors import DomainError, Invalid, Refused
from portal.forms import explain
from portal.models import Program
from portal.pages import Page, PageRequest
from portal.queries.alerts import list_alerts, may_acknowledge
from portal.queries.rooms import Room, list_rooms
from portal.states import AlertState
from portal.views.alerts import note_opened
from portal.views.ladders import acknowledge_url, ball, roles_words
from portal.views.strips import strip_of

Shown = dict[str, Any]
LINES_MAX: Final = 200
BATCHES_MAX: Final = 200


class SignalsPage(Page):
    """The early signals the reader may see, those that wait first; `?batch=` those of one batch."""

    here: ClassVar[str] = "board"
    template_name: ClassVar[str] = "deviations/signals.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> Shown:
        """Return the lines, at most 200."""
        actor, rooms = request.actor, list_rooms(request.actor)
        batch_id = as_id(request.GET.get("batch", ""))
        rows = list_signals(actor, batch_id=batch_id).order_by("-raised_at", "-id")
        found = list(rows[: LINES_MAX + 1])
        lines = [
            _line(actor, each, rooms[each.signal.space_id]) for each in signal_lines(actor, found[:LINES_MAX])
        ]
        about = f"?batch={batch_id}" if batch_id is not None else ""
        return {
            "lines": sorted(lines, key=lambda each: not each["is_open"]),
            "is_more": len(found) > LINES_MAX,
            "raise_url": f"{reverse('raise_signal')}{about}" if _spaces(actor) else "",
            "here_url": request.get_full_path(),
        }


def _line(actor: Actor, line: SignalLine, room: Room) -> Shown:
    signal = line.signal
    return {
        "line": line,
        "signal": signal,
        "program": room.program,
        "zone": zone_of(room.program, line.batch),
        "is_open": signal.state == SignalState.OPEN,
        "may_answer": "answer" in line.steps,
        "ball": ball(actor, room.program, signal.space_id, str(signal.asked_side)),
    }


class SignalPage(Page):
    """One early signal: what was noticed, who answers until when by which clause, and the answer."""

    here: ClassVar[str] = "board"
    template_name: ClassVar[str] = "deviations/signal.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Note the first look of who was told, before the page is read."""
        actor: Actor | None = getattr(request, "actor", None)
        if actor is not None and request.method == "GET":
            note_opened(actor, kwargs["signal_id"])
        return super().dispatch(request, *args, **kwargs)

    def context(self, request: PageRequest, **kwargs: Any) -> Shown:
        """Return the signal with its clock and what the reader may do."""
        actor = request.actor
        line = find_signal(actor, kwargs["signal_id"])
        shown = _line(actor, line, list_rooms(actor)[line.signal.space_id])
        program: Program = shown["program"]
        asker, asked = (ball(actor, program, program.pk, each) for each in _sides(line))
        return {
            **shown,
            "asker": asker,
            "asked": asked,
            "roles": roles_words([each.partition(".")[2] for each in line.signal.roles]),
            **strip_of(actor, line.signal.pk, program, shown["zone"]),
            "receipt_url": _receipt_url(actor, line),
            "seen": shown_lines(told_by(actor, line.signal.pk)),
            "form": SignalAnswerForm() if shown["may_answer"] else None,
            "url": reverse("early_signal", args=[line.signal.pk]),
            "partial": "signal" if request.htmx and request.method == "GET" else "",
        }


def _receipt_url(actor: Actor, line: SignalLine) -> str:
    """Return where this reader gives receipt of the signal, empty when nothing waits for it."""
    alerts = list_alerts(actor, state=AlertState.OPEN).filter(subject_id=line.signal.pk)
    waiting = [each for each in alerts.order_by("raised_at", "pk") if may_acknowledge(actor, each)]
    return acknowledge_url(waiting[0]) if waiting else ""


def _sides(line: SignalLine) -> tuple[str, str]:
    return str(line.signal.side), str(line.signal.asked_side)


class AnswerSignalPage(SignalPage):
    """Answer it; what was typed is never lost."""

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead to the signal."""
        return HttpResponseRedirect(reverse("early_signal", args=[kwargs["signal_id"]]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Answer."""
        asked, signal_id = cast("PageRequest", request), kwargs["signal_id"]
        form = SignalAnswerForm(asked.POST)
        if form.is_valid():
            try:
                answer_signal(
                    asked.actor, signal_id, answer=form.cleaned_data["answer"], version=seen_version(asked)
                )
            except Invalid as error:
                explain(form, error)
            else:
                messages.success(asked, _("Answered. Both sides read it."))
                return HttpResponseRedirect(reverse("early_signal", args=[signal_id]), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"form": form}, **kwargs)

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Show the signal as it stands now, the refusal, and what was typed."""
        typed = request.POST.get("answer", "")
        with reading(request.actor):
            extra = {
                "refusal": error,
                "typed": typed,
                "form": SignalAnswerForm(initial={"answer": typed}),
            }
            return self.show(request, status=error.status, extra=extra, **kwargs)


class RaiseSignalPage(Page):
    """Say that something looks odd; `?batch=` is where one stands."""

    here: ClassVar[str] = "board"
    template_name: ClassVar[str] = "deviations/signal_form.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> Shown:
        """Return the form; raises Refused for who raises none."""
        return {"form": _form(request.actor, request.GET.get("batch", ""), None)}

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Raise it, then show it."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            form = _form(asked.actor, asked.POST.get("where", ""), asked.POST)
        if form.is_valid():
            try:
                found = raise_signal(asked.actor, **_given(form))
            except Invalid as error:
                explain(form, error)
            else:
                messages.success(asked, _("Shared with both sides; it waits for its answer."))
                return HttpResponseRedirect(reverse("early_signal", args=[found.pk]), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"form": form}, **self.kwargs)

    def refused(self, request: PageRequest, error: DomainError, **_kwargs: Any) -> HttpResponse:
        """Say alone whose it is to raise one."""
        with reading(request.actor):
            context = {"here": self.here, "refusal": error}
            return render(request, "portal/refused.html", context, status=error.status)


def _spaces(actor: Actor) -> list[UUID]:
    return [space_id for space_id in actor.seats if actor.holds(space_id, *SIGNAL_RAISERS)]


def _form(actor: Actor, chosen: str, data: Any) -> SignalForm:
    """Return the form with the running batches of the reader's programs; raises Refused without any."""
    programs = list(Program.objects.visible_to(actor).filter(pk__in=_spaces(actor)).order_by("code", "pk"))
    if not programs:
        raise Refused("Early signals are raised by those who make or watch batches. Your role is another.")
    rows = Batch.objects.visible_to(actor).filter(space_id__in=[each.pk for each in programs])
    running = rows.filter(state=BatchState.IN_PROCESS).select_related("site").order_by("number", "pk")
    batches = list(running[:BATCHES_MAX])
    here = as_id(chosen)
    if here is not None and here not in {each.pk for each in batches}:
        batches += rows.select_related("site").filter(pk=here)
    groups = [
        (
            each.code,
            [*_options(each, batches), (f"{each.pk}:", _("No batch, something else of %s") % each.code)],
        )
        for each in programs
    ]
    at = next((each for each in batches if each.pk == here), None)
    program = next((each for each in programs if at is not None and each.pk == at.space_id), programs[0])
    where = f"{program.pk}:{at.pk}" if at is not None else ""
    return SignalForm(data, where=groups, zone=zone_of(program, at), initial={"where": where})


def _options(program: Program, batches: list[Batch]) -> list[tuple[str, str]]:
    return [
        (f"{program.pk}:{each.pk}", f"{each.number} {each.title}".strip())
        for each in batches
        if each.space_id == program.pk
    ]


def _given(form: SignalForm) -> Shown:
    said = form.cleaned_data
    program, _colon, batch = said["where"].partition(":")
    return {
        "program_id": UUID(program),
        "batch_id": UUID(batch) if batch else None,
        "title": said["title"],
        "description": said["description"],
        "noticed_at": said["noticed_at"],
    }


def as_id(given: str) -> UUID | None:
    """Return the id that an address names, also behind the program's; None where it names none."""
    try:
        return UUID(given.rpartition(":")[2])
    except ValueError:
        return None
