"""Lots of material and product, what batches use and make of them, and their genealogy."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.urls import path, reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.access import get_batch
from batches.actions import lots
from batches.api.inputs import REASON_CHARACTERS
from batches.api.shapes import number_text
from batches.models import Lot, LotUse
from batches.queries.lots import Direction, Genealogy, genealogy, get_lot, left_of, list_lots, uses_of
from batches.states import BY_HAND, LOT_TRANSITIONS, LotState
from portal.access import get_visible
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import (
    CovalentView,
    Input,
    ListView,
    Output,
    Text,
    choice_param,
    etag,
    seen_version,
    uuid_param,
)
from portal.api.fields import Instant
from portal.api.transitions import ActionOffer, offer_actions
from portal.csv_out import ENCODING, rows_to_csv
from portal.queries.rooms import list_rooms
from portal.states import SeatSide, Transition

SIDES: Final = [each for each in SeatSide.choices if each[0] != SeatSide.BOTH]
EXPORTS: Final = ("csv", "json")
EXPORT_MOST: Final = 20_000
COLUMNS: Final = (
    *("program", "number", "material", "title", "state", "quantity", "left", "unit", "supplied_by"),
    *("produced_by", "received_at", "expires_on", "expires_at", "external_id"),
)
WAYS: Final[tuple[Direction, ...]] = ("up", "down", "both")


class Quantity(serializers.DecimalField):
    """An amount above zero with six decimals at most, in the unit of its lot."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=18, decimal_places=6, **kwargs)


class LotInput(Input):
    """What is said of any lot that is entered."""

    number = Text(most=60)
    material = Text(most=60, help_text="The code of the material or product.")
    title = Text(most=200)
    unit = Text(most=30)
    quantity = Quantity()
    expires_on = serializers.DateField(required=False, allow_null=True)
    expires_at = Instant(required=False, help_text="Of what lives for hours.")


class ReceiveLotInput(LotInput):
    """A lot that came in."""

    program = serializers.UUIDField()
    supplied_by = serializers.ChoiceField(SIDES, required=False)
    received_at = Instant(required=False)
    external_id = Text(most=120, required=False, allow_blank=True)


class ProduceLotInput(LotInput):
    """A lot that a batch gave."""

    produced_at = Instant(required=False)


class UseLotInput(Input):
    """So much of a lot that went into a batch."""

    lot = serializers.UUIDField()
    quantity = Quantity()
    used_at = Instant(required=False)
    phase = Text(most=60, required=False, help_text="The code of a phase; the present one if left out.")
    reason = Text(most=REASON_CHARACTERS, required=False, allow_blank=True)


class ReasonInput(Input):
    """Why."""

    reason = Text(most=REASON_CHARACTERS)


class ReleaseLotInput(Input):
    """A release, with a remark if there is one."""

    reason = Text(most=REASON_CHARACTERS, required=False, allow_blank=True)


LOT_INPUTS: Final[dict[str, type[Input]]] = {
    name: ReleaseLotInput if name == "release" else ReasonInput for name in LOT_TRANSITIONS
}


class BatchOfLot(Output):
    """The batch that made a lot, or used it."""

    id = serializers.UUIDField()
    number = serializers.CharField()


class LotShown(Output):
    """A lot: what came in or was made, what is left, whether it may be used."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    number = serializers.CharField()
    material = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.CharField()
    quantity = serializers.CharField()
    left = serializers.CharField()
    state = serializers.ChoiceField(LotState.choices)
    supplied_by = serializers.ChoiceField(SIDES)
    produced_by = BatchOfLot(allow_null=True)
    received_at = serializers.DateTimeField()
    expires_on = serializers.DateField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    external_id = serializers.CharField()
    version = serializers.IntegerField()
    available_actions = ActionOffer(many=True)


class UseShown(Output):
    """A use of a lot by a batch."""

    id = serializers.UUIDField()
    lot = serializers.DictField()
    batch = BatchOfLot()
    phase = serializers.CharField(allow_null=True)
    quantity = serializers.CharField()
    unit = serializers.CharField()
    used_at = serializers.DateTimeField()
    by = serializers.CharField()
    under_quarantine = serializers.BooleanField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class MaterialsShown(Output):
    """What went into a batch and what it made."""

    used = UseShown(many=True)
    made = LotShown(many=True)


class NodeShown(Output):
    """A lot of a genealogy."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    material = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(LotState.choices)
    produced_by = serializers.UUIDField(allow_null=True)


class EdgeShown(Output):
    """One lot went into another, by way of a batch."""

    used = serializers.UUIDField()
    batch = serializers.UUIDField()
    made = serializers.UUIDField()


class GenealogyShown(Output):
    """The lots around a lot; `is_whole` is false beyond 10,000 of them."""

    lot = serializers.UUIDField()
    nodes = NodeShown(many=True)
    edges = EdgeShown(many=True)
    batches = serializers.DictField(child=serializers.CharField())
    is_whole = serializers.BooleanField()


