"""What a deviation's closing asks of its CAPA: corrections are done; the rest lives on with its due dates."""

from __future__ import annotations

from deviations.capa.states import UNFINISHED, CapaState, MeasureKind
from deviations.errors import CorrectionOpen
from deviations.models import CapaLink, Deviation, Measure
from portal.actor import Actor, Side


def require_corrections_done(actor: Actor, deviation: Deviation) -> None:
    """Raise CorrectionOpen while a correction of the CDMO's for the deviation is not done and verified.

    Corrective and preventive actions live on after the closing. Source: domain 2b (guard of Closed).
    """
    links = CapaLink.objects.visible_to(actor).filter(deviation=deviation)
    rows = Measure.objects.visible_to(actor).filter(
        capa__in=links.values("capa_id"), capa__side=Side.MANUFACTURER, kind=MeasureKind.CORRECTION
    )
    waiting = rows.filter(state__in=UNFINISHED).exclude(capa__state=CapaState.CANCELLED)
    numbers = list(waiting.order_by("number").values_list("number", flat=True))
    if numbers:
        detail = (
            f"{deviation.number} has corrections that are not done and verified: {', '.join(numbers)}."
            " Corrective and preventive actions may stay open."
        )
        raise CorrectionOpen(detail, state=deviation.state)
