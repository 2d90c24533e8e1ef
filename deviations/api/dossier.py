"""A deviation ready to be taken away."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from deviations.api.dossier_judging import rows_of_judging, sections_of_judging
from deviations.api.inquiry_paper import rows_of_inquiry, sections_of_inquiry
from deviations.api.inquiry_shapes import CausesOut, InquiriesOut
from deviations.api.outputs import DeviationWhole
from deviations.clauses.triggers import triggers_words
from deviations.models import Deviation, Judgement, Notice
from deviations.queries import DeviationDetail, deviation_then, history
from deviations.queries.inquiry import investigation_then
from deviations.queries.rounds import RoundLine
from deviations.states import IN_FORCE, JudgementKind
from portal.actor import Actor
from portal.dossiers import Dossier, Section, TimelineLine, both_times
from portal.errors import NotFound
from portal.past import Past
from portal.states import Audience

STAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.\d]*(Z|[+-]\d\d:\d\d)", re.ASCII)
NOTICE_LABELS: Final[Mapping[str, str | Promise]] = {
    "number": gettext_lazy("Number"),
    "title": gettext_lazy("Title"),
    "state": gettext_lazy("State"),
    "batch": gettext_lazy("Batch"),
    "phase": gettext_lazy("Phase"),
    "excursion": gettext_lazy("Excursion"),
    "occurred_at": gettext_lazy("Occurrence"),
    "detected_at": gettext_lazy("Discovery"),
    "aware_at": gettext_lazy("Awareness"),
    "recorded_at": gettext_lazy("Recorded"),
    "triaged_at": gettext_lazy("Class given"),
    "description": gettext_lazy("What happened"),
    "immediate_action": gettext_lazy("Immediate action"),
    "reporter_code": gettext_lazy("Reported by"),
    "external_id": gettext_lazy("In the CDMO's own system"),
    "external_status": gettext_lazy("Its state there"),
    "external_as_of": gettext_lazy("Copied from there"),
    "external_opened_at": gettext_lazy("Opened there, as it states"),
    "external_told_at": gettext_lazy("Told from there, as it states"),
    "external_closed_at": gettext_lazy("Closed there, as it states"),
}


def deviation_dossier(
    actor: Actor, deviation_id: UUID, at: datetime, chains: Collection[str] | None
) -> Dossier:
    """Return a deviation whole as of an instant, from all its chains or some. Raises: NotFound."""
    found = deviation_then(actor, deviation_id, at, chains=chains)
    deviation = found.deviation
    lines = history(actor, deviation_id, until=at, chains=chains)
    inquiries, causes = investigation_then(Past(actor, deviation.space_id, at, chains), deviation)
    return Dossier(
        kind=_("Deviation"),
        number=deviation.number,
        title=deviation.title,
        program=found.program,
        zone=found.zone,
        facts=_facts(found),
        sections=[
            each
            for each in (*_sections(found), *sections_of_inquiry(inquiries, causes, found.zone))
            if each.texts or each.fields or each.rows
        ],
        signatures=found.signatures,
        timeline=[TimelineLine(each.audience, each.seq, each.at, each.words, each.code) for each in lines],
        row_ids={
            deviation.pk,
            *(each.subject_id for each in lines),
            *(each.round.pk for each in found.rounds),
            *(comment.pk for each in found.rounds for comment in each.comments),
            *(word.pk for each in found.rounds for word in each.settlements),
            *rows_of_inquiry(inquiries, causes),
            *(each.pk for each in found.files),
            *(each.pk for each in found.judgements),
            *rows_of_judging(found.judging),
            *(each.pk for each in found.clocks),
            *(each.signature.pk for each in found.signatures),
            *([found.notice.pk, found.notice.alert_id] if found.notice is not None else []),
        },
        data={
            **DeviationWhole.of(found),
            "inquiries": InquiriesOut.of({"inquiries": inquiries})["inquiries"],
            "causes": CausesOut.of({"causes": causes})["causes"],
        },
    )


def dossiers_of_batch(
    actor: Actor, batch_id: UUID, at: datetime, chains: Collection[str] | None
) -> list[Dossier]:
    """Return the deviations of a batch that were there for the actor's side at an instant, by number."""
    ids = Deviation.objects.visible_to(actor).filter(batch_id=batch_id).values_list("pk", flat=True)
    found = []
    for deviation_id in list(ids):
        with suppress(NotFound):
            found.append(deviation_dossier(actor, deviation_id, at, chains))
    return sorted(found, key=lambda each: each.number)


