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
    "Deviation",
    "DeviationWords",
    "EarlySignal",
    "EffectivenessCheck",
    "EffectivenessData",
    "Elsewhere",
    "Inquiry",
    "InquiryNode",
    "Judgement",
    "Measure",
    "MirrorClass",
    "MirrorConflict",
    "NodeEvidence",
    "Notice",
    "Numbering",
    "PreliminarySummary",
    "ReportComment",
    "ReportRound",
    "ReportingDecision",
    "ReportingFacts",
    "RiskForm",
    "Settlement",
]
