"""Links of a lot with lots of other programs of the same sponsor."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.actions.links import end_link, link_lots
from batches.api.inputs import REASON_CHARACTERS
from batches.models import LotLink
from batches.queries.links import Link, links_of
from batches.queries.lots import get_lot
from batches.states import LinkWay, LotState
from portal.access import get_visible
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, Output, Text, seen_version


class LinkLotInput(Input):
    """The lot of another program that this one goes on as."""

    other = serializers.UUIDField()


class EndLinkInput(Input):
    """Why a link holds no longer."""

    reason = Text(most=REASON_CHARACTERS)


class LinkShown(Output):
    """A link: of the other lot its number and status, and where it is for who reads that program too."""

    id = serializers.UUIDField()
    lot = serializers.UUIDField()
    way = serializers.ChoiceField(LinkWay.choices)
    other_number = serializers.CharField()
    other_state = serializers.ChoiceField(LotState.choices)
    other_as_of = serializers.DateTimeField()
    other = serializers.UUIDField(allow_null=True)
    linked_at = serializers.DateTimeField()
    by = serializers.CharField()
    ended_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


def link_json(link: Link) -> dict[str, Any]:
    """Return a link as its reader may see it."""
    row = link.row
    return {
        "id": row.pk,
        "lot": row.lot_id,
        "way": row.way,
        "other_number": row.other_number,
        "other_state": row.other_state,
        "other_as_of": row.other_as_of,
        "other": link.other_lot,
        "linked_at": row.linked_at,
        "by": row.linked_code,
        "ended_at": row.ended_at,
        "version": row.version,
    }


class LinkView(CovalentView):
    """Anything that answers with a link."""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return a link."""
        row = get_visible(LotLink, actor, record_id)
        return next(link_json(each) for each in links_of(actor, row.lot_id) if each.row.pk == row.pk)


class LotLinks(LinkView):
    """The links of a lot."""

    made_status = 201

    @extend_schema(operation_id="lots_links", responses=LinkShown(many=True))
    def get(self, request: ActorRequest, lot_id: UUID) -> Response:
        """Return the links of a lot, standing ones first; of a foreign lot 404."""
        lot = get_lot(request.actor, lot_id)
        return Response([link_json(each) for each in links_of(request.actor, lot.pk)])

    @extend_schema(operation_id="lots_link", request=LinkLotInput, responses={201: LinkShown})
    def post(self, request: ActorRequest, lot_id: UUID) -> Response:
        """Say that the lot goes on as one of another program: for the sponsor that owns both."""
        given = LinkLotInput.parse(request)
        return self.answer(link_lots(request.actor, lot_id, other_id=given["other"]))


class EndLink(LinkView):
    """End a link."""

    @extend_schema(operation_id="lot_links_end", request=EndLinkInput, responses=LinkShown)
    def post(self, request: ActorRequest, link_id: UUID) -> Response:
        """End a link at both its ends; what was held because of it stays held. If-Match is needed."""
        given = EndLinkInput.parse(request)
        return self.answer(end_link(request.actor, link_id, version=seen_version(request), **given))


urlpatterns = [
    path("lots/<uuid:lot_id>/links/", LotLinks.as_view(), name="lot-links"),
    path("lot-links/<uuid:link_id>/end/", EndLink.as_view(), name="lot-link-end"),
]
