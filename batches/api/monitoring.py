"""Monitoring of rooms and utilities: the site's own record, and the part that a batch has of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.access import get_batch
from batches.actions import monitoring
from batches.api.shapes import number_text
from batches.environment.access import get_sample, get_session
from batches.environment.states import (
    Grade,
    Occupancy,
    SampleKind,
    SampleState,
    SessionState,
    System,
    Verdict,
)
from batches.models import BatchMonitoring, BatchSample, MonitoringPoint, MonitoringSample, MonitoringSession
from batches.models.monitoring import Sampled
from batches.queries.monitoring import (
    Part,
    covered_by,
    list_points,
    list_samples,
    list_sessions,
    monitoring_of,
)
from portal.access import get_visible
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, ListView, Output, Text, seen_version
from portal.api.fields import Instant
from portal.api.transitions import NoInput
from portal.errors import NotFound


class KeepPointInput(Input):
    """A sampling point; `limits` by kind, with alert_high, action_high, alert_low, action_low and source."""

    code = Text(most=40)
    title = Text(most=200)
    area = Text(most=60)
    system = serializers.ChoiceField(System.choices, default=System.ROOM)
    grade = serializers.ChoiceField(Grade.choices, default=Grade.NONE, allow_blank=True)
    limits = serializers.DictField(child=serializers.DictField(child=Text(most=200)), default=dict)
    serves = serializers.ListField(child=Text(most=60), default=list, max_length=50)
    strategy = Text(most=60, required=False)
    strategy_version = Text(most=20, required=False)


class OpenSessionInput(Input):
    """A session of monitoring that begins; `strategy` is the contamination control strategy it follows."""

    area = Text(most=60)
    occupancy = serializers.ChoiceField(Occupancy.choices, default=Occupancy.IN_OPERATION)
    began_at = Instant(required=False)
    strategy = Text(most=60, required=False)
    strategy_version = Text(most=20, required=False)


class CoverInput(Input):
    """A batch that a session covers, and why; both sides of its program read the note."""

    batch = serializers.UUIDField(source="batch_id")
    note = Text(most=500, required=False)


class ExposeInput(Input):
    """A plate that is put out, or a sample that is drawn."""

    point = Text(most=40)
    kind = serializers.ChoiceField(SampleKind.choices)
    code = Text(most=60)
    exposed_at = Instant(required=False)


class MeasureInput(Input):
    """What an instrument shows at a place."""

    point = Text(most=40)
    kind = serializers.ChoiceField(SampleKind.choices)
    value = serializers.DecimalField(max_digits=18, decimal_places=6)
    at = Instant(required=False)


class CollectInput(Input):
    """When a plate was taken up."""

    at = Instant(required=False)


class IncubateInput(Input):
    """A step of incubation in degrees Celsius."""

    low = serializers.DecimalField(max_digits=6, decimal_places=2)
    high = serializers.DecimalField(max_digits=6, decimal_places=2)
    begins_at = Instant()
    ends_at = Instant(required=False)


class CountInput(Input):
    """What was counted, and when."""

    value = serializers.DecimalField(max_digits=18, decimal_places=6)
    read_at = Instant(required=False)


class IdentifyInput(Input):
    """What grew."""

    organism = Text(most=200)


STEPS: Final[dict[str, tuple[Callable[..., MonitoringSample], type[Input]]]] = {
    "collect": (monitoring.collect_sample, CollectInput),
    "incubate": (monitoring.incubate_sample, IncubateInput),
    "read": (monitoring.read_sample, CountInput),
    "confirm": (monitoring.confirm_sample, CountInput),
    "identify": (monitoring.identify_growth, IdentifyInput),
}


class PointShown(Output):
    """A sampling point of the site."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    title = serializers.CharField()
    area = serializers.CharField()
    system = serializers.ChoiceField(System.choices)
    grade = serializers.ChoiceField(Grade.choices, allow_blank=True)
    limits = serializers.DictField()
    serves = serializers.ListField(child=serializers.CharField())
    strategy = serializers.CharField()
    strategy_version = serializers.CharField()
    version = serializers.IntegerField()