def judged_by(actor: Actor, lot: Lot) -> Mapping[str, Transition]:
    """Return what the side that supplied a lot may do with it by hand; a product follows its disposition."""
    if actor.side(lot.space_id) != lot.supplied_by:
        return {}
    return LOT_TRANSITIONS if lot.produced_by_id is None else BY_HAND


def lot_json(actor: Actor, lot: Lot) -> dict[str, Any]:
    """Return a lot with what is left of it and what the reader may do with it."""
    made_by = lot.produced_by
    return {
        "id": lot.pk,
        "program": lot.space_id,
        "number": lot.number,
        "material": lot.material,
        "title": lot.title,
        "unit": lot.unit,
        "quantity": number_text(lot.quantity),
        "left": number_text(left_of(lot)),
        "state": lot.state,
        "supplied_by": lot.supplied_by,
        "produced_by": made_by and {"id": made_by.pk, "number": made_by.number},
        "received_at": lot.received_at,
        "expires_on": lot.expires_on,
        "expires_at": lot.expires_at,
        "external_id": lot.external_id,
        "version": lot.version,
        "available_actions": offer_actions(
            actor,
            lot,
            judged_by(actor, lot),
            href=reverse("lot", kwargs={"lot_id": lot.pk}),
            inputs=LOT_INPUTS,
        ),
    }


def use_json(use: LotUse) -> dict[str, Any]:
    """Return a use of a lot."""
    return {
        "id": use.pk,
        "lot": {"id": use.lot.pk, "number": use.lot.number, "material": use.lot.material},
        "batch": {"id": use.batch.pk, "number": use.batch.number},
        "phase": use.phase and use.phase.code,
        "quantity": number_text(use.quantity),
        "unit": use.lot.unit,
        "used_at": use.used_at,
        "by": use.code,
        "under_quarantine": use.under_quarantine,
        "withdrawn_at": use.withdrawn_at,
        "version": use.version,
    }


def genealogy_json(found: Genealogy) -> dict[str, Any]:
    """Return a genealogy as nodes and edges."""
    return {
        "lot": found.lot.pk,
        "nodes": [
            {
                "id": each.id,
                "number": each.number,
                "material": each.material,
                "title": each.title,
                "state": each.state,
                "produced_by": each.produced_by,
            }
            for each in found.nodes
        ],
        "edges": [{"used": each.used, "batch": each.batch, "made": each.made} for each in found.edges],
        "batches": {str(batch_id): number for batch_id, number in found.batches.items()},
        "is_whole": found.is_whole,
    }


class LotView(ListView):
    """Anything that answers with a lot."""

    ordering = ("-received_at", "id")

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the lot as its own address shows it."""
        return lot_json(actor, get_lot(actor, record_id))


class LotList(LotView):
    """List and receive lots."""

    made_status = 201

    @extend_schema(
        operation_id="lots_list",
        parameters=[
            OpenApiParameter("program", OpenApiTypes.UUID, description="Only of this program."),
            OpenApiParameter("state", str, enum=LotState.values, description="Only in this state."),
        ],
        responses=LotShown(many=True),
    )
    def get(self, request: ActorRequest) -> Response:
        """Return the lots the caller may see, the latest received first."""
        rows = list_lots(
            request.actor,
            program_id=uuid_param(request, "program"),
            state=choice_param(request, "state", LotState.values),
        )

        def represent(found: Sequence[Lot]) -> list[dict[str, Any]]:
            return [lot_json(request.actor, each) for each in found]

        return self.page(request, rows, represent)

    @extend_schema(operation_id="lots_receive", request=ReceiveLotInput, responses={201: LotShown})
    def post(self, request: ActorRequest) -> Response:
        """Enter a lot that came in; it stands in quarantine."""
        given = ReceiveLotInput.parse(request)
        return self.answer(lots.receive_lot(request.actor, given.pop("program"), **given))


class LotExport(CovalentView):
    """The lots as a file."""

    @extend_schema(
        operation_id="lots_export",
        parameters=[
            OpenApiParameter("program", OpenApiTypes.UUID, description="Only of this program."),
            OpenApiParameter("state", str, enum=LotState.values, description="Only in this state."),
            OpenApiParameter("form", str, enum=list(EXPORTS), description="CSV if left out."),
        ],
        responses={(200, "text/csv"): str, (200, "application/json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: ActorRequest) -> HttpResponse:
        """Return the lots the caller may see with stock and expiry, by number; at most 20,000."""
        rows = list_lots(
            request.actor,
            program_id=uuid_param(request, "program"),
            state=choice_param(request, "state", LotState.values),
        )
        found = list(rows.order_by("number", "id")[:EXPORT_MOST])
        codes = {key: room.program.code for key, room in list_rooms(request.actor).items()}
        lines = [_line(each, codes) for each in found]
        if choice_param(request, "form", EXPORTS) == "json":
            told = [dict(zip(COLUMNS, line, strict=True)) for line in lines]
            answer = HttpResponse(json.dumps(told, default=str) + "\n", content_type="application/json")
        else:
            text = rows_to_csv(COLUMNS, lines).encode(ENCODING)
            answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
        ending = "json" if answer["Content-Type"].startswith("application/json") else "csv"
        answer["Content-Disposition"] = f'attachment; filename="lots.{ending}"'
        return answer


def _line(lot: Lot, codes: Mapping[UUID, str]) -> list[object]:
    return [
        codes.get(lot.space_id, ""),
        lot.number,
        lot.material,
        lot.title,
        lot.state,
        number_text(lot.quantity),
        number_text(left_of(lot)),
        lot.unit,
        lot.supplied_by,
        lot.produced_by.number if lot.produced_by is not None else "",
        lot.received_at.isoformat(),
        lot.expires_on.isoformat() if lot.expires_on is not None else "",
        lot.expires_at.isoformat() if lot.expires_at is not None else "",
        lot.external_id,
    ]


class LotItem(LotView):
    """Show a lot."""

    @extend_schema(operation_id="lots_show", responses=LotShown)
    def get(self, request: ActorRequest, lot_id: UUID) -> Response:
        """Return one lot; 404 when it is not the caller's to see."""
        data = self.represent(request.actor, lot_id)
        return Response(data, headers=etag(data))


