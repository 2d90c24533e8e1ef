"""Who of an organisation may do what at this moment, and what of it stands out: the stuff of a review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.utils.translation import gettext_lazy as _

from portal.action import instant
from portal.actor import Actor
from portal.directory import name_places
from portal.four_eyes import takes_two_to_key
from portal.models import ApiKey, Assignment, Delegation, Member, Person, Signer
from portal.signable import STATEMENT
from portal.states import ADMINISTRATOR_CODES, PersonKind

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

SOON: Final = timedelta(days=30)
LONG_AGO: Final = timedelta(days=90)
KINDS: Final[Mapping[str, StrOrPromise]] = {
    "account": _("Account"),
    "seat": _("Seat"),
    "delegation": _("Delegation"),
    "signer": _("May sign"),
    "key": _("Key"),
}
MARKS: Final[Mapping[str, StrOrPromise]] = {
    "account_closed": _("account is closed"),
    "never_signed_in": _("never signed in"),
    "long_away": _("not signed in for 90 days"),
    "no_second_factor": _("no second factor"),
    "no_seat": _("no seat"),
    "no_end": _("no end"),
    "ends_soon": _("ends within 30 days"),
    "administers": _("administers"),
    "training_over": _("training is over"),
    "no_statement": _("statement not accepted"),
    "writes": _("does more than read"),
}


@dataclass(frozen=True, slots=True)
class Access:
    """One thing somebody may do: an account, seat, delegation, right to sign or key."""

    kind: str
    subject_id: UUID
    person_id: UUID
    who: str
    what: str
    place: str
    valid_from: datetime | None
    valid_until: datetime | None
    signed_in_at: datetime | None
    marks: tuple[str, ...]


def list_access(actor: Actor, organisation_id: UUID) -> list[Access]:
    """Return what everybody of the organisation may do now or will, by person, account first."""
    listing = _Listing(actor, organisation_id)
    found = [
        *listing.accounts(),
        *listing.seats(),
        *listing.delegations(),
        *listing.signers(),
        *listing.keys(),
    ]
    order = list(KINDS)
    return sorted(found, key=lambda each: (each.who, str(each.person_id), order.index(each.kind), each.place))


class _Listing:
    """Reads each kind of access once, with the names and accounts that all of them need."""

    def __init__(self, actor: Actor, organisation_id: UUID) -> None:
        self.now = instant()
        self.actor, self.organisation_id = actor, organisation_id
        self.members = {
            each.person_id: each for each in Member.objects.visible_to(actor).filter(space_id=organisation_id)
        }
        self.people = {each.pk: each for each in Person.objects.filter(pk__in=self.members)}
        self.places = name_places(actor, organisation_id)
        held = Assignment.objects.visible_to(actor).filter(space_id=organisation_id)
        self.held = [each for each in held if each.valid_until is None or each.valid_until > self.now]

    def accounts(self) -> Iterator[Access]:
        """Return the open accounts."""
        protected = set(
            Authenticator.objects.filter(user_id__in=self.people).values_list("user_id", flat=True)
        )
        seated = {each.person_id for each in self.held}
        for person_id, member in self.members.items():
            if not member.is_active:
                continue
            marks = ["no_seat"] if person_id not in seated else []
            if self.people[person_id].kind == PersonKind.HUMAN:
                marks += self._absence(person_id)
                marks += ["no_second_factor"] if person_id not in protected else []
            yield self._access("account", member, person_id, what=member.title, marks=marks)

    def seats(self) -> Iterator[Access]:
        """Return the seats of now and to come."""
        for each in self.held:
            marks = self._of_person(each.person_id) + self._of_end(each.valid_until)
            marks += ["administers"] if each.role in ADMINISTRATOR_CODES else []
            what = f"{each.role.replace('_', ' ')}, {each.code}"
            place = self.places.get(each.target_id, "-")
            dates = each.valid_from, each.valid_until
            yield self._access("seat", each, each.person_id, what=what, marks=marks, place=place, dates=dates)

    def delegations(self) -> Iterator[Access]:
        """Return what is lent now or will be, with who has it."""
        rows = Delegation.objects.visible_to(self.actor).filter(
            space_id=self.organisation_id, valid_until__gt=self.now
        )
        for each in rows:
            lender = self.members[each.person_id].name if each.person_id in self.members else "-"
            what = f"{', '.join(each.roles).replace('_', ' ')}, for {lender}"
            marks = self._of_person(each.delegate_id)
            place = self.places.get(each.target_id, "-")
            dates = each.valid_from, each.valid_until
            yield self._access(
                "delegation", each, each.delegate_id, what=what, marks=marks, place=place, dates=dates
            )

    def signers(self) -> Iterator[Access]:
        """Return who may sign."""
        rows = Signer.objects.visible_to(self.actor).filter(space_id=self.organisation_id, withdrawn_at=None)
        for each in rows:
            marks = self._of_person(each.person_id)
            over = each.trained_until <= self.now
            marks += ["training_over"] if over else self._of_end(each.trained_until)
            marks += ["no_statement"] if each.statement != STATEMENT else []
            dates = each.enabled_at, each.trained_until
            yield self._access("signer", each, each.person_id, what=each.identity, marks=marks, dates=dates)

    def keys(self) -> Iterator[Access]:
        """Return the live keys."""
        rows = ApiKey.objects.visible_to(self.actor).filter(
            space_id=self.organisation_id, revoked_at=None, expires_at__gt=self.now
        )
        for each in rows:
            marks = self._of_person(each.person_id) + self._of_end(each.expires_at)
            marks += ["writes"] if takes_two_to_key(each.scopes) else []
            what = f"{each.label} ({', '.join(each.scopes)})"
            place = ", ".join(self.places.get(UUID(one), "-") for one in each.program_ids)
            yield self._access(
                "key",
                each,
                each.person_id,
                what=what,
                marks=marks,
                place=place,
                dates=(None, each.expires_at),
            )

    def _access(
        self,
        kind: str,
        row: Any,
        person_id: UUID,
        *,
        what: str,
        marks: list[str],
        place: str = "",
        dates: tuple[datetime | None, datetime | None] = (None, None),
    ) -> Access:
        member, person = self.members.get(person_id), self.people.get(person_id)
        return Access(
            kind,
            row.pk,
            person_id,
            member.name if member else "-",
            what,
            place,
            *dates,
            person.last_login if person else None,
            tuple(marks),
        )

    def _of_person(self, person_id: UUID) -> list[str]:
        member = self.members.get(person_id)
        return [] if member is not None and member.is_active else ["account_closed"]

    def _of_end(self, ends: datetime | None) -> list[str]:
        if ends is None:
            return ["no_end"]
        return ["ends_soon"] if ends <= self.now + SOON else []

    def _absence(self, person_id: UUID) -> list[str]:
        last = self.people[person_id].last_login
        if last is None:
            return ["never_signed_in"]
        return ["long_away"] if last <= self.now - LONG_AGO else []
