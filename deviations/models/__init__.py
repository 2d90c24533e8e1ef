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
from deviations.models.deviation import STATED_THERE, Deviation, Elsewhere, Judgement, Numbering
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
from deviations.models.mirror import MirrorClass, MirrorConflict
from deviations.models.notice import Notice
from deviations.models.reporting import ReportingDecision, ReportingFacts
from deviations.models.rounds import ReportComment, ReportRound, Settlement
from deviations.models.signal import EarlySignal
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
    "ClassWord",
    "Deviation",
    "DeviationTie",
    "DeviationWords",
    "EarlySignal",
    "EffectivenessCheck",
    "EffectivenessData",
    "Elsewhere",
    "ImpactAssessment",
    "ImpactFinding",
    "Inquiry",
    "InquiryNode",
    "Judgement",
    "Measure",
    "MirrorClass",
    "MirrorConflict",
    "NodeEvidence",
    "Notice",
    "Numbering",
    "Precedent",
    "PreliminarySummary",
    "Reclassification",
    "ReportComment",
    "ReportRound",
    "ReportingDecision",
    "ReportingFacts",
    "RiskForm",
    "ScopeCandidate",
    "Settlement",
]
