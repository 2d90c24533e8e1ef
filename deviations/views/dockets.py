"""Dockets as pages: the list of a kind, one whole, opening one; each step is a form, an action, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.environment.access import is_on_floor
from deviations.desks.choosing import options_of
from deviations.desks.shapes import Counter, DocketForm, Taking, arguments, counter_of, counters, form_of
from deviations.queries.dockets import DocketDetail, DocketLine, docket_detail, docket_lines, list_dockets
from deviations.views.record import seen_version
from portal.action import reading
from portal.actor import Actor, Side
from portal.errors import DomainError, Invalid, NotFound, Refused
from portal.forms import explain
from portal.ledger_entries import list_happenings
from portal.models import Program
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms
from portal.shell import zone_of
from portal.states import Audience
from portal.views.strips import strip_of

Shown = dict[str, Any]
LINES_MAX: Final = 200
HISTORY_MAX: Final = 100
FILTERS: Final = {"open": gettext_lazy("Open"), "all": gettext_lazy("All")}


class DocketListPage(Page):
    """The dockets of one kind, open ones and those with the nearest deadline first."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/docket_list.html"
    kind: ClassVar[str] = ""

    def context(self, request: PageRequest, **_kwargs: Any) -> Shown:
        """Return the lines, at most 200; a fixed number of queries."""
        actor, counter = request.actor, counter_of(self.kind)
        desk, chosen = counter.desk, request.GET.get("filter", "open")
        rows = list_dockets(desk, actor, state=None if chosen == "all" else "open")
        found = list(rows.order_by("-recorded_at", "-id")[: LINES_MAX + 1])
        programs = {key: each.program for key, each in list_rooms(actor).items()}
        lines = docket_lines(desk, actor, found[:LINES_MAX])
        lines.sort(key=lambda each: (each.clock is None, each.clock.due_at if each.clock else None))
        return {
            "counter": counter,
            "docket_links": docket_links(actor, self.kind),
            "lines": [_line(each, programs, zone_of(request)) for each in lines],
            "is_more": len(found) > LINES_MAX,
            "filters": [(name, words, f"?filter={name}") for name, words in FILTERS.items()],
            "chosen": chosen if chosen in FILTERS else "open",
            "new_url": f"/{desk.path}/new/" if places_of(counter, actor) else "",
            "here_url": request.get_full_path(),
        }


def docket_links(actor: Actor, chosen: str = "") -> list[Shown]:
    """Return where the other records of quality are read; those of the site for its own people alone."""
    on_floor = is_on_floor(actor, actor.organisation_id)
    found = [
        {"title": each.title, "url": f"/{each.desk.path}/", "is_chosen": each.desk.name == chosen}
        for each in counters()
        if on_floor or not each.desk.is_of_site
    ]
    lists = {"title": _("Monthly lists"), "url": "/monthly-lists/", "is_chosen": chosen == "monthly"}
    return [*found, lists]


def _line(line: DocketLine, programs: Mapping[UUID, Program], zone: str) -> Shown:
    docket, desk = line.docket, line.desk
    program = programs.get(docket.space_id)
    return {
        "docket": docket,
        "url": f"/{desk.path}/{docket.pk}/",
        "program": program,
        "zone": program.zone if program is not None else zone,
        "kind": docket.get_kind_display(),
        "is_open": docket.state not in desk.ended,
        "is_private": program is not None and docket.audience != Audience.SHARED,
        "clock": line.clock,
        "wanted_at": getattr(docket, "wanted_at", None),
    }


def places_of(counter: Counter, actor: Actor) -> list[UUID]:
    """Return the spaces in which the actor opens a docket of the kind."""
    if counter.desk.is_of_site:
        own = actor.organisation_id
        return [own] if own is not None and counter.opens(actor, own) else []
    return [space_id for space_id in actor.seats if counter.opens(actor, space_id)]


