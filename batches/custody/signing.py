"""How a stop of identity ends: by a signature of each side's quality unit, once both labels agree."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from batches.custody.facts import IdentityReleased
from batches.custody.states import CDMO_RELEASERS, SPONSOR_RELEASERS, StopState
from batches.holding import lift_holds_because_of
from batches.models import IdentityCheck, IdentityStop
from portal import ledger
from portal.access import get_program, get_visible
from portal.actor import Actor
from portal.errors import NotFound
from portal.models import Signature
from portal.signable import Rule, Shown, Signable
from portal.states import Meaning

READ_AGAIN: Final = (StopState.RECHECKED,)
RULES: Final = {
    Meaning.APPROVED: Rule(CDMO_RELEASERS, READ_AGAIN, may_be_author=False),
    Meaning.CONCURRED: Rule(SPONSOR_RELEASERS, READ_AGAIN),
}


def get_stop(actor: Actor, stop_id: UUID) -> IdentityStop:
    """Return a stop that the actor may see; raises NotFound."""
    return get_visible(IdentityStop, actor, stop_id)


def lock_for_signature(actor: Actor, stop_id: UUID) -> IdentityStop:
    """Hand out the locked stop as it stands; raises NotFound."""
    rows = IdentityStop.objects.visible_to(actor).select_related("check_of", "recheck", "batch")
    found = rows.select_for_update(of=("self",)).with_id(stop_id)
    if found is None:
        raise NotFound
    return found


def show_stop(actor: Actor, stop: IdentityStop) -> Shown:
    """Return what a signer reads: what disagreed, who read it again, and what the signature brings about."""
    program = get_program(actor, stop.space_id)
    fields = {
        "Patient lot": stop.batch.number,
        "Stopped": f"{stop.raised_at.isoformat()} by {stop.raised_code}",
        "Hand-over": _check_words(stop.check_of),
        "Did not agree": ", ".join(WHICH[each] for each in stop.check_of.disagrees),
        "Read again": _check_words(stop.recheck) if stop.recheck is not None else "",
        "What the signature says": "Both identifiers agree. The lot goes on once both sides signed.",
    }
    said = {name: text for name, text in fields.items() if text}
    return Shown(stop.number, stop.title, program.zone, said)


WHICH: Final = {"coi": "identifier of the chain", "donation": "donation number"}


def _check_words(check: IdentityCheck) -> str:
    people = " and ".join(each for each in (check.first_code, check.second_code) if each)
    return f"{check.number}, {check.title}, {check.at.isoformat()}, read by {people}"


def note_signature(actor: Actor, stop: IdentityStop, signature: Signature) -> None:
    """Note who signed; the lot goes on with the second of the two."""
    if signature.meaning == Meaning.APPROVED:
        stop.cdmo_code = signature.code
    else:
        stop.sponsor_code = signature.code
    if stop.cdmo_code and stop.sponsor_code:
        stop.state, stop.released_at = StopState.RELEASED, signature.signed_at
    stop.save(update_fields=["state", "cdmo_code", "sponsor_code", "released_at"])
    if stop.state == StopState.RELEASED:
        fact = IdentityReleased(
            batch_id=stop.batch_id, cdmo_code=stop.cdmo_code, sponsor_code=stop.sponsor_code
        )
        ledger.record(stop, fact)
        lift_holds_because_of(actor, stop.pk)


def _is_author(actor: Actor, stop: IdentityStop) -> bool:
    """Say whether the actor read the labels: who did, does not judge it."""
    checks = [each for each in (stop.check_of, stop.recheck) if each is not None]
    return any(
        actor.is_one_of(stop.space_id, person_id=person, code=code)
        for each in checks
        for person, code in ((each.first_by, each.first_code), (each.second_by, each.second_code))
        if code
    )


def _address(stop: Any) -> str:
    return reverse("batch_custody", args=[stop.batch_id])


IDENTITY_STOP: Final = Signable(
    type="identity_stop",
    rules=RULES,
    find=get_stop,
    lock=lock_for_signature,
    show=show_stop,
    is_author=_is_author,
    address=_address,
    signed=note_signature,
)
