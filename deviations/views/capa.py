"""CAPA as pages: the list, one whole, planning one; each step is a form, an action, and back to the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from deviations.actions.capa.deciding import decide_capa
from deviations.actions.capa.planning import (
    add_measure,
    assess_risk,
    carry_capa,
    drop_measure,
    link_deviation,
    plan_capa,
    set_check,
)
from deviations.actions.capa.working import do_measure, give_measure_back, share_capa, verify_measure
from deviations.capa.states import MeasureState, capa_transitions
from deviations.forms_capa import (
    CapaStepForm,
    CarryForm,
    CheckForm,
    DecisionForm,
    DoForm,
    LinkForm,
    MeasureForm,
    PlanForm,
    ReasonForm,
    RiskForm,
    ShareForm,
    VerifyForm,
)
from deviations.models import Deviation, Measure
from deviations.queries.capa import CapaDetail, capa_detail, capa_lines, list_capas, overdue_first
from deviations.views.capa_shown import DECISIONS, filters_of, history_of, states_of
from deviations.views.files import attach_all, files_given
from deviations.views.record import seen_version
from portal.access import get_visible
from portal.action import instant, reading
from portal.actor import Actor, Side
from portal.errors import DomainError, Invalid, Refused
from portal.forms import explain
from portal.models import Program
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms
from portal.states import Audience
from portal.views.strips import strip_of

Shown = dict[str, Any]
LINES_MAX: Final = 200
LINKED_MAX: Final = 200
# The forms of a CAPA by the step that opens them; what each does, and what is said afterwards.
OPENED: Final[Mapping[str, tuple[str, ...]]] = {
    "plan": ("measures", "check", "risk"),
    "link": ("link",),
    "share": ("share",),
    "carry": ("carry",),
    **dict.fromkeys(DECISIONS, ("decide",)),
}
Step = tuple[type[CapaStepForm], Callable[..., Any], str]
STEPS: Final[Mapping[str, Step]] = {
    "measures": (MeasureForm, add_measure, gettext_noop("The measure stands in the plan.")),
    "check": (CheckForm, set_check, gettext_noop("The effectiveness check is set.")),
    "risk": (RiskForm, assess_risk, gettext_noop("The risk form is filled; the newest holds.")),
    "link": (LinkForm, link_deviation, gettext_noop("Linked.")),
    "carry": (CarryForm, carry_capa, gettext_noop("A plan of its own stands in that program.")),
    "share": (ShareForm, share_capa, gettext_noop("Shared; the other side reads it from now on.")),
    "decide": (DecisionForm, decide_capa, gettext_noop("Decided; it stands with a signature.")),
}
MEASURE_STEPS: Final[Mapping[str, Step]] = {
    "do": (DoForm, do_measure, gettext_noop("Done; another person verifies it.")),
    "verify": (VerifyForm, verify_measure, gettext_noop("Verified.")),
    "give_back": (ReasonForm, give_measure_back, gettext_noop("Open again.")),
    "drop": (ReasonForm, drop_measure, gettext_noop("Taken out of the plan.")),
}
# How the actions call what a form calls by the record's name.
NAMES: Final[Mapping[str, str]] = {"program": "program_id"}


class CapaListPage(Page):
    """The CAPA of a filter, what is overdue first."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/capa_list.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> Shown:
        """Return the lines, at most 200; a fixed number of queries."""
        actor, now = request.actor, instant()
        chosen, filters = filters_of(request.GET.get("filter", ""))
        side = chosen if chosen in (Side.MANUFACTURER, Side.SPONSOR) else None
        rows = list_capas(actor, state=None if chosen in ("all", "ended") else "open", side=side)
        if chosen == "ended":
            rows = rows.filter(ended_at__isnull=False)
        found = list(rows.order_by("-recorded_at", "-id")[: LINES_MAX + 1])
        rooms = list_rooms(actor)
        return {
            "lines": [
                {
                    "line": each,
                    "capa": each.capa,
                    "program": rooms[each.capa.space_id].program,
                    "is_private": each.capa.audience != Audience.SHARED,
                    "age": (each.capa.ended_at or now) - each.capa.recorded_at,
                    "owner": _owner(rooms[each.capa.space_id].program, each.capa.side),
                }
                for each in overdue_first(capa_lines(actor, found[:LINES_MAX]))
            ],
            "is_more": len(found) > LINES_MAX,
            "filters": filters,
            "chosen": chosen,
            "plan_url": reverse("plan_capa") if _may_plan(actor) else "",
            "here_url": request.get_full_path(),
        }


