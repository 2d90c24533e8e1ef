"""CAPA over REST: plan, decide, carry out, share; with what the caller may do next."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.urls import path
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.response import Response

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
from deviations.api.capa_shapes import (
    CapaDecideInput,
    CapaInput,
    CapaLinkInput,
    CapaMeasureInput,
    CapaOut,
    CapaSummaryOut,
    CarryInput,
    CheckInput,
    MeasureDoneInput,
    MeasureReasonInput,
    NothingInput,
    RiskInput,
    represent_capa,
    represent_capas,
)
from deviations.capa.states import CapaState
from deviations.models import Capa, CapaDecision, EffectivenessCheck, Measure, RiskForm
from deviations.queries.capa import list_capas
from portal.access import get_visible
from portal.actor import Actor, Side
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, ListView, choice_param, etag, seen_version, uuid_param
from portal.models import SpaceRecord

STATES: Final = ("open", *CapaState.values)
SIDES: Final = (str(Side.MANUFACTURER), str(Side.SPONSOR))
IF_MATCH: Final = OpenApiParameter(
    "If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER, description='The version seen, as "3".'
)
FILTERS: Final = [
    OpenApiParameter("program", OpenApiTypes.UUID, description="Of this program."),
    OpenApiParameter("state", OpenApiTypes.STR, enum=STATES, description="In this state, or not ended."),
    OpenApiParameter("side", OpenApiTypes.STR, enum=SIDES, description="Owned by this side."),
    OpenApiParameter("deviation", OpenApiTypes.UUID, description="Coming from this deviation."),
]
# How the actions call what the exchange calls by the record's name.
IDS: Final[Mapping[str, str]] = {
    "deviation": "deviation_id",
    "program": "program_id",
    "owner": "owner_code",
    "counts": "source",
}


def _named(given: Mapping[str, Any]) -> dict[str, Any]:
    return {IDS.get(name, name): value for name, value in given.items()}


class CapaView(ListView):
    """Anything that answers with a CAPA."""

    ordering = ("-recorded_at", "-id")

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the CAPA, by its own id or by that of what belongs to it."""
        for model in (Measure, CapaDecision, EffectivenessCheck):
            rows: Any = model
            found = rows.objects.visible_to(actor).with_id(record_id)
            if found is not None:
                return represent_capa(actor, found.capa_id)
        risk = RiskForm.objects.visible_to(actor).with_id(record_id)
        return represent_capa(actor, risk.about_id if risk is not None else record_id)


class CapaList(CapaView):
    """List CAPA, plan one."""

    made_status = 201

    @extend_schema(operation_id="capa_list", parameters=FILTERS, responses=CapaSummaryOut(many=True))
    def get(self, request: ActorRequest) -> Response:
        """Return the CAPA the caller may see, newest first."""
        found = list_capas(
            request.actor,
            program_id=uuid_param(request, "program"),
            state=choice_param(request, "state", STATES),
            side=choice_param(request, "side", SIDES),
            deviation_id=uuid_param(request, "deviation"),
        )
        return self.page(request, found, lambda rows: represent_capas(request.actor, rows))

    @extend_schema(operation_id="capa_plan", request=CapaInput, responses={201: CapaOut})
    def post(self, request: ActorRequest) -> Response:
        """Plan a CAPA of the caller's side; only that side knows of it."""
        given = CapaInput.parse(request)
        program, deviations = given.pop("program"), given.pop("deviations")
        return self.answer(plan_capa(request.actor, program, deviation_ids=deviations, **given))


class CapaItem(CapaView):
    """Read a CAPA."""

    @extend_schema(operation_id="capa_read", responses=CapaOut)
    def get(self, request: ActorRequest, capa_id: UUID) -> Response:
        """Return one CAPA whole, as the caller's side may see it."""
        data = represent_capa(request.actor, get_visible(Capa, request.actor, capa_id).pk)
        return Response(data, headers=etag(data))


def _step(
    name: str, words: str, given: type[Input], act: Callable[..., SpaceRecord], *, of: str = "capa_id"
) -> type[CovalentView]:
    """Return the view of one step: body and If-Match in, the CAPA as it is now out."""

    def post(self: CapaView, request: ActorRequest, **kwargs: UUID) -> Response:
        body = _named(given.parse(request))
        return self.answer(act(request.actor, kwargs[of], version=seen_version(request), **body))

    post.__doc__ = words
    described = extend_schema(
        operation_id=f"capa_{name}", parameters=[IF_MATCH], request=given, responses=CapaOut
    )(post)
    return type(f"Capa{name.title().replace('_', '')}", (CapaView,), {"post": described, "__doc__": words})


_ON_CAPA: Final = (
    ("measures", "Add a measure to the plan.", CapaMeasureInput, add_measure),
    ("check", "Say by what the CAPA will be judged.", CheckInput, set_check),
    ("risk", "Fill the short risk form.", RiskInput, assess_risk),
    ("link", "Say that it also comes from a deviation.", CapaLinkInput, link_deviation),
    ("carry", "Carry it to another program of the own side.", CarryInput, carry_capa),
    ("share", "Let the other side read it; no way back.", NothingInput, share_capa),
    ("decide", "Decide on it as a whole; it stands once signed.", CapaDecideInput, decide_capa),
)
_ON_MEASURE: Final = (
    ("do", "Say that a measure is done, and what shows it.", MeasureDoneInput, do_measure),
    ("verify", "Confirm a measure that another person did.", NothingInput, verify_measure),
    ("give_back", "Open a measure again.", MeasureReasonInput, give_measure_back),
    ("drop", "Take a measure out of the plan.", MeasureReasonInput, drop_measure),
)
urlpatterns = [
    path("capa/", CapaList.as_view(), name="capas-api"),
    path("capa/<uuid:capa_id>/", CapaItem.as_view(), name="capa-api"),
    *(
        path(
            f"capa/<uuid:capa_id>/{name}/", _step(name, words, given, act).as_view(), name=f"capa-{name}-api"
        )
        for name, words, given, act in _ON_CAPA
    ),
    *(
        path(
            f"capa/measures/<uuid:measure_id>/{name}/",
            _step(f"measure_{name}", words, given, act, of="measure_id").as_view(),
            name=f"measure-{name}-api",
        )
        for name, words, given, act in _ON_MEASURE
    ),
]
