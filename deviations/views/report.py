"""Log a deviation: three steps for gloves, and a confirmation that says what happens next."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar, Final, cast
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, QueryDict
from django.middleware.csrf import get_token
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from batches.models import Batch
from deviations.actions.report import report_deviation
from deviations.clauses.opening import opening_words
from deviations.forms import Choices, ReportForm
from deviations.queries.detail import deviation_detail
from deviations.queries.places import (
    Ground,
    Place,
    batch_by_label,
    find_labelled,
    find_place,
    list_grounds,
    place_of_batch,
)
from deviations.queries.proposal import propose_from_excursion
from deviations.queries.sources import OPENERS, TABLES, evidence_from, open_from
from deviations.states import REPORTERS
from deviations.views.alone import AlonePage
from deviations.views.files import attach_all, attach_evidence, files_given
from portal.action import Replayed, instant, reading
from portal.actor import Actor
from portal.agreements.applying import at_once_words
from portal.agreements.terms import Terms
from portal.errors import Conflict, DomainError, NotFound, Refused, Unprocessable
from portal.pages import Page, PageRequest
from portal.terms import terms_at

STEPS: Final = ("What", "Where and when", "Check and send")
# Two copies of a form may differ in these: the answer to one was lost, the other came from the queue.
UNSAID: Final = ("csrfmiddlewaretoken", "entered_at", "queue_person")
LABEL_MAX: Final = 200
KEPT: Final = ("occurred_at", "detected_at", "aware_at", "late_reason", "external_id")
WAIT_S: Final = 0.1
WAITS_MAX: Final = 80
MB: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Start:
    """What the form opens with: where one stands, and what an excursion already says."""

    grounds: list[Ground]
    place: Place
    initial: dict[str, Any]
    draft: str
    terms: Terms


class LogDeviationPage(AlonePage):
    """The form; `?batch=` and `?excursion=` fill what is known from where one stands."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/report.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> dict[str, Any]:
        """Return the form with its defaults, or only the place that was chosen."""
        chosen = request.GET.get("where")
        start = _start(request.actor, request.GET, chosen)
        if chosen is not None:
            # What was typed before the batch changed stays, now on the clock of its site.
            start.initial.update((name, request.GET[name]) for name in KEPT if name in request.GET)
        form = _form(start, None, place=start.place)
        return {
            **_frame(request, start, form),
            "partial": "place" if chosen is not None and request.htmx else "",
        }

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Log it once, however often the form arrives; then add the photos."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            start = _start(asked.actor, asked.GET, asked.POST.get("where"))
            form = _form(start, asked.POST, place=start.place)
            is_valid = form.is_valid()
            if not is_valid:
                return self._again(asked, start, form, status=400)
        try:
            deviation_id = _report(asked, start.place, form)
        except Refused:
            raise
        except DomainError as error:
            _explain(form, error)
            with reading(asked.actor):
                return self._again(asked, start, form, status=error.status)
        refused = attach_all(asked.actor, deviation_id, files_given(asked), token=form.cleaned_data["token"])
        refused += _prove(asked, deviation_id, form.cleaned_data)
        address = reverse("deviation_logged", args=[deviation_id])
        if _is_queue(asked):
            return JsonResponse({"url": address, "refused": refused}, status=201)
        for words in refused:
            messages.warning(asked, words)
        return HttpResponseRedirect(f"{address}?draft={start.draft}", status=303)

    def _again(self, request: PageRequest, start: Start, form: ReportForm, *, status: int) -> HttpResponse:
        if _is_queue(request):
            return JsonResponse({"errors": _sentences(form)}, status=status)
        context = {"here": self.here, **_frame(request, start, form)}
        return render(request, self.template_name, context, status=status)


class QueueReady(LogDeviationPage):
    """Tell the queue of a device who is signed in, and give it the token that its forms need."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Answer whoever may log a deviation."""
        actor = cast("PageRequest", request).actor
        list_grounds(actor)
        said = {"person": str(actor.person_id), "csrf": get_token(request)}
        return JsonResponse(said, headers={"Cache-Control": "no-store"})


class LoggedPage(Page):
    """It is logged: its number, and what happens next."""

    here: ClassVar[str] = "deviations"
    template_name: ClassVar[str] = "deviations/logged.html"

    def context(self, request: PageRequest, **kwargs: Any) -> dict[str, Any]:
        """Return the deviation; only who may log one has a confirmation."""
        found = deviation_detail(request.actor, kwargs["deviation_id"])
        if not request.actor.holds(found.program.pk, *REPORTERS):
            raise NotFound
        draft = request.GET.get("draft", "")
        return {
            "found": found,
            "deviation": found.deviation,
            "draft": _draft_key(request.actor, draft if _is_id(draft) else ""),
        }