class CapaPage(Page):
    """One CAPA as the reader's side may see it, with the steps the reader may take."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/capa.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Shown:
        """Return the record with everything that stands beside it."""
        actor, now = request.actor, instant()
        found = capa_detail(actor, kwargs["capa_id"])
        capa, program = found.capa, found.program
        within = [each.measure.pk for each in found.measures]
        return {
            "found": found,
            "capa": capa,
            "program": program,
            "zone": program.zone,
            "owner": _owner(program, capa.side),
            "other": _owner(program, _other(capa.side)),
            "is_private": capa.audience != Audience.SHARED,
            "states": states_of(found, now),
            "measures": [_measure(each) for each in found.measures],
            "offers": _offers(actor, found),
            "signable": [each for each in found.decisions if each.may_sign],
            "history": history_of(actor, found),
            "url": reverse("capa", args=[capa.pk]),
            **strip_of(actor, capa.pk, program, program.zone, within=within),
            "partial": "capa" if request.htmx and request.method == "GET" else "",
        }


class CapaStep(CapaPage):
    """One step: a form, an action, back to the page. What was typed is never lost."""

    step: ClassVar[str] = ""
    form: CapaStepForm

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead back to the page."""
        return HttpResponseRedirect(self.address(cast("PageRequest", request), kwargs))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Validate, act, answer."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            kwargs["capa_id"] = self.capa_id(asked.actor, kwargs)
            self.form = self.bound(asked, kwargs["capa_id"])
        if self.form.is_valid():
            try:
                made = self.act(asked, kwargs)
            except Invalid as error:
                explain(self.form, error)
            else:
                return HttpResponseRedirect(made, status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra=self.kept(kwargs), **kwargs)

    def capa_id(self, _actor: Actor, kwargs: Mapping[str, Any]) -> UUID:
        """Return whose page it is."""
        return cast("UUID", kwargs["capa_id"])

    def address(self, request: PageRequest, kwargs: Mapping[str, Any]) -> str:
        """Return the page of the CAPA; asked for inside reading."""
        return reverse("capa", args=[self.capa_id(request.actor, kwargs)])

    def bound(self, request: PageRequest, capa_id: UUID) -> CapaStepForm:
        """Return the form with what was sent."""
        found = capa_detail(request.actor, capa_id)
        given = _choices(request.actor, found)
        form = STEPS[self.step][0]
        return form(request.POST, zone=found.program.zone, given=given, auto_id=f"{self.step}_%s")

    def act(self, request: PageRequest, kwargs: Mapping[str, Any]) -> str:
        """Call the action; return where to go on."""
        _form, act, done = STEPS[self.step]
        given = {NAMES.get(name, name): value for name, value in self.form.cleaned_data.items()}
        if self.step == "link":
            given["deviation_id"] = UUID(given["deviation_id"])
        if self.step == "carry":
            given["program_id"] = UUID(given["program_id"])
        made = act(request.actor, kwargs["capa_id"], version=seen_version(request), **given)
        messages.success(request, _(done))
        if self.step == "decide":
            return reverse("sign", args=["capa_decision", made.pk])
        return reverse("capa", args=[made.pk if self.step == "carry" else kwargs["capa_id"]])

    def kept(self, _kwargs: Mapping[str, Any]) -> Shown:
        """Return what keeps the typed words in the page."""
        return {"bound_step": self.step, "bound_form": self.form}

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Show the record as it stands now, the refusal, and what was typed."""
        with reading(request.actor):
            kwargs["capa_id"] = self.capa_id(request.actor, kwargs)
            extra = {"refusal": error, **(self.kept(kwargs) if hasattr(self, "form") else {})}
            return self.show(request, status=error.status, extra=extra, **kwargs)


class MeasurePage(CapaStep):
    """Where a measure is read: on the page of its CAPA."""

    def capa_id(self, actor: Actor, kwargs: Mapping[str, Any]) -> UUID:
        """Return the CAPA of the measure."""
        measure = get_visible(Measure, actor, kwargs["measure_id"])
        return measure.capa_id

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead back to the page."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            return HttpResponseRedirect(self.address(asked, kwargs), status=303)


class MeasureStep(MeasurePage):
    """One step of a measure."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Validate, act, answer."""
        return CapaStep.post(self, request, **kwargs)

    def bound(self, request: PageRequest, capa_id: UUID) -> CapaStepForm:
        """Return the form with what was sent, its fields apart from those of other measures."""
        prefix = f"{self.step}_{self.kwargs['measure_id']}"
        return MEASURE_STEPS[self.step][0](request.POST, auto_id=f"{prefix}_%s")

    def act(self, request: PageRequest, kwargs: Mapping[str, Any]) -> str:
        """Call the action; return where to go on."""
        _form, act, done = MEASURE_STEPS[self.step]
        act(request.actor, kwargs["measure_id"], version=seen_version(request), **self.form.cleaned_data)
        messages.success(request, _(done))
        return reverse("capa", args=[kwargs["capa_id"]])

    def kept(self, kwargs: Mapping[str, Any]) -> Shown:
        """Return what keeps the typed words at their measure."""
        return {"bound_step": self.step, "bound_form": self.form, "bound_measure": kwargs["measure_id"]}


