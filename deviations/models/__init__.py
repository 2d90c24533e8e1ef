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
from deviations.models.inquiry import Cause, CauseExclusion, Inquiry, InquiryNode, NodeEvidence
from deviations.models.judging import (
    ClassWord,
    DeviationTie,
    ImpactAssessment,
    ImpactFinding,
    Precedent,
    Reclassification,
    ScopeCandidate,
)
from deviations.models.laboratory import LabInvestigation, Retest
from deviations.models.mirror import MirrorClass, MirrorConflict
from deviations.models.monthly import MonthlyLine, MonthlyList
from deviations.models.notice import Notice
from deviations.models.query import Query
from deviations.models.reporting import ReportingDecision, ReportingFacts
from deviations.models.rounds import ReportComment, ReportRound, Settlement
from deviations.models.signal import EarlySignal
from deviations.models.site import ImpactStatement, SiteEvent, SiteReach
from deviations.models.summary import PreliminarySummary
from deviations.models.words import DeviationWords

__all__ = [
    "STATED_THERE",
    "Capa",
    "CapaDecision",
    "CapaKin",
    "CapaLink",
    "CapaNumbering",
    "CapaPlan",
    "Cause",
    "CauseExclusion",
    "Change",
    "ClassWord",
    "Complaint",
    "Deviation",
    "DeviationTie",
    "DeviationWords",
    "Docket",
    "DocketEntry",
    "DocketLink",
    "EarlySignal",
    "EffectivenessCheck",
    "EffectivenessData",
    "Elsewhere",
    "ImpactAssessment",
    "ImpactFinding",
    "ImpactStatement",
    "Inquiry",
    "InquiryNode",
    "Judgement",
    "LabInvestigation",
    "Measure",
    "MirrorClass",
    "MirrorConflict",
    "MonthlyLine",
    "MonthlyList",
    "NodeEvidence",
    "Notice",
    "Numbering",
    "Precedent",
    "PreliminarySummary",
    "Query",
    "Reclassification",
    "ReportComment",
    "ReportRound",
    "ReportingDecision",
    "ReportingFacts",
    "Retest",
    "RiskForm",
    "ScopeCandidate",
    "Settlement",
    "SiteEvent",
    "SiteReach",
]
