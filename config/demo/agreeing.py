"""The quality agreements of the demo: signed by both quality heads before any of its stories begins.

The heads sign by the ceremony, each with their own password and one-time code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from config.demo.companies import ARVO_AT_NORRSUND, PARTNERSHIPS, TESSEL_AT_NORRSUND, Partners
from config.demo.crew import Crew, setup_actor
from config.demo.signing import sign_as
from portal.action import reading
from portal.actions.agreeing import draft_from_text, submit_agreement
from portal.actor import Actor
from portal.agreements.document import Document
from portal.agreements.signing import AGREEMENT, has_signed
from portal.agreements.terms import template
from portal.models import AgreementVersion
from portal.states import AgreementState, Meaning

# What the parties wrote themselves in place of the template's words.
WORDS: Final[Mapping[str, str]] = {
    "5.1": (
        "Norrsund tells Arvo of a critical deviation within 24 hours after it became aware of it."
        " Norrsund's QA releases the notice."
    ),
    "5.2": (
        "Norrsund tells Arvo of a major deviation within one business day of the site, by the calendar of"
        " the plant where it happened."
    ),
    "5.3": (
        "Minor deviations stand in the monthly list and in the batch package. Norrsund's QA releases each"
        " notice; if it has not done so by half the time, the ladder climbs inside Norrsund."
    ),
    "5.4": (
        "An event that may touch dose, identity or slot of a patient lot is told within two hours, with"
        " the telephone tree of both sides."
    ),
    "5.7": (
        "A critical parameter outside its proven acceptable range is a live alert to both sides at once,"
        " on board and inbox. In duty hours it asks for receipt; at night it wakes nobody. The notice"
        " still waits for Norrsund's QA, as clauses 5.1 to 5.3 say."
    ),
    "7.1": (
        "Live data are unreviewed and for information. Instructions never go to the floor through the portal."
    ),
    "10.1": (
        "A facility event is one record inside Norrsund and one impact statement per client program."
        " Nothing is said about other clients, not even a number."
    ),
}


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement of the demo, and who signs it; earlier numbers were on paper."""

    partners: Partners
    number: int
    heads: tuple[str, str]
    words: Mapping[str, str]


AGREEMENTS: Final = (
    Agreement(ARVO_AT_NORRSUND, 4, ("cdmo_quality_head", "sponsor_quality_head"), WORDS),
    Agreement(TESSEL_AT_NORRSUND, 1, ("cdmo_quality_head", "rival_quality_head"), {}),
)


def is_agreed() -> bool:
    """Say whether every partnership has a signed agreement."""
    setup = setup_actor()
    with reading(setup):
        rows = AgreementVersion.objects.visible_to(setup).filter(agreed_at__isnull=False)
        signed = set(rows.values_list("space_id", flat=True))
    return signed >= {each.id for each in PARTNERSHIPS}


def agree(crew: Crew) -> None:
    """Draft, submit and sign what is missing; a load that was cut short goes on where it stopped."""
    for each in AGREEMENTS:
        version = _drafted(crew[each.heads[0]], each)
        for key in each.heads:
            _sign(crew[key], key, version)


def written(agreement: Agreement) -> Document:
    """Return the words and rules: the commercial template's, looked at by the parties."""
    found, names = template("commercial"), agreement.partners
    clauses = [
        replace(each, text=agreement.words.get(each.code, each.text), is_default=False)
        for each in found.clauses
    ]
    title = f"Quality agreement, {names.manufacturer.name} and {names.sponsor.name}"
    return replace(found, title=title).with_clauses(clauses)


def _drafted(head: Actor, agreement: Agreement) -> AgreementVersion:
    with reading(head):
        rows = AgreementVersion.objects.visible_to(head).filter(space_id=agreement.partners.id)
        found = rows.exclude(state=AgreementState.WITHDRAWN).order_by("drafted_at").first()
    if found is None:
        found = draft_from_text(head, agreement.partners.id, text=written(agreement).to_yaml())
    if found.state == AgreementState.DRAFT:
        found = submit_agreement(head, found.pk, version=found.version, number=agreement.number)
    return found


def _sign(head: Actor, key: str, version: AgreementVersion) -> None:
    with reading(head):
        side = str(head.side(version.space_id))
        if has_signed(head, version, side):
            return
    sign_as(head, key, AGREEMENT, version.pk, Meaning.APPROVED)
