"""What was done about the stories: CAPA of both sides, approved by signature, in work or watched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from config.demo.companies import AV101, AV310
from config.demo.crew import Crew, setup_actor
from config.demo.signing import sign_as
from deviations.actions.capa.deciding import decide_capa
from deviations.actions.capa.planning import add_measure, assess_risk, plan_capa, set_check
from deviations.actions.capa.working import do_measure, share_capa, verify_measure
from deviations.capa.signing import CAPA_DECISION
from deviations.models import Capa, Deviation, Measure
from portal.action import instant, reading
from portal.actor import Actor
from portal.states import Audience, Meaning


@dataclass(frozen=True, slots=True)
class Told:
    """One measure: what, whose, in how many days; with evidence it is done, and verified unless it waits."""

    kind: str
    title: str
    owner: str
    days: int
    evidence: str = ""
    is_verified: bool = True


@dataclass(frozen=True, slots=True)
class Planned:
    """A CAPA of a story: the deviation it comes from by the end of its number in the plant's own system."""

    program: UUID
    behind: tuple[str, ...]
    planner: str
    approver: str
    title: str
    scope: str
    rationale: str
    measures: tuple[Told, ...]
    check: Mapping[str, Any]
    risk: Mapping[str, Any]
    because: str


_HEAD: Final = {"decision_maker": "Quality head", "formality": "medium"}
PLANS: Final = (
    Planned(
        AV101.id,
        ("-0787",),
        "cdmo_qa",
        "cdmo_quality_head",
        "Jacket valves maintained by use, and followed",
        "Bioreactors BR-201 to BR-204, in which AV-101 is made: mixing valves of their jacket units.",
        "The positioner seal of TV-203 was worn at 410,000 strokes; maintenance went by calendar. The alarm"
        " text did not say that the valve was not following, and the shift had to wait for engineering.",
        (
            Told(
                "correction",
                "Seals of the positioners on BR-201 to BR-204 changed",
                "Engineering",
                6,
                "Work orders of four units closed; valves follow within 2 % over their whole range.",
            ),
            Told(
                "corrective",
                "Maintenance of jacket valves by stroke count, limit 200,000",
                "Engineering",
                45,
                "Plan MP-118 version 4 in force; counters read weekly, first reading filed.",
            ),
            Told(
                "corrective",
                "Shift lead may change to the backup unit within 15 min; alarm text names the valve",
                "MSAT 05",
                60,
                "SOP 4.117 version 7 effective, 22 of 22 shift leads trained.",
                is_verified=False,
            ),
            Told("preventive", "Valve-following watch on all eight vessels", "MSAT 05", 60),
        ),
        {
            "criteria": "No excursion of the vessel temperature in the next 10 batches or 6 months.",
            "source": "excursions",
            "matching": "TEMP",
            "allowed": 0,
            "window_days": 180,
            "window_batches": 10,
            "owner_code": "Quality head 01",
        },
        {
            "hazard": "The jacket valve sticks again and the vessel leaves its proven range.",
            "severity": 3,
            "likelihood": 2,
            "detectability": 2,
            "formality_why": "One unit type, cause proved by the worn part; no registered detail is touched.",
            **_HEAD,
        },
        "The measures answer the root cause and both contributing factors; owners and times are agreed.",
    ),
    Planned(
        AV101.id,
        ("-0791",),
        "cdmo_fill_qa",
        "cdmo_quality_head",
        "Glove life by VHP cycles, siliconisation checked at receipt",
        "Line 4 in Cork, on which AV-101 is filled: gloves of the isolator, stoppers at receipt.",
        "Cuff fatigue: gloves were changed by calendar (90 d) and stood at 62 VHP cycles, supplier data end"
        " at 60. A stopper lot with less silicone raised the number of interventions.",
        (
            Told(
                "correction",
                "All gloves of line 4 changed, VHP cycle run",
                "QA fill 02",
                2,
                "Twelve gloves changed, leak tests 18 to 26 Pa, cycle 2213 accepted.",
            ),
            Told("corrective", "Glove life 45 cycles or 60 d, decay trended, alert 40 Pa", "QA fill 02", 60),
            Told("preventive", "Siliconisation of stoppers checked at receipt", "QC micro 03", 75),
        ),
        {
            "criteria": "No glove above 40 Pa and at most 2 corrective interventions per 10,000 in 15 lots.",
            "source": "excursions",
            "matching": "GLOVE",
            "allowed": 0,
            "window_days": 180,
            "window_batches": 15,
            "owner_code": "Quality head 01",
        },
        {
            "hazard": "A glove loses its integrity during filling and nobody can say when.",
            "severity": 5,
            "likelihood": 2,
            "detectability": 4,
            "formality_why": "Sterility assurance: the formal file of the line was updated beside this form.",
            **_HEAD,
            "formality": "high",
        },
        "Both causes are answered; the file of the line and the media-fill risk are updated with them.",
    ),
    Planned(
        AV101.id,
        ("-0791",),
        "sponsor_qa",
        "sponsor_quality_head",
        "Supplier change notices passed on within 5 business days",
        "Notices of suppliers that reach Arvo and concern materials used in Cork for AV-101.",
        "The stopper supplier's notice lay with procurement for three weeks and was not passed on.",
        (
            Told(
                "corrective",
                "Change notices are logged by quality and passed on within 5 business days",
                "Sponsor QA 03",
                30,
                "Procedure QP-031 effective; the two open notices were passed on.",
            ),
        ),
        {
            "criteria": "Every notice of the window was passed on within 5 business days.",
            "source": "stated",
            "window_days": 120,
            "owner_code": "Sponsor quality head 01",
        },
        {
            "hazard": "A change of a material reaches the line unannounced.",
            "severity": 4,
            "likelihood": 3,
            "detectability": 3,
            "formality_why": "A procedure of our own; the effect on the line was assessed by the CDMO.",
            **_HEAD,
        },
        "Answers the contributing cause on our side.",
    ),
    Planned(
        AV310.id,
        ("-0794",),
        "cdmo_qa",
        "cdmo_quality_head",
        "CO₂ change-over checked by a second person",
        "CO₂ supply of the incubators in which lots of AV-310 are cultured.",
        "The regulator of bank B was left closed after a cylinder change; the alarm delay had been raised to"
        " 30 min to silence door openings.",
        (
            Told(
                "corrective",
                "A second person checks each change of a cylinder",
                "Shift lead 04",
                20,
                "Form F-211 in use since the change; eight change-overs signed by two.",
            ),
            Told(
                "corrective",
                "Alarm delay 10 min, with door interlock",
                "Engineering",
                30,
                "Set points of INC-10 to INC-17 changed and tested with open doors.",
            ),
            Told(
                "preventive",
                "A backup cylinder for each pair of incubators",
                "Engineering",
                40,
                "Four pairs fitted, automatic change-over tested twice.",
            ),
        ),
        {
            "criteria": "Four unannounced change-over tests, and no CO₂ excursion in 90 days.",
            "source": "excursions",
            "matching": "CO2",
            "allowed": 0,
            "window_days": 90,
            "owner_code": "Quality head 01",
        },
        {
            "hazard": "A culture of one patient loses its CO₂ unseen.",
            "severity": 5,
            "likelihood": 2,
            "detectability": 2,
            "formality_why": "One patient per incubator; the formal assessment of the suite was reviewed.",
            **_HEAD,
            "formality": "high",
        },
        "The cause, the late alarm and the missing backup are each answered by a measure of its own.",
    ),
)


