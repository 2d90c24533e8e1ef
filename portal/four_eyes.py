"""Which steps of an administrator take two of them, and why (21 CFR 11.200(a)(2)-(3), 11.300(b))."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from portal.actor import Actor
from portal.errors import Refused
from portal.states import ADMINISTRATOR_CODES, DISPLAY, PersonKind

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# A proposal that nobody confirmed in this time lapses: silence is no consent.
LAPSES_AFTER: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class SensitiveStep:
    """A step that one administrator proposes and another confirms."""

    label: StrOrPromise
    why: StrOrPromise


# What takes a right away is not here: it must not wait for a second person.
STEPS: Final[Mapping[str, SensitiveStep]] = {
    "give_administration": SensitiveStep(
        _("Give the administrator's role"), _("Whoever has it makes all others who have anything.")
    ),
    "let_sign": SensitiveStep(
        _("Let somebody sign"), _("A signature binds the company; the identity is checked first.")
    ),
    "reset_sign_in": SensitiveStep(
        _("Reset password and second factor"),
        _("Who could do it alone could sign in, and sign, as somebody else."),
    ),
    "invite_inspector": SensitiveStep(
        _("Invite an inspector"), _("An outsider reads a program; the other party is told that it is so.")
    ),
    "issue_key": SensitiveStep(
        _("Issue a key that writes or sends data out"),
        _("A key works without a person at the screen and until it ends."),
    ),
}
READING: Final = frozenset(("read", DISPLAY))


def takes_two_to_seat(role: str) -> bool:
    """Say whether to give this role takes two administrators."""
    return role in ADMINISTRATOR_CODES


def takes_two_to_key(scopes: Collection[str]) -> bool:
    """Say whether to issue a key with these scopes takes two administrators."""
    return not READING.issuperset(scopes)


def require_set_up(actor: Actor, step: str) -> None:
    """Raise Refused when one person alone asks for a step that takes two.

    The set-up of an installation gives the first seats, signers and keys of an organisation alone; its
    entries say `system setup`. From then on it takes two people.
    """
    if actor.kind != PersonKind.SYSTEM:
        detail = f"This takes two administrators: {STEPS[step].label}. Propose it; another one confirms."
        raise Refused(detail, code="four_eyes")
