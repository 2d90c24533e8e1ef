"""The investigation of a deviation as pages: all of it, one picture; each step is a form and an action."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from batches.models import Parameter
from deviations.access import get_deviation, zone_of
from deviations.actions.inquiry.concluding import share_cause, state_cause, withdraw_cause
from deviations.actions.inquiry.working import (
    add_evidence,
    add_node,
    begin_inquiry,
    judge_node,
    share_inquiry,
)
from deviations.forms import StepForm
from deviations.forms_inquiry import (
    BeginForm,
    CauseForm,
    EvidenceForm,
    JudgeForm,
    NodeForm,
    ShareInquiryForm,
    WithdrawCauseForm,
    audiences_for,
)
from deviations.inquiry.access import own_audience
from deviations.inquiry.evidence import OFFERED_MOST, things_of
from deviations.inquiry.pictures import picture_of
from deviations.inquiry.states import SIDES_OF_IT, EvidenceKind, Tool
from deviations.inquiry.wording import Advice, advice_on
from deviations.models import Cause, Deviation
from deviations.queries.inquiry import (
    InquiryDetail,
    cause_lines,
    details_of,
    inquiry_detail,
    list_inquiries,
    may_conclude,
    may_inquire,
)
from deviations.queries.similar import similar_to
from deviations.views.record import seen_version
from portal.access import get_program, get_visible
from portal.action import reading
from portal.actor import Actor
from portal.errors import DomainError, Invalid
from portal.forms import explain
from portal.pages import Page, PageRequest
from portal.states import Audience

Shown = dict[str, Any]
WORDS_SHOWN: Final = 60


class InvestigationPage(Page):
    """All that is known of why: pictures, causes, deviations like it; with what the reader may begin."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/investigation.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Shown:
        """Return the investigation as the reader's side may see it."""
        actor = request.actor
        deviation = get_deviation(actor, kwargs["deviation_id"])
        program = get_program(actor, deviation.space_id)
        inquiries = details_of(actor, deviation, list(list_inquiries(actor, deviation.pk)))
        causes = cause_lines(actor, deviation)
        return {
            "deviation": deviation,
            "program": program,
            "zone": zone_of(program, deviation.batch),
            "inquiries": [{"found": each, "nodes": len(each.lines)} for each in inquiries],
            "causes": [
                {
                    "line": each,
                    "cause": each.cause,
                    "advice": advice_on(str(each.cause.text)),
                    "withdraw": WithdrawCauseForm(auto_id=f"withdraw_{each.cause.pk}_%s")
                    if "withdraw" in each.steps
                    else None,
                }
                for each in causes
            ],
            "similar": similar_to(actor, deviation),
            "begin": _begin_form(actor, deviation) if may_inquire(actor, deviation) else None,
            "conclude": CauseForm(auto_id="causes_%s") if may_conclude(actor, deviation) else None,
            "is_private": deviation.audience != Audience.SHARED,
        }


