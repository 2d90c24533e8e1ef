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
from deviations.models.judging import (
    ClassWord,
    DeviationTie,
    ImpactAssessment,
    ImpactFinding,
    Precedent,
    Reclassification,
    ScopeCandidate,
)
from deviations.models.notice import Notice
from deviations.models.reporting import ReportingDecision, ReportingFacts
from deviations.models.rounds import ReportComment, ReportRound, Settlement
from deviations.models.signal import EarlySignal
from deviations.models.summary import PreliminarySummary

__all__ = [
    "STATED_THERE",
    "Capa",
    "CapaDecision",
    "CapaKin",
    "CapaLink",
    "CapaNumbering",
    "CapaPlan",
    "ClassWord",
    "Deviation",
    "DeviationTie",
    "EarlySignal",
    "EffectivenessCheck",
    "EffectivenessData",
    "Elsewhere",
    "ImpactAssessment",
    "ImpactFinding",
    "Judgement",
    "Measure",
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
