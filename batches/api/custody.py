"""Identity and custody of a patient lot: identifiers, hand-overs, stops, files of EPCIS in and out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.http import HttpResponse
from django.urls import path, reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from batches.access import get_batch
from batches.actions import custody as act
from batches.actions.custody_events import take_events
from batches.api.shapes import number_text
from batches.custody.identifiers import show_donation
from batches.custody.legs import Leg
from batches.custody.shelf_life import ShelfLife
from batches.custody.states import (
    CHECK_TRANSITIONS,
    CheckState,
    HandOverKind,
    ReadBy,
    StopState,
)
from batches.epcis.writing import MEDIA_TYPE, write_document
from batches.models import CustodyChain, CustodyEvent, CustodyFile, IdentityCheck, IdentityStop
from batches.queries.custody import Custody, custody_of, hand_over_events
from portal.access import get_program, get_visible
from portal.action import instant
from portal.actor import Actor
from portal.api.authentication import ActorRequest
from portal.api.base import CovalentView, Input, Output, Text, etag, seen_version
from portal.api.fields import Instant
from portal.api.transitions import ActionOffer, offer_actions
from portal.errors import NotFound

FILES: Final = {
    "application/ld+json": OpenApiTypes.OBJECT,
    "application/json": OpenApiTypes.OBJECT,
    "application/xml": OpenApiTypes.STR,
}


class Degrees(serializers.DecimalField):
    """A temperature in °C with one decimal."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=5, decimal_places=1, **kwargs)


class LabelsInput(Input):
    """Both identifiers as they were read from the label; typed, a donation number has its check character."""

    coi = Text(most=60)
    donation = Text(most=60)
    coi_by = serializers.ChoiceField(ReadBy.choices, required=False)
    donation_by = serializers.ChoiceField(ReadBy.choices, required=False)


class SetIdentityInput(Input):
    """The two identifiers of a patient lot, how cold it travels, how long it lives."""

    coi = Text(most=60)
    donation = Text(most=60)
    epc = Text(most=200, required=False, allow_blank=True)
    cold_low = Degrees(required=False, allow_null=True)
    cold_high = Degrees(required=False, allow_null=True)
    life_s = serializers.IntegerField(required=False, allow_null=True, min_value=1)
    life_from = Text(most=60, required=False, allow_blank=True, help_text="The code of a step.")
    needed_at = Instant(required=False)


class NeedLotInput(Input):
    """When a lot is to be given; left out, it is not known any more."""

    needed_at = Instant(required=False)


class HandOverInput(LabelsInput):
    """A hand-over: who gives the lot to whom, where, in codes and roles."""

    kind = serializers.ChoiceField(HandOverKind.choices)
    title = Text(most=120)
    place = Text(most=120)
    gives = Text(most=120)
    takes = Text(most=120)
    at = Instant(required=False)
    condition = Text(most=200, required=False, allow_blank=True)
    warmth = Degrees(required=False, allow_null=True)


class HandOverShown(Output):
    """A hand-over and how both identifiers were read, twice."""

    id = serializers.UUIDField()
    program = serializers.UUIDField()
    batch = serializers.UUIDField()
    number = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(HandOverKind.choices)
    state = serializers.ChoiceField(CheckState.choices)
    place = serializers.CharField()
    gives = serializers.CharField()
    takes = serializers.CharField()
    condition = serializers.CharField()
    warmth = serializers.CharField(allow_null=True)
    at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    first_by = serializers.CharField()
    second_by = serializers.CharField()
    second_at = serializers.DateTimeField(allow_null=True)
    disagrees = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField()
    available_actions = ActionOffer(many=True)


class IdentityStopShown(Output):
    """A stop; it ends when both quality units have signed, after both labels were read again."""

    id = serializers.UUIDField()
    batch = serializers.UUIDField()
    number = serializers.CharField()
    title = serializers.CharField()
    state = serializers.ChoiceField(StopState.choices)
    check = serializers.UUIDField()
    recheck = serializers.UUIDField(allow_null=True)
    raised_by = serializers.CharField()
    raised_at = serializers.DateTimeField()
    cdmo = serializers.CharField()
    sponsor = serializers.CharField()
    released_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField()


