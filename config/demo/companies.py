"""Who meets whom in the demo. The names are made up."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_DEMO: Final = uuid.UUID("7a3f4f0e-6c1b-4c52-9a0c-4d1f8a3e5b10")


def _id(name: str) -> uuid.UUID:
    return uuid.uuid5(_DEMO, name)


@dataclass(frozen=True, slots=True)
class Site:
    """A plant: name, city, IANA zone, country of its calendar."""

    name: str
    city: str
    zone: str
    calendar: str


@dataclass(frozen=True, slots=True)
class Company:
    """An organisation with its plants."""

    id: uuid.UUID
    name: str
    domain: str
    zone: str
    sites: Sequence[Site] = ()


@dataclass(frozen=True, slots=True)
class Partners:
    """A sponsor at a manufacturer."""

    id: uuid.UUID
    sponsor: Company
    manufacturer: Company


@dataclass(frozen=True, slots=True)
class Project:
    """A program of a partnership, made at some of the manufacturer's sites."""

    id: uuid.UUID
    partners: Partners
    code: str
    title: str
    sites: Sequence[Site]


MALMO: Final = Site("Malmö", "Malmö", "Europe/Stockholm", "SE")
CORK: Final = Site("Cork", "Cork", "Europe/Dublin", "IE")

NORRSUND: Final = Company(
    _id("norrsund"), "Norrsund Biologics", "norrsund.example", "Europe/Stockholm", (MALMO, CORK)
)
ARVO: Final = Company(_id("arvo"), "Arvo Therapeutics", "arvo.example", "America/New_York")
TESSEL: Final = Company(_id("tessel"), "Tessel Bio", "tessel.example", "Europe/Zurich")
COMPANIES: Final = (NORRSUND, ARVO, TESSEL)

ARVO_AT_NORRSUND: Final = Partners(_id("arvo at norrsund"), ARVO, NORRSUND)
TESSEL_AT_NORRSUND: Final = Partners(_id("tessel at norrsund"), TESSEL, NORRSUND)
PARTNERSHIPS: Final = (ARVO_AT_NORRSUND, TESSEL_AT_NORRSUND)

AV101: Final = Project(_id("av-101"), ARVO_AT_NORRSUND, "AV-101", "AV-101 antibody", (MALMO, CORK))
AV310: Final = Project(_id("av-310"), ARVO_AT_NORRSUND, "AV-310", "AV-310 autologous CAR-T", (MALMO,))
# Takes recorded runs of the penicillin data set, so that real curves need not pose as an antibody's.
PENICILLIN: Final = Project(
    _id("pen-v"), ARVO_AT_NORRSUND, "PEN-V", "PEN-V penicillin, recorded runs", (MALMO,)
)
TB22: Final = Project(_id("tb-22"), TESSEL_AT_NORRSUND, "TB-22", "TB-22 antibody", (MALMO,))
PROGRAMS: Final = (AV101, AV310, PENICILLIN, TB22)
ARVO_PROGRAMS: Final = (AV101, AV310, PENICILLIN)
