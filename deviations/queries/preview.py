"""What exactly leaves with a notice, and what stays: read before the release and kept with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from batches.queries.holds import hold_words, list_batch_holds
from deviations.access import files_of, find_provisional, get_deviation, zone_of
from deviations.clauses.governing import notices_for, strictest
from deviations.clauses.triggers import triggers_of, triggers_words
from deviations.errors import NoticeReleased
from deviations.judging.impact import assessments_of, deviation_scope
from deviations.judging.states import topic_name
from deviations.judging.ties import ties_of
from deviations.models import Deviation, ImpactFinding, Judgement, PreliminarySummary
from deviations.states import TRANSITIONS, JudgementKind
from deviations.timelines import clocks_of
from portal.access import get_program, require_role, require_state
from portal.actor import Actor
from portal.clocks.names import name_of
from portal.models import Attachment, Program
from portal.states import Audience
from portal.terms import clause_words, terms_at

# Every column of the record that the sponsor reads afterwards, in the order of the notice.
LEAVING: Final[dict[str, str | Promise]] = {
    "number": gettext_lazy("Number"),
    "title": gettext_lazy("Title"),
    "description": gettext_lazy("Description"),
    "immediate_action": gettext_lazy("Immediate action"),
    "state": gettext_lazy("State"),
    "batch": gettext_lazy("Batch"),
    "phase": gettext_lazy("Phase"),
    "excursion": gettext_lazy("Excursion"),
    "occurred_at": gettext_lazy("Date of occurrence"),
    "detected_at": gettext_lazy("Date of discovery"),
    "aware_at": gettext_lazy("Date of awareness"),
    "recorded_at": gettext_lazy("Recorded"),
    "late_reason": gettext_lazy("Reason of the late entry"),
    "entered_at": gettext_lazy("Entered on a device without connection"),
    "asset": gettext_lazy("Equipment or room"),
    "reporter_code": gettext_lazy("Reported by"),
    "triaged_at": gettext_lazy("Triaged"),
    "investigated_at": gettext_lazy("Investigation started"),
    "summarised_at": gettext_lazy("Preliminary summary given"),
    "lead_code": gettext_lazy("Lead of the investigation"),
    "scoped_at": gettext_lazy("Other batches looked for"),
    "impact_concluded_at": gettext_lazy("Conclusion on the impact signed"),
    "triggers": gettext_lazy("What it is"),
    "external_id": gettext_lazy("Record in the CDMO's own system"),
    "external_status": gettext_lazy("State there"),
    "external_as_of": gettext_lazy("Copy as of"),
    "external_opened_at": gettext_lazy("Opened there, as it states"),
    "external_told_at": gettext_lazy("Told from there, as it states"),
    "external_closed_at": gettext_lazy("Closed there, as it states"),
}


@dataclass(frozen=True, slots=True)
class Leaving:
    """One field of the notice; an empty one is listed too, since the sponsor will see that it is empty."""

    field: str
    label: str
    value: str | datetime | None


@dataclass(frozen=True, slots=True)
class NoticePreview:
    """A notice as the sponsor will read it, the files that go along, and sentences on what stays.

    There is no judgement where a clause lets it leave before a class was given.
    """

    deviation: Deviation
    program: Program
    zone: str
    judgement: Judgement | None
    clause: str
    terms: int | None
    leaves: tuple[Leaving, ...]
    files: tuple[Attachment, ...]
    summary: PreliminarySummary | None
    withheld: tuple[str, ...]

    @property
    def classification(self) -> str | None:
        """Return the class that leaves, None before one was given."""
        return self.judgement.classification if self.judgement is not None else None

    @property
    def own_class(self) -> str:
        """Return the CDMO's own name of the class, where the agreement maps names."""
        return self.judgement.own_class if self.judgement is not None else ""

    @property
    def rationale(self) -> str:
        """Return why it has this class, word for word."""
        return str(self.judgement.rationale) if self.judgement is not None else ""


def notice_preview(actor: Actor, deviation_id: UUID) -> NoticePreview:
    """Return exactly what would leave now, for whoever may release it.

    Raises: NotFound, Refused, InvalidTransition, NoticeReleased.
    """
    deviation = get_deviation(actor, deviation_id)
    step = TRANSITIONS["release_notice"]
    require_role(actor, deviation.space_id, *step.roles, to="preview the notice")
    require_state(deviation, step, "release_notice")
    if deviation.audience == Audience.SHARED:
        raise NoticeReleased(f"The notice of {deviation.number} has been released; it leaves once.")
    return compose(actor, deviation)


