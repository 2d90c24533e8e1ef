"""Four eyes: one administrator proposes a sensitive step, another confirms or refuses it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from allauth.mfa.models import Authenticator

from portal import ledger
from portal.access import require_role, require_state
from portal.action import action, instant
from portal.actions.inspecting import open_inspection, require_inspection_dates
from portal.actions.people import (
    make_guest,
    make_key,
    require_dates,
    require_key,
    require_own_person,
    seat_person,
    send_link,
)
from portal.actions.signing import admit_signer, require_signer_to_be
from portal.actor import Actor, Side, seats_of
from portal.directory import find_place
from portal.errors import Conflict, Invalid, InvalidTransition, NotFound, Refused
from portal.facts import (
    MemberJoined,
    ProposalConfirmed,
    ProposalMade,
    ProposalRefused,
    ProposalWithdrawn,
    SignerWithdrawn,
    SignInReset,
)
from portal.four_eyes import LAPSES_AFTER, STEPS
from portal.models import Member, Person, Proposal, Signer
from portal.renewing import renew_rights
from portal.states import (
    ADMINISTRATOR_CODES,
    PEOPLE_WHO_ADMINISTER,
    PROPOSAL_TRANSITIONS,
    PersonKind,
    ProposalState,
)

REASON_MIN: Final = 10


@action("proposal.give_administration")
def propose_administrator(
    actor: Actor,
    organisation_id: UUID,
    *,
    person_id: UUID,
    role: str,
    code: str,
    valid_until: datetime | None,
    reason: str,
) -> Proposal:
    """Propose that a colleague administers the organisation too.

    Raises: Refused, Invalid, Conflict. Records: proposal.made v1.
    """
    _require_proposer(actor, organisation_id, person_id)
    if role not in ADMINISTRATOR_CODES:
        raise Invalid("Not an administrator's role.", errors={"role": ["Choose one of the administrator's."]})
    require_own_person(actor, organisation_id, person_id)
    require_dates(instant(), valid_until)
    given = {"role": role, "code": code, "valid_until": valid_until.isoformat() if valid_until else None}
    return _make(actor, organisation_id, "give_administration", person_id, given=given, reason=reason)


@action("proposal.let_sign")
def propose_signer(
    actor: Actor, organisation_id: UUID, *, person_id: UUID, identity: str, trained_until: datetime
) -> Proposal:
    """Propose that a colleague, whose identity the actor checked, may sign until the training ends.

    Raises: Refused, NotFound, Invalid, Conflict. Records: proposal.made v1. Source: 21 CFR 11.100(b).
    """
    _require_proposer(actor, organisation_id, person_id)
    stated = {"identity": identity, "trained_until": trained_until}
    require_signer_to_be(
        actor,
        organisation_id,
        person_id,
        identity=identity,
        trained_until=trained_until,
        checked_by=actor.person_id,
    )
    given = stated | {"trained_until": trained_until.isoformat()}
    return _make(actor, organisation_id, "let_sign", person_id, given=given, reason=identity)


@action("proposal.issue_key")
def propose_key(
    actor: Actor,
    organisation_id: UUID,
    *,
    person_id: UUID,
    label: str,
    token: str,
    scopes: Collection[str],
    program_ids: Collection[UUID],
    expires_at: datetime,
) -> Proposal:
    """Propose a key that writes. The proposer alone sees the token; it opens nothing until it is confirmed.

    Raises: Refused, Invalid. Records: proposal.made v1. Source: 21 CFR 11.300(b).
    """
    _require_proposer(actor, organisation_id, person_id)
    require_key(organisation_id, person_id, scopes, program_ids, expires_at)
    given = {
        "label": label,
        "hint": token[:8],
        "token_hash": hashlib.sha256(token.encode()).hexdigest(),
        "scopes": sorted(scopes),
        "program_ids": sorted(str(each) for each in program_ids),
        "expires_at": expires_at.isoformat(),
    }
    return _make(actor, organisation_id, "issue_key", person_id, given=given, reason=label)


@action("proposal.reset_sign_in")
def propose_reset(actor: Actor, organisation_id: UUID, *, person_id: UUID, reason: str) -> Proposal:
    """Propose to take password and second factor from a colleague who lost one of them.

    Raises: Refused, Invalid, Conflict. Records: proposal.made v1. Source: 21 CFR 11.300(c).
    """
    _require_proposer(actor, organisation_id, person_id)
    require_own_person(actor, organisation_id, person_id)
    if Person.objects.get(pk=person_id).kind != PersonKind.HUMAN:
        raise Invalid("A service has no sign-in.", errors={"person": ["Choose a person."]})
    return _make(actor, organisation_id, "reset_sign_in", person_id, given={}, reason=reason)


@action("proposal.invite_inspector")
def propose_inspection(
    actor: Actor,
    organisation_id: UUID,
    *,
    email: str,
    name: str,
    authority: str,
    program_id: UUID,
    code: str,
    valid_from: datetime,
    valid_until: datetime,
) -> Proposal:
    """Propose that an inspector reads one program, as the own side reads it, from a day to a day.

    The account is made now; it has no password and no seat until another administrator confirms. Raises:
    Refused, NotFound, Conflict, Invalid. Records: member.joined v1, proposal.made v1.
    """
    require_role(actor, organisation_id, *PEOPLE_WHO_ADMINISTER, to="invite an inspector")
    place = find_place(organisation_id, program_id)
    if place is None or not place.is_program:
        raise NotFound
    require_inspection_dates(valid_from, valid_until)
    guest = make_guest(organisation_id, email=email, name=name, title=authority)
    given = {
        "program_id": str(program_id),
        "side": str(place.side),
        "code": code,
        "valid_from": valid_from.isoformat(),
        "valid_until": valid_until.isoformat(),
    }
    made = _make(actor, organisation_id, "invite_inspector", guest.person_id, given=given, reason=authority)
    ledger.record(guest, MemberJoined(person_id=guest.person_id))
    return made


def _require_proposer(actor: Actor, organisation_id: UUID, person_id: UUID) -> None:
    require_role(actor, organisation_id, *PEOPLE_WHO_ADMINISTER, to="propose this")
    if person_id == actor.person_id:
        raise Refused("Nobody proposes this for oneself: another administrator does.", code="four_eyes")


def _make(
    actor: Actor,
    organisation_id: UUID,
    step: str,
    person_id: UUID,
    *,
    given: Mapping[str, Any],
    reason: str,
) -> Proposal:
    if len(reason.strip()) < REASON_MIN:
        detail = f"Say why, in at least {REASON_MIN} characters."
        raise Invalid(detail, errors={"reason": [detail]})
    now = instant()
    waiting = Proposal.objects.visible_to(actor).filter(
        space_id=organisation_id, step=step, person_id=person_id, state=ProposalState.OPEN, lapses_at__gt=now
    )
    # A service may need several keys; anything else is asked for once.
    if step != "issue_key" and waiting.exists():
        raise Conflict("The same waits for a second administrator already.")
    proposal = Proposal.objects.create(
        space_id=organisation_id,
        step=step,
        person_id=person_id,
        given=dict(given),
        reason=reason.strip(),
        proposed_by=actor.person_id,
        proposed_at=now,
        lapses_at=now + LAPSES_AFTER,
    )
    ledger.record(proposal, ProposalMade(step=step, person_id=person_id, lapses_at=proposal.lapses_at))
    return proposal


@action("proposal.confirm")
def confirm_proposal(actor: Actor, proposal_id: UUID) -> Proposal:
    """Take the step that another administrator proposed; everything is looked at anew in this moment.

    Neither the proposer nor whom it concerns confirms. Raises: NotFound, Refused, InvalidTransition, Invalid.
    Records: proposal.confirmed v1 and the facts of the step. Source: 21 CFR 11.200(a)(3).
    """
    proposal = _lock(actor, proposal_id, to="confirm")
    _require_a_third(actor, proposal)
    _require_proposer_still(proposal)
    TAKE[proposal.step](actor, proposal)
    proposal.decide(ProposalState.CONFIRMED, actor.person_id, instant())
    _save(proposal)
    confirmed = ProposalConfirmed(
        step=proposal.step, person_id=proposal.person_id, proposed_by=proposal.proposed_by
    )
    ledger.record(proposal, confirmed)
    return proposal


@action("proposal.refuse")
def refuse_proposal(actor: Actor, proposal_id: UUID, *, reason: str) -> Proposal:
    """Refuse what another administrator proposed.

    Raises: NotFound, Refused, InvalidTransition. Records: proposal.refused v1.
    """
    proposal = _lock(actor, proposal_id, to="refuse")
    _require_a_third(actor, proposal)
    ledger.give_reason(proposal, reason)
    proposal.decide(ProposalState.REFUSED, actor.person_id, instant(), reason)
    _save(proposal)
    refused = ProposalRefused(
        step=proposal.step, person_id=proposal.person_id, proposed_by=proposal.proposed_by
    )
    ledger.record(proposal, refused)
    return proposal


@action("proposal.withdraw")
def withdraw_proposal(actor: Actor, proposal_id: UUID, *, reason: str) -> Proposal:
    """Take one's own proposal back.

    Raises: NotFound, Refused, InvalidTransition. Records: proposal.withdrawn v1.
    """
    proposal = _lock(actor, proposal_id, to="withdraw")
    if proposal.proposed_by != actor.person_id:
        raise Refused("Who proposed it takes it back; another administrator refuses it.")
    ledger.give_reason(proposal, reason)
    proposal.decide(ProposalState.WITHDRAWN, actor.person_id, instant(), reason)
    _save(proposal)
    ledger.record(proposal, ProposalWithdrawn(step=proposal.step, person_id=proposal.person_id))
    return proposal


def _lock(actor: Actor, proposal_id: UUID, *, to: str) -> Proposal:
    proposal = Proposal.objects.visible_to(actor).select_for_update().with_id(proposal_id)
    if proposal is None:
        raise NotFound
    step = PROPOSAL_TRANSITIONS[to]
    require_role(actor, proposal.space_id, *step.roles, to=f"{to} a proposal")
    require_state(proposal, step, to)
    if proposal.has_lapsed(instant()):
        raise InvalidTransition(
            "Nobody confirmed it in time: it has lapsed. Propose it again.", code="lapsed"
        )
    return proposal


def _require_a_third(actor: Actor, proposal: Proposal) -> None:
    if actor.person_id in (proposal.proposed_by, proposal.person_id):
        detail = "Another administrator than who proposed it and whom it concerns decides."
        raise Refused(detail, code="four_eyes")


def _require_proposer_still(proposal: Proposal) -> None:
    held = seats_of(proposal.proposed_by).get(proposal.space_id, ())
    is_here = Person.objects.filter(pk=proposal.proposed_by, is_active=True).exists()
    if not is_here or not any(seat.roles & ADMINISTRATOR_CODES for seat in held):
        raise Refused("Who proposed it is no administrator any more. Propose it anew.", code="four_eyes")


def _save(proposal: Proposal) -> None:
    proposal.save(update_fields=["state", "decided_by", "decided_at", "answer", "version"])


def _give_administration(actor: Actor, proposal: Proposal) -> None:
    given = proposal.given
    until = given["valid_until"]
    seat_person(
        actor,
        proposal.space_id,
        proposal.person_id,
        target_id=proposal.space_id,
        side=Side.BOTH,
        role=given["role"],
        code=given["code"],
        valid_until=datetime.fromisoformat(until) if until else None,
    )


def _let_sign(actor: Actor, proposal: Proposal) -> None:
    admit_signer(
        actor,
        proposal.space_id,
        proposal.person_id,
        identity=proposal.given["identity"],
        trained_until=datetime.fromisoformat(proposal.given["trained_until"]),
        checked_by=proposal.proposed_by,
    )


def _issue_key(actor: Actor, proposal: Proposal) -> None:
    given = proposal.given
    make_key(
        actor,
        proposal.space_id,
        proposal.person_id,
        label=given["label"],
        hint=given["hint"],
        token_hash=bytes.fromhex(given["token_hash"]),
        scopes=given["scopes"],
        program_ids=[UUID(each) for each in given["program_ids"]],
        expires_at=datetime.fromisoformat(given["expires_at"]),
    )


def _reset_sign_in(actor: Actor, proposal: Proposal) -> None:
    """Take password and all factors, and send a link to set the next password with.

    The right to sign goes too: who lost a factor is identified again before the next signature.
    """
    require_own_person(actor, proposal.space_id, proposal.person_id)
    person = Person.objects.get(pk=proposal.person_id)
    Authenticator.objects.filter(user_id=person.pk).delete()
    person.set_unusable_password()
    person.signed_out_at = instant()
    person.save(update_fields=["password", "signed_out_at"])
    renew_rights(person.pk)
    for signer in Signer.objects.visible_to(actor).filter(person_id=person.pk, withdrawn_at=None):
        signer.withdrawn_at = instant()
        signer.bump()
        signer.save(update_fields=["withdrawn_at", "version"])
        ledger.record(signer, SignerWithdrawn(person_id=person.pk))
    member = Member.objects.visible_to(actor).get(space_id=proposal.space_id, person_id=person.pk)
    ledger.record(member, SignInReset(person_id=person.pk))
    send_link(member)


def _invite_inspector(actor: Actor, proposal: Proposal) -> None:
    """Let the inspector in; `actor` is an administrator with `seat_for_one_act`."""
    given = proposal.given
    send_link(Member.objects.visible_to(actor).get(space_id=proposal.space_id, person_id=proposal.person_id))
    open_inspection(
        actor,
        proposal.space_id,
        proposal.person_id,
        program_id=UUID(given["program_id"]),
        side=Side(given["side"]),
        code=given["code"],
        authority=proposal.reason,
        valid_from=datetime.fromisoformat(given["valid_from"]),
        valid_until=datetime.fromisoformat(given["valid_until"]),
    )


TAKE: Final[Mapping[str, Callable[[Actor, Proposal], None]]] = {
    "give_administration": _give_administration,
    "let_sign": _let_sign,
    "invite_inspector": _invite_inspector,
    "issue_key": _issue_key,
    "reset_sign_in": _reset_sign_in,
}
assert TAKE.keys() == STEPS.keys()  # noqa: S101 - the table and what it does are one