class DocketPage(Page):
    """One docket as the reader's side may see it, with the steps the reader may take."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/docket.html"
    kind: ClassVar[str] = ""

    def context(self, request: PageRequest, **kwargs: Any) -> Shown:
        """Return the record with everything that stands beside it."""
        actor, counter = request.actor, counter_of(self.kind)
        found = docket_detail(counter.desk, actor, kwargs["docket_id"], zone=zone_of(request))
        docket, program = found.docket, found.program
        steps = counter.desk.steps(docket)
        return {
            "counter": counter,
            "found": found,
            "docket": docket,
            "program": program,
            "zone": found.zone,
            "is_private": program is not None and docket.audience != Audience.SHARED,
            "keeper": _keeper(program, str(docket.side)),
            "entries": [
                {
                    "entry": each,
                    "words": str(steps[each.step].label) if each.step in steps else each.step,
                    "outcome": _outcome(counter, each.outcome),
                }
                for each in found.entries
            ],
            "offers": self.offers(actor, counter, found),
            "offered": found.steps,
            "sign_url": f"/sign/{counter.desk.name}/{docket.pk}/" if found.may_sign else "",
            "ask_url": _ask_url(actor, found),
            "history": history_of(actor, found),
            "url": f"/{counter.desk.path}/{docket.pk}/",
            **strip_of(actor, docket.pk, program, found.zone),
            "partial": "docket" if request.htmx and request.method == "GET" else "",
        }

    def offers(self, actor: Actor, counter: Counter, found: DocketDetail) -> list[Shown]:
        """Return the steps the reader may take, each with its form."""
        return [
            {"step": each, "form": _form(actor, each, found)}
            for each in counter.steps
            if each.name in found.steps
        ]


def _form(actor: Actor, step: Taking, found: DocketDetail, data: Any = None) -> DocketForm:
    form = form_of(step.given, data=data, auto_id=f"{step.name}_%s")
    return form.speak(found.zone, options_of(actor, step.given, docket=found.docket))


def _keeper(program: Program | None, side: str) -> str:
    if program is None:
        return ""
    return str(program.manufacturer_name if side == Side.MANUFACTURER else program.sponsor_name)


def _outcome(counter: Counter, given: str) -> str:
    known = counter.desk.outcomes
    return str(known(given).label) if known is not None and given in known.values else given


def _ask_url(actor: Actor, found: DocketDetail) -> str:
    """Return where the reader asks about a shared docket of the other side's, empty for who does not ask."""
    docket = found.docket
    is_asked = found.desk.name != "query" and docket.audience == Audience.SHARED and found.program is not None
    if not is_asked or not counter_of("query").opens(actor, docket.space_id):
        return ""
    return f"/queries/new/?program={docket.space_id}&title={docket.number}"


def history_of(actor: Actor, found: DocketDetail) -> list[Shown]:
    """Return what happened, newest first, as the sealed entries tell it to this side."""
    docket, zone, steps = found.docket, ZoneInfo(found.zone), found.desk.steps(found.docket)
    kinds = (*found.desk.kinds, "clock.extended", "clock.breached")
    lines = list_happenings(actor, docket.space_id, [docket.pk], kinds=kinds, most=HISTORY_MAX)
    shown, day = [], None
    for each in lines:
        local = each.sealed_at.astimezone(zone)
        step = str(each.payload.get("step", ""))
        words = str(steps[step].label) if step in steps else step.replace("_", " ").capitalize()
        if each.kind == "clock.breached":
            words = _("Time is over (clause %s)") % each.payload.get("clause", "")
        if each.kind == "clock.extended":
            words = _("Deadline extended")
        shown.append(
            {
                "at": each.sealed_at,
                "words": words or _("Opened"),
                "code": "" if each.seat.startswith("system ") else each.seat,
                "is_private": found.program is not None and each.audience != Audience.SHARED,
                "readers": str(Audience(each.audience).label),
                "day": formats.date_format(local, "j F Y") if local.date() != day else "",
            }
        )
        day = local.date()
    return shown


