"""The deviations of the finished copies, closed with their conclusions."""

from __future__ import annotations

from typing import Final

from batches.states import LimitKind
from config.demo.companies import AV310
from config.demo.incidents import story_a, story_c
from config.demo.incidents.writing import Incident
from config.demo.lots.writing import clock
from config.demo.recipes.writing import HOUR, MINUTE
from portal.states import Classification

# F-0371 began at 01:30 on the day before filling, P-0084 at 09:00 of day 0.
_FILL: Final = -90 * MINUTE
_LOT: Final = -9 * HOUR

FINISHED_STORIES: Final = (
    story_a.FINISHED,
    Incident(
        external_id="DV-{yy}-0791",
        external_status="Closed, critical; lot rejected",
        lot="F-0371",
        title="Glove G4 failed after use, 1 CFU on settle plate SP-3",
        description=(
            "Post-use leak test of glove G4 failed (148 Pa, limit 60 Pa). Pre-use test passed (22 Pa). G4 was"
            " used in interventions 2, 5, 7 and 9. Particle and pressure alerts at {jam} coincide with"
            " intervention 7 (stopper jam, 14,170 vials filled). Vials segregated: 1 to 14,170 and 14,171 to"
            " 24,612. Read on day 5: settle plate SP-3 at the stopper bowl, exposed {out} to {back}, 1 CFU"
            " (Staphylococcus epidermidis); the other 31 plates without growth."
        ),
        occurred_s=clock(1, "11:06") + _FILL,
        detected_s=clock(1, "15:40") + _FILL,
        aware_s=clock(1, "15:40") + _FILL,
        clocks={
            "jam": clock(1, "11:07") + _FILL,
            "out": clock(1, "08:52") + _FILL,
            "back": clock(1, "12:38") + _FILL,
        },
        reporter="cdmo_fill_qa",
        immediate_action=(
            "Status hold on the whole lot; line 4 out of use until gloves are changed and a VHP cycle is run."
        ),
        excursion=("GLOVE", LimitKind.ACTION),
        triggers=("grade_a_growth",),
        judge="cdmo_fill_qa",
        classification=Classification.MAJOR,
        rationale=(
            "Glove used in four interventions failed its leak test after use; the test before use passed."
            " Sterility assurance is touched, patient impact unlikely while nothing grew."
        ),
        is_told=True,
        receiver="sponsor_quality_head",
        lead_code="QA fill 02",
        summary=(
            "Root cause: fatigue of the cuff. Glove life went by calendar (90 d) and stood at 62 VHP cycles;"
            " supplier data end at 60. Contributing: a stopper lot with less silicone, 9 corrective"
            " interventions against a mean of 3; the supplier's change notice was not passed on by the"
            " sponsor. CAPA on both sides: glove life 45 cycles or 60 d, decay trended with alert at 40 Pa;"
            " siliconisation checked at receipt; change notices passed on within 5 business days."
            " Effectiveness: no glove above 40 Pa and at most 2 corrective interventions per 10,000 in 15"
            " lots. The lot is rejected by both; not distributed, so no report to the authority."
        ),
    ),
    story_c.FINISHED,
    Incident(
        external_id="OOS-{yy}-0731",
        external_status="Closed, supplied at the physician's request",
        project=AV310,
        lot="P-0084",
        title="Viability at release 68.2 %, specification at least 70 %",
        description=(
            "The release test of the formulated product gave a viability of 68.2 % (specification at least"
            " 70 %). Laboratory phase I: no assignable error; recounts as the procedure allows 67.4, 68.1 and"
            " 68.6 %. Confirmed at {confirmed}. Dose, CD3+, endotoxin, Gram stain and mycoplasma within their"
            " specifications."
        ),
        occurred_s=clock(8, "16:35") + _LOT,
        detected_s=clock(8, "16:35") + _LOT,
        aware_s=clock(8, "16:35") + _LOT,
        clocks={"confirmed": clock(8, "18:20") + _LOT},
        reporter="cdmo_qc",
        excursion=("RELVIAB", LimitKind.SPEC),
        classification=Classification.CRITICAL,
        rationale="Release specification failed for an autologous product with a patient waiting.",
        is_told=True,
        receiver="sponsor_quality_head",
        lead_code="QA floor 07",
        summary=(
            "Out of specification confirmed. Conditioning was done already; supplied out of specification at"
            " the physician's request after a risk evaluation, never released. The authority was notified"
            " within 48 h. Sterility on day 14: no growth. Cause: see the CO₂ failure of INC-12 on day 6."
        ),
    ),
)
