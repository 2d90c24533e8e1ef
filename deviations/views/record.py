"""The page of one deviation, and each step that can be taken on it."""

from __future__ import annotations

from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from deviations.access import get_deviation, lead_codes
from deviations.actions.assess import assess_impact
from deviations.actions.investigate import cancel_deviation, close_deviation, investigate_deviation
from deviations.actions.judge import triage_deviation
from deviations.actions.release import release_notice
from deviations.actions.summarise import summarise_deviation
from deviations.clauses.naming import names_of
from deviations.clauses.triggers import triggers_words
from deviations.forms import (
    AnswerCommentForm,
    AssessForm,
    CancelForm,
    CloseForm,
    CommentForm,
    DismissForm,
    DraftForm,
    FinishForm,
    InvestigateForm,
    ObjectForm,
    ReturnForm,
    SettleForm,
    StepForm,
    SubmitForm,
    SummariseForm,
    TriageForm,
)
from deviations.inquiry.access import causes_of
from deviations.queries import (
    DeviationDetail,
    deviation_detail,
    history,
    notice_preview,
)
from deviations.queries.capa import capas_of_deviation
from deviations.queries.dockets import dockets_about
from deviations.queries.inquiry import list_inquiries
from deviations.signing import DEVIATION
from deviations.states import OPEN_STATES, REPORTERS, REVIEWS
from deviations.views.capa_shown import plan_address
from deviations.views.curve import curve_of
from deviations.views.dockets_shown import ask_address
from deviations.views.duties import card_of
from deviations.views.files import attach_all, files_given
from deviations.views.judging_shown import judging_forms, judging_shown
from deviations.views.shown import (
    clocks_of,
    history_of,
    judgements_of,
    leaving_of,
    rounds_shown,
    states_of,
    times_of_page,
    waits_for,
)
from portal.action import instant, reading
from portal.actor import Actor, Side
from portal.agreements.applying import notices_by_class
from portal.agreements.terms import Terms
from portal.dossiers import EVIDENCE
from portal.errors import DomainError, Invalid
from portal.media import INLINE
from portal.models import Alert
from portal.pages import Page, PageRequest
from portal.queries import Escalation, alert_lines, escalation, list_alerts
from portal.queries.clocks import clock_lines
from portal.queries.rooms import Room
from portal.signable import open_meanings
from portal.states import AlertState, Audience, Classification
from portal.terms import terms_at
from portal.views.alerts import note_opened
from portal.views.decisions import decisions_of
from portal.views.exporting import exports_of
from portal.views.holds import holds_of
from portal.views.ladders import acknowledge_url, banner, ladder, sits_on

MB: Final = 1024 * 1024
# What a reader is wanted for, the first of them that is open.
WANTED: Final = {
    "triage": gettext_noop("Give the class"),
    "investigate": gettext_noop("Start the investigation"),
    "close": gettext_noop("Close the deviation"),
    "submit_report": gettext_noop("Submit the report"),
    "settle": gettext_noop("Settle the disagreement"),
}
ROUND_FORMS: Final[dict[str, type[StepForm]]] = {
    "dismiss": DismissForm,
    "share_draft": DraftForm,
    "comment": CommentForm,
    "finish_comments": FinishForm,
    "answer_comment": AnswerCommentForm,
    "submit_report": SubmitForm,
    "return_report": ReturnForm,
    "object_report": ObjectForm,
    "settle": SettleForm,
}
LEFT_AT_ONCE: Final = gettext_noop(
    "The class is given, and the sponsor knows it: a signed clause let the notice leave."
)


