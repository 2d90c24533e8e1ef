"""Carry messages to the mail server. They say that there is something to read, and never what (design 9)."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.utils.translation import gettext as _

from portal.actions.deliveries import Letter

ERROR_LENGTH: Final = 100


def compose(letter: Letter) -> EmailMessage:
    """Return the mail of a letter: neutral words and a link that asks to sign in."""
    url = f"{settings.SITE_URL}/alerts/{letter.alert_id}/"
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    subject = _("You have a new notification in Covalent")
    return EmailMessage(
        subject=_("DRILL: %s") % subject if letter.is_drill else subject,
        body="\n\n".join(
            (
                *(
                    (_("DRILL. This only tries the ladder; nothing has happened."),)
                    if letter.is_drill
                    else ()
                ),
                _("You have a new notification in Covalent. It asks for your receipt.")
                if letter.asks_receipt
                else _("You have a new notification in Covalent. It concerns you."),
                url,
                _("For confidentiality this message says nothing of its content. Please sign in to read it."),
            )
        )
        + "\n",
        to=[letter.address],
        # The same for every attempt: who gets it twice after a crash sees it once.
        headers={"Message-ID": f"<{letter.delivery_id}@{host}>", "Auto-Submitted": "auto-generated"},
    )


def carry(
    letters: Iterable[Letter], *, until: float, now: Callable[[], float] = time.monotonic
) -> Iterator[tuple[Letter, str]]:
    """Send the letters one by one over one connection; yields each with its error code, empty when sent.

    What one letter meets stops no other. When the server cannot be reached at all, the rest fails at once
    with the same code, for waiting on each would hold the worker. Letters not begun `until` then keep their
    lease.
    """
    server = get_connection()
    unreachable = ""
    for letter in letters:
        if now() > until:
            break
        unreachable = unreachable or _reach(server)
        if unreachable:
            yield letter, unreachable
            continue
        try:
            server.send_messages([compose(letter)])
        except (OSError, ValueError) as error:
            # An SMTPException is an OSError; a ValueError is an address that no header may hold.
            _hang_up(server)
            yield letter, code_of(error)
        else:
            yield letter, ""
    _hang_up(server)


def _reach(server: Any) -> str:
    """Open the connection unless it is open; returns the code of what went wrong, empty for nothing."""
    try:
        server.open()
    except OSError as error:
        _hang_up(server)
        return code_of(error)
    return ""


def _hang_up(server: Any) -> None:
    try:
        server.close()
    except OSError:
        # It was gone already; what was sent stands.
        server.connection = None


def code_of(error: Exception) -> str:
    """Return what went wrong as a code: a server's words hold addresses and stay out of the record."""
    numbers = {getattr(error, "smtp_code", None)}
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        numbers = {answer[0] for answer in error.recipients.values()}
    known = " ".join(str(number) for number in sorted(each for each in numbers if each))
    return f"{type(error).__name__} {known}".strip()[:ERROR_LENGTH]
