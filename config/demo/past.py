"""A year of ordinary deviations, drawn from their families: about three to a batch, the same every time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Final

from config.demo.companies import AV101, TB22
from config.demo.incidents import FAMILIES, FINISHED_STORIES, Family, Incident, Kind
from config.demo.lots import FINISHED, FINISHED_COPIES, Lot
from config.demo.making import makers_of
from config.demo.recipes.writing import DAY, HOUR, MINUTE
from portal.states import Classification

# Drawn alike at every start, so that a load that was cut short goes on with the same records.
SEED: Final = "a year at Norrsund"
MAJOR_SHARE: Final = 0.25
CANCELLED_SHARE: Final = 0.03
PATIENT_SHARE: Final = 0.5
CLOSED_AFTER_DAYS: Final = (26, 4.5)
TOLD_LATE_SHARE: Final = 0.07
TOLD_LATE_H: Final = (80, 150)
SUMMARY: Final = "Closed on {day} in the quality system of Norrsund. {conclusion}"
RATIONALES: Final = {
    Classification.MINOR: "No CQA, CPP or critical equipment touched; found by the usual checks.",
    Classification.MAJOR: "A CPP or critical equipment is touched; results within limits, impact unlikely.",
}


def past_incidents(moment: datetime) -> list[Incident]:
    """Return the deviations of finished batches up to a moment, in order of occurrence."""
    lots = {lot.number: lot for lot in (*FINISHED, *FINISHED_COPIES)}
    told = [_stated(each, lots[each.lot]) for each in (*FINISHED_STORIES, *_ordinary(moment))]
    return sorted(told, key=lambda each: each.occurred_s - lots[each.lot].age_s)


def _stated(incident: Incident, lot: Lot) -> Incident:
    """Let an incident say when its own system opened it, told the sponsor, and closed it; a few came late."""
    chance = Random(f"{SEED}, {incident.lot} {incident.occurred_s}")  # noqa: S311 - made-up history
    opened_s = incident.aware_s + chance.randint(20, 300) * MINUTE
    hours = chance.uniform(*TOLD_LATE_H) if chance.random() < TOLD_LATE_SHARE else chance.uniform(1.5, 6)
    told_s = incident.aware_s + round(hours * 60) * MINUTE if incident.is_told else 0.0
    closed_s = incident.closed_s or (
        opened_s + chance.gauss(*CLOSED_AFTER_DAYS) * DAY if incident.summary else 0.0
    )
    latest_s = max(lot.age_s - MINUTE, incident.aware_s)
    return replace(
        incident,
        opened_s=min(opened_s, latest_s),
        told_s=min(told_s, latest_s) if told_s else 0.0,
        closed_s=min(closed_s, latest_s) if closed_s else 0.0,
    )


def _ordinary(moment: datetime) -> Iterator[Incident]:
    chance = Random(SEED)  # noqa: S311 - made-up history
    taken: set[str] = set()
    for lot in FINISHED:
        for _ in range(_how_many(lot, chance)):
            yield _numbered(_draw(lot, chance, moment), lot, moment, taken)


def _how_many(lot: Lot, chance: Random) -> int:
    if lot.recipe.project is TB22:
        return 2
    if lot.recipe.project is AV101:
        return 1 if lot.discontinued else chance.choice((2, 3, 3, 4))
    return int(chance.random() < PATIENT_SHARE and not lot.discontinued)


def _numbered(incident: Incident, lot: Lot, moment: datetime, taken: set[str]) -> Incident:
    """Give the number that the quality system would have drawn around that day."""
    occurred_at = moment + timedelta(seconds=incident.occurred_s - lot.age_s)
    number = 2 * occurred_at.timetuple().tm_yday
    while (drawn := f"DV-{{yy}}-{number:04}") + f"{occurred_at:%y}" in taken:
        number += 1
    taken.add(drawn + f"{occurred_at:%y}")
    return replace(incident, external_id=drawn)


def _draw(lot: Lot, chance: Random, moment: datetime) -> Incident:
    family, kind, classification = _choose(lot, chance)
    lasts_s = lot.ended_s or lot.age_s
    occurred_s = float(round(chance.uniform(0.02, 0.9) * lasts_s / MINUTE) * MINUTE)
    detected_s = occurred_s + chance.randint(0, 90) * MINUTE
    n = f"{chance.uniform(kind.low, kind.high):.{kind.decimals}f}"
    qa = makers_of(lot.recipe.project)["qa"]
    is_rival = lot.recipe.project is TB22
    told = Incident(
        external_id="",
        external_status="",
        project=lot.recipe.project,
        lot=lot.number,
        title=("TB-22: " if is_rival else "") + kind.title.format(n=n),
        description=kind.description.format(n=n),
        occurred_s=occurred_s,
        detected_s=detected_s,
        aware_s=detected_s + chance.randint(5, 120) * MINUTE,
        reporter=qa,
        judge=qa,
        classification=classification,
        rationale=RATIONALES[classification],
        # Of a patient lot everything is told (clause 5.4).
        is_told=classification != Classification.MINOR or lot.recipe.is_patient_lot,
        receiver="rival_sponsor_qa" if is_rival else "sponsor_qa",
    )
    leads = ("QA floor T4",) if is_rival else ("QA floor 07", "QA fill 02", "MSAT 05")
    return _aged(replace(told, lead_code=chance.choice(leads)), lot, chance, moment, family)


def _aged(incident: Incident, lot: Lot, chance: Random, moment: datetime, family: Family) -> Incident:
    """Let an incident have come as far as it would have by the moment of loading."""
    days = max(chance.gauss(*CLOSED_AFTER_DAYS), 9.0)
    closed_at = moment + timedelta(seconds=incident.occurred_s - lot.age_s + days * DAY)
    if incident.classification == Classification.MINOR and chance.random() < CANCELLED_SHARE:
        reason = "Entered twice by two people; the other record of the same day stands."
        return replace(incident, rationale="", is_told=False, cancelled=reason, external_status="Cancelled")
    if closed_at > moment - timedelta(seconds=HOUR):
        return replace(incident, external_status="In work")
    day = f"{closed_at:%-d %b %Y}"
    return replace(
        incident,
        external_status=f"Closed {day}",
        summary=SUMMARY.format(day=day, conclusion=family.conclusion),
        closed_s=incident.occurred_s + days * DAY,
    )


def _choose(lot: Lot, chance: Random) -> tuple[Family, Kind, Classification]:
    """Draw a family by its share, and one of its kinds that can happen to such a batch."""
    is_major = chance.random() < MAJOR_SHARE
    fitting = [
        (family, [kind for kind in (family.major if is_major else family.minor) if _fits(kind, lot)])
        for family in FAMILIES
    ]
    known = [(family, kinds) for family, kinds in fitting if kinds]
    family, kinds = chance.choices(known, weights=[family.share for family, _ in known])[0]
    return family, chance.choice(kinds), Classification.MAJOR if is_major else Classification.MINOR


def _fits(kind: Kind, lot: Lot) -> bool:
    return not kind.only or lot.number.startswith(kind.only)
