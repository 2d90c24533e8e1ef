"""Link a deviation to another, or merge it into one: each keeps its own clocks and end (domain 2b)."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from deviations.access import class_of, lock_deviation
from deviations.errors import NotInProgram
from deviations.judging.facts import DeviationTied
from deviations.judging.states import TieKind
from deviations.models import Deviation, DeviationTie
from deviations.states import OPEN_STATES, DeviationState
from deviations.texts import check_texts
from portal import ledger
from portal.action import action, instant
from portal.actor import Actor
from portal.errors import Conflict, InvalidTransition
from portal.states import Audience


@action("deviation.link")
def link_deviations(
    actor: Actor, deviation_id: UUID, *, other_id: UUID, because: str, version: int | None
) -> Deviation:
    """Link a deviation to another of its program, ended ones too, with a reason of 3..4000 characters.

    The sponsor reads the link once it knows both. Raises: NotFound, Refused, InvalidTransition, StaleVersion,
    Invalid, Conflict. Records: deviation.tied v1. Source: domain 2b (a new linked one is opened).
    """
    deviation = lock_deviation(actor, deviation_id, to="link", version=version)
    other = _other(actor, deviation, other_id, because)
    if other.state == DeviationState.CANCELLED:
        raise InvalidTransition(f"{other.number} was cancelled: nothing is linked to it.", state=other.state)
    return _tie(actor, deviation, other, TieKind.LINKED, because)


@action("deviation.merge")
def merge_deviation(
    actor: Actor, deviation_id: UUID, *, other_id: UUID, because: str, version: int | None
) -> Deviation:
    """Merge a deviation into another open one of its program: that one leads, this one stays as it is.

    Its clocks run on, its notice leaves by itself, and it is closed by itself with reference to the other.
    One that was merged leads none, and none leads it twice. Raises: NotFound, Refused, InvalidTransition,
    StaleVersion, Invalid, Conflict. Records: deviation.tied v1.
    Source: domain 2b (child keeps its own clocks).
    """
    deviation = lock_deviation(actor, deviation_id, to="merge", version=version)
    other = _other(actor, deviation, other_id, because)
    if other.state not in OPEN_STATES:
        raise InvalidTransition(f"{other.number} has ended; link to it instead.", state=str(other.state))
    merged = DeviationTie.objects.visible_to(actor).filter(kind=TieKind.MERGED)
    if merged.filter(Q(deviation=deviation) | Q(deviation=other) | Q(other=deviation)).exists():
        detail = "One of the two is merged already, or leads another one: merge into the one that leads."
        raise Conflict(detail, errors={"other": [detail]})
    return _tie(actor, deviation, other, TieKind.MERGED, because)


def _other(actor: Actor, deviation: Deviation, other_id: UUID, because: str) -> Deviation:
    check_texts({"finding": because})
    rows = Deviation.objects.visible_to(actor).filter(space_id=deviation.space_id)
    other = rows.exclude(pk=deviation.pk).filter(pk=other_id).first()
    if other is None:
        raise NotInProgram("other")
    tied = DeviationTie.objects.visible_to(actor).filter(
        Q(deviation=deviation, other=other) | Q(deviation=other, other=deviation)
    )
    if tied.exists():
        detail = f"{deviation.number} and {other.number} are tied already."
        raise Conflict(detail, errors={"other": [detail]})
    return other


def _tie(actor: Actor, deviation: Deviation, other: Deviation, kind: TieKind, because: str) -> Deviation:
    is_known = deviation.audience == other.audience == Audience.SHARED
    audience = Audience.SHARED if is_known else Audience.MANUFACTURER
    DeviationTie.objects.create(
        space_id=deviation.space_id,
        audience=audience,
        deviation=deviation,
        other=other,
        kind=kind,
        because=because,
        code=actor.code(deviation.space_id),
        tied_at=instant(),
    )
    # A tie that one side alone reads leaves no trace on what both read.
    if deviation.audience == audience:
        deviation.bump()
        deviation.save(update_fields=["version"])
    fact = DeviationTied(other_id=other.pk, kind=kind)
    ledger.record(deviation, fact, audience=audience, classification=class_of(actor, deviation))
    return deviation