class DeviationPage(Page):
    """One deviation as the reader's side may see it, with the steps the reader may take."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/deviation.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Note the first look at a notice before the page is read."""
        actor: Actor | None = getattr(request, "actor", None)
        if actor is not None and request.method == "GET":
            note_opened(actor, kwargs["deviation_id"])
        return super().dispatch(request, *args, **kwargs)

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the record with everything that stands beside it."""
        actor, now = request.actor, instant()
        found = deviation_detail(actor, kwargs["deviation_id"])
        deviation = found.deviation
        receipt = escalation(actor, found.notice.alert_id) if found.notice is not None else None
        room = Room(found.program, found.zone)
        terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
        modality = request.GET.get("modality", "")
        forms_ = _forms(actor, found, terms) | judging_forms(actor, found, terms, modality)
        return {
            "found": found,
            "deviation": deviation,
            "signatures": found.signatures,
            "sign_url": reverse("sign", args=["deviation", deviation.pk])
            if open_meanings(actor, deviation, DEVIATION)
            else "",
            "is_private": deviation.audience != Audience.SHARED,
            "is_sponsor": sits_on(actor, deviation.space_id, "sponsor"),
            "states": states_of(found, now),
            "times": times_of_page(found),
            "judgements": judgements_of(found, now),
            "curve": curve_of(actor, deviation, now),
            "clocks": clocks_of(actor, found, clock_lines(actor, found.clocks), receipt, now),
            "rule": terms.notice(found.classification),
            "class_drives": _class_drives(terms) if "triage" in found.steps else "",
            "must_tell": deviation.is_notice_due,
            "triggers": triggers_words([found.notice.trigger]) if found.notice is not None else "",
            "receipt": ladder(actor, receipt, room) if receipt is not None else None,
            "asks": _asks(actor, found, room),
            "history": history_of(found, history(actor, deviation.pk)),
            "then_zone": found.zone,
            "decisions": decisions_of(actor, deviation.space_id, [deviation.pk], about=deviation.pk),
            "held": holds_of(actor, deviation.space_id, deviation.pk, within=(deviation.batch_id,)),
            "exports": exports_of(actor, deviation.space_id, deviation.pk, paper=EVIDENCE),
            "inquiries": list_inquiries(actor, deviation.pk).count(),
            "causes": [each for each in causes_of(actor, deviation.pk) if each.withdrawn_at is None],
            "reporting": card_of(actor, found, now),
            "capas": capas_of_deviation(actor, deviation.pk),
            "dockets": dockets_about(actor, deviation.pk),
            "ask_url": ask_address(actor, deviation),
            "plan_capa_url": plan_address(actor, deviation),
            "forms": forms_,
            "impact_form": (asked := forms_.get("conclude_impact")),
            "asked_modality": modality,
            "judging": judging_shown(found, asked),
            "rounds": rounds_shown(found),
            "waits_for": waits_for(actor, found),
            "primary": _primary(found, receipt, must_tell=deviation.is_notice_due),
            "takes_files": deviation.state in OPEN_STATES and actor.holds(deviation.space_id, *REPORTERS),
            "shown_inline": INLINE,
            "limit_mb": settings.ATTACHMENT_BYTES_MAX // MB,
            "live_subject": "" if receipt is not None and receipt.line.next_at else deviation.pk,
            "partial": "record" if request.htmx and request.method == "GET" else "",
        }


def _class_drives(terms: Terms) -> str:
    """Return what giving a class binds, by the clauses under which the record began."""
    said = _("The class drives clock, notice and colour. The sponsor is told: %s. ") % notices_by_class(terms)
    return said + _("It is provisional, and its history is kept.")


def _asks(actor: Actor, found: DeviationDetail, room: Room) -> list[dict[str, Any]]:
    """Return the open alerts of the record that ask this reader, but for the notice's own."""
    rows = list_alerts(actor, side="mine").filter(subject_id=found.deviation.pk)
    waiting: list[Alert] = list(rows.exclude(state=AlertState.ACKNOWLEDGED).order_by("raised_at", "pk"))
    own = found.notice.alert_id if found.notice is not None else None
    lines = alert_lines(actor, [each for each in waiting if each.pk != own])
    return [banner(actor, line, room) for line in lines if line.may_acknowledge]


def _primary(found: DeviationDetail, receipt: Escalation | None, *, must_tell: bool) -> dict[str, Any]:
    """Return the one thing that this reader is wanted for now: the page's filled button."""
    steps = found.steps
    if receipt is not None and receipt.line.may_acknowledge:
        return {"kind": "acknowledge", "url": acknowledge_url(receipt.alert)}
    if "release_notice" in steps and must_tell and "triage" not in steps:
        return {"kind": "notice"}
    wanted = next((each for each in WANTED if each in steps), "")
    if wanted:
        return {"kind": "anchor", "url": f"#{wanted}", "words": str(_(WANTED[wanted]))}
    if found.deviation.state in REVIEWS and not found.deviation.review:
        return {"kind": "anchor", "url": "#report", "words": _("Read the report")}
    return {}


def _forms(actor: Actor, found: DeviationDetail, terms: Terms) -> dict[str, StepForm]:
    """Return an empty form for each step the reader may take."""
    steps = found.steps
    made: dict[str, StepForm] = {}
    if "triage" in steps:
        made["triage"] = TriageForm(auto_id="triage_%s", names=names_of(terms, Side.MANUFACTURER))
    if "investigate" in steps:
        space_id = found.deviation.space_id
        own = actor.code(space_id)
        made["investigate"] = InvestigateForm(
            auto_id="investigate_%s",
            leads=sorted({*lead_codes(space_id), own}),
            initial={"lead_code": own},
        )
    if "assess_impact" in steps:
        made["assess_impact"] = AssessForm(auto_id="assess_impact_%s", names=names_of(terms, Side.SPONSOR))
    if "summarise" in steps:
        made["summarise"] = SummariseForm(auto_id="summarise_%s")
    made |= {name: form(auto_id=f"{name}_%s") for name, form in ROUND_FORMS.items() if name in steps}
    if "submit_report" in steps and found.rounds:
        made["submit_report"] = SubmitForm(
            auto_id="submit_report_%s", initial={"report": found.rounds[0].round.text}
        )
    if "close" in steps:
        made["close"] = CloseForm(auto_id="close_%s")
    if "cancel" in steps:
        made["cancel"] = CancelForm(auto_id="cancel_%s")
    return made