class SampledShown(Output):
    """A plate or reading; `second_value` is another person's, `counted` the higher of both."""

    id = serializers.UUIDField()
    code = serializers.CharField()
    point = serializers.CharField()
    grade = serializers.ChoiceField(Grade.choices, allow_blank=True)
    system = serializers.ChoiceField(System.choices)
    kind = serializers.ChoiceField(SampleKind.choices)
    state = serializers.ChoiceField(SampleState.choices)
    exposed_at = serializers.DateTimeField()
    taken_at = serializers.DateTimeField(allow_null=True)
    incubation = serializers.ListField(child=serializers.DictField())
    value = serializers.CharField(allow_null=True)
    second_value = serializers.CharField(allow_null=True)
    counted = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    bounds = serializers.DictField()
    verdict = serializers.ChoiceField(Verdict.choices, allow_blank=True)
    read_at = serializers.DateTimeField(allow_null=True)
    read_by = serializers.CharField()
    second_at = serializers.DateTimeField(allow_null=True)
    second_by = serializers.CharField()
    organism = serializers.CharField()
    version = serializers.IntegerField()


class CoveredShown(Output):
    """A batch that a session covers, of a client whom the caller works for."""

    batch = serializers.UUIDField()
    number = serializers.CharField()
    event = serializers.UUIDField(allow_null=True)


class SessionShown(Output):
    """A session of the site; `covers` names the batches of those clients only whom the caller works for."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    area = serializers.CharField()
    occupancy = serializers.ChoiceField(Occupancy.choices)
    state = serializers.ChoiceField(SessionState.choices)
    began_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    strategy = serializers.CharField()
    strategy_version = serializers.CharField()
    covers = CoveredShown(many=True)
    version = serializers.IntegerField()


class BatchMonitoringShown(Output):
    """A session as a batch has it, with its samples; what grows is told once two people have read it."""

    id = serializers.UUIDField()
    batch = serializers.UUIDField()
    number = serializers.CharField()
    area = serializers.CharField()
    occupancy = serializers.ChoiceField(Occupancy.choices)
    state = serializers.ChoiceField(SessionState.choices)
    began_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    strategy = serializers.CharField()
    strategy_version = serializers.CharField()
    note = serializers.CharField()
    as_of = serializers.DateTimeField()
    samples = SampledShown(many=True)
    version = serializers.IntegerField()


def point_json(point: MonitoringPoint) -> dict[str, Any]:
    """Return a sampling point."""
    names = ("code", "title", "area", "system", "grade", "limits", "serves", "strategy", "strategy_version")
    return {"id": point.pk} | {name: getattr(point, name) for name in (*names, "version")}


def sampled_json(row: Sampled, *, point: str, grade: str, system: str) -> dict[str, Any]:
    """Return what is known of a sample."""
    plain = ("code", "kind", "state", "exposed_at", "taken_at", "incubation", "unit", "bounds", "verdict")
    return {
        "id": row.pk,
        "point": point,
        "grade": grade,
        "system": system,
        **{name: getattr(row, name) for name in (*plain, "read_at", "second_at", "organism", "version")},
        "value": _number(row.value),
        "second_value": _number(row.second_value),
        "counted": _number(row.counted),
        "read_by": row.read_role,
        "second_by": row.second_role,
    }


def _number(value: Any) -> str | None:
    return number_text(value) if value is not None else None


def sample_json(sample: MonitoringSample) -> dict[str, Any]:
    """Return a sample of the site."""
    place = sample.point
    return sampled_json(sample, point=place.code, grade=place.grade, system=place.system)


def copy_json(sample: BatchSample) -> dict[str, Any]:
    """Return a sample as a batch has it."""
    return sampled_json(sample, point=sample.point_code, grade=sample.grade, system=sample.system)


SESSION_MEMBERS: Final = (
    "number",
    "area",
    "occupancy",
    "state",
    "began_at",
    "ended_at",
    "strategy",
    "strategy_version",
    "version",
)


def session_json(actor: Actor, session: MonitoringSession) -> dict[str, Any]:
    """Return a session of the site."""
    covers = [
        {"batch": each.batch.pk, "number": each.batch.number, "event": each.event}
        for each in covered_by(actor, session.pk)
    ]
    stated = {name: getattr(session, name) for name in SESSION_MEMBERS}
    return {"id": session.pk, "covers": covers} | stated


def part_json(part: Part) -> dict[str, Any]:
    """Return a session as a batch has it."""
    row = part.monitoring
    stated = {name: getattr(row, name) for name in (*SESSION_MEMBERS, "note", "as_of")}
    return {
        "id": row.pk,
        "batch": row.batch_id,
        "samples": [copy_json(each) for each in part.samples],
    } | stated


def own_site(actor: Actor) -> UUID:
    """Return the organisation on whose floor the actor may be; raises NotFound for who has none."""
    if actor.organisation_id is None:
        raise NotFound
    return actor.organisation_id


class Points(ListView):
    """The sampling points of the caller's site."""

    ordering = ("code", "id")
    made_status = 201

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return a sampling point."""
        return point_json(get_visible(MonitoringPoint, actor, record_id))

    @extend_schema(operation_id="monitoring_points", responses=PointShown(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return the sampling points of the own site; a client has none."""

        def represent(found: Sequence[MonitoringPoint]) -> list[dict[str, Any]]:
            return [point_json(each) for each in found]

        return self.page(request, list_points(request.actor), represent)

    @extend_schema(operation_id="monitoring_keep_point", request=KeepPointInput, responses={201: PointShown})
    def post(self, request: ActorRequest) -> Response:
        """Set up a sampling point; one of that code is stated anew, for which If-Match is needed."""
        given = KeepPointInput.parse(request)
        actor = request.actor
        return self.answer(
            monitoring.keep_point(actor, own_site(actor), version=seen_version(request), **given)
        )


