"""Agreements that wait for a person's side: who has the pen, who signs next, who is asked to end one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from portal.actor import Actor, Role
from portal.agreements.signing import has_signed
from portal.models import AgreementVersion
from portal.states import AGREEMENT_DRAFTERS, AGREEMENT_SIGNERS, AgreementState

OPEN = (AgreementState.IN_REVIEW, AgreementState.SIGNED_BY_ONE, AgreementState.EFFECTIVE)


@dataclass(frozen=True, slots=True)
class WaitingAgreement:
    """One version that waits for this reader's side: as what, why, and whether it is to be signed."""

    version: AgreementVersion
    side: str
    why: str
    is_to_sign: bool = False


def agreements_waiting(actor: Actor) -> list[WaitingAgreement]:
    """Return the versions of the actor's partnerships that wait for the actor, the newest first."""
    spaces = [each for each in actor.seats if actor.holds(each, *AGREEMENT_DRAFTERS)]
    if not spaces:
        return []
    rows = AgreementVersion.objects.visible_to(actor).filter(space_id__in=spaces, state__in=OPEN)
    return list(_waiting(actor, rows.order_by("-number", "pk")))


def _waiting(actor: Actor, rows: Iterable[AgreementVersion]) -> Iterator[WaitingAgreement]:
    for each in rows:
        side = _side(actor, each.space_id, AGREEMENT_DRAFTERS)
        signs_for = _side(actor, each.space_id, AGREEMENT_SIGNERS)
        if each.state == AgreementState.IN_REVIEW and each.pen == side:
            yield WaitingAgreement(each, side, _("your side has the pen"))
        elif each.state == AgreementState.SIGNED_BY_ONE and signs_for:
            if not has_signed(actor, each, signs_for):
                yield WaitingAgreement(each, signs_for, _("waits for your signature"), is_to_sign=True)
        elif each.ending_at is not None and each.until is None and signs_for not in ("", each.ending_by):
            yield WaitingAgreement(each, signs_for, _("the other side asks that it ends"))


def _side(actor: Actor, space_id: UUID, roles: tuple[Role, ...]) -> str:
    """Return the side on which the actor holds one of the roles, empty where on none."""
    return next((str(each.side) for each in roles if actor.holds(space_id, each)), "")