class InvestigationStep(InvestigationPage):
    """Begin a picture, state a cause, share or take one back."""

    step: ClassVar[str] = ""
    form: StepForm

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead back to the page."""
        asked = cast("PageRequest", request)
        return HttpResponseRedirect(_investigation(self.deviation_id(asked.actor, kwargs)))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Validate, act, answer."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            kwargs["deviation_id"] = self.deviation_id(asked.actor, kwargs)
            self.form = self.bound(asked, kwargs)
        if self.form.is_valid():
            try:
                return HttpResponseRedirect(self.act(asked, kwargs), status=303)
            except Invalid as error:
                explain(self.form, error)
        with reading(asked.actor):
            return self.show(asked, status=400, extra=self.kept(), **kwargs)

    def deviation_id(self, actor: Actor, kwargs: Mapping[str, Any]) -> UUID:
        """Return whose page it is."""
        if "cause_id" in kwargs:
            return get_visible(Cause, actor, kwargs["cause_id"]).deviation_id
        return cast("UUID", kwargs["deviation_id"])

    def bound(self, request: PageRequest, kwargs: Mapping[str, Any]) -> StepForm:
        """Return the form with what was sent."""
        match self.step:
            case "begin":
                deviation = get_deviation(request.actor, kwargs["deviation_id"])
                return _begin_form(request.actor, deviation, request.POST)
            case "causes":
                return CauseForm(request.POST, auto_id="causes_%s")
            case "withdraw":
                return WithdrawCauseForm(request.POST, auto_id=f"withdraw_{kwargs['cause_id']}_%s")
            case _:
                return ShareInquiryForm(request.POST)

    def act(self, request: PageRequest, kwargs: Mapping[str, Any]) -> str:
        """Call the action; return where to go on."""
        given = self.form.cleaned_data
        match self.step:
            case "begin":
                made = begin_inquiry(request.actor, kwargs["deviation_id"], **given)
                return reverse("inquiry", args=[made.pk])
            case "causes" if isinstance(self.form, CauseForm):
                cause = state_cause(request.actor, kwargs["deviation_id"], **self.form.values())
                messages.success(request, _("The cause stands."))
                _advise(request, advice_on(str(cause.text)))
            case "withdraw":
                withdraw_cause(request.actor, kwargs["cause_id"], version=seen_version(request), **given)
                messages.success(request, _("Taken back; it stays to be read."))
            case _:
                share_cause(request.actor, kwargs["cause_id"], version=seen_version(request))
                messages.success(request, _("Shared; the sponsor reads it from now on."))
        return _investigation(kwargs["deviation_id"])

    def kept(self) -> Shown:
        """Return what keeps the typed words in the page."""
        return {"bound_step": self.step, "bound_form": self.form}

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Show the page as it stands now, the refusal, and what was typed."""
        with reading(request.actor):
            kwargs["deviation_id"] = self.deviation_id(request.actor, kwargs)
            extra = {"refusal": error, **(self.kept() if hasattr(self, "form") else {})}
            return self.show(request, status=error.status, extra=extra, **kwargs)