class SessionView(ListView):
    """Anything that answers with a session."""

    ordering = ("-began_at", "id")

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return a session."""
        return session_json(actor, get_session(actor, record_id))


class Sessions(SessionView):
    """The sessions of the caller's site."""

    made_status = 201

    @extend_schema(
        operation_id="monitoring_sessions",
        parameters=[OpenApiParameter("area", str)],
        responses=SessionShown(many=True),
    )
    def get(self, request: ActorRequest) -> Response:
        """Return the sessions of the own site, the newest first; a client has none."""
        actor, area = request.actor, request.query_params.get("area")
        rows = list_sessions(actor)

        def represent(found: Sequence[MonitoringSession]) -> list[dict[str, Any]]:
            return [session_json(actor, each) for each in found]

        return self.page(request, rows.filter(area=area) if area else rows, represent)

    @extend_schema(operation_id="monitoring_open", request=OpenSessionInput, responses={201: SessionShown})
    def post(self, request: ActorRequest) -> Response:
        """Begin a session; its number is the site's."""
        given, actor = OpenSessionInput.parse(request), request.actor
        return self.answer(monitoring.open_session(actor, own_site(actor), **given))


class SessionItem(SessionView):
    """One session."""

    @extend_schema(operation_id="monitoring_session", responses=SessionShown)
    def get(self, request: ActorRequest, session_id: UUID) -> Response:
        """Return a session; 404 to whoever is not of the site's floor."""
        return self.respond(self.represent(request.actor, session_id))


class CloseSession(SessionView):
    """The end of a session."""

    @extend_schema(operation_id="monitoring_close", request=NoInput, responses=SessionShown)
    def post(self, request: ActorRequest, session_id: UUID) -> Response:
        """Take no more samples. If-Match is needed."""
        NoInput.parse(request)
        return self.answer(monitoring.close_session(request.actor, session_id, version=seen_version(request)))


