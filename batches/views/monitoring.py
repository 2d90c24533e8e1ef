"""Monitoring: the floor's sessions and trends, one session, and what a batch has of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar, Final, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches import forms_monitoring as given_by
from batches.access import get_batch
from batches.actions import monitoring
from batches.actions.aseptic import record_intervention
from batches.api.shapes import number_text
from batches.aseptic.states import RECORDERS, InterventionKind, Qualified
from batches.environment.access import get_session, is_on_floor, role_at
from batches.environment.states import (
    KEEPERS,
    SAMPLE_TRANSITIONS,
    SAMPLERS,
    VIABLE,
    SessionState,
    Verdict,
)
from batches.models import Batch, BatchMonitoring, MonitoringSample, MonitoringSession
from batches.models.monitoring import Sampled
from batches.queries.aseptic import aseptic_of, media_fill_for
from batches.queries.monitoring import (
    Part,
    Trend,
    affected_by,
    bounds_words,
    covered_by,
    exposure_of,
    lay_too_long,
    list_points,
    list_samples,
    list_sessions,
    monitoring_of,
    trends_of,
)
from batches.states import BatchState
from batches.views.places import place_of
from portal.action import instant, reading
from portal.actor import Actor
from portal.errors import DomainError, NotFound, Refused
from portal.forms import explain
from portal.forms_times import FormWithTimes, SiteTime
from portal.pages import Page, PageRequest
from portal.queries.rooms import list_rooms
from portal.shell import zone_of

SESSIONS_SHOWN: Final = 50
# What somebody did that no media fill lists.
OTHER: Final = "other"
BATCHES_SHOWN: Final = 200
TONES: Final = {Verdict.WITHIN: "fine", Verdict.ALERT: "watch", Verdict.ACTION: "warn"}
Context = dict[str, Any]
STEP_FORMS: Final[dict[str, type[given_by.SeenForm]]] = {
    "collect": given_by.CollectForm,
    "incubate": given_by.IncubateForm,
    "read": given_by.CountForm,
    "confirm": given_by.CountForm,
    "identify": given_by.IdentifyForm,
}
TAKE: Final[dict[str, Callable[..., Any]]] = {
    "collect": monitoring.collect_sample,
    "incubate": monitoring.incubate_sample,
    "read": monitoring.read_sample,
    "confirm": monitoring.confirm_sample,
    "identify": monitoring.identify_growth,
}


def sample_row(sample: Sampled, now: datetime) -> Context:
    """Return a sample in words: exposure, incubation, count, verdict, who read it."""
    count = sample.counted
    differs = sample.second_value is not None and sample.second_value != sample.value
    lay = exposure_of(sample, now)
    return {
        "sample": sample,
        "kind": sample.get_kind_display(),
        "lay": lay,
        "lay_too_long": lay_too_long(sample, now),
        "count": f"{number_text(count)} {sample.unit}".strip() if count is not None else "",
        "differs": _("%(one)s and %(two)s")
        % {"one": number_text(sample.value), "two": number_text(sample.second_value)}
        if differs
        else "",
        "bounds": bounds_words(sample.bounds, sample.unit),
        "source": sample.bounds.get("source", ""),
        "verdict": Verdict(sample.verdict).label if sample.verdict else "",
        "tone": TONES[Verdict(sample.verdict)] if sample.verdict else "",
        "state": sample.get_state_display(),
        "incubation": [
            {**each, "from": _instant(each["from"]), "until": _instant(each["until"])}
            for each in sample.incubation
        ],
        "readers": ", ".join(each for each in (_role(sample.read_role), _role(sample.second_role)) if each),
    }


def _instant(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _role(code: str) -> str:
    return code.replace("_", " ").upper() if code in ("qa", "qc") else code.replace("_", " ")


def trend_row(trend: Trend) -> Context:
    """Return a trend as its small chart takes it."""
    points = [(at.timestamp() * 1000, float(value)) for at, value in trend.values]
    ends = ("alert_high", "action_high", "alert_low", "action_low")
    return {
        "trend": trend,
        "points": points,
        "since": points[0][0] - 1,
        "until": points[-1][0] + 1,
        "limits": [float(trend.bounds[name]) for name in ends if name in trend.bounds],
        "bounds": bounds_words(trend.bounds, trend.unit),
        "newest": f"{number_text(trend.values[-1][1])} {trend.unit}".strip(),
        # Only what grows is recovered.
        "recovery": f"{round(trend.recovery)} %" if trend.kind in VIABLE else "",
    }


def parts_of(actor: Actor, batch_id: UUID, now: datetime) -> list[Context]:
    """Return the sessions of a batch as its page shows them."""
    return [_part_row(each, now) for each in monitoring_of(actor, batch_id)]


def _part_row(part: Part, now: datetime) -> Context:
    rows = [sample_row(each, now) for each in part.samples]
    return {
        "part": part.monitoring,
        "rows": rows,
        "waiting": part.waiting,
        "outside": len(part.outside),
        "strategy": " ".join(
            each for each in (part.monitoring.strategy, part.monitoring.strategy_version) if each
        ),
    }


class MonitoringPage(Page):
    """Sessions and trends of the own floor; to a client, the sessions that cover its batches."""

    here: ClassVar[str] = "monitoring"
    template_name: ClassVar[str] = "batches/monitoring.html"

    def context(self, request: PageRequest, **_kwargs: Any) -> Context:
        """Return what the reader's side has."""
        actor = request.actor
        on_floor = is_on_floor(actor, actor.organisation_id)
        area = request.GET.get("area", "").replace("\0", "")[:60]
        sessions = list_sessions(actor)
        sessions = sessions.filter(area=area) if area else sessions
        parts = BatchMonitoring.objects.visible_to(actor).select_related("batch")
        return {
            "on_floor": on_floor,
            "sessions": list(sessions.order_by("-began_at", "id")[:SESSIONS_SHOWN]),
            "trends": [trend_row(each) for each in trends_of(actor, area=area)] if on_floor else [],
            "areas": _areas(actor) if on_floor else [],
            "area": area,
            "parts": [] if on_floor else list(parts.order_by("-began_at", "id")[:SESSIONS_SHOWN]),
            "zone": zone_of(request),
            "form": self._form(request),
        }

    def _form(self, request: PageRequest, data: Any = None) -> given_by.OpenSessionForm | None:
        actor = request.actor
        own = actor.organisation_id
        if own is None or not role_at(actor, own, *SAMPLERS):
            return None
        areas = [(each, each) for each in _areas(actor)]
        return given_by.OpenSessionForm(data, areas=areas, zone=zone_of(request)) if areas else None

    def post(self, request: HttpRequest, **_kwargs: Any) -> HttpResponse:
        """Open a session."""
        asked = cast("PageRequest", request)
        with reading(asked.actor):
            form = self._form(asked, asked.POST)
        if form is None:
            raise Refused(_("Sessions are opened by the manufacturer's people on the floor."))
        if form.is_valid():
            try:
                session = monitoring.open_session(
                    asked.actor, cast("UUID", asked.actor.organisation_id), **form.cleaned_data
                )
            except (Refused, NotFound):
                raise
            except DomainError as error:
                explain(form, error)
            else:
                return HttpResponseRedirect(f"/monitoring/{session.pk}/", status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"form": form})


