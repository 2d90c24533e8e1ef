"""The link by which an invited person sets the own password: signed, single-use, over after three days.

Nothing that opens an account is stored: `Person.link_made_at` says which link is the present one, and the
link holds that instant under a signature of ours. Using, renewing or withdrawing it changes the instant, so
that every older link is over. In the address the link stands after the `#`, which no server, proxy or log is
sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from portal.models import Person

LASTS: Final = timedelta(days=3)
_SALT: Final = "covalent.link.1"


@dataclass(frozen=True, slots=True)
class Link:
    """Whose link it is, and which of theirs."""

    person_id: UUID
    made_at: datetime


def token_of(link: Link) -> str:
    """Return the link as text that only we can have written."""
    return signing.dumps([str(link.person_id), link.made_at.isoformat()], salt=_SALT)


def read(token: str) -> Link | None:
    """Return what a token says, None for one that is not ours."""
    try:
        person_id, made_at = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    return Link(UUID(person_id), datetime.fromisoformat(made_at))


def compose(person: Person, link: Link) -> EmailMessage:
    """Return the mail with the link: neutral words, no company, no product."""
    url = f"{settings.SITE_URL}/account/join/#{token_of(link)}"
    days = LASTS.days
    return EmailMessage(
        subject=_("Your access to Covalent"),
        body="\n\n".join(
            (
                _("Your organisation's administrator sends you this link to set your own password."),
                url,
                _("It works once, for %(days)s days. Give it to nobody; nobody will ask you for it.")
                % {"days": days},
            )
        )
        + "\n",
        to=[person.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
