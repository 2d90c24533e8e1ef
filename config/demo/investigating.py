"""How the deviations of the stories were taken apart: pictures node by node, causes and what was excluded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db.models import QuerySet

from config.demo.crew import Crew, setup_actor
from deviations.actions.inquiry.concluding import Excluded, state_cause
from deviations.actions.inquiry.working import add_evidence, add_node, begin_inquiry, judge_node
from deviations.inquiry.states import Branch, CauseKind, CauseOf, EvidenceKind, Standing, Tool
from deviations.models import Cause, Deviation, Inquiry, InquiryNode
from deviations.states import OPEN_STATES, DeviationState
from portal.action import reading
from portal.actor import Actor
from portal.states import Audience


@dataclass(frozen=True, slots=True)
class Node:
    """One box: under another by its number, in a branch, so many minutes after the event; how it stands."""

    text: str
    under: int = 0
    branch: str = ""
    after_min: float | None = None
    excluded: str = ""
    supported: str = ""
    rests_on_excursion: bool = False


@dataclass(frozen=True, slots=True)
class Drawn:
    """One picture of a story, shared with the sponsor, or kept by the side of who drew it."""

    tool: Tool
    question: str
    nodes: Sequence[Node]
    by: str = ""
    audience: Audience = Audience.SHARED


@dataclass(frozen=True, slots=True)
class Found:
    """A cause of a story."""

    kind: CauseKind
    of: CauseOf
    method: Tool
    text: str
    evidence: str
    excluded: Sequence[Excluded] = ()


@dataclass(frozen=True, slots=True)
class Story:
    """What one deviation came to."""

    pictures: Sequence[Drawn] = ()
    causes: Sequence[Found] = ()


# The one that is open while the demo is looked at.
OPEN: Final = "-0912"
_SENSOR: Final = "The second sensor agrees within 0.1 °C over the whole stretch."
_TIMELINE_A: Final = Drawn(
    Tool.TIMELINE,
    "Jacket valve TV-203 did not follow",
    (
        Node(
            "Temperature leaves NOR (34.5 °C); plant alarm, acknowledged 04:56",
            after_min=0,
            rests_on_excursion=True,
        ),
        Node("Action limit 34.8 °C passed; output to TV-203 at 0 %, valve stays open", after_min=24),
        Node("PAR (35.0 °C) left", after_min=40),
        Node("Line isolated by hand; peak 35.3 °C", after_min=64),
        Node("Backup temperature unit connected", after_min=75),
        Node("Back under 35.0 °C: 42 min outside PAR", after_min=82),
        Node("Feed 7 given, postponed from 06:00", after_min=190),
    ),
)
STORIES: Final[Mapping[str, Story]] = {
    "-0912": Story(
        (
            _TIMELINE_A,
            Drawn(
                Tool.IS_IS_NOT,
                "How does it compare with the engineering run?",
                (
                    Node("42 min above 35.0 °C on day 9", branch=Branch.WHAT_IS),
                    Node("No shift of the set point, as in the engineering run", branch=Branch.WHAT_IS_NOT),
                    Node("Late in culture, viability 94 %", branch=Branch.WHEN_IS),
                    Node("Not in the growth phase", branch=Branch.WHEN_IS_NOT),
                ),
                by="sponsor_qa",
                audience=Audience.SPONSOR,
            ),
        )
    ),
    "-0787": Story(
        (
            _TIMELINE_A,
            Drawn(
                Tool.FIVE_WHYS,
                "Why did the vessel leave its proven range?",
                (
                    Node("Jacket valve TV-203 stayed open at output 0 %", supported="Seen on the stem."),
                    Node("Its positioner leaked control air", under=1, supported="Bench test of the part."),
                    Node("The positioner seal was worn", under=2, supported="Measured: 0.4 mm lost."),
                    Node(
                        "The valve had made 410,000 strokes; the supplier gives 250,000",
                        under=3,
                        supported="Counter of the positioner.",
                    ),
                    Node(
                        "Maintenance goes by calendar (12 months), not by use",
                        under=4,
                        supported="Maintenance plan MP-118, version 3.",
                    ),
                ),
            ),
            Drawn(
                Tool.FAULT_TREE,
                "Vessel temperature above PAR",
                (
                    Node("Heat is added though control asks for cooling", branch=Branch.OR),
                    Node("Valve does not follow its output", under=1, supported="Stem and output differ."),
                    Node("Temperature is read wrong", under=1, excluded=_SENSOR),
                    Node(
                        "Feed is too warm",
                        under=1,
                        excluded="Feed line at 36.0 °C as ever; feed began later.",
                    ),
                    Node(
                        "Set point entered wrong",
                        under=1,
                        excluded="Set-point log without a change since day 4.",
                    ),
                ),
            ),
        ),
        (
            Found(
                CauseKind.ROOT,
                CauseOf.SYSTEM,
                Tool.FIVE_WHYS,
                "Positioner seal of TV-203 worn: maintenance is by calendar (12 months) while the valve made"
                " 410,000 strokes (supplier: 250,000).",
                "Seal measured, stroke counter read, maintenance plan; fault tree with branches excluded.",
                (
                    Excluded("other", "Sensor error", _SENSOR),
                    Excluded("other", "Feed temperature", "Feed line at 36.0 °C as ever; feed began later."),
                    Excluded("procedure", "Set-point entry", "Set-point log without a change since day 4."),
                ),
            ),
            Found(
                CauseKind.CONTRIBUTING,
                CauseOf.SYSTEM,
                Tool.TIMELINE,
                "The alarm text did not say that the valve does not follow.",
                "Alarm list of the night: text 'TEMP high', 24 min before somebody looked at the valve.",
            ),
            Found(
                CauseKind.CONTRIBUTING,
                CauseOf.PROCEDURE,
                Tool.TIMELINE,
                "The shift had no authority to change to the backup unit before engineering came.",
                "SOP 4.117, version 6; engineering arrived 05:50.",
            ),
        ),
    ),
    "-0791": Story(
        (
            Drawn(
                Tool.ISHIKAWA,
                "Growth on SP-3 and glove G4 leaking",
                (
                    Node(
                        "Cuff of G4 fatigued at 62 VHP cycles",
                        branch=Branch.MACHINE,
                        supported="Crack in the seam; supplier data end at 60 cycles.",
                    ),
                    Node(
                        "Glove life goes by calendar, 90 d",
                        branch=Branch.METHOD,
                        supported="Glove plan of line 4, version 2.",
                    ),
                    Node(
                        "Stopper lot with less silicone jams",
                        branch=Branch.MATERIAL,
                        supported="Supplier's notice; 9 interventions, mean 3.",
                    ),
                    Node(
                        "Growth came in at the reading of the plate",
                        branch=Branch.MEASUREMENT,
                        excluded="Negative controls and 31 other plates without growth.",
                    ),
                    Node(
                        "Particles from the room",
                        branch=Branch.MILIEU,
                        excluded="Cascade 15 Pa and Grade C counts as ever.",
                    ),
                    Node(
                        "Intervention done otherwise than trained",
                        branch=Branch.PEOPLE,
                        excluded="Film of intervention 7 follows the instruction step by step.",
                    ),
                ),
            ),
        ),
        (
            Found(
                CauseKind.ROOT,
                CauseOf.EQUIPMENT,
                Tool.ISHIKAWA,
                "Fatigue of the cuff of G4: glove life was by calendar (90 d) at 62 VHP cycles, supplier data"
                " end at 60.",
                "Leak tests 22 and 148 Pa, crack in the seam, cycle counter of the isolator.",
            ),
            Found(
                CauseKind.CONTRIBUTING,
                CauseOf.MATERIAL,
                Tool.ISHIKAWA,
                "Stopper lot with less silicone: 9 corrective interventions against a mean of 3; the"
                " supplier's change notice was not passed on.",
                "Interventions of the lot, supplier's notice with its date of receipt.",
            ),
        ),
    ),
    "-0794": Story(
        (
            Drawn(
                Tool.FIVE_WHYS,
                "Why was INC-12 without CO₂ for 86 min?",
                (
                    Node("Bank B gave no gas", supported="Pressure of the manifold at 0."),
                    Node("Its regulator was closed", under=1, supported="Found so at 03:28."),
                    Node(
                        "It was left closed after a cylinder change",
                        under=2,
                        supported="Change log, day before.",
                    ),
                    Node("No second check is asked for", under=3, supported="Instruction I-044, version 5."),
                ),
            ),
        ),
        (
            Found(
                CauseKind.ROOT,
                CauseOf.PROCEDURE,
                Tool.FIVE_WHYS,
                "Bank B regulator left closed after a cylinder change: nobody is asked to check it again.",
                "Change log, instruction I-044, trend of the manifold pressure.",
            ),
            Found(
                CauseKind.CONTRIBUTING,
                CauseOf.SYSTEM,
                Tool.FIVE_WHYS,
                "Alarm delay raised to 30 min in 2024 to silence door openings.",
                "Change of 2024 with its reason; 15 min between our alert and the plant's alarm.",
            ),
        ),
    ),
}


def is_looked_into() -> bool:
    """Say whether the open deviations of the stories have their pictures."""
    setup = setup_actor()
    with reading(setup):
        rows = Inquiry.objects.visible_to(setup).filter(deviation__in=_open_ones(setup))
        return rows.filter(side=Audience.SPONSOR).exists()


def look_into_open(crew: Crew) -> None:
    """Draw what is drawn of the deviations that are open."""
    setup = setup_actor()
    with reading(setup):
        rows = list(_open_ones(setup))
    for each in rows:
        look_into(crew, "cdmo_qa", each.external_id, each)


def _open_ones(actor: Actor) -> QuerySet[Deviation]:
    rows = Deviation.objects.visible_to(actor).filter(external_id__endswith=OPEN, audience=Audience.SHARED)
    return rows.filter(state__in=OPEN_STATES).order_by("pk")


def look_into(crew: Crew, judge: str, external_id: str, deviation: Deviation) -> None:
    """Draw and state what the story tells of a deviation, and nothing twice."""
    story = next((each for end, each in STORIES.items() if external_id.endswith(end)), None)
    if story is None:
        return
    actor = crew[judge]
    for drawn in story.pictures:
        hand = crew[drawn.by] if drawn.by else actor
        with reading(hand):
            rows = Inquiry.objects.visible_to(hand).filter(deviation_id=deviation.pk)
            is_there = drawn.question in {str(each.title) for each in rows}
        if not is_there:
            _draw(hand, deviation, drawn)
    with reading(actor):
        causes = Cause.objects.visible_to(actor).filter(deviation_id=deviation.pk)
        stated = {str(each.text) for each in causes}
    if deviation.state == DeviationState.UNDER_INVESTIGATION:
        for found in story.causes:
            if found.text not in stated:
                state_cause(
                    actor,
                    deviation.pk,
                    kind=found.kind,
                    of=found.of,
                    method=found.method,
                    text=found.text,
                    evidence=found.evidence,
                    excluded=found.excluded,
                    audience=Audience.SHARED,
                )


def _draw(actor: Actor, deviation: Deviation, drawn: Drawn) -> None:
    inquiry = begin_inquiry(
        actor, deviation.pk, tool=drawn.tool, question=drawn.question, audience=drawn.audience
    )
    ids: list[InquiryNode] = []
    for number, node in enumerate(drawn.nodes, 1):
        at = None
        if node.after_min is not None:
            at = deviation.occurred_at + timedelta(minutes=node.after_min)
        inquiry = add_node(
            actor,
            inquiry.pk,
            text=node.text,
            parent=ids[node.under - 1].pk if node.under else None,
            branch=node.branch,
            at=at,
            version=inquiry.version,
        )
        with reading(actor):
            rows = InquiryNode.objects.visible_to(actor).filter(inquiry=inquiry)
            ids.append(rows.get(number=number))
        if node.rests_on_excursion and deviation.excursion_id is not None:
            inquiry = add_evidence(
                actor,
                inquiry.pk,
                node=number,
                kind=EvidenceKind.EXCURSION,
                about=deviation.excursion_id,
                version=inquiry.version,
            )
        if node.supported or node.excluded:
            inquiry = judge_node(
                actor,
                inquiry.pk,
                node=number,
                standing=Standing.SUPPORTED if node.supported else Standing.EXCLUDED,
                reason=node.supported or node.excluded,
                version=inquiry.version,
            )
