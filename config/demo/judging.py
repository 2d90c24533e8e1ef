"""How the deviations of the demo were judged: other batches, impact, and the class that both sides gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from config.demo.companies import TB22
from config.demo.crew import Crew
from config.demo.incidents import Incident
from config.demo.signing import sign_as
from deviations.access import get_deviation
from deviations.actions.judging.classes import confirm_class, decide_class, open_classes
from deviations.actions.judging.impact import conclude_impact
from deviations.actions.judging.scope import decide_batch, look_around
from deviations.judging.classes import stricter
from deviations.judging.confirming import words_of
from deviations.judging.impact import Found, assessments_of, deviation_scope
from deviations.judging.signing import IMPACT_ASSESSMENT
from deviations.judging.states import (
    OPENING_LOOK,
    CandidateOutcome,
    ClassStanding,
    Modality,
    Verdict,
    topics_of,
)
from deviations.models import Deviation
from portal.action import reading
from portal.actor import Actor, system_actor
from portal.models import Clock
from portal.states import Classification, Meaning

HEAD: Final = "cdmo_quality_head"
# How the number of a lot begins -> what kind of product it is.
KINDS: Final[Mapping[str, Modality]] = {
    "F": Modality.STERILE,
    "P": Modality.CELL_GENE,
}
USUAL: Final = "Results within their limits, compared with the reference batches; nothing of it is touched."
CONCLUDED: Final = "No impact on product, patient or registration; the report gives the results it rests on."
APART: Final = "Made at the same time with other equipment; what was wrong did not reach it."
NEAR: Final = (
    "What it has in common was looked at: nothing of this kind in its record, results within limits."
)


@dataclass(frozen=True, slots=True)
class Judged:
    """What was said of one incident beyond the usual: topics, conclusion, classes, what was decided."""

    conclusion: str
    topics: Mapping[str, tuple[Verdict, str]] = field(default_factory=dict)
    classes: tuple[Classification, Classification] | None = None
    because: tuple[str, str] = ("", "")
    decided: str = ""


# By the end of the number in the plant's own system.
SAID: Final[Mapping[str, Judged]] = {
    "-0787": Judged(
        "No impact on quality is shown: every result lies in the band of the 22 reference batches.",
        {
            "product": (Verdict.NONE, "Titre 4.7 g/L, HMW 1.4 %, acidic variants 26.1 %: all in the band."),
            "process": (Verdict.SHOWN, "42 min outside PAR on day 9; feed 7 postponed by two hours."),
            "quality_attributes": (Verdict.NONE, "HMW 1.4 % (0.9-1.6), acidic variants 26.1 % (22-27)."),
            "registration": (Verdict.NONE, "No registered detail changed."),
            "stability": (Verdict.POSSIBLE, "One stability time point is added at the sponsor's request."),
        },
        (Classification.MAJOR, Classification.MAJOR),
        (
            "CPP outside PAR for 42 min of 14 days; all results in the reference band.",
            "No registered detail changed; one stability time point requested.",
        ),
    ),
    "-0791": Judged(
        "Sterility assurance is not proved for the lot; a passed sterility test does not restore it.",
        {
            "sterility_assurance": (Verdict.SHOWN, "1 CFU in Grade A; glove G4 failed after use, 148 Pa."),
            "environment": (
                Verdict.SHOWN,
                "Settle plate SP-3, exposed 3 h 46 min; the other 31 without growth.",
            ),
            "media_fill": (
                Verdict.POSSIBLE,
                "9 corrective interventions against a mean of 3, limit 5 a 10,000.",
            ),
            "patient": (Verdict.POSSIBLE, "Not distributed; the lot is rejected by both sides."),
            "supply": (Verdict.NONE, "The next lot covers the clinical supply."),
        },
        (Classification.MAJOR, Classification.CRITICAL),
        (
            "1 CFU at the cuff seam, outside first air; the other 31 plates are without growth.",
            "Growth plus a barrier breach at the same intervention; the time of the breach is unknown.",
        ),
        "Grade A growth with a coincident barrier breach is critical.",
    ),
    "-0731": Judged(
        "Out of specification confirmed; supplied at the physician's request after conditioning.",
        {
            "patient": (Verdict.POSSIBLE, "Dose enough fivefold; risk evaluation signed by the QP."),
            "viability_dose": (
                Verdict.SHOWN,
                "Viability 68.2 %, limit 70 %; recounts 67.4, 68.1 and 68.6 %.",
            ),
        },
        (Classification.CRITICAL, Classification.CRITICAL),
        (
            "A release specification was not met on a patient lot.",
            "A release specification was not met; the patient is conditioned.",
        ),
    ),
}


def judge(crew: Crew, incident: Incident, deviation: Deviation) -> Deviation:
    """Look for other batches, confirm the class, conclude on the impact; what was done already stays."""
    judge = crew[incident.judge]
    if deviation.scoped_at is None:
        deviation = look_around(judge, deviation.pk, version=deviation.version)
    with reading(judge):
        waiting = list(deviation_scope(judge, deviation).filter(outcome=""))
    for each in waiting:
        deviation = decide_batch(
            judge,
            deviation.pk,
            candidate=each.pk,
            outcome=CandidateOutcome.EXCLUDED,
            because=APART if {one["kind"] for one in each.reasons} == {"time"} else NEAR,
            version=deviation.version,
        )
    # A stricter class would ask for the conclusion anew.
    deviation = _confirm(crew, incident, deviation)
    if deviation.impact_concluded_at is None:
        deviation = _conclude(crew, incident, deviation)
    return deviation


def class_at_end(incident: Incident) -> Classification:
    """Return the class that holds at the end: the confirmed one where both sides gave it, else the first."""
    said = _said(incident)
    return (
        stricter(*said.classes) if said is not None and said.classes is not None else incident.classification
    )


def _said(incident: Incident) -> Judged | None:
    return next((each for end, each in SAID.items() if incident.external_id.endswith(end)), None)


def _conclude(crew: Crew, incident: Incident, deviation: Deviation) -> Deviation:
    judge, said = crew[incident.judge], _said(incident)
    kind = KINDS.get(incident.lot[0], Modality.BIOLOGIC)
    topics = said.topics if said is not None else {}
    findings = [Found(each, *topics.get(each, (Verdict.NONE, USUAL))) for each in topics_of(kind)]
    deviation = conclude_impact(
        judge,
        deviation.pk,
        modality=kind,
        findings=findings,
        conclusion=said.conclusion if said is not None else CONCLUDED,
        version=deviation.version,
    )
    with reading(judge):
        given = assessments_of(judge, deviation).filter(side="manufacturer").values_list("pk", flat=True)
        newest = given[0]
    sign_as(crew[HEAD], HEAD, IMPACT_ASSESSMENT, newest, Meaning.APPROVED)
    return _again(judge, deviation)


def _confirm(crew: Crew, incident: Incident, deviation: Deviation) -> Deviation:
    """Let both heads of quality give the class, each without the other's word; the system opens them."""
    said = _said(incident)
    if said is None or said.classes is None or incident.project is TB22:
        return deviation
    keys = (HEAD, "sponsor_quality_head")
    for key, given, because in zip(keys, said.classes, said.because, strict=True):
        head = crew[key]
        with reading(head):
            is_given = deviation.class_standing or words_of(head, deviation).exists()
        if not is_given:
            version = deviation.version
            confirm_class(head, deviation.pk, classification=given, rationale=because, version=version)
    sweep = system_actor("sweep", deviation.space_id)
    with reading(sweep):
        looks = Clock.objects.visible_to(sweep).filter(subject_id=deviation.pk, kind=OPENING_LOOK)
        ids = list(looks.order_by("started_at").values_list("pk", flat=True))
    for each in ids:
        open_classes(sweep, each)
    deviation = _again(crew[HEAD], deviation)
    if deviation.class_standing == ClassStanding.DIFFERS and said.decided:
        for key in keys:
            deviation = decide_class(
                crew[key],
                deviation.pk,
                classification=Classification.CRITICAL,
                text=said.decided,
                version=deviation.version,
            )
    return deviation


def _again(actor: Actor, deviation: Deviation) -> Deviation:
    with reading(actor):
        return get_deviation(actor, deviation.pk)