class AddEvidence(MeasurePage):
    """Add files to a measure, each on its own."""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Attach all that are taken; say which were not, and why."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            address = self.address(asked, kwargs)
        given = files_given(asked)
        refused = attach_all(asked.actor, kwargs["measure_id"], given)
        for words in refused:
            messages.warning(asked, words)
        if len(given) > len(refused):
            messages.success(asked, _("Attached."))
        elif not given:
            messages.warning(asked, _("Choose a photo or a file first."))
        return HttpResponseRedirect(address, status=303)


class PlanCapaPage(Page):
    """Plan a CAPA of the own side; `?deviation=` is what it comes from."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/capa_plan.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> Shown:
        """Return the form; raises Refused for who plans none."""
        return {"form": _plan_form(request.actor, request.GET.get("deviation", ""), None)}

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Plan it, then show it."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            form = _plan_form(asked.actor, asked.POST.get("deviation", ""), asked.POST)
        if form.is_valid():
            given = dict(form.cleaned_data)
            program, deviation = UUID(given.pop("program")), given.pop("deviation")
            try:
                ids = [UUID(deviation)] if deviation else []
                made = plan_capa(asked.actor, program, deviation_ids=ids, **given)
            except Invalid as error:
                explain(form, error)
            else:
                messages.success(asked, _("Planned; only your side knows of it."))
                return HttpResponseRedirect(reverse("capa", args=[made.pk]), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"form": form}, **self.kwargs)

    def refused(self, request: PageRequest, error: DomainError, **_kwargs: Any) -> HttpResponse:
        """Say alone why there is none."""
        with reading(request.actor):
            context = {"here": self.here, "refusal": error}
            return render(request, "portal/refused.html", context, status=error.status)


def _measure(line: Any) -> Shown:
    measure = line.measure
    forms = {
        name: MEASURE_STEPS[name][0](auto_id=f"{name}_{measure.pk}_%s")
        for name in line.steps
        if name in MEASURE_STEPS
    }
    return {
        "line": line,
        "measure": measure,
        "forms": forms,
        "due_at": line.clock.due_at if line.clock is not None else measure.due_at,
        "is_open": measure.state in (MeasureState.OPEN, MeasureState.DONE),
        "is_dropped": measure.state == MeasureState.DROPPED,
        "takes_files": "do" in line.steps or "verify" in line.steps,
    }


def _offers(actor: Actor, found: CapaDetail) -> dict[str, CapaStepForm]:
    """Return an empty form for each step the reader may take on the CAPA."""
    given = _choices(actor, found)
    made: dict[str, CapaStepForm] = {}
    for step in found.steps:
        for name in OPENED[step]:
            if (name == "carry" and not given["program"]) or (name == "link" and not given["deviation_id"]):
                continue
            form = STEPS[name][0]
            initial = _initial(found, name)
            made[name] = form(zone=found.program.zone, given=given, initial=initial, auto_id=f"{name}_%s")
    return made


def _initial(found: CapaDetail, name: str) -> Shown:
    if name == "check" and found.check is not None:
        fields = CheckForm.base_fields
        return {each: getattr(found.check, each) for each in fields}
    if name == "carry":
        return {"title": str(found.capa.title)}
    return {}


def _choices(actor: Actor, found: CapaDetail) -> dict[str, list[tuple[str, Any]]]:
    capa = found.capa
    known = {each.pk for each in found.deviations}
    rows = Deviation.objects.visible_to(actor).filter(space_id=capa.space_id)
    kinds = [(each, DECISIONS[each]) for each in found.steps if each in DECISIONS]
    carried = {capa.space_id, *(each.program.pk for each in found.kin)}
    planners = capa_transitions(capa.side)["plan"].roles
    programs = Program.objects.visible_to(actor).order_by("code", "pk")
    return {
        "deviation_id": [
            (str(each.pk), f"{each.number} {each.title}"[:120])
            for each in rows.order_by("-recorded_at", "-id")[:LINKED_MAX]
            if each.pk not in known
        ],
        "kind": kinds or list(MeasureForm.base_fields["kind"].choices),  # type: ignore[attr-defined]
        "program": [
            (str(each.pk), each.code)
            for each in programs
            if each.pk not in carried and actor.holds(each.pk, *planners)
        ],
    }


def _plan_form(actor: Actor, chosen: str, data: Any) -> PlanForm:
    programs = [
        each for each in Program.objects.visible_to(actor).order_by("code", "pk") if _plans(actor, each.pk)
    ]
    if not programs:
        raise Refused("A CAPA is planned by quality, MSAT or CMC. Your role is another.")
    rows = Deviation.objects.visible_to(actor).filter(space_id__in=[each.pk for each in programs])
    found = list(rows.order_by("-recorded_at", "-id")[:LINKED_MAX])
    named = [each for each in found if str(each.pk) == chosen]
    if chosen and not named:
        named = [each for each in rows.order_by("pk") if str(each.pk) == chosen]
        found = [*named, *found]
    initial = {"deviation": chosen, "program": str(named[0].space_id)} if named else {}
    return PlanForm(
        data,
        given={
            "program": [(str(each.pk), each.code) for each in programs],
            "deviation": [
                ("", _("no deviation")),
                *((str(e.pk), f"{e.number} {e.title}"[:120]) for e in found),
            ],
        },
        initial=initial,
    )


def _plans(actor: Actor, space_id: UUID) -> bool:
    return any(
        actor.holds(space_id, *capa_transitions(side)["plan"].roles)
        for side in (Side.MANUFACTURER, Side.SPONSOR)
    )


def _may_plan(actor: Actor) -> bool:
    return any(_plans(actor, space_id) for space_id in actor.seats)


def _other(side: str) -> str:
    return Side.SPONSOR if side == Side.MANUFACTURER else Side.MANUFACTURER


def _owner(program: Program, side: str) -> str:
    return str(program.manufacturer_name if side == Side.MANUFACTURER else program.sponsor_name)
