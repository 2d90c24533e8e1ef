"""How a batch came to its end: its decisions, each with its signature, and the review of its record."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from batches.models import Batch, Disposition, ReviewNote, SectionReview
from portal.actor import Actor
from portal.dossiers import Section, both_times
from portal.models import Signature
from portal.past import Past
from portal.queries.signatures import SignatureLine, line_of
from portal.states import Audience, SeatSide


@dataclass(frozen=True, slots=True)
class Ending:
    """Parts of a printed record, the signatures on it, and the rows that belong to it."""

    sections: Sequence[Section]
    signatures: Sequence[SignatureLine]
    row_ids: Collection[UUID]


def ending_of(actor: Actor, batch: Batch, at: datetime, chains: Collection[str] | None, zone: str) -> Ending:
    """Return decisions and review of a batch as of an instant, from all chains or some."""
    past = Past(actor, batch.space_id, at, chains)
    decided = sorted(
        past.related(Disposition, batch_id=batch.pk), key=lambda each: (each.decided_at, each.pk)
    )
    signed = [each for row in decided for each in past.related(Signature, subject_id=row.pk)]
    words = sorted(
        past.related(SectionReview, batch_id=batch.pk), key=lambda each: (each.reviewed_at, each.pk)
    )
    notes = sorted(past.related(ReviewNote, batch_id=batch.pk), key=lambda each: (each.said_at, each.pk))
    sections = [
        Section(
            _("Disposition"),
            columns=(_("Step"), _("Decision"), _("Because"), _("Decided")),
            widths=(2, 2, 4, 3),
            rows=[_decision(each, zone) for each in decided],
        ),
        Section(
            _("Review of the record"),
            columns=(_("Section"), _("Reviewed by"), _("How"), _("When")),
            widths=(2, 2, 0, 3),
            rows=[
                (
                    each.section,
                    f"{SeatSide(each.side).label}, {each.code}",
                    str(each.get_mode_display()),
                    both_times(each.reviewed_at, zone),
                )
                for each in words
            ],
        ),
        Section(
            _("Comments and questions of the review"),
            columns=(_("What"), _("Words"), _("Answer"), _("Said")),
            widths=(0, 4, 4, 3),
            rows=[_said(each, zone) for each in notes],
        ),
    ]
    rows = (*decided, *signed, *words, *notes)
    return Ending(
        [each for each in sections if each.rows],
        [line_of(each, each.subject_version) for each in signed],
        {each.pk for each in rows},
    )


def _decision(row: Disposition, zone: str) -> tuple[str, ...]:
    step = f"{row.get_step_display()} {row.market}".strip()
    state = "" if row.state == "standing" else f" ({row.get_state_display()})"
    decision = ", ".join([str(row.get_decision_display()), *row.markets]) + state
    because = "\n".join(str(text) for text in (row.reason, row.condition, row.answer) if text)
    return step, decision, because, f"{both_times(row.decided_at, zone)}, {row.decided_code}"


def _said(note: ReviewNote, zone: str) -> tuple[str, ...]:
    kind = str(note.get_kind_display())
    if note.audience != Audience.SHARED:
        kind = f"{kind}, {Audience(note.audience).label}"
    answer = "\n".join(str(text) for text in (note.answer, note.resolution) if text)
    return kind, str(note.text), answer, f"{both_times(note.said_at, zone)}, {note.code}"
