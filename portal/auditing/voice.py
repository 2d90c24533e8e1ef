"""How the auditor is heard: the log, a mail of its own, an address outside that misses its heartbeat.

None of it goes through a queue, Redis or a row, so it works when all of these are dead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.utils.translation import gettext as _

from portal.auditing.checks import Fault
from portal.outgoing import OutgoingFailed, OutgoingRefused, send

REPEAT_S: Final = 3600.0
HEARTBEAT_S: Final = 60.0
log = structlog.get_logger(__name__)


class Voice:
    """Tells of faults when they begin or change, again each hour while they last, and when they are over."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._told: frozenset[str] = frozenset()
        self._told_at = 0.0
        self._beat_at: float | None = None

    def tell(self, faults: Sequence[Fault]) -> None:
        """Say what is wrong, or give the heartbeat when nothing is."""
        codes = frozenset(each.code for each in faults)
        if codes:
            if codes != self._told or self._now() - self._told_at >= REPEAT_S:
                self._raise(faults)
                self._told_at = self._now()
        else:
            if self._told:
                log.warning("auditor_clear", faults=sorted(self._told))
                self._mail(
                    _("Covalent: what was due happens again"), [_("Over: %s") % ", ".join(sorted(self._told))]
                )
            self._beat()
        self._told = codes

    def _raise(self, faults: Sequence[Fault]) -> None:
        counts = {each.code: each.count for each in faults}
        log.critical("auditor_fault", faults=counts)
        words = [f"{code}: {count}" for code, count in sorted(counts.items())]
        self._mail(_("Covalent: something that was due has not happened"), words)

    def _mail(self, subject: str, words: Sequence[str]) -> None:
        if not settings.AUDITOR_MAIL:
            return
        body = "\n".join((settings.SITE_URL, "", *words)) + "\n"
        try:
            EmailMessage(subject=subject, body=body, to=settings.AUDITOR_MAIL).send()
        except (OSError, ValueError) as error:
            log.critical("auditor_mail_failed", error=type(error).__name__)

    def _beat(self) -> None:
        """Call the outside address about once a minute; it raises the alarm when the calls stop."""
        if not settings.HEARTBEAT_URL or (
            self._beat_at is not None and self._now() - self._beat_at < HEARTBEAT_S
        ):
            return
        self._beat_at = self._now()
        try:
            send(settings.HEARTBEAT_URL)
        except (OutgoingFailed, OutgoingRefused) as error:
            log.error("auditor_heartbeat_failed", error=error.code)  # noqa: TRY400 - its words are the other end's