def _areas(actor: Actor) -> list[str]:
    return sorted(set(list_points(actor).values_list("area", flat=True)))


class SessionPage(Page):
    """One session: its samples, what can be done with each, and the batches that it covers."""

    here: ClassVar[str] = "monitoring"
    template_name: ClassVar[str] = "batches/monitoring_session.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the session with its forms."""
        actor, now = request.actor, instant()
        session = get_session(actor, kwargs["session_id"])
        samples = list_samples(actor, session_id=session.pk).order_by("exposed_at", "code", "id")
        zone = zone_of(request)
        takes = session.state == SessionState.OPEN and role_at(actor, session.space_id, *SAMPLERS)
        keeps = bool(role_at(actor, session.space_id, *KEEPERS))
        return {
            "session": session,
            "zone": zone,
            "rows": [
                {**sample_row(each, now), "place": each.point, "steps": steps_of(actor, each, zone)}
                for each in samples
            ],
            "covered": covered_by(actor, session.pk),
            "affected": _affected(actor, samples, {each.batch.pk for each in covered_by(actor, session.pk)}),
            "expose_form": self.form(request, session, "expose") if takes else None,
            "measure_form": self.form(request, session, "measure") if takes else None,
            "cover_form": self.form(request, session, "cover") if keeps else None,
            "close_form": _seen(given_by.CloseForm, session, zone)
            if keeps and session.state == SessionState.OPEN
            else None,
        }

    def form(self, request: PageRequest, session: MonitoringSession, do: str, data: Any = None) -> forms.Form:
        """Return a form of the page, empty or as it was sent; raises NotFound for an unknown one."""
        zone = zone_of(request)
        if do == "cover":
            return given_by.CoverForm(data, batches=_batches(request.actor), auto_id="cover-%s")
        if do in ("expose", "measure"):
            places = list_points(request.actor).filter(area=session.area).order_by("area", "code")
            points = [(each.code, f"{each.code}, {each.title}") for each in places]
            kind = given_by.ExposeForm if do == "expose" else given_by.MeasureForm
            return kind(data, points=points, zone=zone, auto_id=f"{do}-%s")
        found = given_by.CloseForm if do == "close" else STEP_FORMS.get(do)
        if found is None:
            raise NotFound
        return found(data, zone=zone)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Do what was asked: one step of the session or of one of its samples."""
        asked, do, session_id = cast("PageRequest", request), request.POST.get("do", ""), kwargs["session_id"]
        with reading(asked.actor):
            form = self.form(asked, get_session(asked.actor, session_id), do, asked.POST)
        if form.is_valid():
            try:
                _act(asked.actor, session_id, do, dict(form.cleaned_data))
            except (Refused, NotFound):
                raise
            except DomainError as error:
                explain(form, error)
            else:
                messages.success(asked, _("The record has it."))
                return HttpResponseRedirect(f"/monitoring/{session_id}/", status=303)
        with reading(asked.actor):
            label = SAMPLE_TRANSITIONS[do].label if do in SAMPLE_TRANSITIONS else LABELS[do]
            extra = {"sent_form": form, "sent": do, "sent_label": label}
            return self.show(asked, status=400, extra=extra, **kwargs)


LABELS: Final = {
    "expose": gettext_lazy("Put out"),
    "measure": gettext_lazy("Enter a reading"),
    "cover": gettext_lazy("Cover a batch"),
    "close": gettext_lazy("Close"),
}


def _act(actor: Actor, session_id: UUID, do: str, given: Context) -> None:
    if do == "cover":
        monitoring.cover_batch(actor, session_id, batch_id=UUID(given["batch_id"]), note=given["note"])
    elif do == "expose":
        monitoring.expose_sample(actor, session_id, **given)
    elif do == "measure":
        monitoring.measure_point(actor, session_id, **given)
    elif do == "close":
        monitoring.close_session(actor, given["id"], version=given["version"])
    else:
        TAKE[do](actor, given.pop("id"), **given)


def _affected(actor: Actor, samples: Iterable[MonitoringSample], covered: set[UUID]) -> list[Context]:
    """Return the batches that samples outside limits may have touched, each once, with what touched it."""
    found: dict[UUID, Context] = {}
    for sample in samples:
        for slot in affected_by(actor, sample):
            line = {"batch": slot.batch, "slot": slot, "codes": [], "is_covered": slot.batch_id in covered}
            found.setdefault(cast("UUID", slot.batch_id), line)["codes"].append(sample.code)
    return list(found.values())


def _batches(actor: Actor) -> list[tuple[str, str]]:
    """Return the batches that the reader may let a session cover, those that run first."""
    rooms = list_rooms(actor)
    mine = [space for space in rooms if actor.holds(space, *KEEPERS)]
    rows = Batch.objects.visible_to(actor).filter(space_id__in=mine).exclude(state=BatchState.DISCONTINUED)
    found = rows.order_by("-started_at", "id")[:BATCHES_SHOWN]
    return [(str(each.pk), f"{rooms[each.space_id].program.code}: {each.number}") for each in found]


def _seen(form: type[given_by.SeenForm], row: Any, zone: str) -> given_by.SeenForm:
    return form(zone=zone, initial={"id": row.pk, "version": row.version}, auto_id=f"{row.pk}-%s")


def steps_of(actor: Actor, sample: MonitoringSample, zone: str) -> list[Context]:
    """Return what the reader may do with a sample now, each with its form."""
    steps = []
    for name, step in SAMPLE_TRANSITIONS.items():
        may = sample.state in step.sources and bool(role_at(actor, sample.space_id, *step.roles))
        if name == "confirm":
            may = may and sample.kind in VIABLE and sample.read_by != actor.person_id
        if name == "identify":
            may = may and bool(sample.counted) and sample.kind in VIABLE and not sample.organism
        if may:
            form = STEP_FORMS[name](
                zone=zone,
                initial={"id": sample.pk, "version": sample.version},
                auto_id=f"{name}-{sample.pk}-%s",
            )
            steps.append({"name": name, "label": str(step.label), "form": form})
    return steps


class InterveneForm(FormWithTimes):
    """Somebody reached into the process."""

    code = forms.ChoiceField(label=gettext_lazy("Intervention"))
    station = forms.CharField(label=gettext_lazy("Station"), max_length=60)
    glove = forms.CharField(label=gettext_lazy("Glove"), required=False, max_length=20)
    seconds = forms.IntegerField(label=gettext_lazy("Seconds"), min_value=1, max_value=86_400)
    filled = forms.IntegerField(label=gettext_lazy("Vials filled by then"), required=False, min_value=0)
    at = SiteTime(
        label=gettext_lazy("When"),
        required=False,
        help_text=gettext_lazy("Your own clock ({zone}). Leave empty for now."),
    )
    title = forms.CharField(
        label=gettext_lazy("What was done, if it is not in the list"), required=False, max_length=200
    )
    note = forms.CharField(label=gettext_lazy("Note"), required=False, max_length=2000)

    def __init__(self, *args: Any, lines: list[dict[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [(each["code"], f"{each['code']}, {each['title']}") for each in lines]
        self.fields["code"].choices = [*known, (OTHER, _("another one"))]  # type: ignore[attr-defined]  # a ChoiceField


class EnvironmentPage(Page):
    """What surrounded a batch: the sessions that cover it, and the hands that reached into it."""

    here: ClassVar[str] = "batches"
    template_name: ClassVar[str] = "batches/environment.html"

    def context(self, request: PageRequest, **kwargs: Any) -> Context:
        """Return the sessions of a batch with their samples."""
        actor, now = request.actor, instant()
        batch = get_batch(actor, kwargs["batch_id"])
        parts = parts_of(actor, batch.pk, now)
        return {
            "batch": batch,
            "place": place_of(batch, list_rooms(actor)),
            "parts": parts,
            "samples": sum(len(each["rows"]) for each in parts),
            "outside": sum(each["outside"] for each in parts),
            "waiting": sum(each["waiting"] for each in parts),
            "may_open": is_on_floor(actor, actor.organisation_id),
            **self._interventions(request, batch),
        }

    def _interventions(self, request: PageRequest, batch: Batch) -> Context:
        found = aseptic_of(request.actor, batch)
        return {
            "hands": found,
            "done": [
                {
                    "row": each,
                    "tone": "" if each.qualified == Qualified.YES else "warn",
                    "qualified": each.get_qualified_display(),
                }
                for each in found.rows
            ],
            "rate_tone": {"action": "warn", "alert": "watch"}.get(found.verdict, "fine"),
            "intervene_form": self._form(request, batch),
        }

    def _form(self, request: PageRequest, batch: Batch, data: Any = None) -> InterveneForm | None:
        began = batch.state == BatchState.IN_PROCESS
        if not began or not request.actor.holds(batch.space_id, *RECORDERS):
            return None
        fill = media_fill_for(request.actor, batch, instant())
        lines = fill.interventions if fill is not None else []
        return InterveneForm(data, lines=lines, zone=zone_of(request), auto_id="intervene-%s")

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        """Record an intervention."""
        asked, batch_id = cast("PageRequest", request), kwargs["batch_id"]
        with reading(asked.actor):
            batch = get_batch(asked.actor, batch_id)
            form = self._form(asked, batch, asked.POST)
        if form is None:
            raise Refused(_("Interventions are recorded by the people on the floor while the batch runs."))
        if form.is_valid():
            given = dict(form.cleaned_data)
            try:
                record_intervention(asked.actor, batch_id, kind=InterventionKind.CORRECTIVE, **given)
            except (Refused, NotFound):
                raise
            except DomainError as error:
                explain(form, error)
            else:
                messages.success(asked, _("The record has it."))
                return HttpResponseRedirect(f"/batches/{batch_id}/environment/", status=303)
        with reading(asked.actor):
            return self.show(asked, status=400, extra={"intervene_form": form}, **kwargs)