class CoverBatch(CovalentView):
    """The batches that a session covers."""

    made_status = 201

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the session as the batch has it."""
        row = get_visible(BatchMonitoring, actor, record_id)
        return next(
            part_json(each) for each in monitoring_of(actor, row.batch_id) if each.monitoring.pk == row.pk
        )

    @extend_schema(operation_id="monitoring_cover", request=CoverInput, responses={201: BatchMonitoringShown})
    def post(self, request: ActorRequest, session_id: UUID) -> Response:
        """Let a session cover a batch; its client reads what was found within seconds."""
        given = CoverInput.parse(request)
        return self.answer(monitoring.cover_batch(request.actor, session_id, **given))


class SampleView(ListView):
    """Anything that answers with a sample of the site."""

    ordering = ("exposed_at", "id")
    made_status = 201

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return a sample."""
        return sample_json(get_sample(actor, record_id))


class SessionSamples(SampleView):
    """The samples of a session."""

    @extend_schema(operation_id="monitoring_samples", responses=SampledShown(many=True))
    def get(self, request: ActorRequest, session_id: UUID) -> Response:
        """Return the samples of a session by their exposure; of a foreign one 404."""
        session = get_session(request.actor, session_id)

        def represent(found: Sequence[MonitoringSample]) -> list[dict[str, Any]]:
            return [sample_json(each) for each in found]

        return self.page(request, list_samples(request.actor, session_id=session.pk), represent)

    @extend_schema(operation_id="monitoring_expose", request=ExposeInput, responses={201: SampledShown})
    def post(self, request: ActorRequest, session_id: UUID) -> Response:
        """Put a plate out, or note a sample that is drawn."""
        return self.answer(monitoring.expose_sample(request.actor, session_id, **ExposeInput.parse(request)))


class SessionReadings(SampleView):
    """What instruments show in a session."""

    @extend_schema(operation_id="monitoring_measure", request=MeasureInput, responses={201: SampledShown})
    def post(self, request: ActorRequest, session_id: UUID) -> Response:
        """Note what an instrument shows: particles, pressure, conductivity."""
        return self.answer(monitoring.measure_point(request.actor, session_id, **MeasureInput.parse(request)))


class SampleStep(SampleView):
    """A step of a sample: collect, incubate, read, confirm, identify."""

    made_status = 200

    @extend_schema(operation_id="monitoring_sample_step", request=NoInput, responses=SampledShown)
    def post(self, request: ActorRequest, monitored_id: UUID, step: str) -> Response:
        """Take one step; its body: at; low, high, begins_at, ends_at; value, read_at; organism. If-Match."""
        if step not in STEPS:
            raise NotFound
        take, form = STEPS[step]
        given = form.parse(request)
        return self.answer(take(request.actor, monitored_id, version=seen_version(request), **given))


class BatchMonitoringList(CovalentView):
    """What sessions found that cover a batch."""

    @extend_schema(operation_id="batches_monitoring", responses=BatchMonitoringShown(many=True))
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return the sessions that cover a batch with their samples; of a foreign batch 404."""
        batch = get_batch(request.actor, batch_id)
        return Response([part_json(each) for each in monitoring_of(request.actor, batch.pk)])


SESSION: Final = "monitoring/sessions/<uuid:session_id>/"
urlpatterns = [
    path("monitoring/points/", Points.as_view(), name="monitoring-points"),
    path("monitoring/sessions/", Sessions.as_view(), name="monitoring-sessions"),
    path(SESSION, SessionItem.as_view(), name="monitoring-session"),
    path(f"{SESSION}close/", CloseSession.as_view(), name="monitoring-session-close"),
    path(f"{SESSION}batches/", CoverBatch.as_view(), name="monitoring-session-cover"),
    path(f"{SESSION}samples/", SessionSamples.as_view(), name="monitoring-session-samples"),
    path(f"{SESSION}measured/", SessionReadings.as_view(), name="monitoring-session-measured"),
    path("monitoring/samples/<uuid:monitored_id>/<slug:step>/", SampleStep.as_view(), name="monitoring-step"),
    path("batches/<uuid:batch_id>/monitoring/", BatchMonitoringList.as_view(), name="batch-monitoring"),
]