class DeviationStep(DeviationPage):
    """One step: a form, an action, back to the page. What was typed is never lost."""

    step: ClassVar[str] = ""
    form_class: ClassVar[type[StepForm]] = StepForm
    done: ClassVar[str] = ""
    form: StepForm

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Lead back to the page."""
        return HttpResponseRedirect(_address(kwargs["deviation_id"]))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Validate, act, answer."""
        asked = cast("PageRequest", request)
        deviation_id: UUID = kwargs["deviation_id"]
        self.form = self.bound(asked, deviation_id)
        if not self.form.is_valid():
            with reading(asked.actor):
                return self.show(asked, status=400, extra=self.kept(asked), **kwargs)
        try:
            came_to = self.act(asked, deviation_id, version=seen_version(asked))
        except Invalid as error:
            _explain(self.form, error)
            with reading(asked.actor):
                return self.show(asked, status=error.status, extra=self.kept(asked), **kwargs)
        messages.success(asked, came_to or _(self.done))
        return HttpResponseRedirect(_address(deviation_id), status=303)

    def bound(self, request: PageRequest, deviation_id: UUID) -> StepForm:
        """Return the step's form with what was sent."""
        return self.form_class(request.POST, auto_id=f"{self.step}_%s")

    def act(self, request: PageRequest, deviation_id: UUID, *, version: int | None) -> str | None:
        """Call the action; return what it came to, where that is not what it always comes to."""
        raise NotImplementedError

    def kept(self, request: PageRequest) -> dict[str, Any]:
        """Return what keeps the typed words in the page, also where the step is open no more."""
        words = [
            (field.label, field.value())
            for field in self.form
            if isinstance(field.field.widget, forms.Textarea) and field.value()
        ]
        return {"bound_step": self.step, "bound_form": self.form, "typed": words}

    def refused(self, request: PageRequest, error: DomainError, **kwargs: Any) -> HttpResponse:
        """Show the record as it stands now, the refusal, and what was typed."""
        with reading(request.actor):
            extra = {"refusal": error, **self.kept(request)}
            return self.show(request, status=error.status, extra=extra, **kwargs)


def seen_version(request: HttpRequest) -> int | None:
    """Return the version the person saw, None when the form was sent without."""
    given = request.POST.get("version", "")
    return int(given) if given.isdecimal() and len(given) < 10 else None  # noqa: PLR2004 - fits an integer


def _names(request: PageRequest, deviation_id: UUID, side: Side) -> dict[str, Classification]:
    with reading(request.actor):
        deviation = get_deviation(request.actor, deviation_id)
        return names_of(terms_at(request.actor, deviation.space_id, deviation.recorded_at), side)


def _address(deviation_id: UUID) -> str:
    return reverse("deviation", args=[deviation_id])


def _explain(form: forms.Form, error: DomainError) -> None:
    for field, sentences in error.errors.items():
        form.add_error(field if field in form.fields else None, list(sentences))
    if not error.errors:
        form.add_error(None, error.detail)


class Triage(DeviationStep):
    """Give the provisional class."""

    step: ClassVar[str] = "triage"
    form_class: ClassVar[type[StepForm]] = TriageForm

    def bound(self, request: PageRequest, deviation_id: UUID) -> StepForm:
        """Take the class by the names of the own side, where a clause maps them."""
        names = _names(request, deviation_id, Side.MANUFACTURER)
        return TriageForm(request.POST, auto_id="triage_%s", names=names)

    done: ClassVar[str] = "The class is given. Now look at the notice and release it."

    def act(self, request: PageRequest, deviation_id: UUID, *, version: int | None) -> str | None:
        """Triage."""
        given = self.form.cleaned_data
        triaged = triage_deviation(
            request.actor,
            deviation_id,
            classification=given["classification"].classification,
            own_class=given["classification"].own_class,
            rationale=given["rationale"],
            triggers=given["triggers"],
            version=version,
        )
        # A signed clause may have named what it is: then nothing waits for a release.
        return _(LEFT_AT_ONCE) if triaged.audience == Audience.SHARED else None


