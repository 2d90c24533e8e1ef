"""By which clause both sides confirm a class, and which of their words a reader may see."""

from __future__ import annotations

from deviations.models import Deviation, Judgement
from deviations.states import JudgementKind
from portal.actor import Actor
from portal.agreements.rules import Judgement as JudgementRule
from portal.agreements.terms import Applied
from portal.models import RecordQuerySet
from portal.states import Audience
from portal.terms import terms_at


def confirming(
    actor: Actor, deviation: Deviation, classification: str | None
) -> Applied[JudgementRule] | None:
    """Return the clause by which both sides confirm the class, None where none says so of it.

    It is asked of what both know, while nothing was opened.
    """
    if deviation.audience != Audience.SHARED or deviation.class_standing:
        return None
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    return terms.judgement("confirmed_class", classification)


def words_of(actor: Actor, deviation: Deviation) -> RecordQuerySet[Judgement]:
    """Return the confirmed classes of the sides that the actor may see: before the opening its own alone."""
    rows = Judgement.objects.visible_to(actor).filter(deviation=deviation, kind=JudgementKind.BLIND)
    return rows.order_by("side")
