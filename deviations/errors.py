"""What can go wrong with a deviation beyond what every record knows."""

from __future__ import annotations

from portal.errors import DomainError, Invalid, InvalidTransition, NotFound


class NoticeReleased(InvalidTransition):
    """The sponsor has the notice already; what left cannot be called back."""

    code = "notice_released"


class NoticeOutstanding(InvalidTransition):
    """A major or critical deviation does not end before the sponsor was told (clauses 5.1, 5.2)."""

    code = "notice_outstanding"


class ReviewOutstanding(InvalidTransition):
    """A major or critical deviation does not end before both sides reviewed its report (domain 2b)."""

    code = "review_outstanding"


class NotInProgram(NotFound):
    """What a report refers to is not there, or not in this program: one answer for both, naming the field."""

    def __init__(self, field: str) -> None:
        words = f"There is no such {field.replace('_', ' ')} in this program."
        DomainError.__init__(self, words, errors={field: [words]})


class CorrectionOpen(InvalidTransition):
    """A deviation does not close before its corrections are done (domain 2b)."""

    code = "correction_open"


class PlannedDeparture(Invalid):
    """What is planned before it is done is a change or a temporary change, no deviation (domain 2a)."""

    code = "planned_departure"


class ImpactOpen(InvalidTransition):
    """An investigation does not end before its impact is concluded and its scope decided (domain 2b)."""

    code = "impact_open"


class ClassUnsettled(InvalidTransition):
    """A deviation does not end while the sides differ on its class (quality agreement 5.6)."""

    code = "class_unsettled"