def compose(actor: Actor, deviation: Deviation) -> NoticePreview:
    """Put a notice together from a deviation whose batch, phase and excursion were read along."""
    judgement, program = find_provisional(actor, deviation), get_program(actor, deviation.space_id)
    terms = terms_at(actor, deviation.space_id, deviation.recorded_at)
    classification = judgement.classification if judgement is not None else None
    rules = notices_for(terms, classification, triggers_of(actor, deviation))
    governing = strictest(actor, deviation, terms, rules)
    summary = find_summary(actor, deviation)
    hidden = [name for name in ("batch", "phase", "excursion") if _is_internal(getattr(deviation, name))]
    return NoticePreview(
        deviation=deviation,
        program=program,
        zone=zone_of(program, deviation.batch),
        judgement=judgement,
        clause=governing.found.clause.code if governing is not None else "",
        terms=terms.version,
        leaves=(
            *(
                Leaving(name, str(label), None if name in hidden else _value(deviation, name))
                for name, label in LEAVING.items()
            ),
            *_of_clauses(actor, deviation, summary),
        ),
        files=tuple(files_of(actor, deviation)),
        summary=summary,
        withheld=tuple(_withheld(actor, deviation, hidden)),
    )


def find_summary(actor: Actor, deviation: Deviation) -> PreliminarySummary | None:
    """Return the preliminary summary that the actor may see, None before it was given."""
    if deviation.summarised_at is None:
        return None
    return PreliminarySummary.objects.visible_to(actor).filter(deviation=deviation).first()


def _of_clauses(actor: Actor, deviation: Deviation, summary: PreliminarySummary | None) -> Iterator[Leaving]:
    """Yield what leaves beside the columns: the summary, what clauses set a time for, what they hold."""
    if summary is not None:
        yield Leaving("preliminary_summary", _("Preliminary summary"), str(summary.text))
    yield from _of_judging(actor, deviation)
    clocks = clocks_of(actor, deviation).order_by("due_at", "pk")
    words = [
        f"{name_of(each.kind)}: {each.due_at:%Y-%m-%d %H:%M} UTC, {clause_words(each.clause, each.terms)}"
        for each in clocks
    ]
    if words:
        yield Leaving("deadlines", _("Deadlines"), "; ".join(words))
    held = [
        f"{hold_words(each)}, {clause_words(each.clause, each.terms)}"
        for each in list_batch_holds(actor, state="standing").filter(cause=deviation.pk)
    ]
    if held:
        yield Leaving("holds", _("Holds"), "; ".join(held))


def _of_judging(actor: Actor, deviation: Deviation) -> Iterator[Leaving]:
    """Yield what was assessed, looked for and tied by now, word for word."""
    for each in assessments_of(actor, deviation):
        name = _("Conclusion on the impact, %s") % each.given_code
        findings = ImpactFinding.objects.visible_to(actor).filter(assessment=each).order_by("topic")
        said = [f"{topic_name(one.topic)}: {one.get_verdict_display()}, {one.text}" for one in findings]
        yield Leaving("impact", name, "; ".join([*said, str(each.conclusion)]))
    batches = [
        f"{each.batch.number}: {each.get_outcome_display()}, {each.because}"
        if each.outcome
        else each.batch.number
        for each in deviation_scope(actor, deviation)
    ]
    if batches:
        yield Leaving("scope", _("Other batches"), "; ".join(batches))
    ties = [
        f"{each.get_kind_display()}: {partner.number}, {each.because}"
        for each in ties_of(actor, deviation)
        for partner in [each.other if each.deviation_id == deviation.pk else each.deviation]
        if partner.audience == Audience.SHARED
    ]
    if ties:
        yield Leaving("ties", _("Tied to"), "; ".join(ties))


def _is_internal(row: Any) -> bool:
    return row is not None and row.audience != Audience.SHARED


def _value(deviation: Deviation, name: str) -> str | datetime | None:
    value: Any = getattr(deviation, name)
    if name in ("batch", "phase", "excursion"):
        return (getattr(value, "number", "") or value.title) if value is not None else None
    if name == "triggers":
        return triggers_words(value) or None
    if name == "state":
        return str(deviation.get_state_display())
    return value or None


def _withheld(actor: Actor, deviation: Deviation, hidden: list[str]) -> list[str]:
    sentences = [_("The %s it refers to, which is CDMO internal") % name for name in hidden]
    suggested = Judgement.objects.visible_to(actor).filter(deviation=deviation, kind=JudgementKind.SUGGESTED)
    if suggested.exists():
        sentences.append(_("The class that was suggested at logging"))
    return [
        *sentences,
        _("Names of people: their codes stand"),
        _("The history before the release, also that of its clocks, and the clock of the notice"),
    ]


def content_of(
    preview: NoticePreview, *, released_at: datetime, released_by: str, clause: str
) -> dict[str, Any]:
    """Return the notice as it is kept: the words that left, detected and released side by side."""
    fields = {each.field: _plain(each.value) for each in preview.leaves}
    return {
        "recipient": preview.program.sponsor_name,
        "classification": preview.classification,
        "own_class": preview.own_class,
        "rationale": preview.rationale,
        "clause": clause,
        "agreement": preview.terms,
        "fields": fields,
        "attachments": [
            {
                "id": str(each.pk),
                "name": str(each.name),
                "media_type": each.media_type,
                "size": each.size,
                "sha256": each.sha256,
            }
            for each in preview.files
        ],
        "detected_at": _plain(preview.deviation.detected_at),
        "released_at": _plain(released_at),
        "released_by": released_by,
    }


def _plain(value: str | datetime | None) -> str | None:
    if value is None:
        return None
    return value.isoformat() if isinstance(value, datetime) else str(value)
