"""Which reports to authorities a deviation may call for, by facts that the sponsor gives.

The rules are data with their source; what the facts call for is asked here and nowhere else. A clause of the
law is cited, not quoted. Every clock that runs by one ends in a signed decision and rests for nobody.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from portal.agreements.durations import Duration


class ProductKind(models.TextChoices):
    """What the product is to an authority."""

    NDA = "nda", _("drug under an NDA or ANDA (US)")
    BLA = "bla", _("licensed biologic (US)")
    BLOOD = "blood", _("blood or plasma (US)")
    HCTP = "hctp", _("HCT/P under section 361 (US)")
    EU_AUTHORISED = "eu_authorised", _("medicinal product authorised in the EU")
    EU_ATMP = "eu_atmp", _("ATMP authorised in the EU")
    EU_TRIAL = "eu_trial", _("investigational product in an EU trial")


class Reach(models.TextChoices):
    """Where the material is; asked first."""

    NOT_LEFT = "not_left", _("nothing has left the manufacturer's control")
    DISTRIBUTED = "distributed", _("distributed")
    INVESTIGATIONAL = "investigational", _("investigational, at a trial site or given")


class ReportingEvent(models.TextChoices):
    """What has happened, as the rules ask for it."""

    MIX_UP = "mix_up", _("mix-up or labelling")
    CONTAMINATION = "contamination", _("bacterial contamination, or a significant change or deterioration")
    OUT_OF_SPECIFICATION = "out_of_specification", _("failure to meet the specification")
    SAFETY = "safety", _("may affect safety, purity or potency")
    CORE_CGTP = "core_cgtp", _("core good tissue practice, communicable disease")
    ADVERSE_REACTION = "adverse_reaction", _("adverse reaction")
    DEFECT = "defect", _("possible quality defect or recall")
    SUPPLIED = "supplied", _("out of specification and supplied at the physician's request")
    SERIOUS_BREACH = "serious_breach", _("serious breach of the trial or its protocol")
    SHORTAGE = "shortage", _("supply of the product at risk")


class ReportingDecisionKind(models.TextChoices):
    """How a clock of the law ends."""

    REPORTABLE = "reportable", _("reportable")
    NOT_REPORTABLE = "not_reportable", _("not reportable, because")


@dataclass(frozen=True, slots=True)
class ReportingRule:
    """One duty to report: for which product, where it is, what happened; until when, and by which source."""

    code: str
    title: str
    source: str
    within: Duration
    kinds: tuple[str, ...]
    reach: tuple[str, ...]
    events: tuple[str, ...]

    @property
    def clock(self) -> str:
        """Return the kind of its clock."""
        return f"reporting.{self.code}"

    def matches(self, kinds: Collection[str], reach: str, events: Collection[str]) -> bool:
        """Say whether the facts call for it."""
        return reach in self.reach and bool({*self.kinds} & {*kinds}) and bool({*self.events} & {*events})


_K, _E = ProductKind, ReportingEvent
_OUT: Final = (Reach.DISTRIBUTED,)
_FAR: Final = (_E.MIX_UP, _E.CONTAMINATION, _E.OUT_OF_SPECIFICATION)
RULES: Final = (
    ReportingRule("field_alert", "Field alert report", "21 CFR 314.81(b)(1)",
                  Duration(3, "business_days", "sponsor"), (_K.NDA,), _OUT, _FAR),
    ReportingRule("bpdr", "Biological product deviation report", "21 CFR 600.14(c)",
                  Duration(45, "calendar_days"), (_K.BLA,), _OUT, (_E.SAFETY,)),
    ReportingRule("blood", "Biological product deviation report, blood", "21 CFR 606.171",
                  Duration(45, "calendar_days"), (_K.BLOOD,), _OUT, (_E.SAFETY,)),
    ReportingRule("hctp_deviation", "HCT/P deviation report", "21 CFR 1271.350(b)",
                  Duration(45, "calendar_days"), (_K.HCTP,), _OUT, (_E.CORE_CGTP,)),
    ReportingRule("hctp_reaction", "HCT/P adverse reaction report", "21 CFR 1271.350(a)",
                  Duration(15, "calendar_days"), (_K.HCTP,), _OUT, (_E.ADVERSE_REACTION,)),
    ReportingRule("eu_defect", "Quality defect, without delay", "EU GMP chapter 8; Dir. 2001/83/EC Art. 23",
                  Duration(24, "hours"), (_K.EU_AUTHORISED, _K.EU_ATMP), _OUT, (_E.DEFECT,)),
    ReportingRule("eu_atmp", "Out-of-specification ATMP supplied", "EU GMP Part IV 11.53-11.54; EMA Q&A",
                  Duration(48, "hours"), (_K.EU_ATMP,), _OUT, (_E.SUPPLIED,)),
    ReportingRule("eu_atmp_trial", "Out-of-specification ATMP supplied in a trial",
                  "EU GMP Part IV 11.53-11.54", Duration(48, "hours"), (_K.EU_TRIAL,),
                  (Reach.INVESTIGATIONAL,), (_E.SUPPLIED,)),
    ReportingRule("eu_breach", "Serious breach of a trial", "Reg. (EU) 536/2014 Art. 52",
                  Duration(7, "calendar_days"), (_K.EU_TRIAL,), (Reach.INVESTIGATIONAL,),
                  (_E.SERIOUS_BREACH,)),
    ReportingRule("us_shortage", "Notice of an interruption in supply", "FD&C Act 506C",
                  Duration(5, "business_days", "sponsor"), (_K.NDA, _K.BLA), tuple(Reach), (_E.SHORTAGE,)),
)  # fmt: skip


def rule_of(code: str) -> ReportingRule | None:
    """Return a rule by its code, None when there is none."""
    return next((each for each in RULES if each.code == code), None)


def called_for(kinds: Collection[str], reach: str, events: Collection[str]) -> list[ReportingRule]:
    """Return the duties that the facts call for, in the order of the table."""
    return [each for each in RULES if each.matches(kinds, reach, events)]
