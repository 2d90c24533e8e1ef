"""The aggregates of the deviations app, one file each."""

from deviations.models.deviation import Deviation, Judgement, Numbering
from deviations.models.notice import Notice

__all__ = ["Deviation", "Judgement", "Notice", "Numbering"]
