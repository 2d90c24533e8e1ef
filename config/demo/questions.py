"""The decision requests of the demo, as data: one answered as in story A, one for the visitor to answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from config.demo.incidents.story_a import RUNNING
from config.demo.incidents.story_c import RUNNING as RUNNING_PATIENT
from config.demo.lots.writing import clock
from config.demo.recipes.writing import HOUR, MINUTE
from portal.decisions.wording import Option


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about a lot, or about the deviation `external_id` of it, and what was answered.

    The choice is lost `lost_s` seconds after the lot's start, or after loading where `from_now` says so.
    """

    lot: str
    title: str
    details: str
    options: tuple[Option, ...]
    recommendation: str
    meanwhile: str
    if_lost: str
    lost_s: float
    from_now: bool = False
    external_id: str = ""
    asker: str = "cdmo_client_lead"
    reply: tuple[str, str] | None = None
    answerer: str = "sponsor_cmc"
    option: str = ""
    reason: str = ""


QUESTIONS: Final = (
    Question(
        lot="B-2417",
        external_id=RUNNING.external_id,
        title="B-2417: go on to day 14, harvest on day 12, or stop?",
        details=(
            "The vessel temperature stood above PAR for 42 min on culture day 9, 35.3 °C at the highest."
            " Sample after it: VCD 19.8, viability 94.1 %, lactate 0.8 g/L, osmolality 366, pH offline 7.01."
        ),
        options=(
            Option("A", "Continue to day 14 with extra samples on days 9, 10 and 12"),
            Option("B", "Harvest on day 12"),
            Option("C", "Stop the batch"),
        ),
        recommendation="No attribute outside its range; scale-down at 36.5 °C on day 8 moved HMW by 0.1 %.",
        meanwhile="The culture goes on as in A; the extra samples are taken.",
        if_lost="Day 12 passes without a harvest; the culture goes on as in A.",
        lost_s=clock(12, "08:00"),
        reply=("Are the extra samples frozen for HMW as well?", "Yes, three aliquots each, at -80 °C."),
        option="A",
        reason="Go on. Send HMW and acidic variants of day 12 before the harvest is set up.",
    ),
    Question(
        lot="B-2418",
        title="B-2418: change to the backup temperature unit now, or control by hand until day 5?",
        details=(
            "The jacket valve of BR-204 sticks for minutes at a time. It follows again by itself; temperature"
            " left NOR, never PAR. The unit can be changed in 20 min without control of temperature."
        ),
        options=(
            Option("A", "Change to the backup unit now"),
            Option("B", "Control the valve by hand until the shift on day 5, then change"),
            Option("C", "Change nothing, watch only"),
        ),
        recommendation="After the shift on day 5 the culture bears 20 min without control less well.",
        meanwhile="One person stands at the vessel and moves the valve by hand when it sticks.",
        if_lost="The valve is moved by hand and the unit is changed after the run.",
        lost_s=9 * HOUR,
        from_now=True,
    ),
    Question(
        lot="P-0091",
        external_id=RUNNING_PATIENT.external_id,
        title="P-0091: harvest today, tomorrow, or stop?",
        details=(
            "Viability 90 % on day 6 after the CO₂ failure, 82 % on day 7, 75 % this morning. Forecast from"
            " 24 earlier lots, 80 % interval, for information: 73-77 % before the wash if harvested today,"
            " 66-72 % tomorrow. The dose is there five times over. Specification at release: at least 70 %."
        ),
        options=(
            Option("A", "Harvest today, day 8"),
            Option("B", "Harvest tomorrow, day 9, as planned"),
            Option("C", "Stop the lot"),
        ),
        recommendation="Every day costs seven points of viability, and the dose is reached.",
        meanwhile="The wash is prepared for today; the culture goes on.",
        if_lost="The suite is given to the next lot at 11:00; this one is harvested tomorrow.",
        lost_s=140 * MINUTE,
        from_now=True,
    ),
)
