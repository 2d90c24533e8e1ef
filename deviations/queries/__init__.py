"""The read side of the deviations app."""

from deviations.queries.detail import DeviationDetail, deviation_detail, times_of
from deviations.queries.history import HistoryLine, history
from deviations.queries.listing import DeviationLine, lines_of, list_deviations
from deviations.queries.past import deviation_then
from deviations.queries.preview import NoticePreview, notice_preview
from deviations.queries.proposal import Proposal, propose_from_excursion

__all__ = [
    "DeviationDetail",
    "DeviationLine",
    "HistoryLine",
    "NoticePreview",
    "Proposal",
    "deviation_detail",
    "deviation_then",
    "history",
    "lines_of",
    "list_deviations",
    "notice_preview",
    "propose_from_excursion",
    "times_of",
]