class DocketStep(DocketPage):
    """One step: a form, an action, back to the page. What was typed is never lost."""

    step: ClassVar[str] = ""
    form: DocketForm

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead back to the page."""
        return HttpResponseRedirect(self._address(kwargs))

    def _address(self, kwargs: Mapping[str, Any]) -> str:
        return f"/{counter_of(self.kind).desk.path}/{kwargs['docket_id']}/"

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Validate, act, answer."""
        asked, counter = cast("PageRequest", request), counter_of(self.kind)
        taking = counter.by_name[self.step]
        with reading(asked.actor):
            found = docket_detail(counter.desk, asked.actor, kwargs["docket_id"], zone=zone_of(asked))
            self.form = _form(asked.actor, taking, found, asked.POST)
        if self.form.is_valid():
            given = arguments(taking.given, _cleaned(taking, self.form))
            try:
                taking.act(asked.actor, kwargs["docket_id"], version=seen_version(asked), **given)
            except Invalid as error:
                explain(self.form, error)
            else:
                messages.success(asked, str(taking.done))
                return HttpResponseRedirect(self._address(kwargs), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra=self.kept(), **kwargs)

    def kept(self) -> Shown:
        """Return what keeps the typed words in the page."""
        return {
            "bound_step": self.step,
            "bound_form": self.form,
            "bound_taking": counter_of(self.kind).by_name[self.step],
        }

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Show the record as it stands now, the refusal, and what was typed."""
        with reading(request.actor):
            extra = {"refusal": error, **(self.kept() if hasattr(self, "form") else {})}
            return self.show(request, status=error.status, extra=extra, **kwargs)


class NewDocketPage(Page):
    """Open a docket of a kind; the address may say what it is about."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/docket_new.html"
    kind: ClassVar[str] = ""

    def context(self, request: PageRequest, **_kwargs: Any) -> Shown:
        """Return the form; raises Refused for who opens none."""
        return {"counter": counter_of(self.kind), "form": self._form(request, None)}

    def _form(self, request: PageRequest, data: Any) -> DocketForm:
        counter = counter_of(self.kind)
        places = places_of(counter, request.actor)
        if not places:
            raise Refused(_("Your role opens none of these."))
        given = counter.opening.given
        known = {each.name for each in given}
        initial = {name: words for name, words in request.GET.items() if name in known}
        if "program" in known and len(places) == 1:
            initial.setdefault("program", str(places[0]))
        form = form_of(given, data=data, initial=initial, auto_id="new_%s")
        return form.speak(zone_of(request), options_of(request.actor, given, places=places))

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Open it, then show it."""
        asked, counter = cast("PageRequest", request), counter_of(self.kind)
        with reading(asked.actor):
            form = self._form(asked, asked.POST)
        if form.is_valid():
            given = arguments(counter.opening.given, _cleaned(counter.opening, form))
            place = given.pop("program_id", asked.actor.organisation_id)
            try:
                made = counter.opening.act(asked.actor, place, **given)
            except Invalid as error:
                explain(form, error)
            else:
                messages.success(asked, str(counter.opening.done))
                return HttpResponseRedirect(f"/{counter.desk.path}/{made.pk}/", status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"form": form}, **self.kwargs)

    def refused(self, request: PageRequest, error: DomainError, **_kwargs: Any) -> HttpResponse:
        """Say alone why there is none."""
        with reading(request.actor):
            context = {"here": self.here, "refusal": error}
            return render(request, "portal/refused.html", context, status=error.status)


def _cleaned(taking: Taking, form: DocketForm) -> Shown:
    """Return what a form took, ids as such; a choice that stayed open is left to the action."""
    found: Shown = {}
    for each in taking.given:
        value = form.cleaned_data.get(each.name)
        if each.shape == "record":
            value = as_id(value)
        if each.shape == "records":
            value = [one for one in map(as_id, value or ()) if one is not None]
        if each.shape == "choice" and not value:
            value = ""
        found[each.name] = value
    return found


def as_id(given: Any) -> UUID | None:
    """Return the id that was chosen, None where none was."""
    try:
        return UUID(str(given)) if given else None
    except ValueError as error:
        raise NotFound from error


def routes(counters: Sequence[Counter]) -> list[tuple[str, Any, str]]:
    """Return address, view and name of each page of the kinds."""
    found: list[tuple[str, Any, str]] = []
    for counter in counters:
        name, path = counter.desk.name, counter.desk.path
        one = f"{path}/<uuid:docket_id>/"
        found.append((f"{path}/", DocketListPage.as_view(kind=name), f"{name}_list"))
        if counter.opening.name != "none":
            found.append((f"{path}/new/", NewDocketPage.as_view(kind=name), f"{name}_new"))
        found.append((one, DocketPage.as_view(kind=name), name))
        found += [
            (f"{one}{each.name}/", DocketStep.as_view(kind=name, step=each.name), f"{name}_{each.name}")
            for each in counter.steps
        ]
    return found
