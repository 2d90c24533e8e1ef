"""How the page of a deviation shows what was judged, and the forms of what the reader may judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.urls import reverse

from batches.models import Batch
from deviations.clauses.naming import names_of
from deviations.forms import StepForm
from deviations.forms_judging import FORMS, Choices, ImpactForm
from deviations.judging.states import CandidateReason, ClassStanding, Modality, topic_name
from deviations.models import Deviation
from deviations.queries.detail import DeviationDetail
from deviations.queries.judging import ASSESSMENT, LOWER, ImpactLine
from deviations.states import OPEN_STATES, DeviationState
from portal.actor import Actor, Side
from portal.agreements.terms import Terms
from portal.states import Audience

Shown = dict[str, Any]
CHOSEN_MAX: Final = 300


def judging_forms(actor: Actor, found: DeviationDetail, terms: Terms, modality: str) -> dict[str, StepForm]:
    """Return an empty form for each step of judging that the reader may take."""
    return {
        name: form(auto_id=f"{name}_%s", **given_to(actor, found.deviation, terms, name, modality))
        for name, form in FORMS.items()
        if name in found.steps
    }


def given_to(actor: Actor, deviation: Deviation, terms: Terms, step: str, modality: str) -> dict[str, Any]:
    """Return what a form of a step has to know."""
    match step:
        case "conclude_impact":
            known = modality if modality in Modality.values else _likely(deviation)
            return {"modality": known}
        case "name_batch":
            return {"given": {"batch_id": _batches(actor, deviation)}}
        case "reclassify":
            return {"names": names_of(terms, Side.MANUFACTURER)}
        case "link":
            return {"given": {"other_id": _others(actor, deviation, ended=True)}}
        case "merge":
            return {"given": {"other_id": _others(actor, deviation, ended=False)}}
        case _:
            return {}


def _likely(deviation: Deviation) -> str:
    """Return the kind of product that a batch most likely is of; the person may choose another."""
    batch = deviation.batch
    return Modality.CELL_GENE if batch is not None and batch.is_patient_lot else Modality.BIOLOGIC


def _batches(actor: Actor, deviation: Deviation) -> Choices:
    rows = Batch.objects.visible_to(actor).filter(space_id=deviation.space_id)
    if deviation.batch is not None:
        rows = rows.exclude(pk=deviation.batch.pk)
    found = rows.order_by("-planned_start", "pk").values_list("pk", "number")
    return [(str(pk), number) for pk, number in found[:CHOSEN_MAX]]


def _others(actor: Actor, deviation: Deviation, *, ended: bool) -> Choices:
    rows = Deviation.objects.visible_to(actor).filter(space_id=deviation.space_id).exclude(pk=deviation.pk)
    rows = rows.exclude(state=DeviationState.CANCELLED) if ended else rows.filter(state__in=OPEN_STATES)
    return [
        (str(each.pk), f"{each.number} {each.title}"[:120])
        for each in rows.order_by("-recorded_at", "-pk")[:CHOSEN_MAX]
    ]


def judging_shown(found: DeviationDetail, form: StepForm | None = None) -> Shown:
    """Return what was judged as the page shows it."""
    judging, deviation = found.judging, found.deviation
    reasons = dict(CandidateReason.choices)
    standing = deviation.class_standing
    return {
        "impacts": [_impact(each) for each in judging.impacts],
        "candidates": [
            {
                "row": each,
                "reasons": [
                    f"{reasons.get(one['kind'], one['kind'])}{': ' if one['common'] else ''}{one['common']}"
                    for one in each.reasons
                ],
            }
            for each in judging.candidates
        ],
        "ties": judging.ties,
        "words": judging.words,
        "lowered": [
            {"line": each, "sign_url": _sign(LOWER, each.proposed.pk) if each.may_sign else ""}
            for each in judging.lowered
        ],
        "risk": judging.risk,
        "precedents": judging.precedents,
        "hints": judging.hints,
        "waits_for": judging.waits_for,
        "standing": str(ClassStanding(standing).label) if standing else "",
        "differs": standing == ClassStanding.DIFFERS,
        "modalities": [
            {"value": value, "label": label, "is_now": isinstance(form, ImpactForm) and _is_now(form, value)}
            for value, label in Modality.choices
        ],
        "topics": _topics(form) if isinstance(form, ImpactForm) else [],
    }


def _is_now(form: ImpactForm, modality: str) -> bool:
    return str(form["modality"].value()) == modality


def _topics(form: ImpactForm) -> list[Mapping[str, Any]]:
    return [{"verdict": form[f"verdict_{each}"], "text": form[f"text_{each}"]} for each in form.topics]


def _impact(line: ImpactLine) -> Shown:
    given = line.assessment
    return {
        "line": line,
        "given": given,
        "is_private": given.audience != Audience.SHARED,
        "findings": [
            {"name": topic_name(each.topic), "verdict": each.get_verdict_display(), "text": each.text}
            for each in line.findings
        ],
        "sign_url": _sign(ASSESSMENT, given.pk) if line.may_sign else "",
    }


def _sign(kind: str, record_id: UUID) -> str:
    return reverse("sign", args=[kind, record_id])