class Investigate(DeviationStep):
    """Start the investigation."""

    step: ClassVar[str] = "investigate"
    form_class: ClassVar[type[StepForm]] = InvestigateForm
    done: ClassVar[str] = "The investigation has started."

    def bound(self, request: PageRequest, deviation_id: UUID) -> StepForm:
        """Take the lead as it was sent; the action knows who may lead."""
        given = request.POST.get("lead_code", "")
        return InvestigateForm(request.POST, auto_id="investigate_%s", leads=[given])

    def kept(self, request: PageRequest) -> dict[str, Any]:
        """Leave the choice as it stands in the page: nothing was typed."""
        return {**super().kept(request), "bound_form": None}

    def act(self, request: PageRequest, deviation_id: UUID, *, version: int | None) -> None:
        """Start it."""
        lead = self.form.cleaned_data["lead_code"]
        investigate_deviation(request.actor, deviation_id, lead_code=lead, version=version)


class Assess(DeviationStep):
    """Give the sponsor's product-impact assessment."""

    step: ClassVar[str] = "assess_impact"
    form_class: ClassVar[type[StepForm]] = AssessForm

    def bound(self, request: PageRequest, deviation_id: UUID) -> StepForm:
        """Take the impact by the names of the own side, where a clause maps them."""
        names = _names(request, deviation_id, Side.SPONSOR)
        return AssessForm(request.POST, auto_id="assess_impact_%s", names=names)

    done: ClassVar[str] = "The assessment is given; both sides read it."

    def act(self, request: PageRequest, deviation_id: UUID, *, version: int | None) -> None:
        """Assess."""
        given = self.form.cleaned_data
        assess_impact(
            request.actor,
            deviation_id,
            classification=given["classification"].classification,
            own_class=given["classification"].own_class,
            rationale=given["rationale"],
            version=version,
        )


class Summarise(DeviationStep):
    """Give the preliminary summary."""

    step: ClassVar[str] = "summarise"
    form_class: ClassVar[type[StepForm]] = SummariseForm
    done: ClassVar[str] = "The preliminary summary is given; whoever knows of the record reads it."

    def act(self, request: PageRequest, deviation_id: UUID, *, version: int | None) -> None:
        """Summarise."""
        summary = self.form.cleaned_data["summary"]
        summarise_deviation(request.actor, deviation_id, summary=summary, version=version)


class Close(DeviationStep):
    """Close with a conclusion."""

    step: ClassVar[str] = "close"
    form_class: ClassVar[type[StepForm]] = CloseForm
    done: ClassVar[str] = "The deviation is closed. A closed record is never opened again."

    def act(self, request: PageRequest, deviation_id: UUID, *, version: int | None) -> None:
        """Close."""
        summary = self.form.cleaned_data["summary"]
        close_deviation(request.actor, deviation_id, summary=summary, version=version)


class Cancel(DeviationStep):
    """Cancel for a reason."""

    step: ClassVar[str] = "cancel"
    form_class: ClassVar[type[StepForm]] = CancelForm
    done: ClassVar[str] = "The deviation is cancelled; its number is not used again."

    def act(self, request: PageRequest, deviation_id: UUID, *, version: int | None) -> None:
        """Cancel."""
        cancel_deviation(
            request.actor, deviation_id, reason=self.form.cleaned_data["reason"], version=version
        )


class Release(DeviationStep):
    """Let the notice leave."""

    step: ClassVar[str] = "release"
    done: ClassVar[str] = "The notice is released; the sponsor is asked for receipt."

    def act(self, request: PageRequest, deviation_id: UUID, *, version: int | None) -> None:
        """Release."""
        release_notice(request.actor, deviation_id, version=version)


class AddFiles(DeviationStep):
    """Add photos and files, each on its own."""

    step: ClassVar[str] = "files"

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Attach all that are taken; say which were not, and why."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            deviation_detail(asked.actor, kwargs["deviation_id"])
        given = files_given(asked)
        refused = attach_all(asked.actor, kwargs["deviation_id"], given)
        for words in refused:
            messages.warning(asked, words)
        if len(given) > len(refused):
            messages.success(asked, _("Attached."))
        elif not given:
            messages.warning(asked, _("Choose a photo or a file first."))
        return HttpResponseRedirect(f"{_address(kwargs['deviation_id'])}#files", status=303)


class NoticePage(Page):
    """Exactly what would leave now: as a dialog over the record, or as a page of its own."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/notice.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the preview."""
        preview = notice_preview(request.actor, kwargs["deviation_id"])
        release = reverse("deviation_release", args=[preview.deviation.pk])
        return {
            "deviation": preview.deviation,
            "notice": {**leaving_of(preview), "release_url": release},
            "partial": "dialog" if request.htmx else "",
        }

    def refused(self, request: PageRequest, error: DomainError, **_kwargs: Any) -> HttpResponse:
        """Say alone why there is no preview."""
        with reading(request.actor):
            context = {"here": self.here, "refusal": error}
            return render(request, "portal/refused.html", context, status=error.status)
