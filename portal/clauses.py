"""The default rule set: what parties would agree on, clause by clause, until their own agreement takes over.

Everything that depends on a clause asks the functions below, never the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.actor import Side
from portal.states import Classification

Words = str | Promise
SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Clause:
    """One rule in words a quality head signs, with the values that programs compute with.

    `hours` are clock hours; `business_days` are days of the site. Neither given: no clock runs. `is_default`
    says that the value is ours, not yet agreed by the parties.
    """

    code: str
    title: Words
    words: Words
    hours: int | None = None
    business_days: int | None = None
    is_default: bool = True

    def due_at(self, since: datetime, zone: str) -> datetime | None:
        """Return when the clause's time is over, counted from an instant; None when it sets no time.

        A business day ends at the same local time on the next day from Monday to Friday. Public holidays of
        the site come with the agreement's calendars.
        """
        if self.hours is not None:
            return since + timedelta(hours=self.hours)
        if self.business_days is None:
            return None
        local = since.astimezone(ZoneInfo(zone))
        for _day in range(self.business_days):
            local += timedelta(days=1)
            while local.weekday() >= SATURDAY:
                local += timedelta(days=1)
        return local


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ladder: the roles that are told, and how long their answer is waited for."""

    roles: tuple[str, ...]
    wait_s: int

    def plain(self) -> dict[str, Any]:
        """Return the step as a running clock keeps it."""
        return {"roles": list(self.roles), "wait_s": self.wait_s}


_ALL: Final = (
    Clause(
        "5.1",
        _("First notice, critical"),
        _(
            "The sponsor is told of a critical deviation within 24 hours after the manufacturer"
            " became aware of it."
        ),
        hours=24,
    ),
    Clause(
        "5.2",
        _("First notice, major"),
        _("The sponsor is told of a major deviation within one business day of the site."),
        business_days=1,
    ),
    Clause(
        "5.3",
        _("Minor deviations and release of notices"),
        _(
            "Minor deviations stand in the monthly list and in the batch package. The manufacturer's"
            " QA releases each notice; if it has not done so by half the time, its own quality head is"
            " asked."
        ),
    ),
    Clause(
        "5.4",
        _("Patient lots"),
        _(
            "What may touch dose, identity or slot of a patient lot is told within two hours, by"
            " telephone as well."
        ),
        hours=2,
    ),
    Clause(
        "5.5",
        _("Class and product impact"),
        _(
            "The manufacturer gives a deviation its class; the sponsor gives the product impact:"
            " critical in one business day, major in three, a patient lot in four hours."
        ),
        business_days=1,
    ),
    Clause(
        "5.6",
        _("Disagreement on the class"),
        _(
            "While the parties differ on a confirmed class, the stricter one drives clocks and"
            " blocks. The quality heads decide within two business days, and the outcome is kept as"
            " precedent."
        ),
        business_days=2,
    ),
    Clause(
        "5.7",
        _("Live alert outside the proven range"),
        _(
            "A critical parameter outside its proven acceptable range alerts both sides at once, on"
            " board and inbox. It asks for receipt in duty hours and wakes nobody at night; the notice"
            " still waits for the manufacturer's QA."
        ),
    ),
    Clause(
        "6.1",
        _("Preliminary summary"),
        _("A preliminary summary follows within five business days, for a critical deviation within three."),
        business_days=5,
    ),
    Clause(
        "6.2",
        _("Draft report"),
        _("The draft report comes by day 20; the sponsor comments within five business days, in two rounds."),
        business_days=5,
    ),
    Clause(
        "6.3",
        _("Closing"),
        _("A deviation is closed within 30 calendar days; more time is asked for before the date is over."),
        hours=30 * 24,
    ),
    Clause(
        "6.4",
        _("No reply"),
        _(
            "Without a reply to a draft the manufacturer may go on, recorded as no reply and never as"
            " agreement. This does not hold for critical deviations and for disposition."
        ),
    ),
    Clause(
        "7.1",
        _("Live data"),
        _("Live data are unreviewed and for information; nobody instructs the floor through the portal."),
    ),
    Clause(
        "7.2",
        _("Watches"),
        _(
            "A watch is recorded and answered by the manufacturer within eight hours. By itself it is"
            " no deviation and counts on no scorecard."
        ),
        hours=8,
    ),
    Clause(
        "8.1",
        _("Block on disposition"),
        _(
            "An open investigation of a major or critical deviation blocks disposition until its"
            " impact conclusion is approved; a CAPA may stay open."
        ),
    ),
    Clause("8.2", _("Grade A growth"), _("Growth in Grade A puts the lot on status hold at once.")),
    Clause(
        "9.1",
        _("Decision requests"),
        _(
            "A decision request names the options, the manufacturer's recommendation, when the choice"
            " is lost, and what happens meanwhile."
        ),
    ),
    Clause(
        "10.1",
        _("Facility events"),
        _(
            "An event of the facility is one record inside the manufacturer and one impact statement"
            " per program; nothing is said of other clients, not even a number."
        ),
    ),
)
CLAUSES: Final[Mapping[str, Clause]] = {each.code: each for each in _ALL}

_NOTICE: Final = {Classification.CRITICAL: "5.1", Classification.MAJOR: "5.2", Classification.MINOR: "5.3"}
# Who answers first on each side; the quality head is told when they do not.
_WORKING: Final = {Side.MANUFACTURER: ("qa", "shift_lead"), Side.SPONSOR: ("qa", "viewer", "cmc")}
_HEADS: Final = ("quality_head",)


def notice_rule(classification: str) -> Clause:
    """Return the clause that says until when the sponsor is told of a deviation of this class."""
    return CLAUSES[_NOTICE[Classification(classification)]]


UNRELEASED: Final = "notice.unreleased"
SIGNING_LOCKED: Final = "signing.locked"
# Who sees to the security of an organisation; what concerns one of them goes to all of them.
_SECURITY: Final = ("org_admin", "site_admin", "quality_head")


def ladder_for(kind: str, side: Side, classification: str | None) -> tuple[Step, ...]:  # noqa: ARG001 - the agreement's rules look at the class too
    """Return whom an alert asks on its side, step by step, and how long each step waits.

    A notice that was not released in half its time is no news to those who should have: it goes to the heads.
    """
    wait_s = int(settings.LADDER_WAIT.total_seconds())
    if kind == SIGNING_LOCKED:
        return (Step(_SECURITY, wait_s),)
    if kind == UNRELEASED:
        return (Step(_HEADS, wait_s),)
    return Step(_WORKING[Side(side)], wait_s), Step(_HEADS, wait_s)
