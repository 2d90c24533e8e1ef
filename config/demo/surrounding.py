"""What surrounds the batches of the demo: rooms, utilities, hands, the schedule, and what a batch took.

Told behind the served page; what stands is left alone, so a load that was cut short goes on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from batches import tasks
from batches.actions import aseptic, footprint, monitoring, schedule
from batches.aseptic.states import InterventionKind
from batches.environment.states import Grade, SampleKind, System
from batches.models import Batch, MediaFill, MonitoringPoint, MonitoringSample, MonitoringSession
from config.demo.companies import AV101, NORRSUND, TB22
from config.demo.crew import Crew, setup_actor
from portal.action import reading

Given = dict[str, Any]
LINE: Final = "Isolator line 4"
IN_OPERATION: Final = "Filling, in operation"
CCS: Final[Given] = {"strategy": "CCS-CORK-02", "strategy_version": "5"}
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(days=1)
# Code, title, area, system, grade, areas served.
POINTS: Final = (
    ("L4-A1", "Filling needle, first air", LINE, System.ROOM, Grade.A, ()),
    ("L4-A3", "Stopper bowl", LINE, System.ROOM, Grade.A, ()),
    ("L4-G4", "Glove G4", LINE, System.ROOM, Grade.A, ()),
    ("L4-C1", "Background, operator side", LINE, System.ROOM, Grade.C, ()),
    ("WFI-22", "WFI point 22, washer of line 4", "WFI loop Cork", System.WFI, Grade.NONE, (LINE,)),
    ("HV-4", "Isolator to room, line 4", LINE, System.HVAC, Grade.NONE, ()),
    ("CS-04", "Clean steam, stopper autoclave", "Steam Cork", System.STEAM, Grade.NONE, (LINE,)),
    ("BR-H2", "Bioreactor hall, BR-203 and BR-204", "Hall 2", System.ROOM, Grade.D, ()),
)
OWN: Final = {
    "WFI-22": {"count": {"alert_high": "5", "source": "Own alert limit, trend of 2025"}},
    "HV-4": {"pressure": {"alert_low": "30", "action_low": "20", "source": "Isolator validation IV-4"}},
}
QUALIFIED: Final = (
    ("I-01", "Environmental plates changed", "inherent", 12, 180),
    ("I-02", "Stoppers refilled", "inherent", 10, 120),
    ("C-01", "Stopper jam at the bowl", "corrective", 6, 60),
    ("C-03", "Fallen vial removed", "corrective", 8, 45),
)
# Code, minutes after filling began, seconds, glove, vials by then.
JAMS: Final = (
    ("I-02", 4, 70, "G5", 390),
    ("C-01", 12, 35, "G4", 1480),
    ("C-01", 21, 40, "G4", 2620),
    ("C-01", 33, 30, "G5", 4300),
    ("C-01", 48, 45, "G4", 6240),
    ("I-01", 62, 150, "G2", 8050),
)
# Key, what, unit, kg CO2e to a unit, and who says so: made up like the plant.
FACTORS: Final = (
    ("power", "Electricity, Cork", "kWh", "0.254", "Norrsund energy report 2025, market-based (demo)"),
    ("heat", "Heat from natural gas", "kWh", "0.203", "Norrsund energy report 2025 (demo)"),
    ("wfi", "Water for injections, distilled", "L", "0.021", "Norrsund utility balance 2025 (demo)"),
    (
        "plastic",
        "Single-use plastics, made and burnt",
        "kg",
        "5.4",
        "Supplier declarations 2024 (demo)",
    ),
    ("ipa", "Isopropanol", "kg", "1.9", "Supplier declaration 2024 (demo)"),
)
TOOK: Final = (
    ("energy", "Isolator, filling line and air handling", "5200", "kWh", "", "power"),
    ("energy", "Clean steam", "3100", "kWh", "", "heat"),
    ("water", "WFI: washer, rinsing, cleaning", "4800", "L", "4800", "wfi"),
    ("solvent", "Isopropanol, disinfection", "6.2", "kg", "6.2", "ipa"),
    ("single_use", "Filters, bags, tubing", "41", "kg", "41", "plastic"),
    ("material", "Drug substance, excipients", "27.4", "kg", "27.4", ""),
    ("waste", "Rejected vials, burnt", "3.1", "kg", "", ""),
)


class _Round:
    """One session that people of the laboratory and the floor go through."""

    def __init__(self, crew: Crew, area: str, at: datetime) -> None:
        self._crew = crew
        self.row = monitoring.open_session(crew["cdmo_qc"], NORRSUND.id, area=area, began_at=at, **CCS)

    def expose(self, point: str, kind: SampleKind, code: str, at: datetime) -> MonitoringSample:
        """Put a plate out."""
        given: Given = {"point": point, "kind": kind, "code": code, "exposed_at": at}
        return monitoring.expose_sample(self._crew["cdmo_operator"], self.row.pk, **given)

    def plate(
        self,
        point: str,
        kind: SampleKind,
        code: str,
        at: datetime,
        *,
        lay: timedelta,
        count: int,
        organism: str = "",
    ) -> None:
        """Tell a plate to its second reading: put out, taken up, incubated, read on day five."""
        reader, second = self._crew["cdmo_qc"], self._crew["cdmo_fill_qa"]
        row = self.expose(point, kind, code, at)
        taken_at = at + lay
        row = monitoring.collect_sample(self._crew["cdmo_operator"], row.pk, version=row.version, at=taken_at)
        row = monitoring.incubate_sample(
            reader,
            row.pk,
            version=row.version,
            low=Decimal(20),
            high=Decimal(25),
            begins_at=taken_at + HOUR,
            ends_at=taken_at + HOUR + 3 * DAY,
        )
        read_at = taken_at + 4.5 * DAY
        value = Decimal(count)
        row = monitoring.read_sample(reader, row.pk, version=row.version, value=value, read_at=read_at)
        row = monitoring.confirm_sample(
            second, row.pk, version=row.version, value=value, read_at=read_at + 10 * MINUTE
        )
        if organism:
            monitoring.identify_growth(reader, row.pk, version=row.version, organism=organism)

    def measure(self, point: str, kind: SampleKind, value: str, at: datetime) -> None:
        """Note what an instrument showed."""
        given: Given = {"point": point, "kind": kind, "value": Decimal(value), "at": at}
        monitoring.measure_point(self._crew["cdmo_qc"], self.row.pk, **given)

    def cover(self, batch: Batch, note: str, by: str = "cdmo_qc") -> None:
        """Let it cover a batch."""
        monitoring.cover_batch(self._crew[by], self.row.pk, batch_id=batch.pk, note=note)

    def close(self, at: datetime) -> None:
        """Take no more samples."""
        version = self.row.version
        monitoring.close_session(self._crew["cdmo_qc"], self.row.pk, version=version, ended_at=at)


def surround(crew: Crew, batches: Mapping[str, Batch], moment: datetime) -> None:
    """Tell what surrounds the batches that are there, once."""
    setup = setup_actor()
    with reading(setup):
        is_told = MediaFill.objects.visible_to(setup).exists()
        has_points = MonitoringPoint.objects.visible_to(setup).exists()
        sessions = MonitoringSession.objects.visible_to(setup).count()
    if not has_points:
        for code, title, area, system, grade, serves in POINTS:
            given: Given = {"title": title, "area": area, "system": system, "grade": grade, "serves": serves}
            monitoring.keep_point(
                crew["cdmo_qc"], NORRSUND.id, code=code, limits=OWN.get(code), **CCS, **given
            )
    if not sessions:
        _monitor(crew, batches, moment)
    if not is_told:
        _schedule(crew, batches, moment)
        _intervene(crew, batches, moment)
        _reckon(crew, batches, moment)
    tasks.carry_sessions()


def _monitor(crew: Crew, batches: Mapping[str, Batch], moment: datetime) -> None:
    """Tell the sessions of line 4, of its water and of a hall that two clients share."""
    for number in ("F-0377", "F-0380", "F-0384", "F-0387"):
        if number in batches:
            _fill(crew, batches[number], _began(batches[number]) + 31.5 * HOUR, grown=0)
    if "F-0371" in batches:
        # Filled from 09:00; its clock begins at 01:30 of the day before.
        _fill(crew, batches["F-0371"], _began(batches["F-0371"]) + 31.5 * HOUR, grown=1)
    if "F-0388" in batches:
        began = moment - 105 * MINUTE
        now = _Round(crew, LINE, began - 20 * MINUTE)
        for code in ("L4-A1", "L4-A3"):
            now.expose(code, SampleKind.SETTLE, f"SP-{code[-1]}", began - 8 * MINUTE)
        now.measure("L4-A1", SampleKind.PARTICLES_05, "38", began + HOUR)
        now.measure("HV-4", SampleKind.PRESSURE, "41", began + HOUR)
        now.cover(batches["F-0388"], IN_OPERATION)
    water = _Round(crew, "WFI loop Cork", moment - 9 * DAY)
    for days, count in ((8.9, 0), (6.9, 12), (4.9, 1)):
        at = moment - days * DAY
        water.plate("WFI-22", SampleKind.COUNT, f"WFI-22 {at:%d.%m.}", at, lay=MINUTE, count=count)
        water.measure("WFI-22", SampleKind.TOC, "118", at)
    hall = _Round(crew, "Hall 2", moment - 5 * DAY)
    hall.plate("BR-H2", SampleKind.SETTLE, "H2-S1", moment - 5 * DAY, lay=4 * HOUR, count=12)
    for number, by in (("B-2417", "cdmo_qc"), ("TB-0111", "rival_cdmo_qa")):
        if number in batches:
            hall.cover(batches[number], "Hall monitored while the culture ran", by)


def _began(batch: Batch) -> datetime:
    return batch.started_at or batch.planned_start


def _fill(crew: Crew, batch: Batch, filling: datetime, *, grown: int) -> None:
    """Tell the session of one fill: plates at two places, a glove, air, and the background."""
    told = _Round(crew, LINE, filling - 20 * MINUTE)
    out, lay = filling - 8 * MINUTE, 226 * MINUTE
    spread = sum(map(ord, batch.number)) % 9
    name = "Staphylococcus epidermidis" if grown else ""
    told.plate("L4-A1", SampleKind.SETTLE, "SP-1", out, lay=lay, count=0)
    told.plate("L4-A3", SampleKind.SETTLE, "SP-3", out, lay=lay, count=grown, organism=name)
    told.plate("L4-A1", SampleKind.AIR, "AIR-1", filling, lay=10 * MINUTE, count=0)
    told.plate("L4-G4", SampleKind.GLOVE, "GP-4", filling + 4.5 * HOUR, lay=MINUTE, count=0)
    told.plate("L4-C1", SampleKind.SETTLE, "SP-9", out, lay=lay, count=spread)
    told.measure("L4-A1", SampleKind.PARTICLES_05, str(20 + 3 * spread), filling + HOUR)
    told.measure("HV-4", SampleKind.PRESSURE, str(38 + spread % 4), filling + HOUR)
    told.cover(batch, IN_OPERATION)
    told.close(filling + 5 * HOUR)


def _schedule(crew: Crew, batches: Mapping[str, Batch], moment: datetime) -> None:
    """Tell the campaign of line 4 and what the bioreactors are promised for."""
    planner, rival = crew["cdmo_qa"], crew["rival_cdmo_qa"]
    given: Given = {"number": "C-DP-26-2", "title": "AV-101 drug product, second campaign"}
    ends: Given = {"begins_at": moment - 28 * DAY, "ends_at": moment + 24 * DAY}
    schedule.plan_campaign(planner, AV101.id, **given, **ends)
    told = (
        ("F-0387", LINE, "Fill", -24.0, -22.5, -24.0, -22.3),
        ("F-0388", LINE, "Fill", -0.3, 0.1, -0.3, None),
        ("", LINE, "Fill F-0389", 3.0, 3.4, None, None),
        ("", LINE, "Fill F-0390", 10.0, 10.4, None, None),
        ("B-2417", "BR-203", "Culture and harvest", -9.0, 5.0, -9.0, None),
        ("", "BR-203", "Culture B-2424", 5.5, 19.5, None, None),
        ("B-2418", "BR-204", "Culture and harvest", -6.0, 8.0, -6.0, None),
        ("P-0091", "INC-12", "Expansion", -8.0, 1.0, -8.0, None),
    )
    for number, suite, title, since, until, began, ended in told:
        batch = batches.get(number)
        if number and batch is None:
            continue
        space = batch.space_id if batch is not None else AV101.id
        times: Given = {"planned_start": moment + since * DAY, "planned_end": moment + until * DAY}
        campaign = "C-DP-26-2" if suite == LINE else ""
        slot = schedule.plan_slot(
            planner,
            space,
            suite=suite,
            title=title,
            campaign=campaign,
            batch_id=batch.pk if batch is not None else None,
            **times,
        )
        for to, days in (("begin", began), ("end", ended)):
            if days is not None:
                at = moment + days * DAY
                slot = schedule.take_slot(planner, slot.pk, to=to, version=slot.version, at=at)
    times = {"planned_start": moment + DAY, "planned_end": moment + 2 * DAY}
    schedule.plan_slot(rival, TB22.id, suite=LINE, title="Fill TB-22", **times)


def _intervene(crew: Crew, batches: Mapping[str, Batch], moment: datetime) -> None:
    """State the media fill of line 4, and tell the hands of the fill that runs and of the one that failed."""
    lines = [
        dict(zip(("code", "title", "kind", "most", "longest_s"), each, strict=True)) for each in QUALIFIED
    ]
    aseptic.state_media_fill(
        crew["cdmo_fill_qa"],
        AV101.id,
        number="APS-L4-2026-1",
        line=LINE,
        filled_on=(moment - 140 * DAY).date(),
        valid_until=(moment + 42 * DAY).date(),
        vials=10_000,
        interventions=lines,
        alert_rate=Decimal(3),
        action_rate=Decimal(5),
    )
    told = [("F-0388", moment - 105 * MINUTE), ("F-0371", None)]
    for number, began in told:
        batch = batches.get(number)
        if batch is None:
            continue
        filling = began or _began(batch) + 31.5 * HOUR
        for code, after, seconds, glove, filled in JAMS:
            aseptic.record_intervention(
                crew["cdmo_operator"],
                batch.pk,
                code=code,
                station="Stopper bowl",
                kind=InterventionKind.CORRECTIVE,
                seconds=seconds,
                at=filling + after * MINUTE,
                glove=glove,
                filled=filled,
            )


def _reckon(crew: Crew, batches: Mapping[str, Batch], moment: datetime) -> None:
    """State factors of the plant, and what two fills took."""
    names = ("key", "title", "unit", "kg_co2e", "source")
    factors = [dict(zip(names, each, strict=True)) for each in FACTORS]
    made = footprint.state_factors(
        crew["cdmo_msat"],
        AV101.id,
        number="EF-CORK",
        title="Emission factors, Cork",
        effective_from=moment.date(),
        factors=factors,
    )
    members = ("kind", "title", "amount", "unit", "kg", "factor")
    lines = [dict(zip(members, each, strict=True)) for each in TOOK]
    for number in ("F-0384", "F-0387"):
        if number in batches:
            given: Given = {"factor_set": made.pk, "lines": lines, "product_kg": Decimal("24.6")}
            footprint.state_footprint(crew["cdmo_msat"], batches[number].pk, **given)
