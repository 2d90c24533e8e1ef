"""Links by which people set their own password: made, withdrawn, sent and taken up (11.300(a), (b)).

An administrator never knows a password. Who forgot it gets a new link; the second factor is asked all the
same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import F

from portal import ledger
from portal.access import require_role
from portal.action import action, instant
from portal.actions.people import send_link
from portal.actor import Actor
from portal.errors import Conflict, NotFound
from portal.facts import LinkWithdrawn, PasswordSet
from portal.four_eyes import require_set_up
from portal.links import LASTS, Link
from portal.models import Member, Person
from portal.passwords import check_password
from portal.second_factors import has_second_factor
from portal.states import ADMINISTRATORS, PersonKind

TRY_AGAIN: Final = timedelta(minutes=2)


@action("link.make")
def make_link(actor: Actor, member_id: UUID, *, reason: str) -> Member:
    """Send a person of the organisation a new link; the one before is over.

    Who works here without a second factor of their own needs two administrators: the link would be all that
    it takes to come in as them. Raises: NotFound, Refused, Conflict. Records: link.made v1. Source: 21 CFR
    11.300(b), (c).
    """
    member = _lock_member(actor, member_id, to="send links")
    person = Person.objects.get(pk=member.person_id)
    if person.has_usable_password() and not has_second_factor(person):
        require_set_up(actor, "reset_sign_in")
    ledger.give_reason(member, reason)
    send_link(member)
    return member


@action("link.withdraw")
def withdraw_link(actor: Actor, member_id: UUID, *, reason: str) -> Member:
    """End a link before it is used. Raises: NotFound, Refused, Conflict. Records: link.withdrawn v1."""
    member = _lock_member(actor, member_id, to="withdraw links")
    ledger.give_reason(member, reason)
    waiting = Person.objects.filter(pk=member.person_id, link_made_at__isnull=False)
    if not waiting.update(link_made_at=None, link_next_at=None):
        raise Conflict("This link was used or withdrawn already.")
    ledger.record(member, LinkWithdrawn(person_id=member.person_id))
    return member


def _lock_member(actor: Actor, member_id: UUID, *, to: str) -> Member:
    found: Member | None = Member.objects.visible_to(actor).select_for_update().with_id(member_id)
    if found is None:
        raise NotFound
    require_role(actor, found.space_id, *ADMINISTRATORS, to=to)
    if not found.is_active or Person.objects.get(pk=found.person_id).kind != PersonKind.HUMAN:
        raise Conflict("Links are for people whose account is open.")
    return found


@action("password.set")
def set_password(actor: Actor, *, made_at: datetime, password: str) -> Person:
    """Take up one's own link: set the password and end all sessions that there were.

    `made_at` is of the link that was followed. Raises: NotFound, Invalid. Records: password.set v1.
    """
    person = Person.objects.select_for_update().filter(pk=actor.person_id, link_made_at=made_at).first()
    now = instant()
    if person is None or not person.is_active or now >= made_at + LASTS:
        raise NotFound
    check_password(password, person)
    person.set_password(password)
    person.link_made_at = person.link_next_at = None
    person.signed_out_at = now
    person.save(update_fields=["password", "link_made_at", "link_next_at", "signed_out_at"])
    Person.objects.filter(pk=person.pk).update(access_epoch=F("access_epoch") + 1)
    # A guest sits in no organisation and is told of in none; the inspection itself is.
    member = Member.objects.visible_to(actor).filter(person_id=person.pk).first()
    if member is not None:
        ledger.record(member, PasswordSet(person_id=person.pk))
    return person


@action("link.claim")
def claim_links(_actor: Actor, *, most: int) -> Sequence[Person]:
    """Take links that wait to be sent, for one attempt each; one whose courier died is tried again."""
    now = instant()
    waiting = Person.objects.select_for_update(skip_locked=True).filter(link_next_at__lte=now, is_active=True)
    found = list(waiting.order_by("link_next_at", "pk")[:most])
    Person.objects.filter(pk__in=[each.pk for each in found]).update(link_next_at=now + TRY_AGAIN)
    over = [each for each in found if each.link_made_at and now >= each.link_made_at + LASTS]
    Person.objects.filter(pk__in=[each.pk for each in over]).update(link_next_at=None)
    return [each for each in found if each not in over]


@action("link.sent")
def note_link_sent(_actor: Actor, link: Link) -> None:
    """Note that the mail server took the mail with this link; a newer one still waits."""
    Person.objects.filter(pk=link.person_id, link_made_at=link.made_at).update(link_next_at=None)