class CustodyFileShown(Output):
    """What became of a file of EPCIS."""

    id = serializers.UUIDField()
    batch = serializers.UUIDField()
    sha256 = serializers.CharField()
    form = serializers.CharField()
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    declared = serializers.IntegerField()
    refused = serializers.ListField(child=serializers.DictField())
    unknown = serializers.ListField(child=serializers.DictField())
    doubted = serializers.ListField(child=serializers.IntegerField())
    taken_by = serializers.CharField()
    taken_at = serializers.DateTimeField()


class CustodyShown(Output):
    """Identity, custody and remaining life of a patient lot."""

    batch = serializers.UUIDField()
    coi = serializers.CharField(allow_null=True)
    donation = serializers.CharField(allow_null=True)
    donation_shown = serializers.CharField(allow_null=True)
    epc = serializers.CharField()
    cold_low = serializers.CharField(allow_null=True)
    cold_high = serializers.CharField(allow_null=True)
    life = serializers.DictField(allow_null=True)
    hand_overs = HandOverShown(many=True)
    stops = IdentityStopShown(many=True)
    legs = serializers.ListField(child=serializers.DictField())
    events = serializers.ListField(child=serializers.DictField())
    version = serializers.IntegerField(required=False)


def hand_over_json(actor: Actor, check: IdentityCheck) -> dict[str, Any]:
    """Return a hand-over and what the reader may do with it; who read first does not check."""
    is_own = actor.is_one_of(check.space_id, person_id=check.first_by, code=check.first_code)
    return {
        "id": check.pk,
        "program": check.space_id,
        "batch": check.batch_id,
        "number": check.number,
        "title": check.title,
        "kind": check.kind,
        "state": check.state,
        "place": check.place,
        "gives": check.gives,
        "takes": check.takes,
        "condition": check.condition,
        "warmth": number_text(check.warmth),
        "at": check.at,
        "recorded_at": check.recorded_at,
        "first_by": check.first_code,
        "second_by": check.second_code,
        "second_at": check.second_at,
        "disagrees": check.disagrees,
        "version": check.version,
        "available_actions": offer_actions(
            actor,
            check,
            {} if is_own else {"confirm": CHECK_TRANSITIONS["confirm"]},
            href=reverse("hand-over", kwargs={"check_id": check.pk}),
            inputs={"confirm": LabelsInput},
        ),
    }


def stop_json(stop: IdentityStop) -> dict[str, Any]:
    """Return a stop."""
    return {
        "id": stop.pk,
        "batch": stop.batch_id,
        "number": stop.number,
        "title": stop.title,
        "state": stop.state,
        "check": stop.check_of_id,
        "recheck": stop.recheck_id,
        "raised_by": stop.raised_code,
        "raised_at": stop.raised_at,
        "cdmo": stop.cdmo_code,
        "sponsor": stop.sponsor_code,
        "released_at": stop.released_at,
        "version": stop.version,
    }


def file_json(file: CustodyFile) -> dict[str, Any]:
    """Return what became of a file."""
    return {
        "id": file.pk,
        "batch": file.batch_id,
        "sha256": file.sha256,
        "form": file.form,
        "accepted": file.accepted,
        "duplicates": file.duplicates,
        "declared": file.declared,
        "refused": file.refused,
        "unknown": file.unknown,
        "doubted": file.doubted,
        "taken_by": file.taken_code,
        "taken_at": file.taken_at,
    }


def custody_json(actor: Actor, found: Custody) -> dict[str, Any]:
    """Return all that is known of the custody of a lot."""
    chain = found.chain
    head: dict[str, Any] = _chain_json(chain) if chain is not None else dict.fromkeys(HEAD)
    return {
        "batch": found.batch.pk,
        **head,
        "epc": chain.epc if chain is not None else "",
        "life": _life_json(found.life) if found.life is not None else None,
        "hand_overs": [hand_over_json(actor, each) for each in found.checks],
        "stops": [stop_json(each) for each in found.stops],
        "legs": [_leg_json(each) for each in found.legs],
        "events": [_event_json(each) for each in found.events],
        **({"version": chain.version} if chain is not None else {}),
    }


HEAD: Final = ("coi", "donation", "donation_shown", "cold_low", "cold_high")


