"""What is open at the moment of loading: something for each role to do."""

from __future__ import annotations

from typing import Final

from config.demo.companies import AV310, TB22
from config.demo.incidents import story_a, story_c
from config.demo.incidents.writing import Incident
from config.demo.recipes.writing import DAY, HOUR, MINUTE
from portal.states import Classification

_FILLING: Final = 31.5 * HOUR

CURRENT: Final = (
    story_a.RUNNING,
    story_c.RUNNING,
    Incident(
        external_id="DV-{yy}-0915",
        external_status="Open",
        lot="B-2418",
        title="Daily sample of B-2418 taken 40 min after the time point",
        description=(
            "The at-line sample of culture day 4 was due at {due} and was taken at {taken}. The sampling port"
            " was steamed twice because the first cycle was interrupted. Analysed at once; glucose and VCD"
            " within their ranges."
        ),
        occurred_s=4 * DAY + 3 * HOUR,
        detected_s=4 * DAY + 3 * HOUR + 40 * MINUTE,
        aware_s=4 * DAY + 4 * HOUR,
        clocks={"due": 4 * DAY + 3 * HOUR, "taken": 4 * DAY + 3 * HOUR + 40 * MINUTE},
        reporter="cdmo_operator",
        suggested=Classification.MINOR,
        immediate_action="Sample analysed at once, later samples on time.",
    ),
    Incident(
        external_id="DV-{yy}-0914",
        external_status="Open, provisional major",
        lot="B-2419",
        title="Depth filter lot used before its release by QC",
        description=(
            "Depth filter lot DF-5520 was installed in HV-02 for the harvest of B-2419 while its status in"
            " the warehouse system was still quarantine. Certificate and incoming inspection were complete;"
            " the release signature was missing. Found by QA on the floor at {found} during the line check."
        ),
        occurred_s=0,
        detected_s=20 * MINUTE,
        aware_s=30 * MINUTE,
        clocks={"found": 20 * MINUTE},
        reporter="cdmo_shift_lead",
        suggested=Classification.MINOR,
        immediate_action="Harvest goes on; the filtrate is kept apart until QC has released the filter lot.",
        classification=Classification.MAJOR,
        rationale=(
            "Critical consumable used before release; product contact. No sign of a defect, certificate"
            " complete; patient impact unlikely."
        ),
    ),
    Incident(
        external_id="DV-{yy}-0913",
        external_status="Open, provisional major",
        lot="F-0388",
        title="Corrective intervention 4 within the first hour of filling, alert limit 3",
        description=(
            "Four corrective interventions at the stopper bowl between {first} and {last}, gloves G4 and G5,"
            " all for stoppers that tilted. The alert limit is 3 per 10,000 vials. Particle counts and"
            " isolator pressure stayed within their limits. 6,240 vials were filled at the fourth."
        ),
        occurred_s=_FILLING + 12 * MINUTE,
        detected_s=_FILLING + 48 * MINUTE,
        aware_s=_FILLING + 55 * MINUTE,
        clocks={"first": _FILLING + 12 * MINUTE, "last": _FILLING + 48 * MINUTE},
        reporter="cdmo_fill_qa",
        immediate_action="Stopper lot changed, vials from 5 min before to 5 min after each one segregated.",
        judge="cdmo_fill_qa",
        classification=Classification.MAJOR,
        rationale=(
            "Interventions in Grade A above the alert limit; sterility assurance is touched. Covered by the"
            " last media fill (limit 5); patient impact unlikely."
        ),
        is_told=True,
    ),
    Incident(
        external_id="DV-{yy}-0908",
        external_status="In work",
        project=AV310,
        lot="P-0091",
        title="Second identifier typed wrong at hand-over, hard stop of the lot",
        description=(
            "At {typed} the second identifier of the apheresis bag did not match the chain of identity; the"
            " system stopped the lot. The label was scanned again at {scanned} and agrees. Both entries are"
            " kept; no material was exchanged."
        ),
        occurred_s=14 * MINUTE,
        detected_s=14 * MINUTE,
        aware_s=18 * MINUTE,
        clocks={"typed": 14 * MINUTE, "scanned": 18 * MINUTE},
        reporter="cdmo_operator",
        immediate_action="Lot stopped until the second scan agreed.",
        classification=Classification.MINOR,
        rationale="The control worked: the stop came before any step. Identity proved by the second scan.",
        is_told=True,
        receiver="sponsor_qa",
        lead_code="QA floor 07",
    ),
    Incident(
        external_id="DV-{yy}-0910",
        external_status="In work",
        project=AV310,
        lot="P-0093",
        title="Incubator INC-15 door open for 4 min, alarm acknowledged late",
        description=(
            "The door of INC-15 stood open from {opened} to {shut} while the neighbouring shelf was cleaned."
            " Temperature and CO₂ stayed within their alert limits; the door alarm was acknowledged after"
            " 3 min."
        ),
        occurred_s=2 * DAY + 5 * HOUR,
        detected_s=2 * DAY + 5 * HOUR + 4 * MINUTE,
        aware_s=2 * DAY + 5 * HOUR + 10 * MINUTE,
        clocks={"opened": 2 * DAY + 5 * HOUR, "shut": 2 * DAY + 5 * HOUR + 4 * MINUTE},
        reporter="cdmo_operator",
        suggested=Classification.MINOR,
        classification=Classification.MINOR,
        rationale="No parameter left its alert limits; the procedure asks for a shut door within 2 min.",
        is_told=True,
        receiver="sponsor_qa",
        lead_code="QA floor 07",
    ),
    Incident(
        external_id="TDV-{yy}-0877",
        external_status="Open, provisional major",
        project=TB22,
        lot="TB-0111",
        title="TB-22: antifoam dosed twice within one hour",
        description=(
            "Antifoam was dosed at {first} and again at {second} in TB-0111; the batch record allows one dose"
            " in four hours. DO dipped to 41 % air saturation and recovered within 9 min."
        ),
        occurred_s=5 * DAY + 19 * HOUR,
        detected_s=5 * DAY + 20 * HOUR,
        aware_s=5 * DAY + 20 * HOUR,
        clocks={"first": 5 * DAY + 19 * HOUR, "second": 5 * DAY + 19 * HOUR + 50 * MINUTE},
        reporter="rival_cdmo_shift_lead",
        judge="rival_cdmo_qa",
        classification=Classification.MAJOR,
        rationale="Raw material above its allowed amount; clearance in purification known, impact unlikely.",
        is_told=True,
        receiver="rival_sponsor_qa",
    ),
)