def _start(actor: Actor, given: QueryDict, chosen: str | None) -> Start:
    grounds = list_grounds(actor)
    now = instant().replace(second=0, microsecond=0)
    initial: dict[str, Any] = {"occurred_at": now, "detected_at": now, "token": uuid4().hex}
    excursion, batch, label = (given.get(name, "") for name in ("excursion", "batch", "at"))
    if label.strip() and not (_is_id(excursion) or _is_id(batch)):
        batch = _labelled(actor, grounds, label[:LABEL_MAX], initial)
    kind, source = _source(given)
    if _is_id(excursion):
        initial |= _proposed(actor, UUID(excursion)) | {"source": f"excursion:{excursion}"}
    elif source is not None:
        initial |= _opened(actor, kind, source)
    elif _is_id(batch):
        initial["where"] = _offered(actor, UUID(batch))
    where = initial.get("where", "") if chosen is None else chosen
    place = _chosen(actor, grounds, where)
    if place.batch is not None and initial.get("where"):
        initial.setdefault("asset", place.batch.equipment)
    begun = [str(each) for each in (excursion, source or "", batch) if _is_id(str(each))]
    draft = begun[0] if begun else ""
    return Start(grounds, place, initial, draft, terms_at(actor, place.program.pk, instant()))


def _labelled(actor: Actor, grounds: list[Ground], label: str, initial: dict[str, Any]) -> str:
    """Fill in what a scanned or typed label stands for; say so beside the field where it is unknown."""
    try:
        found = find_labelled(actor, grounds, label)
    except NotFound:
        initial["unknown"] = label
        return ""
    initial["asset"] = found.asset
    return found.batch_id


def _offered(actor: Actor, batch_id: UUID) -> str:
    """Return the batch one stands at; one that is not to be seen is no place to start from."""
    place = place_of_batch(actor, batch_id)
    if place is None:
        raise NotFound
    return str(batch_id)


def _proposed(actor: Actor, excursion_id: UUID) -> dict[str, Any]:
    proposal = propose_from_excursion(actor, excursion_id)
    return {
        "title": proposal.title,
        "description": proposal.description,
        "where": str(proposal.batch_id),
        "phase_id": str(proposal.phase_id) if proposal.phase_id is not None else "",
        "occurred_at": proposal.occurred_at,
        "detected_at": proposal.detected_at,
        "excursion_id": excursion_id,
    }


def _source(given: QueryDict) -> tuple[str, UUID | None]:
    """Return what the page is opened from, besides a batch or an excursion."""
    for kind in OPENERS:
        if _is_id(given.get(kind, "")):
            return kind, UUID(given.get(kind, ""))
    return "", None


def _opened(actor: Actor, kind: str, source: UUID) -> dict[str, Any]:
    opened = open_from(actor, kind, source)
    return {
        "title": opened.title,
        "description": opened.description,
        "where": str(opened.batch_id or ""),
        "occurred_at": opened.occurred_at,
        "detected_at": opened.detected_at,
        "source": f"{kind}:{source}",
    }


def _chosen(actor: Actor, grounds: list[Ground], where: str) -> Place:
    """Return the place that was chosen; a lot that is not offered any more may still be the right one."""
    offered = {str(each.pk) for ground in grounds for each in ground.batches}
    programs = {ground.program.pk for ground in grounds}
    if _is_id(where) and where not in offered:
        place = place_of_batch(actor, UUID(where))
        if place is not None and place.program.pk in programs:
            return place
    return find_place(actor, grounds, where)


def _form(start: Start, data: QueryDict | None, *, place: Place) -> ReportForm:
    phases = [(str(each.pk), each.title) for each in place.phases]
    initial = start.initial
    if place.batch is not None and "where" not in initial:
        initial = initial | {"where": str(place.batch.pk)}
    return ReportForm(
        data,
        initial=initial,
        where=_places(start.grounds, place),
        phases=phases,
        zone=place.zone,
        late=opening_words(start.terms),
    )


def _places(grounds: list[Ground], place: Place) -> Choices:
    groups: list[tuple[str, Any]] = [("", _("Choose the batch"))]
    for ground in grounds:
        program, batches = ground.program, list(ground.batches)
        if place.batch is not None and place.program == program and place.batch not in batches:
            batches.insert(0, place.batch)
        options = [(str(each.pk), _batch_words(each)) for each in batches]
        options.append((str(program.pk), _("No batch, something else of %s") % program.code))
        groups.append((f"{program.code}, {program.sponsor_name}", options))
    return groups


def _batch_words(batch: Batch) -> str:
    parts = (str(batch.number), str(batch.title), batch.phase.title if batch.phase is not None else "")
    return " · ".join(each for each in parts if each)


