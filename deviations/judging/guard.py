"""What an investigation asks before it ends: impact concluded, scope decided, class settled (domain 2b)."""

from __future__ import annotations

from deviations.errors import ClassUnsettled, ImpactOpen
from deviations.judging.states import ClassStanding
from deviations.models import Deviation, ScopeCandidate
from portal.actor import Actor
from portal.states import Classification


def what_judging_waits_for(actor: Actor, deviation: Deviation, classification: Classification | None) -> str:
    """Return in words what is not judged yet, empty where nothing waits.

    A minor one needs no conclusion of its own; what was looked for is decided on, whatever the class.
    """
    if deviation.scoped_at is not None:
        rows = ScopeCandidate.objects.visible_to(actor).filter(deviation=deviation, outcome="")
        numbers = list(rows.order_by("batch__number").values_list("batch__number", flat=True))
        if numbers:
            return f"it is decided on each other batch first: {', '.join(numbers)}."
    if classification == Classification.MINOR:
        return ""
    if deviation.scoped_at is None:
        return "other batches that it may touch are looked for first (21 CFR 211.192)."
    if deviation.impact_concluded_at is None:
        return "the conclusion on its impact is given and signed as approved first."
    return ""


def require_judged(actor: Actor, deviation: Deviation, classification: Classification | None) -> None:
    """Raise ImpactOpen while something waits to be judged. Source: domain 2b; 21 CFR 211.192."""
    words = what_judging_waits_for(actor, deviation, classification)
    if words:
        raise ImpactOpen(f"{deviation.number}: {words}", state=deviation.state)


def require_class_settled(deviation: Deviation) -> None:
    """Raise ClassUnsettled while the sides differ on the class. Source: quality agreement 5.6."""
    if deviation.class_standing == ClassStanding.DIFFERS:
        detail = f"{deviation.number}: the sides differ on its class; both heads of quality decide first."
        raise ClassUnsettled(detail, state=deviation.state)
