"""The people and systems of the demo, by role: nobody has a name of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from config.demo.companies import (
    ARVO,
    ARVO_AT_NORRSUND,
    ARVO_PROGRAMS,
    AV101,
    CORK,
    NORRSUND,
    TB22,
    TESSEL,
    TESSEL_AT_NORRSUND,
    Company,
)
from portal.actor import Side

# One for all, shown on the terminal: the demo listens on loopback alone, and the second factor is random.
PASSWORD: Final = "covalent demo on loopback"  # noqa: S105 - a demo login that `up` prints


@dataclass(frozen=True, slots=True)
class Seat:
    """A role on a side of a program, a partnership or the own organisation; `code` is what others read."""

    target: UUID
    side: Side
    role: str
    code: str
    lasts: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """A person who signs in."""

    key: str
    employer: Company
    name: str
    seats: Sequence[Seat]
    zone: str = ""

    @property
    def email(self) -> str:
        """Return the address, made from the key: cdmo_qa is cdmo.qa@norrsund.example."""
        return f"{self.key.replace('_', '.')}@{self.employer.domain}"


@dataclass(frozen=True, slots=True)
class Service:
    """A system with a key of its own."""

    key: str
    employer: Company
    name: str
    seat: Seat
    scopes: Sequence[str]
    programs: Sequence[UUID]

    @property
    def email(self) -> str:
        """Return what the account is known by; nobody reads mail there."""
        return f"{self.key.replace('_', '.')}@service.{self.employer.domain}"


def _maker(role: str, code: str) -> Seat:
    return Seat(ARVO_AT_NORRSUND.id, Side.MANUFACTURER, role, code)


def _sponsor(role: str, code: str) -> Seat:
    return Seat(ARVO_AT_NORRSUND.id, Side.SPONSOR, role, code)


def _rivals_maker(role: str, code: str) -> Seat:
    return Seat(TESSEL_AT_NORRSUND.id, Side.MANUFACTURER, role, code)


def _rival(role: str, code: str) -> Seat:
    return Seat(TESSEL_AT_NORRSUND.id, Side.SPONSOR, role, code)


_INSPECTION: Final = Seat(AV101.id, Side.SPONSOR, "inspector", "Inspector 01", lasts=timedelta(days=90))

PEOPLE: Final = (
    Login(
        "cdmo_operator",
        NORRSUND,
        "Operator, cell culture",
        (_maker("operator", "Operator 31"), _rivals_maker("operator", "Operator T2")),
    ),
    Login("cdmo_shift_lead", NORRSUND, "Shift lead", (_maker("shift_lead", "Shift lead 04"),)),
    Login("cdmo_qa", NORRSUND, "QA on the floor", (_maker("qa", "QA floor 07"),)),
    Login("cdmo_fill_qa", NORRSUND, "QA, sterile fill", (_maker("qa", "QA fill 02"),), CORK.zone),
    Login(
        "cdmo_client_lead",
        NORRSUND,
        "Quality lead for the client",
        (_maker("client_lead", "Client lead 02"),),
    ),
    Login("cdmo_msat", NORRSUND, "Process scientist, MSAT", (_maker("msat", "MSAT 05"),)),
    Login("cdmo_qc", NORRSUND, "QC microbiology", (_maker("qc", "QC micro 03"),)),
    Login(
        "cdmo_quality_head",
        NORRSUND,
        "Head of quality",
        (_maker("quality_head", "Quality head 01"), _rivals_maker("quality_head", "Quality head T1")),
    ),
    Login("cdmo_qp", NORRSUND, "Qualified person", (_maker("qp", "QP 02"),)),
    Login(
        "cdmo_admin",
        NORRSUND,
        "Site administrator",
        (Seat(NORRSUND.id, Side.BOTH, "site_admin", "Site admin 02"),),
    ),
    Login(
        "cdmo_second_admin",
        NORRSUND,
        "Site administrator, deputy",
        (Seat(NORRSUND.id, Side.BOTH, "site_admin", "Site admin 05"),),
    ),
    Login("sponsor_qa", ARVO, "Quality lead", (_sponsor("qa", "Sponsor QA 03"),)),
    Login("sponsor_second_qa", ARVO, "Quality lead, deputy", (_sponsor("qa", "Sponsor QA 05"),)),
    Login("sponsor_viewer", ARVO, "Program viewer", (_sponsor("viewer", "Sponsor viewer 11"),)),
    Login("sponsor_cmc", ARVO, "CMC lead", (_sponsor("cmc", "CMC 02"),)),
    Login("sponsor_msat", ARVO, "MSAT consultant", (_sponsor("msat", "Sponsor MSAT 01"),)),
    Login("sponsor_qp", ARVO, "Contract QP", (_sponsor("qp", "Sponsor QP 01"),), "Europe/Dublin"),
    Login(
        "sponsor_quality_head",
        ARVO,
        "Head of quality",
        (_sponsor("quality_head", "Sponsor quality head 01"),),
    ),
    Login(
        "sponsor_regulatory", ARVO, "Regulatory affairs", (_sponsor("regulatory", "Sponsor regulatory 01"),)
    ),
    Login(
        "sponsor_admin",
        ARVO,
        "Administrator",
        (Seat(ARVO.id, Side.BOTH, "org_admin", "Sponsor admin 01"),),
    ),
    Login(
        "sponsor_second_admin",
        ARVO,
        "Administrator, deputy",
        (Seat(ARVO.id, Side.BOTH, "org_admin", "Sponsor admin 02"),),
    ),
    Login("inspector", ARVO, "Inspector, by invitation", (_INSPECTION,)),
    Login("rival_sponsor_qa", TESSEL, "Quality lead", (_rival("qa", "Client QA 05"),)),
    Login("rival_sponsor_viewer", TESSEL, "Program viewer", (_rival("viewer", "Client viewer 01"),)),
    Login(
        "rival_quality_head", TESSEL, "Head of quality", (_rival("quality_head", "Client quality head 01"),)
    ),
    Login(
        "rival_admin", TESSEL, "Administrator", (Seat(TESSEL.id, Side.BOTH, "org_admin", "Client admin 01"),)
    ),
    Login(
        "rival_second_admin",
        TESSEL,
        "Administrator, deputy",
        (Seat(TESSEL.id, Side.BOTH, "org_admin", "Client admin 02"),),
    ),
    Login("rival_cdmo_qa", NORRSUND, "QA on the floor", (_rivals_maker("qa", "QA floor T4"),)),
    Login("rival_cdmo_shift_lead", NORRSUND, "Shift lead", (_rivals_maker("shift_lead", "Shift lead T1"),)),
)

# Who enters recipes, batches and readings while the demo is loaded.
MAKERS: Final = (
    "cdmo_qa",
    "cdmo_shift_lead",
    "rival_cdmo_qa",
    "rival_cdmo_shift_lead",
    "cdmo_operator",
    "cdmo_fill_qa",
    "sponsor_qa",
    "rival_sponsor_qa",
    "sponsor_viewer",
    "cdmo_quality_head",
    "sponsor_quality_head",
)

_ARVO_IDS: Final = tuple(program.id for program in ARVO_PROGRAMS)

SERVICES: Final = (
    Service(
        "gateway", NORRSUND, "Plant gateway", _maker("gateway", "Gateway 01"), ("read", "readings"), _ARVO_IDS
    ),
    Service(
        "cdmo_system",
        NORRSUND,
        "Quality system",
        _maker("qa", "QA system 01"),
        ("read", "write", "acknowledge", "webhooks"),
        _ARVO_IDS,
    ),
    Service(
        "sponsor_system",
        ARVO,
        "Quality system",
        _sponsor("viewer", "Sponsor system 01"),
        ("read", "acknowledge", "webhooks"),
        _ARVO_IDS,
    ),
    Service(
        "rival_system",
        TESSEL,
        "Quality system",
        _rival("viewer", "Client system 01"),
        ("read", "acknowledge", "webhooks"),
        (TB22.id,),
    ),
)
