"""What a person chooses about being told: channels by sort of notice, quiet hours, the morning mail.

Pure data and its rules. Only what is critical or touches a patient lot wakes people unless they choose
otherwise; everything else keeps duty hours. What a signed clause demands stands above every choice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, Final, Self
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.states import Channel, Classification

Words = str | Promise
SATURDAY: Final = 5
PATIENT_CLAUSE: Final = "5.4"


@dataclass(frozen=True, slots=True)
class Sort:
    """One line of the settings: notices of a kind and severity, and how they come unless chosen otherwise."""

    code: str
    title: Words
    words: Words
    channels: tuple[str, ...] = (Channel.EMAIL, Channel.PUSH, Channel.CHAT)
    wakes: bool = False


CRITICAL: Final = Sort(
    "critical",
    _("Critical, and patient lots"),
    _("Critical deviations, and whatever may touch dose, identity or slot of a patient lot."),
    wakes=True,
)
SORTS: Final = (
    CRITICAL,
    Sort(
        "decision",
        _("Decision requests"),
        _("Somebody on the other side needs an answer before a choice is lost."),
    ),
    Sort(
        "major",
        _("Major deviations"),
        _("First notices and what follows from them."),
    ),
    Sort("minor", _("Minor deviations"), _("They stand in the monthly list and the batch package as well.")),
    Sort(
        "live",
        _("Live alerts"),
        _("A critical parameter outside its proven range. The notice still waits for the CDMO's QA."),
    ),
    Sort("other", _("Everything else"), _("Reminders of one's own side, early signals, ended ladders.")),
)
BY_CODE: Final[Mapping[str, Sort]] = {each.code: each for each in SORTS}


def sort_of(kind: str, classification: str | None, clause: str) -> Sort:
    """Return the line of the settings that an alert falls under; the gravest wins."""
    # What a clause lets leave before it has a class is taken for the gravest until it has one.
    is_unjudged = kind == "deviation.notice" and classification is None
    is_of_patient = kind == "patient_lot" or clause == PATIENT_CLAUSE
    if classification == Classification.CRITICAL or is_of_patient or is_unjudged:
        return BY_CODE["critical"]
    if kind.startswith("decision."):
        return BY_CODE["decision"]
    if classification in (Classification.MAJOR, Classification.MINOR):
        return BY_CODE[classification]
    return BY_CODE["live" if kind.startswith("excursion.") else "other"]


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when until when of the own day nothing wakes that need not; weekends whole, if so chosen."""

    since: time
    until: time
    weekends: bool = True

    def holds(self, local: datetime) -> bool:
        """Say whether a local instant lies in them. Where both ends are the same, only weekends count."""
        if self.weekends and local.weekday() >= SATURDAY:
            return True
        at = local.time()
        if self.since <= self.until:
            return self.since <= at < self.until
        return at >= self.since or at < self.until

    def over_at(self, at: datetime, zone: str) -> datetime:
        """Return when they are over, counted from an instant; the instant itself outside them.

        Looked for among the local times at which something may change, so that a day of 23 or 25 hours and a
        time that the clocks skip are told by the zone's own rules.
        """
        here = ZoneInfo(zone)
        local = at.astimezone(here)
        if not self.holds(local):
            return at
        for days in range(8):
            day = local.date() + timedelta(days=days)
            for each in sorted({time(0), self.until}):
                found = datetime.combine(day, each, here).astimezone(at.tzinfo)
                if found > at and not self.holds(found.astimezone(here)):
                    return found
        # Nothing but quiet: whoever chose it is told in the morning all the same.
        return datetime.combine(local.date() + timedelta(days=1), self.until, here).astimezone(at.tzinfo)

    @property
    def words(self) -> str:
        """Return them as the installation's settings write them."""
        return f"{self.since:%H:%M}-{self.until:%H:%M}" + (" weekends" if self.weekends else "")

    def plain(self) -> dict[str, Any]:
        """Return them as they are stored."""
        return {"since": f"{self.since:%H:%M}", "until": f"{self.until:%H:%M}", "weekends": self.weekends}

    @classmethod
    def read(cls, given: Mapping[str, Any]) -> Self:
        """Return stored quiet hours. Raises: ValueError."""
        since, until = time.fromisoformat(given["since"]), time.fromisoformat(given["until"])
        return cls(since, until, bool(given["weekends"]))

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """Return those of the installation's settings, `19:00-07:00 weekends`; none for nothing.

        Raises: ValueError.
        """
        if not text.strip():
            return None
        hours, _space, rest = text.strip().partition(" ")
        since, _dash, until = hours.partition("-")
        if rest not in ("", "weekends"):
            raise ValueError(text)
        return cls(time.fromisoformat(since), time.fromisoformat(until), rest == "weekends")


@dataclass(frozen=True, slots=True)
class Choices:
    """All that one person chose; what is left out is by default."""

    quiet: QuietHours | None
    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    wakes: Mapping[str, bool] = field(default_factory=dict)
    # In the own zone; None: no morning mail.
    digest_hour: int | None = None

    def over(self, sort: Sort) -> tuple[str, ...]:
        """Return the channels of a sort as chosen."""
        chosen = self.channels.get(sort.code, sort.channels)
        return tuple(each for each in Channel.values if each in chosen)

    def wakes_for(self, sort: Sort) -> bool:
        """Say whether a sort of notice keeps no quiet hours, as chosen."""
        return self.wakes.get(sort.code, sort.wakes)

    def plain(self) -> dict[str, Any]:
        """Return them as they are stored."""
        return {
            "quiet": self.quiet.plain() if self.quiet is not None else None,
            "channels": {code: list(each) for code, each in self.channels.items()},
            "wakes": dict(self.wakes),
        }

    @classmethod
    def read(cls, given: Mapping[str, Any], digest_hour: int | None) -> Self:
        """Return what was stored."""
        quiet = given.get("quiet")
        return cls(
            QuietHours.read(quiet) if quiet is not None else None,
            {code: tuple(each) for code, each in given.get("channels", {}).items()},
            given.get("wakes", {}),
            digest_hour,
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """One message to write: over which channel, when it may go first, or that the morning mail lists it."""

    channel: str
    at: datetime
    is_in_digest: bool = False


def plan(
    choices: Choices,
    sort: Sort,
    *,
    now: datetime,
    zone: str,
    open_to: Sequence[str],
    demanded: Sequence[str] = (),
    must_wake: bool = False,
) -> list[Planned]:
    """Return the messages of one person for one notice; `open_to` are the channels that lead to them.

    `demanded` and `must_wake` are what the clauses of the program ask for, whatever was chosen.

    In quiet hours what need not wake waits for their end, or is left to the morning mail where there is one.
    The page and the socket tell at once in any case.
    """
    at = now
    if choices.quiet is not None and not (must_wake or choices.wakes_for(sort)):
        at = choices.quiet.over_at(now, zone)
    is_in_digest = at > now and choices.digest_hour is not None
    over = {*choices.over(sort), *demanded}
    return [Planned(each, at, is_in_digest) for each in Channel.values if each in over and each in open_to]


def next_morning(after: datetime, zone: str, hour: int) -> datetime:
    """Return the next time that it is this hour in a zone, later than an instant."""
    here = ZoneInfo(zone)
    day = after.astimezone(here).date()
    for days in range(3):
        found = datetime.combine(day + timedelta(days=days), time(hour), here).astimezone(after.tzinfo)
        if found > after:
            return found
    raise AssertionError(zone)
