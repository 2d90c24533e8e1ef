"""The morning mail: how much is new and a link, never what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portal.action import instant, reading
from portal.actions.notices import MorningMail
from portal.actor import Actor, seats_of
from portal.alerts import LADDER
from portal.models import Clock, Person, Receipt
from portal.queries.waiting import count_inbox
from portal.states import ClockState

AHEAD: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Counts:
    """What stands in the mail: numbers over all programs."""

    told: int
    waiting: int
    due: int


def count_for(mail: MorningMail) -> Counts:
    """Return the numbers as the person would count them now, with the seats of this moment."""
    person = Person.objects.get(pk=mail.person_id)
    organisation_id = None if person.is_guest else person.organisation_id
    with reading(Actor(person.pk, person.kind, organisation_id, seats_of(person.pk))) as actor:
        told = Receipt.objects.visible_to(actor).filter(person_id=person.pk, told_at__gt=mail.since)
        clocks = Clock.objects.visible_to(actor).filter(state=ClockState.RUNNING)
        due = clocks.filter(due_at__lte=instant() + AHEAD).exclude(kind=LADDER)
        return Counts(told.count(), count_inbox(actor), due.count())


def compose_morning(mail: MorningMail, counts: Counts) -> EmailMessage:
    """Return the mail."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    day = mail.due_at.astimezone(ZoneInfo(mail.zone)).date().isoformat()
    lines = (
        ngettext("%s notification came to you.", "%s notifications came to you.", counts.told) % counts.told,
        ngettext("%s thing waits for you.", "%s things wait for you.", counts.waiting) % counts.waiting,
        ngettext("%s deadline ends within 24 hours.", "%s deadlines end within 24 hours.", counts.due)
        % counts.due,
    )
    return EmailMessage(
        subject=_("Since you last looked: your morning link to Covalent"),
        body="\n\n".join(
            (
                _("Since the last morning mail:") + "\n" + "\n".join(f"- {each}" for each in lines),
                f"{settings.SITE_URL}/since/?span=yesterday",
                _("For confidentiality this message holds numbers and a link only. Please sign in to read."),
            )
        )
        + "\n",
        to=[mail.address],
        # The same in every attempt for a day: who gets it twice after a crash sees it once.
        headers={
            "Message-ID": f"<morning-{mail.person_id}-{day}@{host}>",
            "Auto-Submitted": "auto-generated",
        },
    )