class LotStep(LotView):
    """Judge a lot."""

    @extend_schema(operation_id="lots_judge", request=ReleaseLotInput, responses=LotShown)
    def post(self, request: ActorRequest, lot_id: UUID, step: str) -> Response:
        """Release, restrict, hold or reject it, as `available_actions` offers. If-Match is needed."""
        given = LOT_INPUTS.get(step, ReasonInput).parse(request)
        seen = seen_version(request)
        return self.answer(lots.judge_lot(request.actor, lot_id, to=step, version=seen, **given))


class LotGenealogy(CovalentView):
    """Where a lot came from and went."""

    @extend_schema(
        operation_id="lots_genealogy",
        parameters=[OpenApiParameter("direction", str, enum=list(WAYS), description="Both if left out.")],
        responses=GenealogyShown,
    )
    def get(self, request: ActorRequest, lot_id: UUID) -> Response:
        """Return the lots it was made of (`up`), the lots made of it (`down`), and the way between them."""
        asked = choice_param(request, "direction", WAYS)
        way: Direction = next((each for each in WAYS if each == asked), "both")
        return Response(genealogy_json(genealogy(request.actor, lot_id, way)))


class UseView(CovalentView):
    """Anything that answers with a use."""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return a use."""
        get_visible(LotUse, actor, record_id)
        return use_json(uses_of(actor).get(pk=record_id))


class BatchMaterials(UseView):
    """What a batch used and made."""

    made_status = 201

    @extend_schema(operation_id="batches_materials", responses=MaterialsShown)
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return what went in, in the order of use, and what came out; of a foreign batch 404."""
        return Response(materials_json(request.actor, batch_id))

    @extend_schema(operation_id="batches_use_lot", request=UseLotInput, responses={201: UseShown})
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Note that so much of a lot went in."""
        given = UseLotInput.parse(request)
        use = lots.use_lot(request.actor, batch_id, lot_id=given.pop("lot"), **given)
        return self.answer(use)


class BatchProducts(LotView):
    """What a batch made."""

    made_status = 201

    @extend_schema(operation_id="batches_produce_lot", request=ProduceLotInput, responses={201: LotShown})
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Enter a lot that the batch gave; it stands in quarantine."""
        given = ProduceLotInput.parse(request)
        return self.answer(lots.produce_lot(request.actor, batch_id, **given))


class WithdrawUse(UseView):
    """Take a use back."""

    @extend_schema(operation_id="lot_uses_withdraw", request=ReasonInput, responses=UseShown)
    def post(self, request: ActorRequest, use_id: UUID) -> Response:
        """Take back what was entered by mistake; it stays to be read. If-Match is needed."""
        given = ReasonInput.parse(request)
        return self.answer(lots.withdraw_use(request.actor, use_id, version=seen_version(request), **given))


def materials_json(actor: Actor, batch_id: UUID) -> dict[str, Any]:
    """Return what a batch used and made. Raises: NotFound."""
    batch = get_batch(actor, batch_id)
    made = list_lots(actor, batch_id=batch.pk).order_by("received_at", "id")
    return {
        "used": [use_json(each) for each in uses_of(actor, batch_id=batch.pk)],
        "made": [lot_json(actor, each) for each in made],
    }


urlpatterns = [
    path("lots/", LotList.as_view(), name="lots"),
    path("lots/export/", LotExport.as_view(), name="lots-export"),
    path("lots/<uuid:lot_id>/", LotItem.as_view(), name="lot"),
    path("lots/<uuid:lot_id>/genealogy/", LotGenealogy.as_view(), name="lot-genealogy"),
    path("lots/<uuid:lot_id>/<slug:step>/", LotStep.as_view(), name="lot-step"),
    path("batches/<uuid:batch_id>/materials/", BatchMaterials.as_view(), name="batch-materials"),
    path("batches/<uuid:batch_id>/products/", BatchProducts.as_view(), name="batch-products"),
    path("lot-uses/<uuid:use_id>/withdraw/", WithdrawUse.as_view(), name="lot-use-withdraw"),
]