def deviations_of_program(past: Past, zone: str) -> list[Section]:
    """Return the deviations of a program as they stood, by number, with the newest provisional class."""
    given = past.related(Judgement, space_id=past.space_id, kind__in=IN_FORCE)
    classes = {
        each.deviation_id: str(each.get_classification_display())
        for each in sorted(given, key=lambda each: (each.given_at, each.pk))
    }
    found = sorted(past.related(Deviation, space_id=past.space_id), key=lambda each: each.number)
    return [
        Section(
            _("Deviations"),
            columns=(_("Number"), _("Title"), _("Class"), _("State"), _("Occurred")),
            widths=(2, 4, 0, 2, 4),
            rows=[
                (
                    each.number,
                    each.title,
                    classes.get(each.pk, _("none given")),
                    str(each.get_state_display()),
                    both_times(each.occurred_at, zone),
                )
                for each in found
            ],
        )
    ]


def _facts(found: DeviationDetail) -> list[tuple[str, str]]:
    deviation = found.deviation
    batch, phase = deviation.batch, deviation.phase
    given = str(found.classification.label) if found.classification is not None else _("none given")
    master = f"{deviation.external_id} {deviation.external_status}".strip()
    return [
        (_("State"), str(deviation.get_state_display())),
        (_("Class, provisional"), given),
        (_("Who may see it"), str(Audience(deviation.audience).label)),
        (_("Batch"), batch.number if batch is not None else _("none")),
        *([(_("Phase"), phase.title)] if phase is not None else []),
        (_("Reported by"), deviation.reporter_code),
        *([(_("Lead"), deviation.lead_code)] if deviation.lead_code else []),
        *(
            [(_("In the CDMO's own system"), f"{master}, {both_times(deviation.external_as_of, found.zone)}")]
            if master
            else []
        ),
        (_("Version"), str(deviation.version)),
    ]


def _sections(found: DeviationDetail) -> list[Section]:
    deviation, zone = found.deviation, found.zone
    times = (
        (_("Occurrence"), found.times.occurred_at),
        (_("Discovery"), found.times.detected_at),
        (_("Awareness"), found.times.aware_at),
        (_("Recorded"), found.times.recorded_at),
        (_("Disclosed"), found.times.disclosed_at),
        (_("Delivered"), found.times.delivered_at),
        (_("Acknowledged"), found.times.acknowledged_at),
        (_("Ended"), deviation.ended_at),
    )
    opened = deviation.excursion
    return [
        Section(_("What happened"), texts=[deviation.description]),
        Section(
            _("Immediate action"), texts=[deviation.immediate_action] if deviation.immediate_action else []
        ),
        Section(
            _("Opened from"),
            fields=[(_("Excursion"), opened.title), (_("Began"), both_times(opened.started_at, zone))]
            if opened is not None
            else [],
        ),
        Section(_("Times"), fields=[(name, both_times(at, zone) or _("not yet")) for name, at in times]),
        Section(
            _("It is, or may be"), texts=[words] if (words := triggers_words(deviation.triggers)) else []
        ),
        Section(_("Recorded late because"), texts=[deviation.late_reason] if deviation.late_reason else []),
        _judgements(found.judgements, zone),
        _notice(found.notice, zone),
        Section(
            _("Deadlines"),
            columns=(_("What"), _("Clause"), _("Due"), _("State")),
            widths=(2, 0, 3, 1),
            rows=[
                (
                    each.kind.replace("_", " "),
                    each.clause,
                    both_times(each.due_at, zone),
                    str(each.get_state_display()),
                )
                for each in found.clocks
            ],
        ),
        *sections_of_judging(found),
        *(_report(each, zone) for each in reversed(found.rounds)),
        Section(_("Conclusion"), texts=[deviation.end_text] if deviation.end_text else []),
        Section(
            _("Files"),
            note=_("By the SHA-256 of their bytes; the export holds the files themselves."),
            columns=(_("Name"), _("Bytes"), _("Attached"), _("SHA-256")),
            widths=(2, 0, 3, 4),
            rows=[
                (each.name, str(each.size), f"{both_times(each.attached_at, zone)}, {each.code}", each.sha256)
                for each in found.files
            ],
        ),
    ]


