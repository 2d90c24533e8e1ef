"""The aggregates of the deviations app, one file each."""

from deviations.models.deviation import STATED_THERE, Deviation, Elsewhere, Judgement, Numbering
from deviations.models.notice import Notice
from deviations.models.reporting import ReportingDecision, ReportingFacts
from deviations.models.rounds import ReportComment, ReportRound, Settlement
from deviations.models.signal import EarlySignal
from deviations.models.summary import PreliminarySummary

__all__ = [
    "STATED_THERE",
    "Deviation",
    "EarlySignal",
    "Elsewhere",
    "Judgement",
    "Notice",
    "Numbering",
    "PreliminarySummary",
    "ReportComment",
    "ReportRound",
    "ReportingDecision",
    "ReportingFacts",
    "Settlement",
]
