"""The words of a site event and of its impact statements, and their life cycles (domain 2b; clause 10.1)."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import (
    CDMO_MSAT,
    CDMO_OPERATOR,
    CDMO_QA,
    CDMO_QC,
    CDMO_QUALITY_HEAD,
    CDMO_SHIFT_LEAD,
    Transition,
    Transitions,
)


class SiteEventKind(models.TextChoices):
    """What of the site it is about."""

    UTILITY = "utility", _("utility")
    ISOLATOR = "isolator", _("isolator or line")
    FREEZER = "freezer", _("freezer or store")
    EQUIPMENT = "equipment", _("shared equipment")
    ANALYST = "analyst", _("analyst or laboratory")
    DATA_INTEGRITY = "data_integrity", _("data integrity")
    OTHER = "other", _("other")


class SiteEventState(models.TextChoices):
    """Where a site event stands inside the site."""

    OPEN = "open", _("Open")
    CLOSED = "closed", _("Closed")


class StatementState(models.TextChoices):
    """Where the impact statement of one program stands."""

    OPEN = "open", _("Impact is assessed")
    CONCLUDED = "concluded", _("Impact concluded")
    SIGNED = "signed", _("Signed")


SITE_EVENT_OPENERS: Final = (
    *(CDMO_OPERATOR, CDMO_SHIFT_LEAD, CDMO_QC, CDMO_MSAT),
    *(CDMO_QA, CDMO_QUALITY_HEAD),
)
SITE_EVENT_KEEPERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD)
STATEMENT_KEEPERS: Final = (CDMO_QA, CDMO_QUALITY_HEAD)

SITE_EVENT_TRANSITIONS: Final[Transitions] = {
    "reach": Transition(
        (SiteEventState.OPEN,), None, SITE_EVENT_KEEPERS, _("Open the statement of a program")
    ),
    "close": Transition((SiteEventState.OPEN,), SiteEventState.CLOSED, SITE_EVENT_KEEPERS, _("Close")),
}
STATEMENT_TRANSITIONS: Final[Transitions] = {
    "conclude": Transition(
        (StatementState.OPEN,),
        StatementState.CONCLUDED,
        (CDMO_QA, CDMO_MSAT, CDMO_QUALITY_HEAD),
        _("Conclude the impact"),
    ),
    "reopen": Transition(
        (StatementState.CONCLUDED,), StatementState.OPEN, STATEMENT_KEEPERS, _("Assess it again")
    ),
    "share": Transition(tuple(StatementState), None, STATEMENT_KEEPERS, _("Share with the sponsor")),
    "link": Transition(tuple(StatementState), None, STATEMENT_KEEPERS, _("Link a record")),
    "sign": Transition(
        (StatementState.CONCLUDED,),
        StatementState.SIGNED,
        (CDMO_QUALITY_HEAD,),
        _("Sign"),
        signature="approved",
    ),
}
