"""The aggregates of the deviations app, one file each."""

from deviations.models.deviation import Deviation, Judgement, Numbering
from deviations.models.notice import Notice
from deviations.models.reporting import ReportingDecision, ReportingFacts
from deviations.models.signal import EarlySignal
from deviations.models.summary import PreliminarySummary

__all__ = [
    "Deviation",
    "EarlySignal",
    "Judgement",
    "Notice",
    "Numbering",
    "PreliminarySummary",
    "ReportingDecision",
    "ReportingFacts",
]
