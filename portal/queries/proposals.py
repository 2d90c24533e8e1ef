"""Sensitive steps that wait for a second administrator, and those that were decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from portal.action import instant
from portal.actor import Actor
from portal.directory import require_administrator, seat_for_one_act
from portal.four_eyes import STEPS
from portal.models import Member, Proposal
from portal.states import ProposalState

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SHOWN_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class ProposalLine:
    """One proposal with the names of the organisation's people."""

    id: UUID
    step: StrOrPromise
    person: str
    details: str
    reason: str
    proposed_by: str
    proposed_at: datetime
    lapses_at: datetime
    decided_by: str
    decided_at: datetime | None
    answer: str
    state: StrOrPromise
    is_open: bool
    may_decide: bool
    may_withdraw: bool


def list_proposals(actor: Actor) -> list[ProposalLine]:
    """Return the organisation's proposals, those that wait first, then the newest. Raises: Refused."""
    organisation_id = require_administrator(actor)
    names = dict(Member.objects.visible_to(actor).values_list("person_id", "name"))
    rows = Proposal.objects.visible_to(actor).filter(space_id=organisation_id)
    now = instant()
    lines = [_line(actor, each, names, now) for each in rows.order_by("-proposed_at", "pk")[:SHOWN_MAX]]
    return sorted(lines, key=lambda each: not each.is_open)


def _line(actor: Actor, proposal: Proposal, names: dict[UUID, str], now: datetime) -> ProposalLine:
    lapsed = proposal.has_lapsed(now)
    is_open = proposal.state == ProposalState.OPEN and not lapsed
    mine = proposal.proposed_by == actor.person_id
    return ProposalLine(
        id=proposal.pk,
        step=STEPS[proposal.step].label,
        person=names.get(proposal.person_id, "-"),
        details=_details(proposal),
        reason=proposal.reason,
        proposed_by=names.get(proposal.proposed_by, "-"),
        proposed_at=proposal.proposed_at,
        lapses_at=proposal.lapses_at,
        decided_by=names.get(proposal.decided_by, "-") if proposal.decided_by else "",
        decided_at=proposal.decided_at,
        answer=proposal.answer,
        state=_("lapsed, nobody decided") if lapsed else proposal.get_state_display(),
        is_open=is_open,
        may_decide=is_open and not mine and proposal.person_id != actor.person_id,
        may_withdraw=is_open and mine,
    )


def _details(proposal: Proposal) -> str:
    given = proposal.given
    match proposal.step:
        case "give_administration":
            return f"{given['role'].replace('_', ' ')}, {given['code']}"
        case "let_sign":
            return _("trained until %(on)s") % {"on": given["trained_until"][:10]}
        case "issue_key":
            return _("%(hint)s…, may %(scopes)s, until %(on)s") % {
                "hint": given["hint"],
                "scopes": ", ".join(given["scopes"]),
                "on": given["expires_at"][:10],
            }
        case "invite_inspector":
            dates = given["valid_from"][:10], given["valid_until"][:10]
            return _("as %(code)s, %(from)s to %(until)s") % {
                "code": given["code"],
                "from": dates[0],
                "until": dates[1],
            }
        case _:
            return _("and the right to sign")


def seated_for(actor: Actor, proposal_id: UUID) -> Actor:
    """Return the administrator as the step of a proposal needs them: seated in its program for this act.

    Raises: Refused.
    """
    found = Proposal.objects.visible_to(actor).with_id(proposal_id)
    program = found.given.get("program_id") if found is not None else None
    return seat_for_one_act(actor, UUID(program)) if program else actor


def count_waiting(actor: Actor) -> int:
    """Return how many proposals wait for this administrator."""
    return proposals_waiting(actor).count()


def proposals_waiting(actor: Actor) -> QuerySet[Proposal]:
    """Return the proposals that wait for this administrator, unordered."""
    waiting = Proposal.objects.visible_to(actor).filter(state=ProposalState.OPEN, lapses_at__gt=instant())
    return waiting.exclude(proposed_by=actor.person_id).exclude(person_id=actor.person_id)
