"""The words of a disposition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.states import Meaning


class ReleaseStepCode(models.TextChoices):
    """The steps in their order; the last four are those of a lot that is out of specification."""

    CDMO = "cdmo", _("CDMO batch disposition")
    SPONSOR = "sponsor", _("Sponsor disposition")
    QP_CONFIRMATION = "qp_confirmation", _("QP confirmation")
    QP_CERTIFICATION = "qp_certification", _("QP certification")
    GREEN_LIGHT = "green_light", _("Regulatory green light")
    REQUEST = "physician_request", _("Physician's request")
    RISK = "risk_evaluation", _("QP's risk evaluation")
    ACCEPTANCE = "physician_acceptance", _("Physician's acceptance")
    SUPPLY = "supply", _("Sponsor's agreement to supply")


class Decision(models.TextChoices):
    """What a step says. A lot that is out of specification is supplied, never released."""

    RELEASED = "released", _("released")
    RESTRICTED = "restricted", _("restricted to markets")
    CONDITIONAL = "conditional", _("conditional")
    REPROCESS = "reprocess", _("reprocess")
    CONFIRMED = "confirmed", _("confirmed")
    CERTIFIED = "certified", _("certified")
    GIVEN = "given", _("given")
    RECORDED = "recorded", _("recorded")
    SUPPLIED = "supplied", _("supplied out of specification at the physician's request")
    REJECTED = "rejected", _("rejected")


class DecisionState(models.TextChoices):
    """A decision stands, or a later one of the same step followed it."""

    STANDING = "standing", _("stands")
    FOLLOWED = "followed", _("followed by a later one")


REGULAR: Final = (
    ReleaseStepCode.CDMO,
    ReleaseStepCode.SPONSOR,
    ReleaseStepCode.QP_CONFIRMATION,
    ReleaseStepCode.QP_CERTIFICATION,
    ReleaseStepCode.GREEN_LIGHT,
)
# Where a lot is out of specification and the patient needs it (EU GMP Part IV 11.5).
OUT_OF_SPECIFICATION: Final = (
    ReleaseStepCode.REQUEST,
    ReleaseStepCode.RISK,
    ReleaseStepCode.ACCEPTANCE,
    ReleaseStepCode.SUPPLY,
)
# Whoever decides so may decide again; every other decision is final.
NOT_FINAL: Final = (Decision.RESTRICTED, Decision.CONDITIONAL, Decision.REPROCESS)
# The chain goes on after these.
FAVOURABLE: Final = frozenset(
    (
        *(Decision.RELEASED, Decision.RESTRICTED, Decision.CONFIRMED, Decision.CERTIFIED),
        *(Decision.GIVEN, Decision.RECORDED, Decision.SUPPLIED),
    )
)
# What each step may say, and what the signature under it means.
SAYS: Final[Mapping[ReleaseStepCode, Mapping[Decision, Meaning]]] = {
    ReleaseStepCode.CDMO: {
        Decision.RELEASED: Meaning.APPROVED,
        Decision.REPROCESS: Meaning.APPROVED,
        Decision.REJECTED: Meaning.REJECTED,
    },
    ReleaseStepCode.SPONSOR: {
        Decision.RELEASED: Meaning.APPROVED,
        Decision.RESTRICTED: Meaning.APPROVED,
        Decision.CONDITIONAL: Meaning.APPROVED,
        Decision.REPROCESS: Meaning.APPROVED,
        Decision.REJECTED: Meaning.REJECTED,
    },
    ReleaseStepCode.QP_CONFIRMATION: {
        Decision.CONFIRMED: Meaning.APPROVED,
        Decision.REJECTED: Meaning.REJECTED,
    },
    ReleaseStepCode.QP_CERTIFICATION: {
        Decision.CERTIFIED: Meaning.CERTIFIED,
        Decision.REJECTED: Meaning.REJECTED,
    },
    ReleaseStepCode.GREEN_LIGHT: {Decision.GIVEN: Meaning.APPROVED, Decision.REJECTED: Meaning.REJECTED},
    ReleaseStepCode.REQUEST: {Decision.RECORDED: Meaning.AUTHORED, Decision.REJECTED: Meaning.REJECTED},
    ReleaseStepCode.RISK: {Decision.RECORDED: Meaning.AUTHORED, Decision.REJECTED: Meaning.REJECTED},
    ReleaseStepCode.ACCEPTANCE: {Decision.RECORDED: Meaning.AUTHORED, Decision.REJECTED: Meaning.REJECTED},
    ReleaseStepCode.SUPPLY: {Decision.SUPPLIED: Meaning.CONCURRED, Decision.REJECTED: Meaning.REJECTED},
}
# Who signs where no clause says it, as clauses write roles.
USUAL: Final[Mapping[ReleaseStepCode, tuple[str, ...]]] = {
    ReleaseStepCode.CDMO: ("manufacturer.quality_head",),
    ReleaseStepCode.SPONSOR: ("sponsor.quality_head",),
    ReleaseStepCode.REQUEST: ("sponsor.qa", "sponsor.cmc", "sponsor.quality_head"),
    ReleaseStepCode.RISK: ("manufacturer.qp",),
    ReleaseStepCode.ACCEPTANCE: ("sponsor.qa", "sponsor.cmc", "sponsor.quality_head"),
    ReleaseStepCode.SUPPLY: ("sponsor.quality_head",),
}
QP_STEPS: Final = frozenset((ReleaseStepCode.QP_CONFIRMATION, ReleaseStepCode.QP_CERTIFICATION))
# What becomes of the lots that the batch made. One that was supplied out of specification is never released.
LOTS: Final = {
    Decision.RELEASED: "release",
    Decision.RESTRICTED: "restrict",
    Decision.CONDITIONAL: "restrict",
    Decision.SUPPLIED: "restrict",
    Decision.REPROCESS: "hold",
    Decision.REJECTED: "reject",
}
