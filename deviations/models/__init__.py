"""The aggregates of the deviations app, one file each."""

from deviations.models.capa import (
    Capa,
    CapaDecision,
    CapaKin,
    CapaLink,
    CapaNumbering,
    CapaPlan,
    EffectivenessCheck,
    EffectivenessData,
    Measure,
    RiskForm,
)
from deviations.models.change import Change
from deviations.models.complaint import Complaint
from deviations.models.deviation import STATED_THERE, Deviation, Elsewhere, Judgement, Numbering
from deviations.models.docket import Docket, DocketEntry, DocketLink
from deviations.models.laboratory import LabInvestigation, Retest
from deviations.models.monthly import MonthlyLine, MonthlyList
from deviations.models.notice import Notice
from deviations.models.query import Query
from deviations.models.reporting import ReportingDecision, ReportingFacts
from deviations.models.rounds import ReportComment, ReportRound, Settlement
from deviations.models.signal import EarlySignal
from deviations.models.site import ImpactStatement, SiteEvent, SiteReach
from deviations.models.summary import PreliminarySummary

__all__ = [
    "STATED_THERE",
    "Capa",
    "CapaDecision",
    "CapaKin",
    "CapaLink",
    "CapaNumbering",
    "CapaPlan",
    "Change",
    "Complaint",
    "Deviation",
    "Docket",
    "DocketEntry",
    "DocketLink",
    "EarlySignal",
    "EffectivenessCheck",
    "EffectivenessData",
    "Elsewhere",
    "ImpactStatement",
    "Judgement",
    "LabInvestigation",
    "Measure",
    "MonthlyLine",
    "MonthlyList",
    "Notice",
    "Numbering",
    "PreliminarySummary",
    "Query",
    "ReportComment",
    "ReportRound",
    "ReportingDecision",
    "ReportingFacts",
    "Retest",
    "RiskForm",
    "Settlement",
    "SiteEvent",
    "SiteReach",
]
