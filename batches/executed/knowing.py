"""Who must know of a result: the sides that are asked for receipt when it comes."""

from __future__ import annotations

from batches.models import SampleResult
from batches.states import ResultFlag
from portal.action import current_action, instant
from portal.actor import Side
from portal.alerts import PATIENT_LOT, raise_alert
from portal.states import Audience
from portal.terms import terms_at


def sides_of(result: SampleResult) -> tuple[Side, ...]:
    """Return whom a result asks for receipt.

    Within: nobody. OOS or OOT belongs to the laboratory first, so to the CDMO; both sides when it comes late,
    since what the sample stood for may have gone on or out, and of a patient lot at once (domain 2b, 2e).
    """
    if result.flag == ResultFlag.NONE:
        return ()
    both = result.audience == Audience.SHARED and (result.is_late or result.batch.is_patient_lot)
    return (Side.MANUFACTURER, Side.SPONSOR) if both else (Side.MANUFACTURER,)


def tell_who_must_know(result: SampleResult) -> None:
    """Ask who must know of a result for receipt, by the ladder of the agreement. Records: alert.raised v1."""
    batch = result.batch
    kind = PATIENT_LOT if batch.is_patient_lot else f"result.{result.flag}"
    terms = terms_at(current_action().actor, batch.space_id, instant())
    clause = terms.notice(None, of=kind)
    for side in sides_of(result):
        audience = str(result.audience)
        raise_alert(
            result,
            kind=kind,
            side=side,
            title=f"{batch.number}: {result.title} {result.get_flag_display()}",
            audience=audience,
            clause=clause.clause.code if clause is not None else "",
            ladder=kind if batch.is_patient_lot else "excursion.par",
            site_id=batch.site_id,
        )
