"""Duty cards: what is said for a partnership stands in each of its programs, for who is seated in one alone.

So does a key that is limited to programs read how people are reached. Shared steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from portal import ledger
from portal.action import current_action
from portal.actor import Actor, Side
from portal.facts import DutyCardSet
from portal.models import DutyCard, Program
from portal.sealing import is_readable
from portal.states import Audience


def places_of(actor: Actor, space_id: UUID) -> Iterator[UUID]:
    """Yield a space, and after a partnership its programs."""
    yield space_id
    programs = Program.objects.visible_to(actor).filter(partnership_id=space_id)
    yield from programs.order_by("pk").values_list("pk", flat=True)


def keep_card(
    actor: Actor,
    space_id: UUID,
    person_id: UUID,
    side: Side,
    *,
    languages: str,
    telephone: str,
    is_shared: bool,
) -> DutyCard:
    """Write a card in one space; returns what both sides read of it. Records: duty_card.set v1."""
    current_action()
    own = _card_of(actor, space_id, person_id, side, audience=str(side))
    own.telephone = "" if is_shared else telephone
    shared = _card_of(actor, space_id, person_id, side, audience=Audience.SHARED)
    shared.telephone = telephone if is_shared else ""
    shared.languages = languages
    for card in (own, shared):
        card.save()
    ledger.record(shared, DutyCardSet(person_id=person_id, is_shared=is_shared and bool(telephone)))
    return shared


def bring_cards(actor: Actor, program: Program) -> None:
    """Write the cards of a partnership into a program that was opened, without what nobody can read now."""
    rows = DutyCard.objects.visible_to(actor).filter(space_id=program.partnership_id)
    numbers = {
        (each.person_id, each.audience): str(each.telephone) for each in rows if is_readable(each.telephone)
    }
    for shared in rows.filter(audience=Audience.SHARED).order_by("pk"):
        public = numbers.get((shared.person_id, Audience.SHARED), "")
        keep_card(
            actor,
            program.pk,
            shared.person_id,
            Side(shared.side),
            languages=shared.languages,
            telephone=public or numbers.get((shared.person_id, shared.side), ""),
            is_shared=bool(public),
        )


def _card_of(actor: Actor, space_id: UUID, person_id: UUID, side: Side, *, audience: str) -> DutyCard:
    """Return the locked card for one audience, or a fresh one that was not saved yet."""
    rows = (
        DutyCard.objects.visible_to(actor).select_for_update().filter(space_id=space_id, person_id=person_id)
    )
    card = rows.filter(audience=audience).first()
    if card is None:
        return DutyCard(space_id=space_id, person_id=person_id, side=side, audience=audience)
    card.bump()
    return card
