"""Story C: the CO₂ of an incubator fails under a patient lot, for the running lot and its finished copy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from batches.states import LimitKind
from config.demo.companies import AV310
from config.demo.incidents.writing import Incident
from config.demo.lots.writing import clock
from config.demo.recipes.writing import HOUR
from portal.states import Classification

# A patient lot begins at 09:00 of day 0.
LOT: Final = -9 * HOUR
CLOCKS: Final[Mapping[str, float]] = {
    "left": clock(6, "02:05") + LOT,
    "back": clock(6, "03:31") + LOT,
    "sampled": clock(6, "04:00") + LOT,
}
SUMMARY: Final = (
    "Root cause: the regulator of bank B was left closed after a change of cylinder, without a second"
    " check; the alarm delay had been raised to 30 min in 2024 to silence door openings. CAPA: second"
    " person at each change; delay 10 min with a door interlock; a backup cylinder per pair."
    " Effectiveness: 4 unannounced change-over tests and no CO₂ excursion above 15 min in 90 d."
)


def _told(
    lot: str, external_id: str, external_status: str, lead_code: str = "", summary: str = ""
) -> Incident:
    return Incident(
        external_id=external_id,
        external_status=external_status,
        project=AV310,
        lot=lot,
        title="CO₂ of INC-12 outside its range for 86 min, culture pH 7.74",
        description=(
            "On day 6 the CO₂ of INC-12 left its range at {left} and came back at {back}, minimum 0.9 %. Bank"
            " B of the manifold was empty and its regulator closed. The plant's alarm came after its delay of"
            " 30 min. Culture pH 7.74 at {sampled}. The sponsor's person on duty was told by telephone."
        ),
        occurred_s=clock(6, "02:05") + LOT,
        detected_s=clock(6, "02:20") + LOT,
        aware_s=clock(6, "02:26") + LOT,
        clocks=CLOCKS,
        reporter="cdmo_shift_lead",
        immediate_action="Bank A opened by hand. No hold on processing: holding would end the lot.",
        excursion=("CO2", LimitKind.ACTION),
        classification=Classification.MAJOR,
        rationale=(
            "CPP outside its action limit for 86 min; viability and growth may suffer, identity and sterility"
            " do not. Patient impact depends on the release results."
        ),
        is_told=True,
        receiver="sponsor_qa",
        lead_code=lead_code,
        summary=summary,
    )


RUNNING: Final = _told("P-0091", "DV-{yy}-0911", "Open, provisional major")
FINISHED: Final = _told("P-0084", "DV-{yy}-0794", "Closed, major", lead_code="QA floor 07", summary=SUMMARY)
