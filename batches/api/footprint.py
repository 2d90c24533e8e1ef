"""The sustainability sheet of a batch, and the factors it is reckoned with."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.access import get_batch
from batches.actions import footprint
from batches.footprint.states import InputKind
from batches.models import FactorSet, FootprintSheet
from batches.queries.footprint import Sheet, find_sheet, list_factors
from portal.access import get_visible
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, ListView, Output, Text, uuid_param
from portal.errors import NotFound


class FactorLine(Input):
    """An emission factor and who says so."""

    key = Text(most=60)
    title = Text(most=200)
    unit = Text(most=20)
    kg_co2e = serializers.DecimalField(max_digits=18, decimal_places=9)
    # A serializer has a `source` of its own, which nobody reads here.
    source = Text(most=300)  # type: ignore[assignment]  # see above


class StateFactorsInput(Input):
    """A version of emission factors."""

    program = serializers.UUIDField()
    number = Text(most=60)
    title = Text(most=200)
    effective_from = serializers.DateField()
    factors = serializers.ListField(child=FactorLine(), max_length=500)


class FootprintLine(Input):
    """What a batch took of one thing; `kg` is its mass, `factor` the key of what it is reckoned with."""

    kind = serializers.ChoiceField(InputKind.choices)
    title = Text(most=200)
    amount = serializers.DecimalField(max_digits=18, decimal_places=6)
    unit = Text(most=20)
    kg = serializers.DecimalField(max_digits=18, decimal_places=6, required=False)
    factor = Text(most=60, required=False)


class StateFootprintInput(Input):
    """What a batch took; stated anew it needs a reason."""

    factor_set = serializers.UUIDField()
    lines = serializers.ListField(child=FootprintLine(), max_length=footprint.LINES_MOST)
    product_kg = serializers.DecimalField(max_digits=18, decimal_places=6, required=False)
    reason = Text(most=500, required=False)


class FactorSetShown(Output):
    """A version of factors."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    number = serializers.CharField()
    revision = serializers.IntegerField()
    title = serializers.CharField()
    effective_from = serializers.DateField()
    factors = serializers.ListField(child=serializers.DictField())
    version = serializers.IntegerField()


class ReckonedShown(Output):
    """A line; `kg_co2e` is null where its factor is not stated or of another unit, as `why` says."""

    kind = serializers.ChoiceField(InputKind.choices)
    title = serializers.CharField()
    amount = serializers.CharField()
    unit = serializers.CharField()
    kg = serializers.CharField(allow_null=True)
    factor = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # as above
    kg_co2e = serializers.CharField(allow_null=True)
    why = serializers.CharField()


class FootprintShown(Output):
    """What a batch took and comes to; `pmi` is kg of water, materials and consumables to a kg of product."""

    id = serializers.UUIDField()
    batch = serializers.UUIDField()
    revision = serializers.IntegerField()
    factor_set = serializers.UUIDField()
    factors = serializers.CharField()
    lines = ReckonedShown(many=True)
    kg_co2e = serializers.CharField()
    by_kind = serializers.DictField(child=serializers.CharField())
    product_kg = serializers.CharField(allow_null=True)
    pmi = serializers.CharField(allow_null=True)
    kg_co2e_to_kg = serializers.CharField(allow_null=True)
    unreckoned = serializers.IntegerField()
    unweighed = serializers.IntegerField()
    reason = serializers.CharField()
    stated_by = serializers.CharField()
    stated_at = serializers.DateTimeField()
    version = serializers.IntegerField()


def factors_json(row: FactorSet) -> dict[str, Any]:
    """Return a version of factors."""
    names = ("number", "revision", "title", "effective_from", "factors", "version")
    return {"id": row.pk, "program": row.space_id} | {name: getattr(row, name) for name in names}


def sheet_json(sheet: Sheet) -> dict[str, Any]:
    """Return a sheet with what it comes to."""
    row, found = sheet.row, sheet.footprint
    return {
        "id": row.pk,
        "batch": row.batch_id,
        "revision": row.revision,
        "factor_set": row.factor_set_id,
        "factors": f"{row.factor_set.number} {row.factor_set.revision}",
        "lines": [
            {
                "kind": each.line.kind,
                "title": each.line.title,
                "amount": plain(each.line.amount),
                "unit": each.line.unit,
                "kg": plain(each.line.kg),
                "factor": each.line.factor,
                "source": each.factor.source if each.factor is not None else "",
                "kg_co2e": plain(each.kg_co2e),
                "why": each.why,
            }
            for each in found.lines
        ],
        "kg_co2e": plain(found.kg_co2e),
        "by_kind": {kind: plain(value) for kind, value in found.by_kind.items()},
        "product_kg": plain(found.product_kg),
        "pmi": plain(found.pmi),
        "kg_co2e_to_kg": plain(found.co2e_to_product),
        "unreckoned": len(found.unreckoned),
        "unweighed": len(found.unweighed),
        "reason": row.reason,
        "stated_by": row.stated_code,
        "stated_at": row.stated_at,
        "version": row.version,
    }


def plain(value: Decimal | None) -> str | None:
    """Return a decimal with at most six places and no exponent."""
    if value is None:
        return None
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return text or "0"


class Factors(ListView):
    """The versions of emission factors of the caller's programs."""

    ordering = ("-effective_from", "-revision", "id")
    made_status = 201

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return a version of factors."""
        return factors_json(get_visible(FactorSet, actor, record_id))

    @extend_schema(
        operation_id="factor_sets",
        parameters=[OpenApiParameter("program", str)],
        responses=FactorSetShown(many=True),
    )
    def get(self, request: ActorRequest) -> Response:
        """Return versions of factors, the latest first."""

        def represent(found: Sequence[FactorSet]) -> list[dict[str, Any]]:
            return [factors_json(each) for each in found]

        rows = list_factors(request.actor, program_id=uuid_param(request, "program"))
        return self.page(request, rows, represent)

    @extend_schema(
        operation_id="factor_sets_state", request=StateFactorsInput, responses={201: FactorSetShown}
    )
    def post(self, request: ActorRequest) -> Response:
        """State a version of factors; sheets keep the version they were reckoned with."""
        given = StateFactorsInput.parse(request)
        return self.answer(footprint.state_factors(request.actor, given.pop("program"), **given))


class BatchFootprint(CovalentView):
    """What a batch took."""

    made_status = 201

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the sheet."""
        row = get_visible(FootprintSheet, actor, record_id)
        found = find_sheet(actor, row.batch_id)
        if found is None:
            raise NotFound
        return sheet_json(found)

    @extend_schema(operation_id="batches_footprint", responses=FootprintShown)
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return what a batch took as stated last; 404 where nobody has stated it."""
        found = find_sheet(request.actor, get_batch(request.actor, batch_id).pk)
        if found is None:
            raise NotFound
        return self.respond(sheet_json(found), 200)

    @extend_schema(
        operation_id="batches_state_footprint",
        request=StateFootprintInput,
        responses={201: FootprintShown},
    )
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """State what a batch took; a line without a factor is kept and listed, not reckoned."""
        given = StateFootprintInput.parse(request)
        return self.answer(footprint.state_footprint(request.actor, batch_id, **given))


urlpatterns = [
    path("factor-sets/", Factors.as_view(), name="factor-sets"),
    path("batches/<uuid:batch_id>/footprint/", BatchFootprint.as_view(), name="batch-footprint"),
]
