"""The aggregates of the deviations app, one file each."""

from deviations.models.deviation import Deviation, Judgement, Numbering
from deviations.models.notice import Notice
from deviations.models.reporting import ReportingDecision, ReportingFacts

__all__ = ["Deviation", "Judgement", "Notice", "Numbering", "ReportingDecision", "ReportingFacts"]
