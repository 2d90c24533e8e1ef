"""Story A: the jacket valve of BR-203 sticks, told for the running batch and its finished copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from batches.states import LimitKind
from config.demo.incidents.writing import Incident
from config.demo.lots.writing import clock
from portal.states import Classification

DAY: Final = 9
CLOCKS: Final[Mapping[str, float]] = {
    "left_par": clock(DAY, "05:30"),
    "back_par": clock(DAY, "06:12"),
    "isolated": clock(DAY, "05:54"),
    "backup": clock(DAY, "06:05"),
    "feed": clock(DAY, "06:00"),
    "feed_now": clock(DAY, "08:00"),
}
DESCRIPTION: Final = (
    "During production day 9 of {lot} the vessel temperature exceeded the PAR of 33.0-35.0 °C for 42 min"
    " ({left_par} to {back_par}, maximum 35.3 °C). Jacket valve TV-203 did not respond to output. Line"
    " isolated by hand at {isolated}, backup temperature unit connected {backup}. Feed 7 postponed from"
    " {feed} to {feed_now}. No other parameter left NOR."
)
RATIONALE: Final = (
    "CPP outside PAR; duration short against 14 days; impact on quality possible, unlikely. Not critical: no"
    " CQA result outside its limit, sterile boundary intact."
)
IMMEDIATE: Final = (
    "Line isolated by hand, backup temperature unit connected. Status hold: the culture goes on, disposition"
    " is blocked (clause 8.1). Extra samples taken."
)
SUMMARY: Final = (
    "Root cause: positioner seal of TV-203 worn. Maintenance goes by calendar (12 months), the valve had made"
    " 410,000 strokes (supplier: 250,000). Contributing: the alarm text did not say that the valve does not"
    " follow; the shift had no authority to change to the backup unit before engineering came. Excluded with"
    " evidence: sensor error (the second sensor agrees within 0.1 °C), feed temperature, set-point entry."
    " Impact: titre 4.7 g/L, HMW 1.4 %, acidic variants 26.1 %, all within the 22 reference batches. CAPA:"
    " seals of BR-201 to BR-204 changed; maintenance by stroke count; the shift lead may switch the unit"
    " within 15 min; a valve-following watch on all eight vessels. Effectiveness: no valve-hunting signal"
    " above 30 min in the next 10 batches or 6 months."
)


def _told(
    lot: str, external_id: str, external_status: str, lead_code: str = "", summary: str = ""
) -> Incident:
    return Incident(
        external_id=external_id,
        external_status=external_status,
        lot=lot,
        title="Vessel temperature outside PAR for 42 min",
        description=DESCRIPTION,
        occurred_s=clock(DAY, "04:50"),
        detected_s=clock(DAY, "04:50"),
        aware_s=clock(DAY, "05:14"),
        clocks=CLOCKS,
        immediate_action=IMMEDIATE,
        excursion=("TEMP", LimitKind.PAR),
        classification=Classification.MAJOR,
        rationale=RATIONALE,
        is_told=True,
        receiver="sponsor_qa",
        lead_code=lead_code,
        summary=summary,
    )


RUNNING: Final = _told("B-2417", "DV-{yy}-0912", "Open, provisional major")
FINISHED: Final = _told("B-2391", "DV-{yy}-0787", "Closed, major", lead_code="MSAT 05", summary=SUMMARY)