class InquiryPage(Page):
    """One investigation: its picture, the same in words, and what the reader may add."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/inquiry.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Shown:
        """Return the investigation with its picture."""
        actor = request.actor
        found = inquiry_detail(actor, kwargs["inquiry_id"])
        deviation = found.deviation
        program = get_program(actor, deviation.space_id)
        zone = zone_of(program, deviation.batch)
        inquiry = found.inquiry
        other = program.manufacturer_name if inquiry.side == "sponsor" else program.sponsor_name
        return {
            "found": found,
            "inquiry": inquiry,
            "deviation": deviation,
            "program": program,
            "zone": zone,
            "other": other,
            "is_private": inquiry.audience != Audience.SHARED,
            "picture": picture_of(found, zone),
            "table": _table(found) if inquiry.tool == Tool.IS_IS_NOT else [],
            "forms": {name: _form(actor, found, name, zone) for name in found.steps},
            "url": reverse("inquiry", args=[inquiry.pk]),
            "partial": "inquiry" if request.htmx and request.method == "GET" else "",
        }


class InquiryStep(InquiryPage):
    """One step: a form, an action, back to the page. What was typed is never lost."""

    step: ClassVar[str] = ""
    form: StepForm

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead back to the page."""
        return HttpResponseRedirect(reverse("inquiry", args=[kwargs["inquiry_id"]]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Validate, act, answer."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            found = inquiry_detail(asked.actor, kwargs["inquiry_id"])
            program = get_program(asked.actor, found.deviation.space_id)
            zone = zone_of(program, found.deviation.batch)
            self.form = _form(asked.actor, found, self.step, zone, asked.POST)
        if self.form.is_valid():
            try:
                self.act(asked, kwargs["inquiry_id"])
            except Invalid as error:
                explain(self.form, error)
            else:
                return HttpResponseRedirect(reverse("inquiry", args=[kwargs["inquiry_id"]]), status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra=self.kept(), **kwargs)

    def act(self, request: PageRequest, inquiry_id: UUID) -> None:
        """Call the action, and advise on wording."""
        given = self.form.values() if hasattr(self.form, "values") else self.form.cleaned_data
        _form_class, act, done = STEPS[self.step]
        act(request.actor, inquiry_id, version=seen_version(request), **given)
        messages.success(request, _(done))
        if self.step == "nodes":
            _advise(request, advice_on(given["text"]))

    def kept(self) -> Shown:
        """Return what keeps the typed words in the page."""
        return {"bound_step": self.step, "bound_form": self.form}

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Show the page as it stands now, the refusal, and what was typed."""
        with reading(request.actor):
            extra = {"refusal": error, **(self.kept() if hasattr(self, "form") else {})}
            return self.show(request, status=error.status, extra=extra, **kwargs)


Step = tuple[type[StepForm], Callable[..., Any], str]
STEPS: Final[Mapping[str, Step]] = {
    "nodes": (NodeForm, add_node, gettext_noop("Added.")),
    "judge": (JudgeForm, judge_node, gettext_noop("It stands so.")),
    "evidence": (EvidenceForm, add_evidence, gettext_noop("The node rests on it.")),
    "share": (ShareInquiryForm, share_inquiry, gettext_noop("Shared; both sides work on it from now on.")),
}


def _investigation(deviation_id: UUID) -> str:
    return reverse("deviation_investigation", args=[deviation_id])


def _advise(request: PageRequest, advice: list[Advice]) -> None:
    for each in advice:
        words = _("“%(found)s”: %(instead)s. It stands as you wrote it.")
        messages.info(request, words % {"found": each.found, "instead": each.instead})


def _begin_form(actor: Actor, deviation: Deviation, data: Any = None) -> BeginForm:
    own = str(own_audience(actor, deviation.space_id))
    choices = audiences_for(own)
    if deviation.audience != Audience.SHARED:
        choices = choices[:1]
    return BeginForm(data, given={"audience": choices}, initial={"audience": own}, auto_id="begin_%s")


def _form(actor: Actor, found: InquiryDetail, name: str, zone: str, data: Any = None) -> StepForm:
    """Return the form of a step with what it may choose among, filled where it was sent."""
    deviation = found.deviation
    lines = found.lines
    nodes = [(str(each.node.pk), f"{each.node.number}. {each.node.text}"[:WORDS_SHOWN]) for each in lines]
    numbers = [(str(each.node.number), words) for each, (_id, words) in zip(lines, nodes, strict=True)]
    asked: Shown = {"zone": zone, "auto_id": f"{name}_%s"}
    if name == "nodes":
        return NodeForm(data, tool=found.inquiry.tool, nodes=nodes, **asked)
    if name == "judge":
        return JudgeForm(data, given={"node": numbers}, **asked)
    if name == "evidence":
        nothing = [("", _("nothing"))]
        given = {
            "node": numbers,
            "thing": [*nothing, *_things(actor, found, deviation)],
            "parameter": [*nothing, *_parameters(actor, found, deviation)],
        }
        return EvidenceForm(data, given=given, **asked)
    return ShareInquiryForm(data, **asked)


def _things(actor: Actor, found: InquiryDetail, deviation: Deviation) -> list[tuple[str, str]]:
    """Return what a node may rest on, that its readers may read."""
    offered = []
    for kind in (EvidenceKind.FILE, EvidenceKind.EXCURSION, EvidenceKind.RESULT, EvidenceKind.ENTRY):
        if kind != EvidenceKind.FILE and deviation.batch_id is None:
            continue
        rows = things_of(actor, deviation, kind)
        if found.inquiry.audience == Audience.SHARED:
            rows = rows.filter(audience=Audience.SHARED)
        for each in rows.order_by("-pk")[:OFFERED_MOST]:
            title = getattr(each, "title", "") or getattr(each, "name", "")
            offered.append((f"{kind}:{each.pk}", f"{EvidenceKind(kind).label}: {title}"[:100]))
    return offered


def _parameters(actor: Actor, found: InquiryDetail, deviation: Deviation) -> list[tuple[str, str]]:
    if deviation.batch is None:
        return []
    rows = Parameter.objects.visible_to(actor).filter(recipe_version_id=deviation.batch.recipe_version_id)
    if found.inquiry.audience == Audience.SHARED:
        rows = rows.filter(audience=Audience.SHARED)
    return [(each.code, f"{each.title} ({each.code})") for each in rows.order_by("ordinal", "pk")]


def _table(found: InquiryDetail) -> list[Shown]:
    """Return what is and what is not, one row for each question."""
    pairs = list(zip(SIDES_OF_IT[::2], SIDES_OF_IT[1::2], strict=True))
    lines = found.lines
    return [
        {
            "name": str(is_it.label).partition(":")[0],
            "is": [each for each in lines if each.node.branch == is_it],
            "is_not": [each for each in lines if each.node.branch == is_not],
        }
        for is_it, is_not in pairs
    ]