def _chain_json(chain: CustodyChain) -> dict[str, Any]:
    return {
        "coi": chain.coi,
        "donation": chain.donation,
        "donation_shown": show_donation(chain.donation),
        "cold_low": number_text(chain.cold_low),
        "cold_high": number_text(chain.cold_high),
    }


def _life_json(life: ShelfLife) -> dict[str, Any]:
    def seconds(left: timedelta | None) -> int | None:
        return None if left is None else round(left.total_seconds())

    return {
        "expires_at": life.expires_at,
        "is_certain": life.is_certain,
        "ready_at": life.ready_at,
        "needed_at": life.needed_at,
        "left_when_needed_s": seconds(life.left_when_needed),
        "makes_it": life.makes_it,
        "steps": [
            {
                "title": each.title,
                "stands": each.stands,
                "begins_at": each.begins_at,
                "ends_at": each.ends_at,
                "left_s": seconds(each.left),
            }
            for each in life.steps
        ],
    }


def _leg_json(leg: Leg) -> dict[str, Any]:
    return {
        "holder": leg.holder,
        "place": leg.place,
        "from": leg.from_at,
        "until": leg.until,
        "is_under_way": leg.is_under_way,
        "condition": leg.condition,
        "low": number_text(leg.low),
        "high": number_text(leg.high),
        "excursions": [
            {
                "from": each.from_at,
                "until": each.until,
                "low": number_text(each.low),
                "high": number_text(each.high),
            }
            for each in leg.excursions
        ],
    }


def _event_json(event: CustodyEvent) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "hash": event.digest,
        "hash_stands": event.hash_stands,
        "type": event.kind,
        "at": event.at,
        "zone_offset": event.zone_offset,
        "step": event.step,
        "disposition": event.disposition,
        "place": event.place,
        "holder": event.holder,
        "coldest": number_text(event.coldest),
        "warmest": number_text(event.warmest),
        "unknown": event.unknown,
        "declared_wrong_at": event.declared_at,
        "declared_reason": event.declared_reason,
        "corrected_by": event.corrected_by,
    }


class BatchCustody(CovalentView):
    """Identity and custody of a patient lot."""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the custody of the lot whose chain this is."""
        chain = get_visible(CustodyChain, actor, record_id)
        return custody_json(actor, custody_of(actor, get_batch(actor, chain.batch_id)))

    @extend_schema(operation_id="batches_custody", responses=CustodyShown)
    def get(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Return identifiers, hand-overs, stops, legs and what others told; of a foreign batch 404."""
        data = custody_json(request.actor, custody_of(request.actor, get_batch(request.actor, batch_id)))
        return Response(data, headers=etag(data))

    @extend_schema(operation_id="batches_set_identity", request=SetIdentityInput, responses=CustodyShown)
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Give the lot its two identifiers, for good; what looks like a person is refused."""
        given = SetIdentityInput.parse(request)
        seconds = given.pop("life_s", None)
        life = timedelta(seconds=seconds) if seconds is not None else None
        return self.answer(act.set_identity(request.actor, batch_id, life=life, **given), 201)

    @extend_schema(operation_id="batches_need_lot", request=NeedLotInput, responses=CustodyShown)
    def patch(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Say when the lot is to be given. If-Match is needed."""
        needed_at = NeedLotInput.parse(request).get("needed_at")
        seen = seen_version(request)
        return self.answer(act.need_lot_at(request.actor, batch_id, needed_at=needed_at, version=seen))


class HandOverView(CovalentView):
    """Anything that answers with a hand-over."""

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return the hand-over as its own address shows it."""
        return hand_over_json(actor, get_visible(IdentityCheck, actor, record_id))


class HandOvers(HandOverView):
    """Hand a patient lot over."""

    made_status = 201

    @extend_schema(operation_id="batches_hand_over", request=HandOverInput, responses={201: HandOverShown})
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Note a hand-over with both identifiers as the first person read them; a mismatch stops the lot."""
        given = HandOverInput.parse(request)
        return self.answer(act.hand_over(request.actor, batch_id, labels=_labels(given), **given))