def _frame(request: PageRequest, start: Start, form: ReportForm) -> dict[str, Any]:
    more = ("aware_at", "late_reason", "external_id")
    return {
        "form": form,
        "place": start.place,
        "steps": [_(name) for name in STEPS],
        "draft": _draft_key(request.actor, start.draft),
        "token": uuid4().hex if form.is_spent else form["token"].value() or uuid4().hex,
        "from_excursion": form.initial.get("excursion_id"),
        "is_filled": bool(form.initial.get("source")),
        "unknown_label": form.initial.get("unknown", ""),
        "labels": batch_by_label(start.grounds),
        "person_id": request.actor.person_id,
        "at_once": at_once_words(start.terms, None),
        "limit_mb": settings.ATTACHMENT_BYTES_MAX // MB,
        "is_more_open": any(form[name].errors for name in more) if form.is_bound else False,
    }


def _draft_key(actor: Actor, about: str) -> str:
    # One draft per starting place: an old one must not write another batch over what an excursion says.
    return f"log-deviation-{actor.person_id}-{about or 'plain'}"


def _is_queue(request: HttpRequest) -> bool:
    """Say whether the queue of a device sends it, which reads JSON."""
    return request.headers.get("Accept") == "application/json"


def _sentences(form: ReportForm) -> list[str]:
    """Return what is wrong with a form, each sentence with the name of its field."""
    found = []
    for name, errors in form.errors.items():
        field = f"{form[name].label}: " if name in form.fields else ""
        found += [f"{field}{each}" for each in errors]
    return found


def _is_id(given: str) -> bool:
    try:
        UUID(given)
    except ValueError:
        return False
    return True


def _report(request: PageRequest, place: Place, form: ReportForm) -> UUID:
    """Log what the form says; the same form sent twice finds the deviation of the first time."""
    given = form.cleaned_data
    actor = _once(request, given["token"])
    for _turn in range(WAITS_MAX):
        try:
            return report_deviation(actor, place.program.pk, **_values(given, place)).deviation.pk
        except Replayed as replayed:
            return UUID(str(replayed.subject_id))
        except Conflict as error:
            # The first of two clicks is still at work; its answer is the answer to both.
            if error.problem_code != "in_flight":
                raise
            time.sleep(WAIT_S)
    raise Conflict(_("The first copy of this form is still being worked on. Look at the list, then decide."))


def _prove(request: PageRequest, deviation_id: UUID, given: dict[str, Any]) -> list[str]:
    """Attach what it was opened from; a source that is not there (any more) proves nothing."""
    kind, _colon, source = given["source"].partition(":")
    if kind not in TABLES or not _is_id(source):
        return []
    try:
        with reading(request.actor):
            evidence = evidence_from(request.actor, kind, UUID(source))
    except NotFound:
        return []
    return attach_evidence(request.actor, deviation_id, evidence.name, evidence.data, token=given["token"])


def _values(given: dict[str, Any], place: Place) -> dict[str, Any]:
    batch = place.batch
    phase_id: UUID | None = UUID(given["phase_id"]) if given["phase_id"] else None
    if phase_id is None and batch is not None:
        phase_id = batch.phase_id
    detected: datetime = given["detected_at"]
    return {
        "title": given["title"],
        "description": given["description"],
        "immediate_action": given["immediate_action"],
        "batch_id": batch.pk if batch is not None else None,
        "phase_id": phase_id,
        "excursion_id": given["excursion_id"],
        "occurred_at": given["occurred_at"],
        "detected_at": detected,
        "aware_at": given["aware_at"] or detected,
        "late_reason": given["late_reason"],
        "asset": given["asset"],
        "entered_at": given["entered_at"],
        "triggers": given["triggers"],
        "external_id": given["external_id"],
        "suggested_class": given["suggested_class"],
    }


def _once(request: PageRequest, token: str) -> Actor:
    """Return the actor with the form's token as its key: what the form says is the body.

    Not the bytes: a browser draws another multipart boundary each time it sends the same form.
    """
    said = {name: values for name, values in request.POST.lists() if name not in UNSAID}
    body = hashlib.sha256(repr(sorted(said.items())).encode()).hexdigest()
    origin = replace(request.actor.origin, idempotency_key=token, body_hash=body)
    return request.actor.via(origin)


def _explain(form: ReportForm, error: DomainError) -> None:
    """Put the words of an error beside its fields, or above the form."""
    if isinstance(error, Unprocessable):
        # Sent before with other words; whoever sends it again means another deviation.
        form.is_spent = True
        words = _("This form has made a deviation already, with other words. Send it again to log another.")
        form.add_error(None, words)
        return
    for field, sentences in error.errors.items():
        name = {"batch_id": "where", "batch": "where", "phase": "phase_id"}.get(field, field)
        form.add_error(name if name in form.fields else None, list(sentences))
    if not error.errors:
        form.add_error(None, error.detail)
