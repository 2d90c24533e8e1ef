"""Pages of decision requests."""

from portal.views.decisions.answering import AnswerDecision
from portal.views.decisions.asking import AskDecision, ChangeDecision
from portal.views.decisions.reading import DecisionPage, DecisionsPage, decisions_of
from portal.views.decisions.steps import STEPS

__all__ = [
    "STEPS",
    "AnswerDecision",
    "AskDecision",
    "ChangeDecision",
    "DecisionPage",
    "DecisionsPage",
    "decisions_of",
]