def _report(line: RoundLine, zone: str) -> Section:
    """Return one text of the report with what was said to it."""
    given = line.round
    said = [
        (
            _("Comment %s") % each.number,
            f"{both_times(each.given_at, zone)}, {each.code}",
            each.text,
            f"{each.get_outcome_display()}: {each.answer}" if each.outcome else _("not answered"),
        )
        for each in line.comments
    ]
    said += [
        (
            str(each.get_side_display()),
            f"{both_times(each.given_at, zone)}, {each.code}",
            each.text,
            str(each.get_outcome_display()),
        )
        for each in line.settlements
    ]
    reviewed = f"{given.get_outcome_display()}, {both_times(given.outcome_at, zone)}" if given.outcome else ""
    return Section(
        _("Report, text %(number)s (%(kind)s), %(code)s")
        % {"number": given.number, "kind": given.get_kind_display(), "code": given.code},
        note=reviewed,
        texts=[given.text],
        columns=(_("What"), _("Given"), _("Words"), _("What became of it")),
        widths=(0, 2, 4, 3),
        rows=said,
    )


def _judgements(judgements: Collection[Judgement], zone: str) -> Section:
    kinds = {
        JudgementKind.PROVISIONAL: _("provisional"),
        JudgementKind.SUGGESTED: _("suggested"),
        JudgementKind.IMPACT: _("product impact"),
        JudgementKind.BLIND: _("confirmed, one side"),
        JudgementKind.CONFIRMED: _("confirmed"),
    }
    return Section(
        _("Class, newest first"),
        columns=(_("Class"), _("Given"), _("Rationale"), _("Who may see it")),
        widths=(0, 2, 4, 0),
        rows=[
            (
                ", ".join(
                    filter(None, (str(each.classification), each.own_class, kinds[JudgementKind(each.kind)]))
                ),
                f"{both_times(each.given_at, zone)}, {each.code}",
                each.rationale,
                str(Audience(each.audience).label),
            )
            for each in judgements
        ],
    )


def _notice(notice: Notice | None, zone: str) -> Section:
    if notice is None:
        return Section(_("Notice"))
    said = dict(notice.content.get("fields", {}))
    ordered = [name for name in NOTICE_LABELS if said.get(name)]
    ordered += sorted(name for name in said if name not in NOTICE_LABELS and said[name])
    return Section(
        _("Notice, word for word as it left"),
        fields=[
            (_("Released"), f"{both_times(notice.released_at, zone)}, {notice.released_by}"),
            (_("Class"), f"{notice.classification or _('none yet')}, {_('clause %s') % notice.clause}"),
            *([(_("Its name at the CDMO"), own)] if (own := notice.content.get("own_class")) else []),
            *(
                (str(NOTICE_LABELS.get(name, name.replace("_", " "))), _said(said[name], zone))
                for name in ordered
            ),
            (_("Rationale"), str(notice.content.get("rationale", ""))),
        ],
    )


def _said(value: Any, zone: str) -> str:
    """Return a value of a notice, an instant in both times."""
    at = parse_datetime(value) if isinstance(value, str) and STAMP.fullmatch(value) else None
    return str(value) if at is None else both_times(at, zone)
