"""Roles as code plus side, and who of them does what (domain 2f)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from portal.actor import Role, Side

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CDMO_OPERATOR: Final = Role(Side.MANUFACTURER, "operator")
CDMO_SHIFT_LEAD: Final = Role(Side.MANUFACTURER, "shift_lead")
CDMO_QA: Final = Role(Side.MANUFACTURER, "qa")
CDMO_QUALITY_HEAD: Final = Role(Side.MANUFACTURER, "quality_head")
CDMO_QC: Final = Role(Side.MANUFACTURER, "qc")
CDMO_MSAT: Final = Role(Side.MANUFACTURER, "msat")
CDMO_CLIENT_LEAD: Final = Role(Side.MANUFACTURER, "client_lead")
CDMO_QP: Final = Role(Side.MANUFACTURER, "qp")
SPONSOR_VIEWER: Final = Role(Side.SPONSOR, "viewer")
SPONSOR_QA: Final = Role(Side.SPONSOR, "qa")
SPONSOR_CMC: Final = Role(Side.SPONSOR, "cmc")
SPONSOR_MSAT: Final = Role(Side.SPONSOR, "msat")
SPONSOR_QUALITY_HEAD: Final = Role(Side.SPONSOR, "quality_head")
SPONSOR_QP: Final = Role(Side.SPONSOR, "qp")
SPONSOR_REGULATORY: Final = Role(Side.SPONSOR, "regulatory")
GATEWAY: Final = Role(Side.MANUFACTURER, "gateway")
SYSTEM: Final = Role(Side.BOTH, "system")
# The scope of a key that opens the wall page and nothing else.
DISPLAY: Final = "display"
TRAIL_REVIEWERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD)
ADMINISTRATOR_CODES: Final = frozenset(("site_admin", "org_admin"))
ADMINISTRATORS: Final = (Role(Side.BOTH, "site_admin"), Role(Side.BOTH, "org_admin"), SYSTEM)
ROLES: Final[Mapping[Side, tuple[str, ...]]] = {
    Side.MANUFACTURER: (
        "operator",
        "shift_lead",
        "qa",
        "quality_head",
        "qc",
        "msat",
        "client_lead",
        "qp",
        "inspector",
        "gateway",
    ),
    Side.SPONSOR: (
        "viewer",
        "qa",
        "cmc",
        "msat",
        "quality_head",
        "qp",
        "regulatory",
        "inspector",
    ),
    Side.BOTH: ("site_admin", "org_admin", "quality_head"),
}
# Roles that people say otherwise than they are written.
ROLE_WORDS: Final[Mapping[str, StrOrPromise]] = {
    "qa": _("QA"),
    "qc": _("QC"),
    "qp": _("QP"),
    "cmc": _("CMC"),
    "msat": _("MSAT"),
    "shift_lead": _("shift lead"),
    "quality_head": _("quality head"),
    "org_admin": _("administrator"),
    "site_admin": _("site administrator"),
    "client_lead": _("client lead"),
    "viewer": _("sponsor viewer"),
    "regulatory": _("regulatory"),
}
# Roles that are lent to nobody: administration takes two people, an inspection is of one, a gateway is none.
NOT_LENT: Final = frozenset(("site_admin", "org_admin", "inspector", "gateway"))
PEOPLE_WHO_ADMINISTER: Final = tuple(each for each in ADMINISTRATORS if each != SYSTEM)
INSPECTOR: Final = "inspector"
INSPECTORS: Final = (Role(Side.MANUFACTURER, INSPECTOR), Role(Side.SPONSOR, INSPECTOR))
# Who of the inviting side answers an inspector.
INSPECTION_HOSTS: Final = (
    CDMO_QA,
    CDMO_QUALITY_HEAD,
    CDMO_CLIENT_LEAD,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    SPONSOR_REGULATORY,
)
# Who reviews an organisation's access: its administrators and its head of quality.
ACCESS_REVIEWERS: Final = (*ADMINISTRATORS, Role(Side.BOTH, "quality_head"))
# Who gives receipt on either side (domain 2f): operators, inspectors and gateways do not.
ACKNOWLEDGERS: Final = (
    CDMO_SHIFT_LEAD,
    CDMO_QA,
    CDMO_QUALITY_HEAD,
    CDMO_CLIENT_LEAD,
    CDMO_QP,
    SPONSOR_VIEWER,
    SPONSOR_QA,
    SPONSOR_CMC,
    SPONSOR_QUALITY_HEAD,
    SPONSOR_QP,
    SPONSOR_REGULATORY,
)
# Who keeps a record for a dispute or an authority, and what: a hold reaches all that belongs to it.
HOLDERS: Final = (CDMO_QUALITY_HEAD, SPONSOR_QUALITY_HEAD, SPONSOR_REGULATORY)
HELD_TYPES: Final = ("program", "batch", "deviation")
# Who keeps a side's rosters, and who tries whether its ladders work.
ROSTER_KEEPERS: Final = (
    CDMO_QA,
    CDMO_QUALITY_HEAD,
    CDMO_CLIENT_LEAD,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    SYSTEM,
)
DRILLERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD)
# Who of a side keeps its clocks; a joint one rests only when both sides say so. A regulatory one never rests.
CLOCK_KEEPERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD)
# Who sets the calendar of a side: its heads of quality, and its administrators who are seated in the program.
CALENDAR_KEEPERS: Final = (CDMO_QUALITY_HEAD, SPONSOR_QUALITY_HEAD)
# Who asks the other side for a decision, and who may answer for theirs; the head of quality always may.
DECISION_ASKERS: Final = (
    CDMO_CLIENT_LEAD,
    CDMO_QA,
    CDMO_QUALITY_HEAD,
    CDMO_QP,
    SPONSOR_CMC,
    SPONSOR_QA,
    SPONSOR_QUALITY_HEAD,
    SPONSOR_QP,
)
DECISION_ANSWERERS: Final = (*DECISION_ASKERS, CDMO_MSAT, SPONSOR_MSAT, SPONSOR_REGULATORY)
# Who of a side sets up where its news goes; so do administrators with a seat there, and keys by scope.
WEBHOOK_KEEPERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD)
AGREEMENT_DRAFTERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD, SPONSOR_QA, SPONSOR_QUALITY_HEAD)
AGREEMENT_SIGNERS: Final = (CDMO_QUALITY_HEAD, SPONSOR_QUALITY_HEAD)


def role_words(code: str) -> str:
    """Return a role as people say it."""
    return str(ROLE_WORDS.get(code, code.replace("_", " ")))