def are_planned() -> bool:
    """Say whether every CAPA of the stories is there."""
    setup = setup_actor()
    with reading(setup):
        return Capa.objects.visible_to(setup).count() >= len(PLANS)


def plan_all(crew: Crew) -> None:
    """Plan, approve and carry out what is not there; a load cut short goes on with the next one."""
    setup = setup_actor()
    with reading(setup):
        known = {str(each.title) for each in Capa.objects.visible_to(setup)}
    for each in PLANS:
        if each.title not in known:
            _plan(crew, each)


def _plan(crew: Crew, told: Planned) -> None:
    planner, approver = crew[told.planner], crew[told.approver]
    with reading(planner):
        now = instant()
        rows = Deviation.objects.visible_to(planner).filter(space_id=told.program)
        behind = [row.pk for end in told.behind for row in rows.filter(external_id__endswith=end)]
    capa = plan_capa(
        planner,
        told.program,
        title=told.title,
        scope=told.scope,
        rationale=told.rationale,
        deviation_ids=behind,
    )
    for one in told.measures:
        add_measure(
            planner,
            capa.pk,
            kind=one.kind,
            title=one.title,
            owner_code=one.owner,
            due_at=now + timedelta(days=one.days),
            version=_version(planner, capa),
        )
    set_check(planner, capa.pk, **told.check, version=_version(planner, capa))
    assess_risk(planner, capa.pk, **told.risk, version=_version(planner, capa))
    version = _version(approver, capa)
    decision = decide_capa(approver, capa.pk, kind="approve", because=told.because, version=version)
    sign_as(approver, told.approver, CAPA_DECISION, decision.pk, Meaning.APPROVED)
    _carry_out(planner, approver, capa, told)


def _carry_out(planner: Actor, approver: Actor, capa: Capa, told: Planned) -> None:
    with reading(planner):
        stands = Capa.objects.visible_to(planner).get(pk=capa.pk)
        measures = list(Measure.objects.visible_to(planner).filter(capa=capa).order_by("ordinal"))
    if stands.audience != Audience.SHARED:
        share_capa(approver, capa.pk, version=stands.version)
        with reading(planner):
            measures = list(Measure.objects.visible_to(planner).filter(capa=capa).order_by("ordinal"))
    for measure, one in zip(measures, told.measures, strict=True):
        if one.evidence:
            done = do_measure(planner, measure.pk, evidence=one.evidence, version=measure.version)
            if one.is_verified:
                verify_measure(approver, measure.pk, version=done.version)


def _version(actor: Actor, capa: Capa) -> int:
    with reading(actor):
        return int(Capa.objects.visible_to(actor).get(pk=capa.pk).version)