class HandOverItem(HandOverView):
    """Show a hand-over."""

    @extend_schema(operation_id="hand_overs_show", responses=HandOverShown)
    def get(self, request: ActorRequest, check_id: UUID) -> Response:
        """Return one hand-over; 404 when it is not the caller's to see."""
        return self.respond(self.represent(request.actor, check_id))


class ConfirmHandOver(HandOverView):
    """Check a hand-over as the second person."""

    @extend_schema(operation_id="hand_overs_confirm", request=LabelsInput, responses=HandOverShown)
    def post(self, request: ActorRequest, check_id: UUID) -> Response:
        """Read both labels again; another person than read them first. If-Match is needed."""
        labels, seen = _labels(LabelsInput.parse(request)), seen_version(request)
        return self.answer(act.confirm_hand_over(request.actor, check_id, labels=labels, version=seen))


def _labels(given: dict[str, Any]) -> act.Labels:
    names = ("coi", "donation", "coi_by", "donation_by")
    return act.Labels(**{name: given.pop(name) for name in names if name in given})


class CustodyFiles(CovalentView):
    """Files of EPCIS in and out."""

    made_status = 201

    def represent(self, actor: Actor, record_id: UUID) -> dict[str, Any]:
        """Return what became of the file."""
        return file_json(get_visible(CustodyFile, actor, record_id))

    @extend_schema(operation_id="batches_take_events", request=FILES, responses={201: CustodyFileShown})
    def post(self, request: ActorRequest, batch_id: UUID) -> Response:
        """Take a file of EPCIS 2.0 over, JSON-LD or XML; each event on its own, each id once."""
        # The raw bytes, before DRF's parsers.
        body = request._request.body  # noqa: SLF001 - DRF has no public name for it
        return self.answer(take_events(request.actor, batch_id, body=body))

    @extend_schema(operation_id="batches_events", responses={(200, MEDIA_TYPE): OpenApiTypes.OBJECT})
    def get(self, request: ActorRequest, batch_id: UUID) -> HttpResponse:
        """Return the custody of the lot as a document of EPCIS 2.0: what others told, and our hand-overs."""
        return download(request.actor, batch_id)


def download(actor: Actor, batch_id: UUID) -> HttpResponse:
    """Answer with the custody of a lot as a file of EPCIS 2.0."""
    batch = get_batch(actor, batch_id)
    found = custody_of(actor, batch)
    program = get_program(actor, batch.space_id)
    zone = batch.site.zone if batch.site is not None else program.zone
    theirs = [(each.told, each.context) for each in found.events]
    ours: list[tuple[Any, list[Any]]] = [(each, []) for each in hand_over_events(found, zone)]
    told = sorted([*theirs, *ours], key=lambda each: str(each[0]["eventTime"]))
    answer = HttpResponse(write_document(told, instant()), content_type=MEDIA_TYPE)
    name = "".join(
        each if each.isascii() and (each.isalnum() or each in "-_") else "-" for each in batch.number
    )
    answer["Content-Disposition"] = f'attachment; filename="{name}-custody.jsonld"'
    return answer


class IdentityStopItem(CovalentView):
    """Show a stop."""

    @extend_schema(operation_id="identity_stops_show", responses=IdentityStopShown)
    def get(self, request: ActorRequest, stop_id: UUID) -> Response:
        """Return one stop; 404 when it is not the caller's to see."""
        stop = IdentityStop.objects.visible_to(request.actor).with_id(stop_id)
        if stop is None:
            raise NotFound
        data = stop_json(stop)
        return Response(data, headers=etag(data))


urlpatterns = [
    path("batches/<uuid:batch_id>/custody/", BatchCustody.as_view(), name="batch-custody"),
    path("batches/<uuid:batch_id>/hand-overs/", HandOvers.as_view(), name="batch-hand-overs"),
    path("batches/<uuid:batch_id>/custody/events/", CustodyFiles.as_view(), name="batch-custody-events"),
    path("hand-overs/<uuid:check_id>/", HandOverItem.as_view(), name="hand-over"),
    path("hand-overs/<uuid:check_id>/confirm/", ConfirmHandOver.as_view(), name="hand-over-confirm"),
    path("identity-stops/<uuid:stop_id>/", IdentityStopItem.as_view(), name="identity-stop"),
]
